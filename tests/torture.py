"""Kill, fill and collide: a study that is disturbed at random ends byte for byte as one that was left alone.

    python -m tests.torture --seconds 120 --seed 1

Every disturbance is followed by the README's command, as a user would type it again.
"""

import argparse
import functools
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.workflow.conftest import SEARCHES, Project, new_project

COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2"]
LONGEST = 300
"""Seconds after which a command hangs."""
TRIES = 20
"""Commands after which a study that is left alone at last has to be finished."""


def digests(project: Project) -> dict[str, str]:
    """The content of every result by its path; logs, timings and what a killed process left half written are none."""
    found = {}
    for path in sorted((project.folder / "results").rglob("*")):
        below = path.relative_to(project.folder / "results")
        if path.is_file() and below.parts[0] != "logs" and path.name != "timing.json" and path.suffix != ".tmp":
            found[str(below)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def start(project: Project, limit: int | None = None) -> "subprocess.Popen[str]":
    """The command in a group of its own.  limit: bytes at which every file ends, as on a full disk."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        COMMAND,
        cwd=project.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509 (no threads here)
    )


class Torture:
    """One project, disturbed until it is finished; `counts` says how."""

    def __init__(self, project: Project, draw: random.Random, counts: Counter[str]) -> None:
        self.project, self.draw, self.counts = project, draw, counts

    def disturb(self) -> None:
        """One disturbance, drawn at random."""
        ways: list[Callable[[], None]] = [
            self.kill_a_job,
            functools.partial(self.kill, os.kill, "master"),
            functools.partial(self.kill, os.killpg, "group"),
            self.interrupt,
            self.fill_the_disk,
            self.collide,
        ]
        self.draw.choice(ways)()

    def kill_a_job(self) -> None:
        """SIGKILL for a job at work; the others end as they would."""
        master = start(self.project)
        self.wait()
        jobs = [one for one in psutil.Process(master.pid).children(recursive=True) if "bnlab" in command_of(one)]
        if jobs:
            self.draw.choice(jobs).kill()
            self.counts["kills of a job"] += 1
        self.end(master)

    def kill(self, how: Callable[[int, int], None], what: str) -> None:
        """SIGKILL for Snakemake alone, or with all its jobs, as when the power fails."""
        master = start(self.project)
        self.wait()
        how(master.pid, signal.SIGKILL)
        self.counts[f"kills of the {what}"] += 1
        self.end(master)

    def interrupt(self) -> None:
        """Ctrl-C."""
        master = start(self.project)
        self.wait()
        if master.poll() is None:
            os.killpg(master.pid, signal.SIGINT)
            self.counts["interrupts"] += 1
        self.end(master)

    def fill_the_disk(self) -> None:
        """No file can grow beyond some bytes."""
        self.counts["full disks"] += 1
        self.end(start(self.project, limit=self.draw.choice([100, 1_000, 10_000, 100_000, 1_000_000])))

    def collide(self) -> None:
        """Two at once: one may be refused, and both may not spoil what the other makes."""
        first, second = start(self.project), start(self.project)
        self.counts["collisions"] += 1
        self.end(second, alone=False)
        self.end(first, alone=False)

    def wait(self) -> None:
        """Until some moment of the study."""
        time.sleep(self.draw.uniform(0.5, 12))

    def end(self, master: "subprocess.Popen[str]", *, alone: bool = True) -> None:
        """Wait for a command, and count those that a lock refused though nobody else was at work."""
        output, _ = master.communicate(timeout=LONGEST)
        self.counts["commands"] += 1
        if alone and "LockException" in output:
            self.counts["refusals"] += 1
        # With a full disk Snakemake prints tracebacks of its own.
        if "Traceback" in output and "src/bnlab/" in output:
            self.counts["tracebacks"] += 1
            print(output)

    def finish(self) -> str:
        """Type the command until it succeeds; the output of the last one."""
        for _ in range(TRIES):
            done = subprocess.run(COMMAND, cwd=self.project.folder, capture_output=True, text=True, timeout=LONGEST)  # noqa: PLW1510
            self.counts["commands"] += 1
            self.counts["refusals"] += "LockException" in done.stderr
            if done.returncode == 0:
                return done.stderr
        raise SystemExit(f"{self.project.folder}: not finished after {TRIES} commands:\n{done.stderr[-5000:]}")


def command_of(process: psutil.Process) -> list[str]:
    """A process's command line; nothing when it has ended."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def main() -> None:
    """Compare disturbed studies with one that was left alone, until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw, counts, until = random.Random(given.seed), Counter[str](), time.monotonic() + given.seconds
    with tempfile.TemporaryDirectory() as folder:

        def study(name: str) -> Project:
            place = Path(folder, name)
            place.mkdir()
            project = new_project(place)
            project.write_study(SEARCHES)
            return project

        alone = study("left alone")
        Torture(alone, draw, Counter()).finish()
        expected = digests(alone)
        while time.monotonic() < until:
            project = study(f"disturbed {counts['studies']}")
            torture = Torture(project, draw, counts)
            for _ in range(draw.randint(3, 6)):
                torture.disturb()
            torture.finish()
            found = digests(project)
            counts["studies"] += 1
            differing = sorted(path for path in expected | found if expected.get(path) != found.get(path))
            if differing:
                raise SystemExit(f"seed {given.seed}, study {counts['studies']}: other bytes in {differing}")
    if counts["refusals"] or counts["tracebacks"]:
        raise SystemExit(f"seed {given.seed}: {dict(counts)}")
    said = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()) if number and what != "studies")
    print(
        f"{counts['studies']} studies of {len(expected)} files ended as one that was left alone, byte for byte: "
        f"{said}, 0 refusals."
    )


if __name__ == "__main__":
    main()
