"""After Snakemake was killed the same command goes on; while another runs it is refused."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workflow.conftest import Project


def started(project: Project) -> "subprocess.Popen[bytes]":
    """Snakemake at work, in a group of its own: its lock is there, and a first job runs."""
    log = (project.folder / "output.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "tiny"],
        cwd=project.folder, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (list((project.folder / ".snakemake/locks").glob("*")) and list(logs(project))):
        assert time.monotonic() < deadline
        assert process.poll() is None, (project.folder / "output.txt").read_text()
        time.sleep(0.02)
    return process


def logs(project: Project) -> list[Path]:
    """The logs of jobs."""
    return [*(project.folder / "results/logs").glob("*/*")]


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_a_killed_snakemake_blocks_nobody(fresh: Project, finished: Project, kill) -> None:
    """Alone or with all its jobs: the same command says whose lock it removes, and ends as if nothing had been."""
    process = started(fresh)
    kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list((fresh.folder / ".snakemake/locks").glob("*"))
    result = fresh.snakemake()
    assert result.returncode == 0, result.stdout
    assert f"Removed the lock of a Snakemake that was killed (process {process.pid})." in result.stdout
    page = "results/studies/tiny/page.html"
    assert (fresh.folder / page).read_bytes() == (finished.folder / page).read_bytes()
    assert not list((fresh.folder / ".snakemake/masters").iterdir())


def test_a_living_snakemake_keeps_its_lock(fresh: Project) -> None:
    """A second one is refused, and a plan is none."""
    process = started(fresh)
    try:
        process.send_signal(signal.SIGSTOP)
        assert "cannot be locked" in fresh.snakemake().stdout
        assert fresh.snakemake("-n").returncode == 0
        assert list((fresh.folder / ".snakemake/locks").glob("*"))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
