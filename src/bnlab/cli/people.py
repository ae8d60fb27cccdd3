"""What people call: to look at results, to share them, to ask what will happen."""

import argparse
from pathlib import Path

from bnlab.cli.command import Command, argument
from bnlab.paths import CONFIG, DOCS, REFERENCE, RESULTS, whole_project


def _runs(parsed: argparse.Namespace) -> None:
    """List the runs of a study, or of all: the settings that vary, how each ended, and how long it took."""
    from bnlab.browse.runs import print_runs

    print_runs(parsed.study, conditions=parsed.where, sort=parsed.sort, chosen=parsed.columns, how=parsed.format)


def _show(parsed: argparse.Namespace) -> None:
    """Show one run: its settings, its numbers, what made it, its curves, and the command that makes it again."""
    from bnlab.browse.show import print_run

    print_run(parsed.run, parsed.format)


def _compare(parsed: argparse.Namespace) -> None:
    """Set runs side by side, each named by the beginning that the names of its seeds share.

    Shows the settings that differ, the outcomes, the mean difference of equal seeds with its 95 % interval, and on how
    many test images equal seeds disagree.
    """
    from bnlab.browse.compare import print_comparison

    print_comparison(parsed.run, parsed.format, parsed.figure)


def _snakefile(_: argparse.Namespace) -> None:
    """Print where the workflow is, for `snakemake -s` in another folder and for other workflows."""
    print(whole_project() / "Snakefile")


def _plan(parsed: argparse.Namespace) -> None:
    """List a study's runs, or all studies', stored, outdated or missing, and what training the last two will cost."""
    from bnlab.made.plan import print_plan
    from bnlab.targets import Targets

    print_plan(Targets().read_everything(), parsed.study)


def _status(parsed: argparse.Namespace) -> None:
    """Count the runs of a study, or of each, that are done, running, failed or missing; estimate the time left."""
    from bnlab.made.status import print_status
    from bnlab.targets import Targets

    print_status(Targets().read_everything(), parsed.study)


def _widen(parsed: argparse.Namespace) -> None:
    """Make a wider version of a study, with more seeds or values, as a study of its own; common runs stay common."""
    from bnlab.config.widen import widen
    from bnlab.runs.record import RECORD
    from bnlab.targets import Targets

    added = {"networks": parsed.network, "initialization": parsed.initialization, "weight_decay": parsed.weight_decay}
    made = widen(
        parsed.study,
        parsed.name,
        experiments=parsed.experiment,
        seeds=parsed.seeds,
        added={axis: values for axis, values in added.items() if values},
        config=CONFIG,
    )
    stored = sum((RESULTS / "runs" / run / RECORD).is_file() for run in Targets().runs[parsed.name])
    print(
        f"{CONFIG}/studies/{parsed.name}.yaml: {len(made.runs)} runs, {stored} of them stored. "
        f"Next: snakemake --cores 8 {parsed.name}"
    )


def _layers(text: str) -> list[int]:
    return [int(units) for units in text.split("-")]


def _initialization(text: str) -> str | float:
    return text if text.isidentifier() else float(text)


def _why(parsed: argparse.Namespace) -> None:
    """Say what Snakemake would run, grouped by what was changed: modules, keys of the configuration, files."""
    from bnlab.made.why import print_why
    from bnlab.targets import Targets

    print_why(Targets().read_everything(), parsed.target)


def _accept(parsed: argparse.Namespace) -> None:
    """Declare a change of a command's code harmless: what it made before counts as current. Pages and verify say so."""
    from bnlab.made.accept import accept
    from bnlab.targets import Targets

    accept(Targets().read_everything(), parsed.outdated, parsed.because)


def _export(parsed: argparse.Namespace) -> None:
    """Write studies, or single runs, into one archive (an RO-Crate) with digests and provenance, without images.

    Without --study and --run: the studies of config.yaml.
    """
    from bnlab.config.studies import read_selection
    from bnlab.share.export import export
    from bnlab.targets import Targets

    targets = Targets().read_everything()
    studies = parsed.study or ([] if parsed.run else read_selection().studies)
    export(targets, parsed.archive, studies, parsed.run)


def _import(parsed: argparse.Namespace) -> None:
    """Take over the results of an archive, if this project's code and configuration would make the same."""
    from bnlab.share.take import take
    from bnlab.targets import Targets

    take(Targets().read_everything(), parsed.archive)


def _prune(parsed: argparse.Namespace) -> None:
    """List results that no study needs, with what they weigh; delete them when asked twice."""
    from bnlab.share.prune import prune
    from bnlab.targets import Targets

    prune(Targets().read_everything(), remove=parsed.remove, really=parsed.really)


def _expectations(parsed: argparse.Namespace) -> None:
    """Print how a finished study's expectations turned out; fail unless all hold."""
    from bnlab.analysis.expectations import print_expectations
    from bnlab.made.perform import require_current

    require_current([RESULTS / "studies" / parsed.study / "expectations.csv"])
    print_expectations(parsed.study, results=RESULTS)


