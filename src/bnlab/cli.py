"""One subcommand per rule, and a few for people. Each parses its arguments and calls one function of the package.

Each imports that function when it is called, so that training loads neither pandas nor matplotlib. The function's
module is the root of its rule's fingerprint (`targets.ROOTS`): what a command computes stands there and not here.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bnlab.errors import BnlabError
from bnlab.paths import CONFIG, DOCS, REFERENCE, RESULTS, whole_project
from bnlab.runs.names import parse_split_name


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an expected error prints its message and gives its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.makes:
            from bnlab.made.perform import perform

            perform(parsed.makes, [getattr(parsed, name) for name in parsed.arguments], lambda: parsed.command(parsed))
        else:
            parsed.command(parsed)
    except BnlabError as error:
        print(f"bnlab: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bnlab", description=main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        command: Callable[[argparse.Namespace], None], *arguments: tuple[str, str], makes: bool = True
    ) -> argparse.ArgumentParser:
        name = command.__name__.removeprefix("_").replace("_", "-")
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        for argument, help_text in arguments:
            sub.add_argument(argument, help=help_text)
        sub.set_defaults(command=command, makes=name if makes else None, arguments=[name for name, _ in arguments])
        return sub

    study = ("study", "the name of a file in config/studies")
    add(_snakefile, makes=False)
    add(_plan, makes=False).add_argument("study", nargs="?", help="a file in config/studies; without it, all of them")
    add(_status, makes=False).add_argument("study", nargs="?", help="a file in config/studies; without it, all of them")
    why = add(_why, makes=False)
    why.add_argument("target", nargs="*", help="a study, a rule or a file, as Snakemake takes them; without any, all")
    accepting = add(_accept, ("outdated", "a command whose code was changed: train, tables, ..."), makes=False)
    accepting.add_argument("--because", required=True, help="why what it made stays right, for who reads the pages")
    exporting = add(_export, makes=False)
    exporting.add_argument("archive", type=Path, help="the zip file to write")
    exporting.add_argument("--study", action="append", default=[], help="a study, with its pages; can be repeated")
    exporting.add_argument("--run", action="append", default=[], help="a run; can be repeated")
    add(_import, makes=False).add_argument("archive", type=Path, help="a file that `export` has written")
    pruning = add(_prune, makes=False)
    pruning.add_argument("--remove", action="store_true", help="delete what is listed, ...")
    pruning.add_argument("--really", action="store_true", help="... which has to be said twice")
    prepare = add(_prepare, ("data", "cifar10 or generated"), makes=False)
    prepare.add_argument("--cifar10", metavar="PATH", type=Path, help="a local copy: a folder or an archive")
    add(_split, ("split", "for example cifar10_45000-5000_random-seed1_per-pixel"))
    add(_gate, ("data", "the prepared data set whose images are used"))
    add(_step_sizes, ("data", "the prepared data set whose images are used"))
    add(_overfit, ("data", "the prepared data set whose images are used"))
    add(
        _reported_check,
        ("data", "the prepared data set"),
        ("reported_check", "a file in config/reported_checks"),
    )
    add(
        _gradient_figure,
        ("data", "the data set"),
        ("figure", "step_sizes, overfit, or a file in config/reported_checks"),
    )
    add(_train, ("run", "for example official/50-50_bn_he_lambda0.005_seed1_9250ba6a"))
    add(_sensitivity, ("run", "a run that is stored"))
    add(_rank, study, ("experiment", "a search of the study"))
    add(_collect, study)
    add(_test_results, study)
    add(_tables, study)
    add(_figure, study, ("experiment", "an experiment of the study"), ("figure", "one of its figures"))
    add(_page, study)
    add(_pdf, study)
    add(_claims, ("report", "a file in config/claims"))
    add(_ledger)
    add(_calibrate)
    add(_calibration_figure)
    add(_synthesis_page)
    add(_expectations, study, makes=False)
    add(_verify, makes=False)
    add(_describe, makes=False)
    add(_keep_reference, makes=False)
    add(_compare_reference, makes=False)
    return parser


def _snakefile(_: argparse.Namespace) -> None:
    """Print where the workflow is, for `snakemake -s` in another folder and for other workflows."""
    print(whole_project() / "Snakefile")


def _plan(parsed: argparse.Namespace) -> None:
    """List a study's runs, or all studies', stored, outdated or missing, and what training the latter will cost."""
    from bnlab.made.plan import print_plan
    from bnlab.targets import Targets

    print_plan(Targets().read_everything(), parsed.study)


def _status(parsed: argparse.Namespace) -> None:
    """Count the runs of a study, or of each, that are done, running, failed or missing; estimate the time left."""
    from bnlab.made.status import print_status
    from bnlab.targets import Targets

    print_status(Targets().read_everything(), parsed.study)


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


def _prepare(parsed: argparse.Namespace) -> None:
    """Obtain (or generate) a data set, verify its content, and store it decoded."""
    from bnlab.data.prepare import prepare

    prepare(parsed.data, parsed.cifar10, results=RESULTS)


def _split(parsed: argparse.Namespace) -> None:
    """Draw a training and a validation part and compute the training part's pixel statistics."""
    from bnlab.data.split_data import split_data

    split_data(parsed.split, **asdict(parse_split_name(parsed.split)), results=RESULTS)


