"""The sentences of the first page, where the synthesis of made-up reports does not lead."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from bnlab.config.synthesis import Answer
from bnlab.report import answers
from bnlab.report.answers import what_failed
from bnlab.report.findings import idle, learnt
from bnlab.runs.datasets import CIFAR10

NAN = float("nan")
STARTS = Answer("starts", "tiny", "depth", None)
SETTING = {
    "experiment": "depth", "network": "50-50", "layers": 3, "initialization": "he", "learning_rate": "scheduled",
    "weight_decay": 0.005,
}  # fmt: skip


def inputs(losses: list[float], classes: int = 10) -> Any:
    """Runs of one cell with these final losses, NaN for one that diverged, on data of so many classes."""
    names = [f"run{i}" for i in range(len(losses))]
    cell = SETTING | {"batch_norm": False, "runs": " ".join(names)}
    return SimpleNamespace(
        runs=pd.DataFrame({"run": names, "protocol": "tiny", "training_loss": losses}),
        protocols={"tiny": SimpleNamespace(data=replace(CIFAR10, classes=classes))},
        cells=pd.DataFrame([cell]),
    )


@pytest.mark.parametrize(("classes", "guess"), [(2, 0.6931), (10, 2.3026), (100, 4.6052)])
def test_what_a_guess_costs_depends_on_the_classes(classes: int, guess: float) -> None:
    """A loss of 3 is much for ten classes, and has learnt a lot of a hundred; diverged runs are on neither side."""
    made = inputs([0.995 * guess, 0.98 * guess, NAN], classes)
    assert (idle(made), learnt(made)) == ({"run0"}, {"run1"})


def test_a_run_that_diverged_has_not_started_to_learn() -> None:
    """It is one of the cell's runs all the same."""
    assert answers._SENTENCES["starts"](STARTS, inputs([1.5, NAN, 2.3026])) == (
        "Whether a network of 3 layers (50-50) starts to learn at all can hang on the standard deviation σ of its "
        "initial weights. Runs that do, without batch normalization: 1 of 3 with He initialization."
    )


def test_each_number_is_of_a_network_that_is_named() -> None:
    """And of an initialization, a learning rate and a weight decay, where these vary."""
    pair = SETTING | {"metric": "test_accuracy", "n": 1, "gain_mean": 0.01, "ci_low": NAN, "ci_high": NAN}
    other = pair | {"network": "30-20-10", "layers": 4, "gain_mean": 0.05}
    table = pd.DataFrame([pair, pair | {"weight_decay": 0.1, "gain_mean": 0.02}, other])
    assert answers._SENTENCES["gain"](replace(STARTS, kind="gain"), SimpleNamespace(pairs=table)) == (
        "In a network of 3 layers (50-50) batch normalization changes test accuracy by +1.00 points with λ = 0.005 "
        "(1 seed with and without it) and by +2.00 points with λ = 0.1 (1 seed with and without it); in a network of 4 "
        "layers (30-20-10) by +5.00 points with λ = 0.005 (1 seed with and without it)."
    )


def test_starts_and_searches_are_of_networks_that_are_named() -> None:
    """Where there are several."""
    made = inputs([1.5, NAN, 2.3026])
    made.cells = pd.concat([made.cells, made.cells.assign(network="30-20-10", layers=4)])
    assert answers._SENTENCES["starts"](STARTS, made).endswith(
        "without batch normalization: 1 of 3 with He initialization in a network of 3 layers (50-50); "
        "1 of 3 with He initialization in a network of 4 layers (30-20-10)."
    )
    found = {"batch_norm": True, "n": 1, "validation_accuracy_mean": 0.5, "test_accuracy_mean": 0.4}
    rates = [
        SETTING | found | {"learning_rate": rate, "weight_decay": decay}
        for rate in ("eta0.1", "eta0.2")
        for decay in (0, 1)
    ]
    said = answers._SENTENCES["best"](replace(STARTS, kind="best"), SimpleNamespace(cells=pd.DataFrame(rates)))
    assert said.startswith(
        "Of 2 weight decays the validation accuracy is highest at λ = 1 with batch normalization, η = 0.1 (test "
        "accuracy 40.00 %; 40.00 to 40.00 % over all values) and λ = 1 with batch normalization, η = 0.2 ("
    )


def test_a_search_that_diverged_as_a_whole_has_no_best() -> None:
    """And the page says so."""
    cells = pd.DataFrame([SETTING | {"batch_norm": False, "n": 0, "weight_decay": 1e200}])
    cells["validation_accuracy_mean"] = NAN
    said = answers._SENTENCES["best"](replace(STARTS, kind="best"), SimpleNamespace(cells=cells))
    assert said == "Every run of the search for a weight decay diverged."


def test_failures_are_told_apart_by_what_is_known_of_them() -> None:
    """Each once: another reading first, then what a report says against itself; settings are not among them."""
    rows = [
        ("measured results", "REPRODUCED", "", ""),
        ("measured results", "NOT REPRODUCED", "one: 50 %, n = 5 [reproduced]", "INCONSISTENT"),
        ("statements", "CONTRADICTED", "", "OPEN INCONSISTENT"),
        ("statements", "NOT TESTABLE", "", ""),
        ("settings", "NOT REPRODUCED", "", ""),
        ("measured results", "NOT REPRODUCED", "two: 40 %, n = 5 [not reproduced]", "OPEN"),
    ]
    claims = pd.DataFrame(rows, columns=["group", "outcome", "variants", "flags"])
    assert what_failed(claims) == (
        "Of 5 measured results and statements, 1 is reproduced, 3 are not, and 1 is undecided or not testable. Of the "
        "3, 1 would be reproduced under another reading of the report, 1 concerns points where a report contradicts "
        "itself, its code or its log, and 1 remains unexplained."
    )
    assert what_failed(claims.iloc[:1]).startswith("No measured result and no statement")
