"""The subcommands about gradients: the gate that training waits for, and what only pages show."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bnlab.errors import CheckFailedError, ConfigError
from bnlab.paths import CONFIG, RESULTS

DATA_BATCH = 10_000
"""Training images by whose statistics reported checks standardize, in official order: CIFAR-10's data_batch_1."""


def gate(parsed: argparse.Namespace) -> None:
    """Compare the analytic gradients with three oracles; fail unless every array agrees with each."""
    from dataclasses import asdict

    from bnlab.config.gradient_checks import load_gate_settings
    from bnlab.files import write_json
    from bnlab.gradients.gate import check_networks
    from bnlab.gradients.kinks import NoSmoothDrawError

    settings = load_gate_settings(CONFIG)
    try:
        checks = check_networks(settings, *_standardized_images(parsed.data))
    except NoSmoothDrawError as error:
        raise CheckFailedError(
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
        raise CheckFailedError(
            "the analytic gradients disagree with the numerical ones (see FAILED above), so nothing may be trained. "
            "Mend the backward pass in src/bnlab/numerics, or the settings in config/gradients/gate.yaml."
        )
    write_json(
        RESULTS / "gradients" / f"{parsed.data}.json",
        {"data": parsed.data, "settings": settings, "checks": [asdict(check) for check in checks]},
    )


def step_sizes(parsed: argparse.Namespace) -> None:
    """Measure the error of forward and central differences and of the complex step against their step."""
    from bnlab.config.gradient_checks import load_step_sizes_settings
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


def overfit(parsed: argparse.Namespace) -> None:
    """Learn a few images by heart, without weight decay, and record their loss at every update."""
    from bnlab.config.gradient_checks import load_overfit_settings
    from bnlab.gradients.overfit import overfit
    from bnlab.runs.names import network_text

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


def reported_check(parsed: argparse.Namespace) -> None:
    """Repeat a report's own gradient check, whose numbers are shown beside the published ones; nothing is judged."""
    import numpy as np

    from bnlab.config.reported_checks import load_reported_check
    from bnlab.data.prepared import open_prepared
    from bnlab.data.scaling import pixel_statistics
    from bnlab.gradients.reported_check import COLUMNS, compare_reported_check

    reported_check = load_reported_check(parsed.reported_check, CONFIG)
    data = open_prepared(RESULTS / "data" / parsed.data)
    images, needed = data.train_images[:DATA_BATCH], max(case["images"] for case in reported_check["cases"])
    if needed > len(images):
        raise ConfigError(
            f"config/reported_checks/{parsed.reported_check}.yaml: images: found {needed}, expected at most "
            f"{len(images)} on '{parsed.data}' (at most the {DATA_BATCH:,} of data_batch_1). Lower it, or leave the "
            "reported check out of the study's `gradients`."
        )
    mean, std = pixel_statistics(images, np.arange(len(images)))
    rows = compare_reported_check(reported_check, (images[:needed] - mean) / std, data.train_labels[:needed])
    _write_csv(RESULTS / "gradients" / parsed.data / f"{parsed.reported_check}.csv", COLUMNS, rows)


def gradient_figure(parsed: argparse.Namespace) -> None:
    """Draw one figure about gradients as SVG and PNG."""
    from bnlab.figures.draw_gradients import draw_gradient_figure

    draw_gradient_figure(parsed.data, parsed.reported_check, results=RESULTS, config=CONFIG)


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
