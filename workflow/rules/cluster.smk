"""Jobs on Slurm of a Snakemake that was killed. By Snakemake's internals, of versions 9.18 to 9.27."""

import atexit
import subprocess
from pathlib import Path
from time import sleep

from snakemake.exceptions import WorkflowError

from bnlab.made.masters import Master, own_note

CLUSTER_NOTES = Path(".snakemake/slurm")
"""Here a Snakemake leaves a note of its host, its process and the name of its jobs, until it ends."""


def own_the_cluster_jobs():
    """Cancel the jobs of Snakemakes that were killed, and note the name of this one's.

    Slurm's jobs go on without their master. Those that wait, or train, would do what the same command now starts again.
    """
    for note in CLUSTER_NOTES.glob("* [0-9]* [0-9]* *"):
        host, process, started, name = note.name.rsplit(" ", 3)
        if not Master(note, host, int(process), started).may_live:
            cancel_jobs(name)
            note.unlink(missing_ok=True)
    name = getattr(workflow.scheduler._executor, "run_uuid", None)
    if name is not None:
        CLUSTER_NOTES.mkdir(parents=True, exist_ok=True)
        own = CLUSTER_NOTES.absolute() / f"{own_note().name} {name}"
        own.touch()
        atexit.register(own.unlink, missing_ok=True)


def cancel_jobs(name):
    """Cancel all jobs of this name, and wait until none is left.

    Slurm kills what does not end by itself within its KillWait, of 30 s where nobody has set another.
    """
    listed = f"squeue --noheader --format=%i --states=PENDING,RUNNING,SUSPENDED,COMPLETING --name={name}"
    try:
        jobs = slurm(listed)
        if jobs:
            logger.info(f"Cancelling jobs of a Snakemake that was killed: {jobs}.")
            slurm(f"scancel --name={name}")
        for _ in range(180):
            if not jobs:
                return
            sleep(1)
            jobs = slurm(listed)
        problem = f"{jobs} have not ended 3 minutes after scancel"
    except (OSError, subprocess.SubprocessError) as error:
        problem = getattr(error, "stderr", None) or error
    raise WorkflowError(
        "Jobs of a Snakemake that was killed may still run on Slurm, and would train what this one is to train: "
        f"{problem}. Repeat the command where Slurm answers; or make sure that squeue --name={name} lists no job, and "
        f"remove {CLUSTER_NOTES}."
    )


def slurm(command):
    """What a command of Slurm's prints, in one line."""
    done = subprocess.run(
        command.split(), capture_output=True, text=True, check=True, timeout=60
    )
    return " ".join(done.stdout.split())
