"""Everything that depends on how Snakemake works inside, with the issues it is about. Read for 9.18 to 9.27."""

from snakemake.settings.enums import RerunTrigger


def training_inputs(wildcards):
    """What a training waits for (`bnlab.targets`): nothing at all when the run is stored and current.

    An input behind ancient(), which should prevent that a run is trained again because something was merely repeated,
    makes Snakemake overlook jobs that do have to run (issue 4166); so a current run has no inputs. The rerun trigger
    "input" would see them come and go: the profile leaves it out.
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


def start_jobs_without_a_limit():
    """Let local jobs start as soon as a core is free.

    Snakemake looks at all ready jobs a second after each look at them, once more for every job that has ended, to limit
    how fast jobs start: a third of a core with a thousand trainings ready. Here cores limit that.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
