"""A Slurm of this machine, and an environment set up by the commands of docs/cluster.md."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("cluster.sh")
DAEMONS = f"{os.environ['PATH']}:/usr/sbin"


@dataclass(frozen=True)
class Cluster:
    """One node, its controller, and what they keep of jobs."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """With this, Slurm's commands talk to this cluster."""
        return os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": f"{self.folder}/bin:{DAEMONS}"}

    def run(self, *command: str) -> str:
        """What a command prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def jobs(self, state: str) -> dict[str, str]:
        """Names of jobs by their numbers."""
        lines = self.run("squeue", "--noheader", f"--states={state}", "--format=%i %j").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def set_node(self, state: str) -> None:
        """Drain it, or resume it."""
        node = self.run("hostname").strip()
        self.run("scontrol", "update", f"NodeName={node}", f"State={state}", "Reason=test")

    def restart_controller(self) -> None:
        """End it, and start it a few seconds later: Slurm's commands fail meanwhile."""
        pid = self.folder / "slurmctld.pid"
        self.run("kill", pid.read_text().strip())
        until(lambda: not pid.exists(), seconds=30)
        time.sleep(5)
        self.run("slurmctld")

    def ended(self) -> list[tuple[str, str, str, str]]:
        """Name, state, start and end of all jobs that have ended."""
        text = (self.folder / "ended.txt").read_text()
        return re.findall(r" Name=(\S+) JobState=(\S+) .*?StartTime=(\S+) EndTime=(\S+)", text)


def until(condition: Callable[[], object], *, seconds: float = 300) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Slurm, from Debian's packages where it is not installed."""
    if not shutil.which("slurmctld", path=DAEMONS):
        if os.geteuid() or not shutil.which("apt-get"):
            pytest.skip("Slurm is not installed, and only root of a Debian can install it here")
        installed = subprocess.run([SCRIPT, "install"], capture_output=True, text=True, timeout=300, check=False)
        if installed.returncode:
            pytest.skip(f"Slurm cannot be installed: {installed.stderr.strip().splitlines()[-1]}")
    folder = tmp_path_factory.mktemp("slurm")
    try:
        started = subprocess.run([SCRIPT, "up", folder], capture_output=True, text=True, timeout=120, check=False)
        if started.returncode:
            pytest.skip(f"Slurm does not start: {started.stderr.strip()}")
        yield Cluster(folder)
    finally:
        subprocess.run([SCRIPT, "down", folder], capture_output=True, timeout=60, check=False)