def _verify(_: argparse.Namespace) -> None:
    """Rehash everything stored and compare it with what the present code, configuration and inputs make."""
    from bnlab.made.verify import verify_results
    from bnlab.targets import Targets

    verify_results(Targets().read_everything())


def _describe(_: argparse.Namespace) -> None:
    """Write the configuration's JSON schemas, and the reference pages of its keys and of all commands."""
    from bnlab.cli import GROUPS
    from bnlab.cli.document import document
    from bnlab.config.describe import describe

    describe(config=CONFIG, docs=DOCS)
    document(GROUPS, docs=DOCS)


def _keep_reference(_: argparse.Namespace) -> None:
    """Keep the present results of everything as the reference result in docs/reference."""
    from bnlab.analysis.reference import compared, keep_reference
    from bnlab.made.perform import require_current
    from bnlab.targets import Targets

    require_current(compared(RESULTS, Targets().studies))
    keep_reference(REFERENCE, results=RESULTS)


def _compare_reference(_: argparse.Namespace) -> None:
    """Compare the present results with the reference result; fail where a number, outcome or prediction differs."""
    from bnlab.analysis.reference import compare_reference, compared
    from bnlab.made.perform import require_current
    from bnlab.targets import Targets

    require_current(path for path in compared(RESULTS, Targets().studies) if path.exists())
    compare_reference(REFERENCE, results=RESULTS)


_STUDY = argument("study", nargs="?", help="a file in config/studies; without it, all of them")
_FORMAT = argument("--format", choices=("table", "csv", "json"), default="table", help="table unless said otherwise")

PEOPLE = [
    Command(
        _runs,
        [
            _STUDY,
            argument("--where", action="append", default=[], help="COLUMN=VALUE, or with !=, <, >, <=, >=; repeatable"),
            argument("--sort", metavar="COLUMN", help="upwards; --sort=-COLUMN is downwards"),
            argument("--columns", metavar="NAMES", help="separated by commas; see docs/columns.md"),
            _FORMAT,
        ],
        "bnlab runs demo --where batch_norm=true --sort=-validation_accuracy",
    ),
    Command(
        _show,
        [
            argument("run", help="a run's name, its digest, or a beginning that no other name has"),
            argument("--format", choices=("table", "json"), default="table", help="json: the whole record"),
        ],
        "bnlab show demo/50-50_bn_he_lambda0.005_seed1",
    ),
    Command(
        _compare,
        [
            argument("run", nargs="+", help="a run's name, or the beginning of several seeds' names"),
            argument("--figure", type=Path, metavar="PATH", help="draw their curves into PATH.svg and PATH.png"),
            _FORMAT,
        ],
        "bnlab compare demo/50-50_plain_he_lambda0.005 demo/50-50_bn_he_lambda0.005 --figure curves",
    ),
    Command(_status, [_STUDY], "bnlab status demo"),
    Command(_plan, [_STUDY], "bnlab plan official"),
    Command(
        _why,
        [argument("target", nargs="*", help="a study, a rule or a file, as Snakemake takes them; without any, all")],
        "bnlab why demo",
    ),
    Command(
        _widen,
        [
            argument("study", help="a file in config/studies"),
            argument("name", help="of the study to be made"),
            argument("--experiment", action="append", default=[], help="only this one; repeatable"),
            argument("--seeds", type=int, help="how many each cell has then"),
            argument("--network", type=_layers, action="append", help="such as 100-100; repeatable"),
            argument(
                "--initialization", type=_initialization, action="append", help="he, xavier, fan_in or σ; repeatable"
            ),
            argument("--weight-decay", type=float, action="append", help="λ; repeatable"),
        ],
        "bnlab widen demo wider --experiment depth --seeds 4 --network 100-100",
    ),
    Command(
        _accept,
        [
            argument("outdated", help="a command whose code was changed: train, tables, ..."),
            argument("--because", required=True, help="why what it made stays right, for who reads the pages"),
        ],
        'bnlab accept train --because "Only an error message was changed."',
    ),
    Command(_verify, example="bnlab verify"),
    Command(
        _export,
        [
            argument("archive", type=Path, help="the zip file to write"),
            argument("--study", action="append", default=[], help="a study, with its pages; repeatable"),
            argument("--run", action="append", default=[], help="a run; repeatable"),
        ],
        "bnlab export demo.zip --study demo",
    ),
    Command(_import, [argument("archive", type=Path, help="a file of bnlab export's")], "bnlab import demo.zip"),
    Command(
        _prune,
        [
            argument("--remove", action="store_true", help="delete what is listed, ..."),
            argument("--really", action="store_true", help="... which has to be said twice"),
        ],
        "bnlab prune",
    ),
    Command(_expectations, [argument("study", help="a file in config/studies")], "bnlab expectations demo"),
    Command(_keep_reference, example="bnlab keep-reference"),
    Command(_compare_reference, example="bnlab compare-reference"),
    Command(_snakefile, example="bnlab snakefile"),
    Command(_describe, example="bnlab describe"),
]
