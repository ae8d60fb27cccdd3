"""One subcommand per rule of the workflow, each importing what it needs inside, so that training stays light."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bnlab.datasets import DATA_SETS
from bnlab.errors import BnlabError, ConfigError, DataError, GateError
from bnlab.spec import parse_split_name

RESULTS = Path("results")
CONFIG = Path("config")
DATA_BATCH = 10_000
"""The first training images in official order: CIFAR-10's data_batch_1, by whose statistics exhibits standardize."""


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an expected error prints its message and gives its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.command(parsed)
    except BnlabError as error:
        print(f"bnlab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bnlab", description=main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Callable[[argparse.Namespace], None], *arguments: tuple[str, str]) -> argparse.ArgumentParser:
        name = command.__name__.removeprefix("_").replace("_", "-")
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        for argument, help_text in arguments:
            sub.add_argument(argument, help=help_text)
        sub.set_defaults(command=command)
        return sub

    study = ("study", "the name of a file in config/studies")
    add(_plan).add_argument("study", nargs="?", help="a file in config/studies; without it, all of them")
    prepare = add(_prepare, ("data", "cifar10 or generated"))
    prepare.add_argument("--cifar10", metavar="PATH", type=Path, help="a local copy: a folder or an archive")
    add(_split, ("split", "for example cifar10_45000-5000_random-seed1_per-pixel"))
    add(_check_gradients, ("data", "the prepared data set whose images are used"))
    add(_step_sizes, ("data", "the prepared data set whose images are used"))
    add(_overfit, ("data", "the prepared data set whose images are used"))
    add(_compare_gradients, ("data", "the prepared data set"), ("exhibit", "a file in config/exhibits"))
    add(_gradient_figure, ("data", "the data set"), ("exhibit", "step_sizes, overfit, or a file in config/exhibits"))
    add(_train, ("run", "for example official/50-50_bn_he_lambda0.005_seed1_63267ea5"))
    add(_collect, study)
    add(_test_results, study)
    add(_tables, study)
    add(_figure, study, ("experiment", "an experiment of the study"), ("figure", "one of its figures"))
    add(_report, study)
    add(_expectations, study)
    add(_verify)
    return parser


def _plan(parsed: argparse.Namespace) -> None:
    """List a study's runs, or all studies' runs, stored or missing, and what training the missing ones will cost."""
    from bnlab.cost import estimated_seconds
    from bnlab.study import load_configuration

    configuration = load_configuration(CONFIG)
    studies = configuration.studies.values() if parsed.study is None else [configuration.study(parsed.study)]
    runs = configuration.names(run for study in studies for run in study.runs)
    stored = {name for name in runs if (RESULTS / "runs" / name / "run.json").is_file()}
    for name in runs:
        print("stored " if name in stored else "missing", name)
    for study in studies:
        missing = {name: run for name, run in configuration.names(study.runs).items() if name not in stored}
        seconds = sum(estimated_seconds(run, configuration.protocols[run.protocol]) for run in missing.values())
        print(f"{study.key}: {len(study.runs)} runs, {len(missing)} missing, about {seconds / 60:.0f} core-minutes")


def _prepare(parsed: argparse.Namespace) -> None:
    """Obtain (or generate) a data set, verify its content, and store it decoded."""
    from bnlab.data.prepared import store

    if parsed.data == "generated":
        from bnlab.data.generate import generate

        arrays, source = generate(), "generated data"
    elif parsed.data == "cifar10":
        from bnlab.data.obtain import obtain

        local, named_by = parsed.cifar10, "configuration key cifar10"
        if local is None and os.environ.get("BNLAB_CIFAR10"):
            local, named_by = Path(os.environ["BNLAB_CIFAR10"]), "environment variable BNLAB_CIFAR10"
        arrays, source = obtain(None if local is None else local.expanduser(), named_by)
    else:
        raise ConfigError(f"'{parsed.data}' is not a data set. Expected {' or '.join(DATA_SETS)}.")
    folder = RESULTS / "data" / parsed.data
    found, expected = arrays.digest, DATA_SETS[parsed.data].digest
    if found != expected:
        raise DataError(f"{source}: the content's digest is {found}, but src/bnlab/datasets.py expects {expected}.")
    store(folder, parsed.data, arrays)
    print(f"Prepared {folder} from {source}.")


