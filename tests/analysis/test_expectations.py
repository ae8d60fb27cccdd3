"""Expectations are checked on exactly the runs they speak of, and one that meets none does not hold."""

import math
from typing import Any

import pandas as pd
import pytest

from bnlab.analysis.expectations import check_expectations
from bnlab.config.studies import Expectation, Study

COLUMNS = ["text", "metric", "of", "low", "high", "found_min", "found_max", "n", "holds", "runs"]


def row(
    run: str,
    test: float | None,
    *,
    experiment: str = "depth",
    network: str = "50-50",
    norm: bool = False,
    initialization: str = "he",
    decay: float = 0.005,
    seed: int = 1,
) -> dict[str, Any]:
    """A run of an experiment; without a test accuracy it diverged. Its validation accuracy is 1/8 higher."""
    return {
        "experiment": experiment,
        "run": run,
        "network": network,
        "layers": network.count("-") + 2,
        "batch_norm": norm,
        "initialization": initialization,
        "learning_rate": "scheduled",
        "weight_decay": decay,
        "seed": seed,
        "diverged_at": math.nan if test is not None else 17.0,
        "test_accuracy": math.nan if test is None else test,
        "validation_accuracy": math.nan if test is None else test + 0.125,
    }


RUNS = pd.DataFrame(
    [
        row("p1", 0.25, seed=1),
        row("p2", 0.5, seed=2),
        row("p3", 0.375, seed=3),
        row("b1", 0.5, norm=True, seed=1),
        row("b2", 0.625, norm=True, seed=2),
        row("b3", None, norm=True, seed=3),
        row("deep", 0.125, network="50-30-20"),
        row("wide", 0.75, network="100"),
        row("linear", 0.3125, network="linear"),
        row("s1", 0.0625, experiment="start", initialization="sigma0.001"),
        row("s2", 0.875, experiment="start", initialization="sigma1e-05"),
        row("fan", 0.9375, experiment="start", initialization="fan_in"),
        row("one", 0.8125, experiment="start", initialization="sigma1"),
        row("d1", 0.1875, experiment="decay", decay=0.1),
        row("d2", 0.4375, experiment="decay", decay=3.73e-05),
        row("d0", 0.6875, experiment="decay", decay=0.0),
        row("x", None, experiment="lost"),
        # A run that two experiments share comes once for each.
        row("p1", 0.25, experiment="decay", decay=0.005),
    ]
)


def check(cells: dict[str, Any], low: float, high: float, metric: str = "test_accuracy", of: str = "every_seed") -> Any:
    """The row of one expectation on the runs above."""
    expectation = Expectation("said", cells, metric, of, low, high)
    (found,) = check_expectations(Study("s", "t", "u", (), (expectation,)), RUNS).to_dict("records")
    assert list(found) == COLUMNS
    assert [found[key] for key in ("text", "metric", "of", "low", "high")] == ["said", metric, of, low, high]
    return found


PLAIN = {"experiment": "depth", "network": [50, 50], "batch_norm": False}


def test_every_seed_within() -> None:
    """All three seeds lie in the interval, whose ends belong to it; the range and the runs are told."""
    found = check(PLAIN, 0.25, 0.5)
    assert found["holds"]
    assert (found["found_min"], found["found_max"], found["n"]) == (0.25, 0.5, 3)
    assert found["runs"] == "p1 p2 p3"


@pytest.mark.parametrize(("low", "high"), [(0.251, 0.5), (0.25, 0.499), (0.6, 0.9), (0, 0.1), (0.3, 0.4)])
def test_every_seed_with_one_outside(low: float, high: float) -> None:
    """One seed below or above, if only by little, and it does not hold."""
    found = check(PLAIN, low, high)
    assert not found["holds"]
    assert found["n"] == 3


def test_the_mean_within() -> None:
    """The mean of 1/4, 1/2 and 3/8 is 3/8: seeds may lie outside."""
    found = check(PLAIN, 0.375, 0.375, of="mean")
    assert found["holds"]
    assert (found["found_min"], found["found_max"], found["n"], found["runs"]) == (0.375, 0.375, 3, "p1 p2 p3")


@pytest.mark.parametrize(("low", "high"), [(0.376, 1), (0, 0.374)])
def test_the_mean_outside(low: float, high: float) -> None:
    """Seeds that lie inside do not help a mean that does not."""
    assert not check(PLAIN, low, high, of="mean")["holds"]


def test_another_metric() -> None:
    """The validation accuracy has its own column."""
    found = check(PLAIN, 0.375, 0.625, metric="validation_accuracy")
    assert found["holds"]
    assert (found["found_min"], found["found_max"]) == (0.375, 0.625)
    assert not check(PLAIN, 0.25, 0.5, metric="validation_accuracy")["holds"]


