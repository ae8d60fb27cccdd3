"""Everything that depends on Snakemake's internals, with the issues concerned. Written for versions 9.18 to 9.27."""

import shlex

from snakemake.settings.enums import RerunTrigger


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


def start_jobs_without_a_limit():
    """Let local jobs start as soon as a core is free.

    To limit how fast jobs start, Snakemake looks at all ready jobs again a second after each look, and every job that
    ends adds another such series: a third of a core with a thousand trainings ready. Here the cores are limit enough.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
