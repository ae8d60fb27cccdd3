"""What people see in place of Snakemake's own console. By Snakemake's internals, of versions 9.18 to 9.27."""

from snakemake_interface_executor_plugins.settings import ExecMode

from bnlab.console.handler import Console


def speak_to_people():
    """Let bnlab's console take the place of Snakemake's, unless --verbose, another logger or another workflow asks for it.

    A logger plugin would be Snakemake's own way, but it is found only where the package is installed, and knows nothing
    of what the jobs are about.
    """
    settings = workflow.output_settings
    asked = settings.verbose or settings.debug_dag
    if asked or workflow.exec_mode != ExecMode.DEFAULT or is_module():
        return
    for handler in list(logger.handlers):
        if handler.name == "DefaultStreamHandler":
            logger.removeHandler(handler)
            logger.addHandler(
                Console(
                    handler,
                    trainings=trainings,
                    reason=lambda path: FORCED_HERE.get(path, "asked for"),
                    pages=pages,
                    interrupted=lambda: bool(INTERRUPTS),
                    plan=settings.dryrun,
                    show_logs=settings.show_failed_logs,
                )
            )


def is_module():
    """Whether another workflow uses this one."""
    return not workflow.modifier.is_main_snakefile()


def trainings():
    """The runs that are still to be trained, with the seconds that each will take, more or less."""
    jobs = (job for job in workflow.dag.needrun_jobs() if job.rule.name == "train")
    runs = (f"{job.wildcards.protocol}/{job.wildcards.run}" for job in jobs)
    return {run: TARGETS.duration(run) for run in runs}


def pages():
    """Where the pages are that were asked for, or a site in place of one, and what they say in short."""
    from bnlab.report.headlines import (
        headlines,
    )  # with pandas, which a start can do without

    made = {str(path) for job in workflow.dag.jobs for path in job.output}
    found = {}
    for study in ("synthesis", *TARGETS.studies):
        for page in (TARGETS.site(study), f"results/studies/{study}/page.html"):
            if page in made:
                found.setdefault(study, page)
    return explained(headlines, TARGETS.configuration, found, results=TARGETS.results)
