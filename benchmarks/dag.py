"""CPU seconds and memory that grow with the number of targets: Snakemake's planning, and the joining of records.

python -m benchmarks.dag [--sizes N ...] [--planned N ...]

Each study is a grid of trainings of two updates. It is planned when nothing is stored, and planned and run again when
everything is. To store the largest would take long, so they are only planned.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.machine import RESULTS
from benchmarks.scaling_figure import draw_dag
from benchmarks.tables import Row, markdown, write_csv
from bnlab.config.studies import load_configuration
from bnlab.errors import BnlabError
from bnlab.files import write_text
from bnlab.training.job import perform_run

SIZES = [100, 600, 1000, 5000]
PLANNED = [20000]
COPIED = ("Snakefile", "workflow", "src", "profiles", "config")
TO_DO, NOTHING, NO_OP = "snakemake -n, all to do", "snakemake -n, nothing to do", "snakemake, nothing to do"
JOIN = "python -m bnlab collect"
PROTOCOL = """
tiny:
  defaults: demo
  training: 300
  validation: 100
  batch_size: 50
  schedule: {step: 1, cycles: 1}
  curve_points: 2
  probe: 50
"""


class Used(NamedTuple):
    """What a command took: seconds of CPU, and megabytes of memory at most."""

    seconds: float
    megabytes: float


def main() -> None:
    """Write dag.csv, dag.md and the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dag", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="targets; takes a quarter of an hour")
    parser.add_argument("--planned", type=int, nargs="*", default=PLANNED, help="targets that are planned, not stored")
    asked = parser.parse_args()
    rows = [row for size in asked.sizes for row in measure(size)]
    rows += [row for size in asked.planned for row in measure(size, only_planned=True)]
    write_csv(RESULTS / "dag.csv", rows)
    write_text(RESULTS / "dag.md", table(rows))
    draw_dag(RESULTS / "dag.csv", RESULTS / "dag")


def table(rows: list[Row]) -> str:
    """A row for each command, a column for each number of targets."""
    used = {(row["command"], row["targets"]): f"{row['seconds']:.1f} s, {row['megabytes']:.0f} MB" for row in rows}
    sizes = list(dict.fromkeys(row["targets"] for row in rows))
    lines = [["", *(f"{size:,} targets" for size in sizes)]]
    lines += [
        [command, *(used.get((command, size), "–") for size in sizes)] for command in (TO_DO, NOTHING, NO_OP, JOIN)
    ]
    return markdown(lines)


def measure(size: int, *, only_planned: bool = False) -> list[Row]:
    """Plan a study of `size` trainings; and, unless that is all, store them, and plan and run it again."""
    print(f"{size} targets", flush=True)
    with study_of(size) as folder:
        used = {TO_DO: snakemake(folder, "-n", expect=f"train {size}")}
        if not only_planned:
            store_all(folder)
            snakemake(folder)
            # Now Snakemake has its own notes on every file, as if it had made it.
            snakemake(folder, "--touch", "--forceall")
            used[NOTHING] = snakemake(folder, "-n", expect="Nothing to be done")
            used[NO_OP] = snakemake(folder, expect="Nothing to be done")
            used[JOIN] = python(folder, "-m", "bnlab", "collect", "grid")
    return [{"targets": size, "command": command, **one._asdict()} for command, one in used.items()]


@contextmanager
def study_of(size: int) -> Iterator[Path]:
    """A temporary copy of the workflow whose default target is a study of `size` trainings on generated images."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    experiment = {
        "id": "grid",
        "title": "Grid",
        "text": "As many weight decays as it takes.",
        "protocol": "tiny",
        "networks": [[5]],
        "batch_norm": [False, True],
        "initialization": ["he"],
        "weight_decay": [i / 1e5 for i in range(size // 4)],
        "seeds": 2,
        "figures": [],
    }
    with tempfile.TemporaryDirectory(dir=RESULTS) as name:
        folder = Path(name)
        for source in map(Path, COPIED):
            (shutil.copy if source.is_file() else shutil.copytree)(source, folder / source)
        with (folder / "config" / "protocols.yaml").open("a", encoding="utf-8") as file:
            file.write(PROTOCOL)
        study = {"title": "Grid", "summary": "For a measurement.", "experiments": [experiment]}
        (folder / "config" / "studies" / "grid.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
        (folder / "config" / "config.yaml").write_text(
            "studies: [grid]\ncifar10: null\nseeds_factor: 1\n", encoding="utf-8"
        )
        yield folder


def store_all(folder: Path) -> None:
    """Train and store every run, here rather than in a process each: what is measured comes after."""
    configuration = load_configuration(folder / "config")
    runs = configuration.study("grid").runs
    splits = [
        f"results/splits/generated_300-100_random-seed{seed}_per-pixel.npz" for seed in {run.seed for run in runs}
    ]
    snakemake(folder, *splits)
    for run in runs:
        perform_run(run, configuration.protocols[run.protocol], results=folder / "results")


def snakemake(folder: Path, *arguments: str, expect: str = "") -> Used:
    """What a Snakemake command takes that says what is expected."""
    return python(folder, "-m", "snakemake", "--cores", "2", *arguments, expect=expect)


def python(folder: Path, *arguments: str, expect: str = "") -> Used:
    """What a command takes. Raises BnlabError with its output when it fails or says something else."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(folder.resolve() / "src")},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if process.returncode or expect not in " ".join(said.split()):
        raise BnlabError(said)
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


if __name__ == "__main__":
    main()