def test_diverged_runs_have_no_value() -> None:
    """Of three seeds one diverged: two are counted, named and judged."""
    found = check(PLAIN | {"batch_norm": True}, 0.5, 0.625)
    assert (found["n"], found["runs"], found["holds"]) == (2, "b1 b2", True)
    assert check(PLAIN | {"batch_norm": True}, 0.5625, 0.5625, of="mean")["holds"]


@pytest.mark.parametrize("of", ["every_seed", "mean"])
def test_the_gain_from_batch_normalization(of: str) -> None:
    """Paired by seed: 1/4 and 1/8, mean 3/16; the pair whose one run diverged is left out."""
    cells = {"experiment": "depth", "network": [50, 50]}
    low, high = {"every_seed": (0.125, 0.25), "mean": (0.1875, 0.1875)}[of]
    found = check(cells, low, high, metric="gain", of=of)
    assert found["holds"]
    assert (found["found_min"], found["found_max"], found["n"]) == (low, high, 2)
    assert sorted(found["runs"].split()) == ["b1", "b2", "p1", "p2"]
    assert not check(cells, low + 0.001, high, metric="gain", of=of)["holds"]
    assert not check(cells, low, high - 0.001, metric="gain", of=of)["holds"]


def test_the_gain_needs_both_of_a_pair() -> None:
    """Cells with batch normalization alone have no pairs, so there is no gain, and nothing holds."""
    found = check({"experiment": "depth", "batch_norm": True}, -1, 1, metric="gain")
    assert (found["n"], found["holds"], found["runs"]) == (0, False, "")
    assert not check({"experiment": "start"}, -1, 1, metric="gain")["holds"]


@pytest.mark.parametrize(
    ("cells", "runs"),
    [
        ({"experiment": "depth", "network": [50, 30, 20]}, "deep"),
        ({"experiment": "depth", "network": [100]}, "wide"),
        ({"experiment": "depth", "network": []}, "linear"),
        ({"experiment": "depth", "network": [50, 50], "batch_norm": True}, "b1 b2"),
        ({"experiment": "start", "initialization": 0.001}, "s1"),
        ({"experiment": "start", "initialization": 1.0e-5}, "s2"),
        ({"experiment": "start", "initialization": "fan_in"}, "fan"),
        ({"experiment": "start", "initialization": 1}, "one"),
        ({"experiment": "decay", "weight_decay": 0.1}, "d1"),
        ({"experiment": "decay", "weight_decay": 3.73e-5}, "d2"),
        ({"experiment": "decay", "weight_decay": 0}, "d0"),
        ({"experiment": "decay", "weight_decay": 0.005}, "p1"),
        ({"experiment": "start"}, "s1 s2 fan one"),
        ({"experiment": "decay", "network": [50, 50], "batch_norm": False, "initialization": "he"}, "d1 d2 d0 p1"),
    ],
    ids=str,
)
def test_cells_are_matched_as_the_configuration_writes_them(cells: dict[str, Any], runs: str) -> None:
    """Networks as lists of widths, initializations as schemes or numbers: exactly the runs that are meant."""
    found = check(cells, 0, 1)
    assert found["runs"] == runs
    assert found["n"] == len(runs.split())
    assert found["holds"]


@pytest.mark.parametrize("of", ["every_seed", "mean"])
@pytest.mark.parametrize("metric", ["test_accuracy", "validation_accuracy", "gain"])
@pytest.mark.parametrize(
    "cells",
    [
        {"experiment": "none"},
        {"experiment": "depth", "network": [50]},
        {"experiment": "depth", "network": [50, 50, 50]},
        {"experiment": "start", "initialization": "he"},
        {"experiment": "start", "initialization": 0.002},
        {"experiment": "decay", "weight_decay": 0.2},
        {"experiment": "start", "batch_norm": True},
        {"experiment": "lost"},
    ],
    ids=str,
)
def test_what_meets_no_finished_run_does_not_hold(cells: dict[str, Any], metric: str, of: str) -> None:
    """No match, or diverged runs alone: however wide the interval, it does not hold, and there is nothing to tell."""
    found = check(cells, -1, 1, metric=metric, of=of)
    assert not found["holds"]
    assert (found["n"], found["runs"]) == (0, "")
    assert math.isnan(found["found_min"])
    assert math.isnan(found["found_max"])


def test_every_expectation_has_a_row_in_order() -> None:
    """As many rows as expectations, as the study orders them; those that fail among those that hold."""
    expectations = tuple(
        Expectation(text, PLAIN, "test_accuracy", "every_seed", 0, high)
        for text, high in (("b", 1), ("a", 0), ("c", 1))
    )
    table = check_expectations(Study("s", "t", "u", (), expectations), RUNS)
    assert list(table["text"]) == ["b", "a", "c"]
    assert list(table["holds"]) == [True, False, True]


def test_a_study_may_expect_nothing() -> None:
    """Without expectations the table has its columns and no rows."""
    table = check_expectations(Study("s", "t", "u", (), ()), RUNS)
    assert list(table.columns) == COLUMNS
    assert table.empty
