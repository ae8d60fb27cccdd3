"""How long trainings would take on more cores, simulated from the times that this machine recorded.

python -m benchmarks.scaling [STUDY]

A scheduler gives every training to the next free core, the longest first or in the study's order. Around the
trainings stands what cannot be divided: planning and the gradient check before them, the joining of records, a figure
and the report after them. Cores are taken to be as quick together as one alone, which shared caches do not grant.
"""

import argparse
import heapq
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.dag import JOIN, TO_DO
from benchmarks.machine import RESULTS
from benchmarks.scaling_figure import draw_scaling
from benchmarks.tables import Row, markdown, read_csv, write_csv
from bnlab.config.reader import read_yaml
from bnlab.config.studies import Configuration, load_configuration
from bnlab.files import write_text
from bnlab.runs.spec import RunSpec

CORES = [2**i for i in range(10)]


@dataclass(frozen=True)
class Workload:
    """Seconds of each training, or chain of trainings, in their order, and of what is done around them."""

    name: str
    trainings: Sequence[float]
    serial: float


def main() -> None:
    """Write scaling.csv, scaling.md and the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("study", nargs="?", default="official", help="a study that was run on this machine")
    study = parser.parse_args().study
    loads = workloads(study)
    rows: list[Row] = [
        {
            "workload": load.name,
            "cores": cores,
            "longest_first": load.serial + makespan(sorted(load.trainings, reverse=True), cores),
            "in_order": load.serial + makespan(load.trainings, cores),
            "ideal": (load.serial + sum(load.trainings)) / cores,
            "serial": load.serial,
        }
        for load in loads
        for cores in CORES
    ]
    write_csv(RESULTS / "scaling.csv", rows)
    lines = [["makespan, longest first", *(f"{cores}" for cores in CORES)]]
    for load in loads:
        spans = [float(str(row["longest_first"])) for row in rows if row["workload"] == load.name]
        lines.append([load.name, *map(duration, spans)])
    write_text(RESULTS / "scaling.md", markdown(lines))
    draw_scaling(RESULTS / "scaling.csv", RESULTS / "scaling")


def makespan(trainings: Sequence[float], cores: int) -> float:
    """When the last of them ends, each given in turn to the core that is free first."""
    free = [0.0] * cores
    for seconds in trainings:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def workloads(study: str) -> list[Workload]:
    """The study itself, everything that is configured, fan2017's grid, and 100,000 of the study's trainings."""
    configuration = load_configuration()
    asked = read_yaml(Path("config/config.yaml"))["studies"]
    everything = [run for key in asked for run in configuration.study(key).runs]
    grid = configuration.study("fan2017").experiment("search").runs
    loads = []
    for name, runs in ((study, configuration.study(study).runs), ("everything", everything), ("fan2017's grid", grid)):
        trainings = len(configuration.names(runs))
        loads.append(Workload(f"{name}: {trainings:,} trainings", recorded(configuration, runs), serial(trainings)))
    many = list(islice(cycle(loads[0].trainings), 100_000))
    return [*loads, Workload(f"100,000 trainings of {study}", many, serial(len(many)))]


def serial(targets: int) -> float:
    """Seconds along the longest way around so many trainings.

    Planning and joining records grow with the targets, along the lines through what was measured; the rest does not.
    """
    around = {row["step"]: float(row["seconds"]) for row in read_csv(RESULTS / "around.csv")}

    def longest(*commands: str) -> float:
        return max(seconds for step, seconds in around.items() if step.split()[0] in commands)

    def grown(command: str) -> float:
        rows = [row for row in read_csv(RESULTS / "dag.csv") if row["command"] == command]
        line = np.polyfit([int(row["targets"]) for row in rows], [float(row["seconds"]) for row in rows], 1)
        return float(np.polyval(line, targets))

    fixed = longest("split", "gate") + longest("tables", "figure") + longest("page") + longest("pdf")
    return grown(TO_DO) + grown(JOIN) + fixed


def recorded(configuration: Configuration, runs: Iterable[RunSpec]) -> list[float]:
    """Seconds of every process that trained one of the runs, in order; a chain of runs that go on counts as one."""
    before = median_of("start.csv", "Python and imports")  # a run's own clock starts after them
    seconds: list[float] = []
    chain: dict[str, int] = {}
    for name, run in configuration.names(runs).items():
        path = Path("results/runs") / name / "timing.json"
        if not path.exists():
            raise SystemExit(f"{path}: no such file. Run everything first: snakemake --cores all")
        digest = name.rpartition("_")[2]
        chain[digest] = len(seconds) if run.warm_start is None else chain[run.warm_start]
        if run.warm_start is None:
            seconds.append(0)
        seconds[chain[digest]] += before + json.loads(path.read_text(encoding="utf-8"))["total_seconds"]
    return seconds


def median_of(table: str, process: str) -> float:
    """The median of a process's seconds over the rounds."""
    return float(np.median([float(row["seconds"]) for row in read_csv(RESULTS / table) if row["process"] == process]))


def duration(seconds: float) -> str:
    """For example 42 s, 11 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
