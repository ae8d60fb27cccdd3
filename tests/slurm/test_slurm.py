"""A study on a real Slurm: the same bytes as on one machine, whatever happens to node, controller, jobs and Snakemake.

A training takes a moment here, and a group of four some seconds: each of them starts a Snakemake of its own.
"""

import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.protocols import TINY
from tests.slurm.conftest import ROOT, Cluster, until
from tests.workflow.conftest import CELL, Project, new_project

pytestmark = pytest.mark.slurm
COMMANDS = re.search(r"```sh\n(.*?)```", (ROOT / "docs/cluster.md").read_text(encoding="utf-8"), re.DOTALL)
TRAININGS = 40
STUDY = {
    "title": "A study for Slurm",
    "summary": "For tests.",
    "experiments": [
        CELL
        | {
            "id": "grid",
            "batch_norm": [False, True],
            "weight_decay": [0.001 * (1 + i) for i in range(TRAININGS // 4)],
            "seeds": 2,
        }
    ],
}
LONGER = {"schedule": TINY["schedule"] | {"step": 300}}


def new_lab(folder: Path) -> Project:
    """A project with a grid of 40 trainings that has run nothing yet."""
    folder.mkdir()
    project = new_project(folder)
    project.write_study(STUDY)
    (folder / "config/protocols.yaml").write_text(yaml.safe_dump({"tiny": TINY | LONGER}), encoding="utf-8")
    return project


@dataclass(frozen=True)
class Lab:
    """What its users have: a cluster, and an environment with the plugin."""

    cluster: Cluster
    project: Project
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Of a shell in which the environment is active, with a disk of the node's own."""
        path = f"{self.project.folder}/.venv/bin:{self.cluster.environment['PATH']}"
        return self.cluster.environment | {"PATH": path, "BNLAB_NODE_DATA": str(self.cluster.folder / "disk")}

    def start(self, project: Project) -> "subprocess.Popen[bytes]":
        """Snakemake, with groups of four trainings; what it says is appended to output.txt."""
        with (project.folder / "output.txt").open("ab") as log:
            process = subprocess.Popen(
                ["snakemake", "--profile", "profiles/slurm", "--group-components", "train=4"],
                cwd=project.folder, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)
        return process


def said(project: Project) -> str:
    """What all its Snakemakes have printed."""
    return (project.folder / "output.txt").read_text()


def results(project: Project) -> dict[str, bytes]:
    """All results but logs and times."""
    files = [path for path in (project.folder / "results").rglob("*") if path.is_file()]
    names = {path.relative_to(project.folder / "results").as_posix(): path for path in files}
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if not name.startswith("logs/") and not name.endswith("timing.json")
    }


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one machine makes of the study by itself."""
    project = new_lab(tmp_path_factory.mktemp("local") / "project")
    result = project.snakemake()
    assert result.returncode == 0, result.stdout
    return results(project)


@pytest.fixture(scope="module")
def lab(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """After the five lines of docs/cluster.md, but for the one that keeps a terminal."""
    project = new_lab(tmp_path_factory.mktemp("lab") / "project")
    for name in ("Makefile", "requirements.lock", "requirements-uv.lock"):
        shutil.copy(ROOT / name, project.folder)
    lines = [line for line in COMMANDS[1].splitlines() if not line.startswith("tmux")]
    assert len(lines) == 4
    result = subprocess.run(
        ["bash", "-ec", "\n".join(lines)],
        cwd=project.folder, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    (project.folder / "output.txt").write_text(result.stdout)
    assert result.returncode == 0, result.stdout
    made = Lab(cluster, project)
    yield made
    for process in made.processes:
        process.kill()


def test_the_commands_install_what_the_extra_does() -> None:
    """Which is the same plugin, of the same versions."""
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["slurm"]
    assert re.search(r'pip install "(.*)"', COMMANDS[1])[1] == extra[0]


def test_a_study_on_slurm_has_the_bytes_of_a_local_one(lab: Lab, local: dict[str, bytes]) -> None:
    """One job is enough for 40 trainings; three more make what takes longer than a moment."""
    assert results(lab.project) == local
    jobs = [state for _, state, _, _ in lab.cluster.ended()]
    assert 0 < jobs.count("COMPLETED") == len(jobs) <= 4


def test_a_drained_node_and_a_restarted_controller_only_delay(
    lab: Lab, local: dict[str, bytes], tmp_path: Path
) -> None:
    """What runs goes on, without a controller too, what waits waits, and no job is lost."""
    project = new_lab(tmp_path / "project")
    process = lab.start(project)
    until(lambda: len(project.runs()) >= 4)
    lab.cluster.set_node("DRAIN")
    until(lambda: not lab.cluster.jobs("RUNNING,COMPLETING"))
    done = len(project.runs())
    assert done < TRAININGS
    assert lab.cluster.jobs("PENDING")
    lab.cluster.set_node("RESUME")
    until(lambda: lab.cluster.jobs("RUNNING") and len(project.runs()) > done)
    lab.cluster.restart_controller()
    assert process.wait(timeout=600) == 0, said(project)
    assert results(project) == local
    assert [copy.name.rpartition("_")[0] for copy in (lab.cluster.folder / "disk").iterdir()] == ["bnlab_generated"]


def test_cancelled_jobs_and_a_killed_snakemake_call_for_the_same_command(
    lab: Lab, local: dict[str, bytes], tmp_path: Path
) -> None:
    """It trains what is missing, and nothing beside a job that the killed one left."""
    project = new_lab(tmp_path / "project")
    process = lab.start(project)
    until(lambda: lab.cluster.jobs("RUNNING") and project.runs())
    cancelled = min(lab.cluster.jobs("RUNNING"), key=int)
    lab.cluster.run("scancel", cancelled)
    assert process.wait(timeout=600) == 1
    assert 0 < len(project.runs()) < TRAININGS

    before = {run: (run / "timing.json").stat().st_mtime_ns for run in project.runs()}
    for run in list(before)[: len(before) // 2]:
        shutil.rmtree(run)
        del before[run]
    process = lab.start(project)
    until(lambda: lab.cluster.jobs("RUNNING") and len(project.runs()) > len(before))
    process.send_signal(signal.SIGKILL)
    process.wait()
    (left,) = {*lab.cluster.jobs("RUNNING,PENDING").values()}
    process = lab.start(project)
    assert process.wait(timeout=600) == 0, said(project)
    assert "Cancelling jobs of a Snakemake that was killed" in said(project)
    assert results(project) == local
    assert before == {run: (run / "timing.json").stat().st_mtime_ns for run in before}
    (name,) = re.findall(r"SLURM run ID: (\S+)", said(project))[-1:]
    ended = [end for job, _, _, end in lab.cluster.ended() if job == left]
    begun = [start for job, _, start, _ in lab.cluster.ended() if job == name]
    assert max(ended) <= min(begun)
    assert not list((project.folder / ".snakemake/slurm").iterdir())


def test_without_an_answer_of_slurm_nothing_is_trained_twice(lab: Lab, tmp_path: Path) -> None:
    """Whether jobs of a killed Snakemake live cannot be known then: the error says how to find out."""
    project = new_lab(tmp_path / "project")
    process = lab.start(project)
    until(lambda: lab.cluster.jobs("RUNNING"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    (name,) = {*lab.cluster.jobs("RUNNING,PENDING").values()}
    lab.cluster.run("scancel", "--name", name)
    refused = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2"],
        cwd=project.folder, env=lab.environment | {"SLURM_CONF": str(tmp_path / "none.conf")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert f"make sure that squeue --name={name} lists no job" in refused.stderr
    shutil.rmtree(project.folder / ".snakemake/slurm")
    assert project.snakemake("results/studies/tiny/cells.csv").returncode == 0
