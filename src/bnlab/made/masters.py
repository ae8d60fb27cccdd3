"""The notes that Snakemakes leave of themselves while they may lock a folder, and which of these are still at work."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from platform import node

import psutil

FOLDER = Path(".snakemake/masters")
IDLE = {"-n", "--dry-run", "--dryrun", "--summary", "--list", "--report", "--dag", "--rulegraph", "--target-jobs"}
"""What a Snakemake does without a lock; the last, the jobs of one."""


@dataclass(frozen=True)
class Master:
    """A Snakemake, by its note."""

    note: Path
    host: str
    process: int
    started: str
    """As `_started` says it."""

    @property
    def may_live(self) -> bool:
        """Whether it cannot be known to be dead; of another machine it cannot."""
        return self.host != node() or self.started == _started(self.process)


def own_note() -> Path:
    """The note of this process."""
    return FOLDER.absolute() / f"{node()} {os.getpid()} {_started(os.getpid())}"


def masters(folder: Path = FOLDER) -> Iterator[Master]:
    """All that have left a note in a folder."""
    for note in folder.glob("* [0-9]* [0-9]*"):
        host, process, started = note.name.rsplit(" ", 2)
        if process.isdecimal():
            yield Master(note, host, int(process), started)


def unnoted_snakemakes() -> bool:
    """Whether another Snakemake works in this folder and has left no note: that of another workflow, for example."""
    noted = {master.process for master in masters() if master.may_live} | {os.getpid()}
    here = str(Path.cwd())
    for process in psutil.process_iter(["pid", "cwd", "cmdline"]):
        program, *words = process.info["cmdline"] or [""]
        called = words[:2] == ["-m", "snakemake"] or (words and Path(words[0]).name == "snakemake")
        is_snakemake = "python" in Path(program).name and called and IDLE.isdisjoint(words)
        if is_snakemake and process.info["cwd"] == here and process.info["pid"] not in noted:
            return True
    return False


def _started(process: int) -> str | None:
    """When a process started, in ticks since the machine did, which tells it from others of its number; None if gone.

    psutil computes a time of it, from a clock that can be set meanwhile.
    """
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if Path("/proc/self").exists() or not psutil.pid_exists(process):
            return None
        return str(int(psutil.Process(process).create_time()))
    state, *others = stat.rpartition(")")[2].split()
    return None if state == "Z" else others[18]
