"""CPU seconds of whole runs against their bare updates, and of what every run takes however short it is.

python -m benchmarks.runs [--rounds N]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.contestants import BNLAB
from benchmarks.machine import RESULTS, prepared_data
from benchmarks.problem import NETWORKS, Files, Problem
from benchmarks.project import Project, project
from benchmarks.tables import Row, markdown, write_csv
from benchmarks.worker import Worker
from bnlab.config.protocols import load_protocols
from bnlab.files import write_text

SAMPLE = 500
"""Updates whose time is taken before and after each run."""


def main() -> None:
    """Write runs.csv, start.csv and runs.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is run")
    rounds = parser.parse_args().rounds
    data = prepared_data()
    with project(data) as place, tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        files = Files(data, Path(folder), "float64")
        files.make()
        runs = [row for network in NETWORKS for row in whole_runs(place, network, files, rounds)]
        starts = start_costs(place, rounds)
    write_csv(RESULTS / "runs.csv", runs)
    write_csv(RESULTS / "start.csv", starts)
    write_text(RESULTS / "runs.md", as_markdown(runs, starts))


def whole_runs(place: Project, network: str, files: Files, rounds: int) -> list[Row]:
    """Train a network with batch normalization from its first to its last file, between two samples of updates."""
    run = place.run(place.whole, NETWORKS[network], batch_norm=True)
    updates = load_protocols(place.folder / "config")[place.whole].schedule.updates
    worker = Worker(BNLAB, Problem(network, batch_norm=True, precision="float64"), files)
    try:
        worker.advance(SAMPLE)
        rows: list[Row] = []
        for i in range(rounds):
            print(f"{run}, round {i + 1}", flush=True)
            before = worker.advance(SAMPLE)[0]
            seconds = place.measure("-m", "bnlab", "train", run).cpu
            bare = (before + worker.advance(SAMPLE)[0]) / 2 * updates / 1e3
            rows.append({"run": run, "seconds": seconds, "bare_updates": bare, "ratio": seconds / bare})
        return rows
    finally:
        worker.stop()


def start_costs(place: Project, rounds: int) -> list[Row]:
    """CPU seconds of an interpreter, of one that imports what a training imports, and of runs of two updates."""
    run, small = (place.run(protocol, NETWORKS["50-50"], batch_norm=True) for protocol in ("start", "small"))
    imports = (
        "from bnlab.blas import use_one_thread; use_one_thread(); import bnlab.training.job, bnlab.config.protocols"
    )
    commands = {
        "Python": ["-c", "pass"],
        "Python and imports": ["-c", imports],
        "a run of two updates on 300 images": ["-m", "bnlab", "train", small],
        "a run of two updates": ["-m", "bnlab", "train", run],
    }
    return [
        {"process": name, "seconds": place.measure(*command).cpu}
        for _ in range(rounds)
        for name, command in commands.items()
    ]


def as_markdown(runs: list[Row], starts: list[Row]) -> str:
    """Medians over the rounds."""

    def median(rows: list[Row], key: str) -> float:
        return float(np.median([row[key] for row in rows]))  # type: ignore[arg-type]

    lines = [["", "CPU s", "of which updates", "ratio"]]
    for run in dict.fromkeys(row["run"] for row in runs):
        rows = [row for row in runs if row["run"] == run]
        name = str(run).rpartition("_")[0]
        lines.append([f"`{name}`", *(f"{median(rows, key):.2f}" for key in ("seconds", "bare_updates", "ratio"))])
    for process in dict.fromkeys(row["process"] for row in starts):
        rows = [row for row in starts if row["process"] == process]
        lines.append([str(process), f"{median(rows, 'seconds'):.2f}", "", ""])
    return markdown(lines)


if __name__ == "__main__":
    main()
