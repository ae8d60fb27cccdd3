"""What is due: bnlab decides, and Snakemake is told so. By Snakemake's internals, of versions 9.18 to 9.27."""

import shlex
from functools import cache

from snakemake.io import apply_wildcards
from snakemake.settings.enums import RerunTrigger

from bnlab.made.currency import Currency
from bnlab.made.steps import step


def source_of_images(wildcards, output):
    """Where CIFAR-10 is, as an option of `prepare`.

    The digest fixes the content, so another place, or a wrong one, is no reason to prepare again what is there.
    Snakemake records no parameter of a function that takes `output`, whether it uses it or not.
    """
    named = config["cifar10"] if wildcards.data == "cifar10" else None
    return f"--cifar10={shlex.quote(named)}" if named else ""


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
    if command in ("rank", "collect", "test-results", "test-figure"):
        all_runs(*arguments[:2])  # waits for the searches that decide which they are
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
        "delete_output",
        "list_untracked",
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
    # A receipt, or a run's record, is written when all else is: what was interrupted has none.
    workflow.dag.ignore_incomplete = True
    workflow.persistence._delete_locks = delete_own_locks
    for what in ("code", "input", "params"):
        setattr(workflow.persistence, f"{what}_changed", unchanged)


def refuse_to_touch():
    """Stop `--touch`, which would report as made what is not."""
    if workflow.touch:
        raise WorkflowError(
            "--touch: times decide nothing here. To keep what older code made: bnlab accept"
        )


async def ignored(*_):
    """Do nothing, in place of a check."""


def unchanged(job, file=None):
    """None of a job's files, or not this one: in place of a look into Snakemake's records."""
    return frozenset()


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
