"""Everything that depends on Snakemake's internals, with the issues concerned. Written for versions 9.18 to 9.27."""

import atexit
import shlex
from contextlib import suppress
from pathlib import Path
from platform import node
from time import time_ns

import psutil
from snakemake.settings.enums import RerunTrigger
from snakemake_interface_executor_plugins.settings import ExecMode


def source_of_images(wildcards, output):
    """Where CIFAR-10 is, as an option of `prepare`.

    The digest fixes the content, so another place, or a wrong one, is no reason to prepare again what is there.
    Snakemake records no parameter of a function that takes `output`, whether it uses it or not.
    """
    named = config["cifar10"] if wildcards.data == "cifar10" else None
    return f"--cifar10 {shlex.quote(named)}" if named else ""


def training_inputs(wildcards):
    """What a training waits for (`bnlab.targets`): nothing at all when the run is stored and current.

    ancient() is meant to keep a run from being trained again because an input was merely made again. But it
    makes Snakemake overlook jobs that do have to run (issue 4166), so a current run has no inputs. The rerun trigger
    "input" would react to inputs that come and go; the profile leaves it out.
    """
    if RerunTrigger.INPUT in workflow.rerun_triggers:
        raise WorkflowError(
            "The rerun trigger 'input' is on and would train everything again. Run snakemake in the project's folder, "
            "where it finds profiles/default, or with --rerun-triggers mtime params code software-env."
        )
    name = f"{wildcards.protocol}/{wildcards.run}"
    return explained(TARGETS.training_inputs, name, forced=is_forced(name))


def is_forced(run):
    """Whether the command line asks for this run whether it is current or not."""
    settings = workflow.dag_settings
    return (
        settings.forceall
        or settings.forcetargets
        or "train" in settings.forcerun
        or any(path.startswith(f"results/runs/{run}/") for path in settings.forcerun)
    )


def release_dead_lock():
    """Remove the lock of a Snakemake that was killed, so that the same command goes on; one that lives keeps its own.

    Snakemake's locks do not say whose they are. So each that may lock leaves a note of its host and process until it
    ends, and a lock belongs to one of those whose note is older. What cannot be known to be dead counts as living.
    """
    if workflow.exec_mode != ExecMode.DEFAULT or workflow.dryrun:
        return
    notes = Path(".snakemake/masters")
    notes.mkdir(parents=True, exist_ok=True)
    own = notes / f"{node()} {os.getpid()} {time_ns()}"
    own.touch()
    atexit.register(own.unlink, missing_ok=True)
    living, dead = {}, {}
    for note in notes.glob("* [0-9]* [0-9]*"):
        host, process, _ = note.name.rsplit(" ", 2)
        lives = host != node() or note == own or is_another_snakemake(int(process))
        with suppress(FileNotFoundError):  # its master has just ended
            (living if lives else dead)[note] = note.stat().st_mtime
    made = {
        lock: lock.stat().st_mtime for lock in Path(".snakemake/locks").glob("*.lock")
    }
    abandoned = [
        lock
        for lock, at in made.items()
        if min(dead.values(), default=at + 1) <= at < min(living.values())
    ]
    for lock in abandoned:
        lock.unlink(missing_ok=True)
    if abandoned:
        logger.info(
            f"Removed the lock of a Snakemake that was killed (process {max(dead, key=dead.get).name.split()[-2]})."
        )
    if len(abandoned) == len(made):
        for note in dead:
            note.unlink(missing_ok=True)


def is_another_snakemake(process):
    """Whether a process of this machine is a Snakemake, and not this one, which may have the number of a dead one.

    When a process started would tell it apart for sure, but is computed from a clock that can be set meanwhile.
    """
    try:
        command = " ".join(psutil.Process(process).cmdline())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return process != os.getpid() and "snakemake" in command


def start_jobs_without_a_limit():
    """Let local jobs start as soon as a core is free.

    To limit how fast jobs start, Snakemake looks at all ready jobs again a second after each look, and every job that
    ends adds another such series: a third of a core with a thousand trainings ready. Here the cores are limit enough.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