def _gate(parsed: argparse.Namespace) -> None:
    """Check gradients, updates and evaluation against independent ones; fail unless everything agrees."""
    from bnlab.gradients.gate import run_gate

    run_gate(parsed.data, config=CONFIG, results=RESULTS)


def _step_sizes(parsed: argparse.Namespace) -> None:
    """Measure the error of forward and central differences and of the complex step against their step."""
    from bnlab.gradients.step_sizes import measure_step_sizes

    measure_step_sizes(parsed.data, config=CONFIG, results=RESULTS)


def _overfit(parsed: argparse.Namespace) -> None:
    """Learn a few images perfectly, without weight decay, and record their loss at every update."""
    from bnlab.gradients.overfit import learn_few_images

    learn_few_images(parsed.data, config=CONFIG, results=RESULTS)


def _reported_check(parsed: argparse.Namespace) -> None:
    """Repeat a report's own gradient check, whose numbers are shown beside the published ones; nothing is judged."""
    from bnlab.gradients.reported_check import repeat_reported_check

    repeat_reported_check(parsed.data, parsed.reported_check, config=CONFIG, results=RESULTS)


def _gradient_figure(parsed: argparse.Namespace) -> None:
    """Draw one figure about gradients as SVG and PNG."""
    from bnlab.figures.draw import draw_gradient_figure

    draw_gradient_figure(parsed.data, parsed.figure, config=CONFIG, results=RESULTS)


def _train(parsed: argparse.Namespace) -> None:
    """Train, evaluate and store one run."""
    from bnlab.config.protocols import load_protocols
    from bnlab.runs.names import parse_run_name
    from bnlab.training.job import perform_run
    from bnlab.training.progress import shown

    protocols = load_protocols(CONFIG)
    spec = parse_run_name(parsed.run, protocols)
    protocol = protocols[spec.protocol]
    with shown(protocol.schedule.updates) as watch:
        training = perform_run(spec, protocol, results=RESULTS, watch=watch)
    outcome = "finished" if training.diverged_at is None else f"diverged at update {training.diverged_at}"
    print(f"{parsed.run}: {outcome}.")


def _sensitivity(parsed: argparse.Namespace) -> None:
    """Train a stored run again from parameters moved by one rounding, and say how far apart it ends."""
    from bnlab.config.protocols import load_protocols
    from bnlab.runs.names import parse_run_name
    from bnlab.training.sensitivity import measure_sensitivity

    protocols = load_protocols(CONFIG)
    spec = parse_run_name(parsed.run, protocols)
    for trial in measure_sensitivity(spec, protocols[spec.protocol], results=RESULTS):
        print(f"{trial.difference:.1e} apart, {trial.changed} predictions changed, test accuracy {trial.accuracy}")


def _rank(parsed: argparse.Namespace) -> None:
    """Rank the settings of a search by validation accuracy, for the experiments that build on it."""
    from bnlab.analysis.rank import rank
    from bnlab.config.studies import load_configuration

    best = rank(load_configuration(CONFIG), parsed.study, parsed.experiment, results=RESULTS)[0]
    rate = "" if best.learning_rate is None else f"learning rate {best.learning_rate:g}, "
    print(f"{parsed.study} {parsed.experiment}: best at {rate}weight decay {best.weight_decay:g}.")


