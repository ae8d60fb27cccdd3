"""Locks and kills of Snakemake itself. By its internals, of versions 9.18 to 9.27."""

import atexit
import threading
from contextlib import suppress
from pathlib import Path

from snakemake_interface_executor_plugins.settings import ExecMode

from bnlab.made.masters import FOLDER, masters, own_note, unnoted_snakemakes


def release_dead_lock():
    """Remove the lock of a Snakemake that was killed, so that the same command goes on; one that lives keeps its own.

    Snakemake's locks do not say whose they are. So each that may lock leaves a note of its host and process until it
    ends, and a lock belongs to one of those whose note is older. What cannot be known to be dead counts as living.
    """
    if workflow.exec_mode != ExecMode.DEFAULT or workflow.output_settings.dryrun:
        return
    own = own_note()
    own.parent.mkdir(parents=True, exist_ok=True)
    own.touch()
    atexit.register(own.unlink, missing_ok=True)
    living, dead = {}, {}
    for master in masters(own.parent):
        with suppress(FileNotFoundError):  # it has just ended
            (living if master.may_live else dead)[master] = master.note.stat().st_mtime
    made = {}
    for lock in Path(".snakemake/locks").glob("*.lock"):
        with suppress(FileNotFoundError):  # its Snakemake has just ended
            made[lock] = lock.stat().st_mtime
    abandoned = [
        lock
        for lock, at in made.items()
        if min(dead.values(), default=at + 1) <= at < min(living.values())
    ]
    if abandoned and unnoted_snakemakes():
        logger.info("A lock here may be that of another Snakemake, which is at work.")
        return
    for lock in abandoned:
        lock.unlink(missing_ok=True)
    if abandoned:
        logger.info(
            f"Removed the lock of a Snakemake that was killed (process {max(dead, key=dead.get).process})."
        )
    if len(abandoned) == len(made):
        for master in dead:
            master.note.unlink(missing_ok=True)


def keep_locks_apart():
    """Let the end of one Snakemake take away its own locks alone, and `--unlock` the notes of whose locks there were.

    Snakemake removes the whole folder, under the hands of others that run beside it or are about to begin.
    """
    unlock = workflow.unlock

    def unlocked():
        unlock()
        for note in FOLDER.glob("*"):
            note.unlink(missing_ok=True)

    workflow.unlock = unlocked


def delete_own_locks():
    """In place of Snakemake's `_delete_locks`."""
    for lock in workflow.persistence._lockfile.values():
        Path(lock).unlink(missing_ok=True)
    workflow.persistence._lockfile.clear()


def explain_kills(logs):
    """Say what a job that was killed can have died of, since it could not.  logs: Snakemake's own."""
    said = [Path(log).read_text(encoding="utf-8", errors="replace") for log in logs]
    if any("exit status 137" in text for text in said):
        logger.error(
            "A job was killed (137): out of memory? Let fewer jobs run at once (--cores), and repeat the command."
        )


def let_a_kill_end_snakemake():
    """Snakemake's handler of SIGTERM takes the lock of its scheduler, which the thread that it interrupts may hold."""
    workflow.scheduler._lock = threading.RLock()


def start_jobs_without_a_limit():
    """Let local jobs start as soon as a core is free.

    To limit how fast jobs start, Snakemake looks at all ready jobs again a second after each look, and every job that
    ends adds another such series: a third of a core with a thousand trainings ready. Here the cores are limit enough.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
