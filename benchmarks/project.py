"""A temporary project in which the program runs as it does for Snakemake, and its processes are measured."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.instructions import available, held_to
from benchmarks.machine import RESULTS
from bnlab.config.protocols import load_protocols
from bnlab.runs.names import run_name, split_name
from bnlab.runs.spec import RunSpec

PROTOCOLS = """
# The fewest updates: what it takes is what every run takes before, between and after its updates.
start:
  defaults: {base}
  schedule: {{step: 1, cycles: 1}}
  curve_points: 2
# The same with hardly an image to evaluate, but for the test set.
small:
  defaults: start
  training: 200
  validation: 100
  probe: 100
# Long enough for all that a training ever holds in memory.
brief:
  defaults: {base}
  schedule: {{step: 200, cycles: 1}}
"""


@dataclass(frozen=True)
class Usage:
    """What a process took, in seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Project:
    """Its folder, and the protocol of its data set that takes longest: official, or demo on generated images."""

    folder: Path
    whole: str

    def start(self, *command: str, instructions: str = available()[-1]) -> subprocess.Popen[bytes]:
        """Start Python with the given arguments in the project, held to an instruction set."""
        with held_to(instructions):
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, ("src", ".")))},
                stdout=subprocess.DEVNULL,
            )

    def measure(self, *command: str, instructions: str = available()[-1]) -> Usage:
        """Run Python with the given arguments to its end. Raises CalledProcessError when it fails."""
        started = perf_counter()
        process = self.start(*command, instructions=instructions)
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        return Usage(used.ru_utime + used.ru_stime, wall)

    def run(self, protocol: str, hidden: tuple[int, ...], *, batch_norm: bool, weight_decay: float = 0.005) -> str:
        """The name of a run, for which gate and split are made where they are missing."""
        content = load_protocols(self.folder / "config")[protocol]
        results = self.folder / "results"
        if not (results / "gradients" / f"{content.data.name}.json").exists():
            self.measure("-m", "bnlab", "gate", content.data.name)
        split = split_name(content, 1)
        if not (results / "splits" / f"{split}.npz").exists():
            self.measure("-m", "bnlab", "split", split)
        return run_name(RunSpec(protocol, hidden, batch_norm, "he", weight_decay, 1), content)


@contextmanager
def project(data: Path) -> Iterator[Project]:
    """A project on the prepared data set in `data`, which is linked; all else is its own."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS) as name:
        folder = Path(name)
        whole = "official" if data.name == "cifar10" else "demo"
        shutil.copytree("config", folder / "config")
        with (folder / "config" / "protocols.yaml").open("a", encoding="utf-8") as file:
            file.write(PROTOCOLS.format(base=whole))
        (folder / "results" / "data").mkdir(parents=True)
        (folder / "results" / "data" / data.name).symlink_to(data.resolve())
        yield Project(folder, whole)
