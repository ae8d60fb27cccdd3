"""What rules call: each command makes one step's files."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bnlab.cli.command import Argument, Command, argument
from bnlab.paths import CONFIG, RESULTS
from bnlab.runs.names import parse_split_name


def _prepare(parsed: argparse.Namespace) -> None:
    """Obtain (or generate) a data set, verify its content, and store it decoded."""
    from bnlab.config.data_sets import data_sets, source_of
    from bnlab.data.prepare import prepare_cifar10, prepare_configured, prepare_generated

    match parsed.data:
        case "cifar10":
            prepare_cifar10(parsed.cifar10, results=RESULTS)
        case "generated":
            prepare_generated(results=RESULTS)
        case name:
            prepare_configured(source_of(name, CONFIG), data_sets(CONFIG).get(name), results=RESULTS)


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


def _figure(parsed: argparse.Namespace) -> None:
    """Draw one figure of one experiment as SVG and PNG, and write its data as CSV."""
    from bnlab.config.studies import load_configuration
    from bnlab.figures.draw import draw_figure

    draw_figure(load_configuration(CONFIG), parsed.study, parsed.experiment, parsed.figure, results=RESULTS)


def _test_figure(parsed: argparse.Namespace) -> None:
    """Draw one figure of the test results of one experiment as SVG and PNG, and write its data as CSV."""
    from bnlab.config.studies import load_configuration
    from bnlab.report.test_figures import draw_test_figure

    draw_test_figure(load_configuration(CONFIG), parsed.study, parsed.experiment, parsed.figure, results=RESULTS)


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


def _answer_figure(_: argparse.Namespace) -> None:
    """Draw all accuracies that reports print beside ours, and how many claims came to what."""
    from bnlab.config.studies import load_configuration
    from bnlab.config.synthesis import load_synthesis
    from bnlab.report.accuracies import draw_answer

    configuration = load_configuration(CONFIG)
    draw_answer(configuration, load_synthesis(configuration, CONFIG), results=RESULTS)


def _synthesis_page(_: argparse.Namespace) -> None:
    """Put the ledger and the studies' answers together as one HTML page."""
    from bnlab.config.studies import load_configuration
    from bnlab.config.synthesis import load_synthesis
    from bnlab.report.synthesis import render_synthesis

    configuration = load_configuration(CONFIG)
    render_synthesis(configuration, load_synthesis(configuration), results=RESULTS, accepted=_accepted())


def _site(_: argparse.Namespace) -> None:
    """Put everything together as a site that opens from disk: questions, reports, the ledger, and runs to compare."""
    from bnlab.config.studies import load_configuration
    from bnlab.config.synthesis import load_synthesis
    from bnlab.site.build import build_site

    configuration = load_configuration(CONFIG)
    build_site(configuration, load_synthesis(configuration), results=RESULTS, accepted=_accepted())


def _study_site(parsed: argparse.Namespace) -> None:
    """Put one study together as such a site."""
    from bnlab.config.studies import load_configuration
    from bnlab.site.build import build_study_site

    build_study_site(load_configuration(CONFIG), parsed.study, results=RESULTS, accepted=_accepted())


def _accepted() -> list[str]:
    from bnlab.made.accepted import in_effect
    from bnlab.targets import Targets

    return [str(one) for one in in_effect(Targets())]


_ONE_STUDY = argument("study", help="a file in config/studies")
_EXPERIMENT = argument("experiment", help="an experiment of the study")
_DATA = argument("data", help="the prepared data set whose images are used")


def _making(function: Callable[[argparse.Namespace], None], *arguments: Argument) -> Command:
    return Command(function, list(arguments), makes=True)


RULES = [
    Command(
        _prepare,
        [
            argument("data", help="cifar10, generated, or one of config/datasets.yaml"),
            argument("--cifar10", metavar="PATH", type=Path, help="a local copy: a folder or an archive"),
        ],
    ),
    _making(_split, argument("split", help="for example cifar10_45000-5000_random-seed1_per-pixel")),
    _making(_gate, _DATA),
    _making(_step_sizes, _DATA),
    _making(_overfit, _DATA),
    _making(_reported_check, _DATA, argument("reported_check", help="a file in config/reported_checks")),
    _making(
        _gradient_figure, _DATA, argument("figure", help="step_sizes, overfit, or a file in config/reported_checks")
    ),
    _making(_train, argument("run", help="for example official/50-50_bn_he_lambda0.005_seed1_9250ba6a")),
    _making(_sensitivity, argument("run", help="a run that is stored")),
    _making(_rank, _ONE_STUDY, argument("experiment", help="a search of the study")),
    _making(_collect, _ONE_STUDY),
    _making(_test_results, _ONE_STUDY),
    _making(_tables, _ONE_STUDY),
    _making(_figure, _ONE_STUDY, _EXPERIMENT, argument("figure", help="one of its figures")),
    _making(_test_figure, _ONE_STUDY, _EXPERIMENT, argument("figure", help="confusion")),
    _making(_page, _ONE_STUDY),
    _making(_pdf, _ONE_STUDY),
    _making(_claims, argument("report", help="a file in config/claims")),
    _making(_ledger),
    _making(_calibrate),
    _making(_calibration_figure),
    _making(_answer_figure),
    _making(_synthesis_page),
    _making(_site),
    _making(_study_site, _ONE_STUDY),
]
