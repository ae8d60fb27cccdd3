"""A small project, run once to its report; tests take copies of it and change something."""

import atexit
import compileall
import copy
import fcntl
import functools
import json
import os
import py_compile
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.protocols import TINY
from tests.small import make_small
from tests.workflow.loaded import run_loaded

ROOT = Path(__file__).parents[2]
PROTOCOLS = yaml.safe_dump({"tiny": TINY, "other": {"defaults": "tiny", "batch_size": 60}}, sort_keys=False)
STUDY = """
title: A tiny study
summary: For tests.
experiments:
  - id: depth
    title: Depth
    text: A pair of networks.
    protocol: tiny
    networks: [[5]]
    batch_norm: [false, true]
    initialization: [he]
    weight_decay: [0.005]
    seeds: 2
    figures: [curves]
  - id: initialization
    title: Initialization
    text: One standard deviation.
    protocol: other
    networks: [[5]]
    batch_norm: [false, true]
    initialization: [0.25]
    weight_decay: [0.125]
    seeds: 1
    figures: [initialization]
  - id: weight-decay
    title: Weight decay
    text: The second value makes the training diverge.
    protocol: tiny
    networks: [[5]]
    batch_norm: [false]
    initialization: [he]
    weight_decay: [0.005, 1.0e+200]
    seeds: 1
    figures: [weight_decay]
"""
CELL: dict[str, Any] = {
    "title": "t",
    "text": "t",
    "protocol": "tiny",
    "networks": [[5]],
    "batch_norm": [True],
    "initialization": ["he"],
    "seeds": 1,
    "figures": [],
}
SEARCHES: dict[str, Any] = {
    "title": "A study of searches",
    "summary": "For tests.",
    "experiments": [
        CELL | {"id": "coarse", "weight_decay": [0.001, 0.1]},
        CELL | {"id": "fine", "weight_decay": {"around": {"search": "coarse", "factor": 2, "count": 3}}},
        CELL | {"id": "best", "weight_decay": {"top": {"search": "fine", "count": 1}}, "seeds": 2},
        CELL | {"id": "chained", "weight_decay": [0.2, 0.1, 0.3], "warm_start": True, "figures": ["curves"]},
    ],
}
"""Known at once: 2 coarse runs and a chain of 3, whose first link is one of them. Later: 2 fine ones, a second seed."""


@dataclass(frozen=True)
class Project:
    """A folder that holds all that a clone holds for the workflow, with one tiny study.

    alone: whether its commands are processes of their own from the start, as a user's are, and share nothing.
    """

    folder: Path
    alone: bool = False

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end; output and errors in `stdout`."""
        return self._run("snakemake", ["--cores", "2", *arguments], os.environ)

    def bnlab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the package's commands, the project's own package; output and errors in `stdout`."""
        return self._run("bnlab", arguments, os.environ | {"PYTHONPATH": str(self.folder / "src")})

    def _run(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        if not self.alone:
            return run_loaded(module, arguments, self.folder, environment)
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def planned(self, *arguments: str) -> dict[str, int]:
        """Jobs by rule that `snakemake -n` announces; empty when nothing is to be done."""
        result = self.snakemake("-n", *arguments)
        output = result.stdout
        assert result.returncode == 0, output
        if "Nothing to be done" in output:
            return {}
        table = output.partition("Job stats:")[2].partition("total")[0]
        jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        assert jobs, output
        return {name: count for name, count in jobs.items() if name not in ("all", "everything", "tiny")}

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that must be there."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text
        (self.folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    @property
    def searches(self) -> dict[str, Any]:
        """A copy of the study of searches, to be changed and written."""
        return copy.deepcopy(SEARCHES)

    def write_study(self, study: dict[str, Any]) -> None:
        """Make this the project's study."""
        text = yaml.safe_dump(json.loads(json.dumps(study)), sort_keys=False)  # without aliases
        (self.folder / "config/studies/tiny.yaml").write_text(text, encoding="utf-8")

    def runs(self) -> list[Path]:
        """The stored runs' folders."""
        return sorted(path.parent for path in self.folder.glob("results/runs/*/*/run.json"))


@functools.cache
def compiled() -> Path:
    """A copy of the package with bytecode that holds wherever its source is the same, whatever that one's times."""
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    folder = Path(place.name, "src")
    shutil.copytree(ROOT / "src", folder, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    return folder


def new_project(folder: Path) -> Project:
    """A project that has run nothing yet."""
    for name in ("Snakefile", "workflow", "profiles", "config"):
        source = ROOT / name
        take = shutil.copy if source.is_file() else shutil.copytree
        take(source, folder / name)
    shutil.copytree(compiled(), folder / "src")
    shutil.rmtree(folder / "config" / "studies")
    shutil.rmtree(folder / "config" / "claims")
    (folder / "config" / "synthesis.yaml").unlink()
    (folder / "config" / "studies").mkdir()
    (folder / "config" / "studies" / "tiny.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "config" / "protocols.yaml").write_text(PROTOCOLS, encoding="utf-8")
    (folder / "config" / "config.yaml").write_text(
        "studies: [tiny]\ncifar10: null\nseeds_factor: 1\n", encoding="utf-8"
    )
    make_small(folder / "config")
    return Project(folder)


def made_once(place: pytest.TempPathFactory, name: str, study: dict[str, Any] | None = None) -> Project:
    """The project of that name after one run to its report, made by the first worker that asks; the others wait."""
    root = place.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else place.getbasetemp()
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = root / f"{name}.unfinished"
            unfinished.mkdir()
            project = replace(new_project(unfinished), alone=True)
            if study:
                project.write_study(study)
            result = project.snakemake()
            assert result.returncode == 0, result.stdout
            (unfinished / "console.txt").write_text(result.stdout, encoding="utf-8")
            unfinished.rename(folder)
    return Project(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after one run to its report. Read only: take `project` to change something."""
    return made_once(tmp_path_factory, "finished")


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished project, to be changed; no record of Snakemake's and no time of a file is left of it."""
    yield copied(finished, tmp_path)
    shutil.rmtree(tmp_path)


def copied(finished: Project, folder: Path) -> Project:
    """A copy as clones, archives and clocks that jump leave it: without .snakemake, its times in no order."""
    shutil.copytree(finished.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".snakemake"))
    draw, now = random.Random(1), time.time()
    for path in sorted(folder.rglob("*")):
        at = now + draw.uniform(-1e6, 1e6)
        os.utime(path, (at, at))
    return Project(folder)


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The study of searches after one command. Read only: take `chain` to change something."""
    return made_once(tmp_path_factory, "searched", SEARCHES)


@pytest.fixture
def chain(searched: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished study of searches, to be changed (see `project`)."""
    yield copied(searched, tmp_path)
    shutil.rmtree(tmp_path)


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project that has run nothing yet."""
    return new_project(tmp_path)
