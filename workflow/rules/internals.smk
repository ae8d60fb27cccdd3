"""Everything that depends on Snakemake's internals, with the issues concerned. Written for versions 9.18 to 9.27."""

import atexit
import shlex
import signal
from contextlib import suppress
from functools import cache
from pathlib import Path
from platform import node
from time import time_ns

import psutil
from snakemake.io import apply_wildcards
from snakemake.settings.enums import RerunTrigger
from snakemake_interface_executor_plugins.settings import ExecMode

from bnlab.console.handler import Console
from bnlab.made.currency import Currency
from bnlab.made.steps import step


def source_of_images(wildcards, output):
    """Where CIFAR-10 is, as an option of `prepare`.

    The digest fixes the content, so another place, or a wrong one, is no reason to prepare again what is there.
    Snakemake records no parameter of a function that takes `output`, whether it uses it or not.
    """
    named = config["cifar10"] if wildcards.data == "cifar10" else None
    return f"--cifar10 {shlex.quote(named)}" if named else ""


def due(command, *names):
    """The input function of a command's rule, whose wildcards are named as the command's arguments.

    What is current (`bnlab.made.currency`) gets no inputs, so that neither their times nor jobs that make them again
    touch it. What is not gets its inputs and has to run: for that, Snakemake has a set of files that are forced.
    Its own triggers compare times, and records that a clone or a copy lacks.
    """

    def inputs(wildcards):
        leave_decisions_to_bnlab()
        arguments = [name.format(**dict(wildcards.items())) for name in names]
        if DRAWN:
            return files(command, arguments)
        outputs = [
            apply_wildcards(pattern, wildcards) for pattern in rule_of(command).output
        ]
        forced = workflow.dag.forcefiles
        reason = explained(currency().reason, command, *arguments)
        if reason is None:
            forced.difference_update(FORCED_HERE.keys() & outputs)
            return []
        if reason.endswith("has changed"):
            tell(f"Out of date: {command}, {reason}.")
        FORCED_HERE.update(dict.fromkeys(set(outputs) - forced, reason))
        forced.update(outputs)
        return files(command, arguments)

    return inputs


def files(command, arguments):
    """What a command with these arguments works from."""
    if command in ("rank", "collect", "test-results"):
        all_runs(*arguments)  # waits for the searches that decide which they are
    return explained(step, TARGETS, command, *arguments).files


FORCED_HERE = {}
"""Why each of these files has to be made."""
DRAWN = []
"""What was called to draw the graph, or to report on it."""


def draw_the_whole_graph():
    """Let reports and drawings show all inputs of all jobs, those of what is current too."""
    for name in (
        "create_report",
        "printdag",
        "printrulegraph",
        "printfilegraph",
        "printd3dag",
    ):
        setattr(workflow, name, drawing(getattr(workflow, name)))


def drawing(method):
    """The method of a workflow that runs nothing, with a note that it was called."""

    def drawn(*arguments, **options):
        DRAWN.append(method)
        return method(*arguments, **options)

    return drawn


def leave_decisions_to_bnlab():
    """Switch off what Snakemake would decide by its records (inputs that come and go) and by clocks.

    When a clock jumps, an output can be older than its input: Snakemake would fail the job and delete the output. Its
    records are switched off for `--summary` and `--list-changes` too, which do not ask what the triggers are. What is
    only drawn needs no decision at all.
    """
    triggers = {} if DRAWN else {RerunTrigger.MTIME}
    workflow.dag_settings.rerun_triggers = frozenset(triggers)
    workflow.dag.check_output_mtime = ignored
    for what in ("code", "input", "params"):
        setattr(workflow.persistence, f"{what}_changed", unchanged)


async def ignored(*_):
    """Do nothing, in place of a check."""


def unchanged(job, file=None):
    """None of a job's files, or not this one: in place of a look into Snakemake's records."""
    return frozenset()


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
    """Where the pages are that were asked for, and what they say in short."""
    from bnlab.report.headlines import (
        headlines,
    )  # with pandas, which a start can do without

    made = {str(path) for job in workflow.dag.jobs for path in job.output}
    studies = [
        study
        for study in ("synthesis", *TARGETS.studies)
        if f"results/studies/{study}/page.html" in made
    ]
    return explained(headlines, TARGETS.configuration, studies, results=TARGETS.results)


@cache
def tell(news):
    """Log something once, however many jobs it is about."""
    logger.info(news)


def currency():
    """What is current by now; a search that was ranked meanwhile calls for another look."""
    return currency_at(TARGETS.stamps())


@cache
def currency_at(stamps):
    return Currency(TARGETS, asked_for)


def rule_of(command):
    """The rule of a command, which another workflow that uses this one may call otherwise."""
    return getattr(rules, command.replace("-", "_")).rule


def asked_for(command, outputs):
    """Whether the command line demands a rule, or one of these files, whether it is current or not."""
    dag = workflow.dag
    return rule_of(command) in dag.forcerules or any(
        path in dag.forcefiles and path not in FORCED_HERE for path in outputs
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


def end_in_good_order():
    """End with 130 after Ctrl-C, and say how to go on; let jobs stop by themselves when this process is killed."""
    # Every job that runs Snakemake itself, on another machine for example, has its own here.
    os.environ.update(BNLAB_MASTER=str(os.getpid()))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note_interrupt)
        atexit.register(end_as_interrupted)  # first, so that it runs after all others


def note_interrupt(*received):
    """Do what Snakemake expects, which makes a failure with exit code 1 of it."""
    INTERRUPTS.append(received)
    signal.default_int_handler(*received)


INTERRUPTS = []


def end_as_interrupted():
    """Say how to go on, and end with the exit code of what was interrupted."""
    if INTERRUPTS:
        news = "Interrupted. What was finished is stored: the same command goes on from there."
        print(f"\n{news}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)


def explain_kills(logs):
    """Say what a job that was killed can have died of, since it could not.  logs: Snakemake's own."""
    said = [Path(log).read_text(encoding="utf-8", errors="replace") for log in logs]
    if any("exit status 137" in text for text in said):
        logger.error(
            "A job was killed (137): out of memory? Let fewer jobs run at once (--cores), and repeat the command."
        )


def start_jobs_without_a_limit():
    """Let local jobs start as soon as a core is free.

    To limit how fast jobs start, Snakemake looks at all ready jobs again a second after each look, and every job that
    ends adds another such series: a third of a core with a thousand trainings ready. Here the cores are limit enough.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