def _split(parsed: argparse.Namespace) -> None:
    """Draw a training and a validation part and compute the training part's pixel statistics."""
    from bnlab.data.prepared import open_prepared
    from bnlab.data.splits import make_split, store_split

    spec = parse_split_name(parsed.split)
    if spec.data not in DATA_SETS:
        raise ConfigError(f"'{parsed.split}': found the data set '{spec.data}', expected {' or '.join(DATA_SETS)}.")
    images = open_prepared(RESULTS / "data" / spec.data).train_images
    split = make_split(images, training=spec.training, validation=spec.validation, seed=spec.seed)
    store_split(RESULTS / "splits" / f"{parsed.split}.npz", split)


def _check_gradients(parsed: argparse.Namespace) -> None:
    """Compare the analytic gradients with three oracles; fail unless every array agrees with each."""
    from dataclasses import asdict

    from bnlab.files import write_json
    from bnlab.gradient_settings import load_gate_settings
    from bnlab.gradients.check import check_gradients
    from bnlab.gradients.kinks import NoSmoothDrawError

    settings = load_gate_settings(CONFIG)
    try:
        checks = check_gradients(settings, *_standardized_images(parsed.data))
    except NoSmoothDrawError as error:
        raise GateError(
            f"{error}. Lower margin, or the condition's spread or batch, in config/gradients/gate.yaml."
        ) from None
    print(
        "relative: ||a - n|| / max(||a||, ||n||).\n"
        "absolute: the largest |a - n|, where the true gradient is zero and a ratio of roundings would mean nothing:\n"
        "of a bias before batch normalization, which the batch mean takes out again;\n"
        "and, over two images, of everything below the last normalization, which makes them +1 and -1."
    )
    for check in checks:
        for array in check.arrays:
            verdict = "FAILED" if array.failed else "ok    "
            errors = " ".join(f"{oracle} {error:.1e}" for oracle, error in array.errors.items())
            settled = " ".join(f"{key} {value}" for key, value in check.condition.items())
            print(
                f"{verdict} {list(check.hidden)} bn {check.batch_norm} {settled} {array.array} {array.measure} {errors}"
            )
    if not all(check.passed for check in checks):
        raise GateError(
            "the analytic gradients disagree with the numerical ones (see FAILED above), so nothing may be trained. "
            "Mend the backward pass in src/bnlab/numerics, or the settings in config/gradients/gate.yaml."
        )
    write_json(
        RESULTS / "gradients" / f"{parsed.data}.json",
        {"data": parsed.data, "settings": settings, "checks": [asdict(check) for check in checks]},
    )


def _step_sizes(parsed: argparse.Namespace) -> None:
    """Measure the error of forward and central differences and of the complex step against their step."""
    from bnlab.gradient_settings import load_step_sizes_settings
    from bnlab.gradients.kinks import NoSmoothDrawError
    from bnlab.gradients.step_sizes import step_size_errors

    settings = load_step_sizes_settings(CONFIG)
    try:
        found = step_size_errors(settings, *_standardized_images(parsed.data))
    except NoSmoothDrawError as error:
        raise ConfigError(
            f"{error}. Lower margin, spread, batch or largest in config/gradients/step_sizes.yaml."
        ) from None
    _write_csv(
        RESULTS / "gradients" / parsed.data / "step_sizes.csv",
        ("batch_norm", "method", "step", "error"),
        ((row.batch_norm, row.method, row.step, row.error) for row in found),
    )


def _overfit(parsed: argparse.Namespace) -> None:
    """Learn a few images by heart, without weight decay, and record their loss at every update."""
    from bnlab.gradient_settings import load_overfit_settings
    from bnlab.gradients.overfit import overfit
    from bnlab.spec import network_text

    settings = load_overfit_settings(CONFIG)
    learnt = overfit(settings, *_standardized_images(parsed.data))
    _write_csv(
        RESULTS / "gradients" / parsed.data / "overfit.csv",
        ("network", "layers", "batch_norm", "images", "update", "loss", "active"),
        (
            (network_text(net.hidden), len(net.hidden) + 1, net.batch_norm, settings["images"], update, loss, active)
            for net in learnt
            for update, (loss, active) in enumerate(zip(net.losses, net.active, strict=True))
        ),
    )


def _compare_gradients(parsed: argparse.Namespace) -> None:
    """Repeat a report's own gradient check, whose numbers are shown beside the published ones; nothing is judged."""
    from bnlab.data.prepared import open_prepared
    from bnlab.data.splits import make_split
    from bnlab.exhibit_settings import load_exhibit
    from bnlab.gradients.exhibit import COLUMNS, compare_exhibit

    exhibit = load_exhibit(parsed.exhibit, CONFIG)
    data = open_prepared(RESULTS / "data" / parsed.data)
    images, needed = data.train_images[:DATA_BATCH], max(case["images"] for case in exhibit["cases"])
    if needed > len(images):
        raise ConfigError(
            f"config/exhibits/{parsed.exhibit}.yaml: images: found {needed}, expected at most {len(images)} on "
            f"'{parsed.data}' (at most the {DATA_BATCH:,} of data_batch_1). Lower it, or leave the exhibit out of the "
            "study's `gradients`."
        )
    part = make_split(images, training=len(images), validation=0, seed=None)
    rows = compare_exhibit(exhibit, (images[:needed] - part.mean) / part.std, data.train_labels[:needed])
    _write_csv(RESULTS / "gradients" / parsed.data / f"{parsed.exhibit}.csv", COLUMNS, rows)