def _collect(parsed: argparse.Namespace) -> None:
    """Join a study's run records and curves into runs.csv and curves.csv (no test results)."""
    from bnlab.analysis.collect import collect
    from bnlab.config.studies import load_configuration

    collect(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _test_results(parsed: argparse.Namespace) -> None:
    """Open the test predictions of a study's runs, once everything is chosen, and write test.csv."""
    from bnlab.analysis.test_results import collect_test_results
    from bnlab.config.studies import load_configuration

    collect_test_results(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _tables(parsed: argparse.Namespace) -> None:
    """Summarize a study's runs over seeds: cells, pairs with and without BN, expectations."""
    from bnlab.analysis.tables import write_tables
    from bnlab.config.studies import load_configuration

    write_tables(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _expectations(parsed: argparse.Namespace) -> None:
    """Print how a finished study's expectations turned out; fail unless all hold."""
    from bnlab.analysis.expectations import print_expectations
    from bnlab.made.perform import require_current

    require_current([RESULTS / "studies" / parsed.study / "expectations.csv"])
    print_expectations(parsed.study, results=RESULTS)


def _figure(parsed: argparse.Namespace) -> None:
    """Draw one figure of one experiment as SVG and PNG."""
    from bnlab.config.studies import load_configuration
    from bnlab.figures.draw import draw_figure

    draw_figure(load_configuration(CONFIG), parsed.study, parsed.experiment, parsed.figure, results=RESULTS)


def _page(parsed: argparse.Namespace) -> None:
    """Put a study's tables and figures together as one HTML page."""
    from bnlab.config.studies import load_configuration
    from bnlab.report.study import render_page

    render_page(load_configuration(CONFIG), parsed.study, results=RESULTS, accepted=_accepted())


def _pdf(parsed: argparse.Namespace) -> None:
    """Typeset a study's page, which must be there as HTML, as PDF."""
    from bnlab.report.pdf import typeset_page

    typeset_page(parsed.study, results=RESULTS)


def _claims(parsed: argparse.Namespace) -> None:
    """Join a report's claims with the runs that they are about, and give each its outcome."""
    from bnlab.claims.judge import write_claims
    from bnlab.config.studies import load_configuration

    write_claims(load_configuration(CONFIG), parsed.report, results=RESULTS)


def _ledger(_: argparse.Namespace) -> None:
    """Put the claims of all reports into one table, and count their outcomes."""
    from bnlab.claims.judge import join_claims

    join_claims(CONFIG, results=RESULTS)


def _calibrate(_: argparse.Namespace) -> None:
    """Try the rules of the ledger on our own runs: how often they err, and what they can see."""
    from bnlab.claims.calibration import write_calibration
    from bnlab.config.studies import load_configuration

    write_calibration(load_configuration(CONFIG), results=RESULTS)


def _calibration_figure(_: argparse.Namespace) -> None:
    """Draw how often the rules err, and what they can see."""
    from bnlab.figures.calibration import draw_calibration

    draw_calibration(results=RESULTS)


def _synthesis_page(_: argparse.Namespace) -> None:
    """Put the ledger and the studies' answers together as one HTML page."""
    from bnlab.config.studies import load_configuration
    from bnlab.config.synthesis import load_synthesis
    from bnlab.report.synthesis import render_synthesis

    configuration = load_configuration(CONFIG)
    render_synthesis(configuration, load_synthesis(configuration), results=RESULTS, accepted=_accepted())


def _accepted() -> list[str]:
    from bnlab.made.accepted import in_effect
    from bnlab.targets import Targets

    return [str(one) for one in in_effect(Targets())]


def _verify(_: argparse.Namespace) -> None:
    """Rehash everything stored and compare it with what the present code, configuration and inputs make."""
    from bnlab.made.verify import verify_results
    from bnlab.targets import Targets

    verify_results(Targets().read_everything())


def _describe(_: argparse.Namespace) -> None:
    """Write the configuration's JSON schemas and its reference page from the models."""
    from bnlab.config.describe import describe

    describe(config=CONFIG, docs=DOCS)


def _keep_reference(_: argparse.Namespace) -> None:
    """Keep the present results of everything as the reference result in docs/reference."""
    from bnlab.analysis.reference import compared, keep_reference
    from bnlab.made.perform import require_current

    require_current(compared(RESULTS))
    keep_reference(REFERENCE, results=RESULTS)


def _compare_reference(_: argparse.Namespace) -> None:
    """Compare the present results with the reference result; fail where a number, outcome or prediction differs."""
    from bnlab.analysis.reference import compare_reference, compared
    from bnlab.made.perform import require_current

    require_current(path for path in compared(RESULTS) if path.exists())
    compare_reference(REFERENCE, results=RESULTS)