def _gradient_figure(parsed: argparse.Namespace) -> None:
    """Draw one figure about gradients as SVG and PNG."""
    from bnlab.analysis.gradient_figures import draw_gradient_figure

    draw_gradient_figure(parsed.data, parsed.exhibit, results=RESULTS, config=CONFIG)


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    import csv
    import io

    from bnlab.files import write_text

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_text(path, text.getvalue())


def _standardized_images(data: str) -> tuple[Any, Any]:
    """The first 1,000 training images, (1000, 3072), standardized per pixel over themselves, and their labels."""
    from bnlab.data.prepared import open_prepared

    prepared = open_prepared(RESULTS / "data" / data)
    pixels = prepared.train_images[:1000].astype(float)
    return (pixels - pixels.mean(axis=0)) / pixels.std(axis=0), prepared.train_labels[:1000]


def _train(parsed: argparse.Namespace) -> None:
    """Train, evaluate and store one run."""
    from bnlab.experiment.run import perform_run
    from bnlab.protocols import load_protocols
    from bnlab.spec import parse_run_name

    protocols = load_protocols(CONFIG)
    spec = parse_run_name(parsed.run, protocols)
    training = perform_run(spec, protocols[spec.protocol], results=RESULTS)
    outcome = "finished" if training.diverged_at is None else f"diverged at update {training.diverged_at}"
    print(f"{parsed.run}: {outcome}.")


def _collect(parsed: argparse.Namespace) -> None:
    """Join a study's run records and curves into runs.csv and curves.csv (no test results)."""
    from bnlab.analysis.collect import collect
    from bnlab.study import load_configuration

    collect(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _test_results(parsed: argparse.Namespace) -> None:
    """Open the test predictions of a study's runs, once everything is chosen, and write test.csv."""
    from bnlab.analysis.heldout import collect_test_results
    from bnlab.study import load_configuration

    collect_test_results(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _tables(parsed: argparse.Namespace) -> None:
    """Summarize a study's runs over seeds: cells, pairs with and without BN, expectations."""
    from bnlab.analysis.tables import write_tables
    from bnlab.study import load_configuration

    write_tables(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _expectations(parsed: argparse.Namespace) -> None:
    """Print how a finished study's expectations turned out; fail unless all hold."""
    import csv

    path = RESULTS / "studies" / parsed.study / "expectations.csv"
    if not path.is_file():
        raise ConfigError(f"{path}: no such file. Make it: snakemake --cores 8 {parsed.study}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        verdict = "holds " if row["holds"] == "True" else "FAILED"
        print(f"{verdict} {row['text']}: {row['low']} to {row['high']}, found {row['found_min']} to {row['found_max']}")
    if not all(row["holds"] == "True" for row in rows):
        raise GateError(f"not every expectation of study '{parsed.study}' holds (see FAILED above).")


def _figure(parsed: argparse.Namespace) -> None:
    """Draw one figure of one experiment as SVG and PNG."""
    from bnlab.analysis.figures import draw_figure
    from bnlab.study import load_configuration

    draw_figure(load_configuration(CONFIG), parsed.study, parsed.experiment, parsed.figure, results=RESULTS)


def _report(parsed: argparse.Namespace) -> None:
    """Put a study's tables and figures together as one HTML page."""
    from bnlab.report.render import render_report
    from bnlab.study import load_configuration

    render_report(load_configuration(CONFIG), parsed.study, results=RESULTS)


def _verify(_: argparse.Namespace) -> None:
    """Rehash all prepared data and stored runs; fail at the first difference."""
    from bnlab.data.prepared import verify
    from bnlab.stored import verify_run

    folders = sorted(path.parent for path in (RESULTS / "data").glob("*/manifest.json"))
    runs = sorted(path.parent for path in (RESULTS / "runs").glob("*/*/run.json"))
    for folder in folders:
        verify(folder)
    for folder in runs:
        verify_run(folder)
    print(f"{len(folders)} data sets and {len(runs)} runs are as they were stored.")
