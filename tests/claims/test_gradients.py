"""A published table of a gradient check is judged whole (docs/claims.md, rule 6)."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bnlab.claims.gradients import judge_gradients
from bnlab.claims.outcomes import NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED
from bnlab.config.reported_checks import load_reported_check

CONFIG = Path(__file__).parents[2] / "config"
FALK = load_reported_check("falk2024", CONFIG)


def drawn(case: dict[str, Any], orders: dict[str, float], *, crossed: dict[tuple[int, str], float]) -> pd.DataFrame:
    """Draws of a case whose errors are within 30 % of an order, by every formula, unless an entry crossed."""
    random = np.random.default_rng(1)
    rows = []
    for draw in range(1, case["draws"] + 1):
        for array, order in orders.items():
            smooth = order * random.uniform(0.7, 1.3)
            value = crossed.get((draw, array), smooth)
            rows += [
                (case["id"], draw, array, measure, value, smooth, 200, int(value != smooth))
                for measure in case["measures"]
            ]
    columns = ["case", "draw", "array", "measure", "value", "value_without_crossed", "entries", "crossed"]
    return pd.DataFrame(rows, columns=columns)


def falk(orders: list[dict[str, float]], *, crossed: dict[tuple[int, str], float] | None = None) -> pd.DataFrame:
    """Draws of falk2024's three cases."""
    return pd.concat(
        [drawn(case, order, crossed=crossed or {}) for case, order in zip(FALK["cases"], orders, strict=True)]
    )


RIGHT = {"W1": 7e-9, "W2": 5e-10, "b1": 4e-8, "b2": 4e-10}
WEIGHTS_OFF, BIAS_OFF = RIGHT | {"W1": 3e-11}, RIGHT | {"b1": 5e-10}


def test_one_combination_has_to_fit_all_values() -> None:
    """Each value fits in some case, but none fits them all; a case that does is enough."""
    found = judge_gradients(FALK, falk([WEIGHTS_OFF, BIAS_OFF, BIAS_OFF]), "two_layers")
    assert found.outcome == NOT_REPRODUCED
    assert found.reason == (
        "At best 3 of 4 values fit together: Two layers (50), 20 images of 10 pixels; ‖a − n‖ / max(‖a‖, ‖n‖). "
        "Outside: W1 (by more than a factor of ten). "
        "When one of our 20 draws is judged by the others, 95 % have at most 0 misfits. Of 9 combinations none fits."
    )
    assert math.isnan(found.mean)
    assert math.isnan(found.low)
    assert found.n == 20
    found = judge_gradients(FALK, falk([WEIGHTS_OFF, RIGHT, BIAS_OFF]), "two_layers")
    assert found.outcome == REPRODUCED
    assert found.reason.startswith("4 of 4 values fit together: Two layers (50), 100 images of 3,072 pixels;")
    assert found.reason.endswith("Of 9 combinations 3 fit.")


def test_one_formula_has_to_fit_all_values() -> None:
    """A value that only another formula holds does not."""
    rows = falk([RIGHT, WEIGHTS_OFF, WEIGHTS_OFF])
    is_first = rows["case"] == "small"
    for measure, array in (("norm_max", "W1"), ("norm_sum", "b1"), ("elementwise_mean", "b2")):
        chosen = is_first & (rows["array"] == array) & (rows["measure"] == measure)
        rows.loc[chosen, ["value", "value_without_crossed"]] *= 1e4
    assert judge_gradients(FALK, rows, "two_layers").outcome == NOT_REPRODUCED


def test_kinks_do_not_let_everything_pass() -> None:
    """What lies between the draws that crossed a kink and those that did not fits neither."""
    between = falk([WEIGHTS_OFF] * 3, crossed={(3, "W1"): 1e-4, (8, "b1"): 1e-3})
    found = judge_gradients(FALK, between, "two_layers")
    assert found.outcome == NOT_REPRODUCED
    assert found.reason.endswith("Of 18 combinations none fits.")
    assert "crossed entries left out" in found.reason
    among = falk([WEIGHTS_OFF] * 3, crossed={(3, "W1"): 2e-9, (8, "b1"): 1e-3})
    found = judge_gradients(FALK, among, "two_layers")
    assert found.outcome == REPRODUCED
    assert "crossed entries kept" in found.reason
    assert found.reason.endswith("Of 18 combinations 9 fit.")


def moments(*published: float) -> tuple[dict[str, Any], pd.DataFrame]:
    """A table of as many moments, and a hundred draws of each from a normal distribution."""
    arrays = [f"W{i}" for i in range(1, len(published) + 1)]
    case = {"id": "a", "title": "A case", "published": "table", "network": {"hidden": [5]}}
    case["measures"] = ["gradient_mean"]
    values = {"gradient_mean": dict(zip(arrays, published, strict=True))}
    numbers = np.random.default_rng(5).standard_normal((len(arrays), 100))
    rows = pd.concat(
        pd.DataFrame({"draw": range(1, 101), "value": line, "value_without_crossed": line}).assign(array=array)
        for array, line in zip(arrays, numbers, strict=True)
    ).assign(case="a", measure="gradient_mean", entries=9, crossed=0)
    return {"published": {"table": {"place": "", "values": values}}, "cases": [case]}, rows


@pytest.mark.parametrize(
    ("outside", "outcome", "words"),
    [
        ([], REPRODUCED, "30 of 30 values fit together: A case. When"),
        ([5.0, -5.0], REPRODUCED, "28 of 30 values fit together: A case. Outside: W1, W2. When"),
        ([5.0] * 5, NOT_REPRODUCED, "25 of 30 values fit together: A case. Outside: W1, W2, W3 and 2 more. When"),
        ([50.0], NOT_REPRODUCED, "29 of 30 values fit together: A case. Outside: W1 (by more than a factor of ten)."),
    ],
)
def test_many_values_miss_as_often_as_ours(outside: list[float], outcome: str, words: str) -> None:
    """Of thirty values two may lie outside the ranges of a hundred draws, as in ours; not five, and none far off."""
    found = judge_gradients(*moments(*outside, *[0.0] * (30 - len(outside))), "table")
    assert found.outcome == outcome
    assert found.reason.startswith(words)
    assert "When one of our 100 draws is judged by the others, 95 % have at most 2 misfits." in found.reason
    assert "combination" not in found.reason


def test_no_kink_is_above_the_last_relu() -> None:
    """What crossed entries leave in other arrays excuses no error of the last layer."""
    rows = falk([RIGHT | {"b2": 3e-12}] * 3, crossed={(3, "W1"): 5e-10})
    assert judge_gradients(FALK, rows, "two_layers").outcome == NOT_REPRODUCED
    rows = falk([RIGHT | {"b1": 3e-12}] * 3, crossed={(3, "W1"): 4e-8})
    assert judge_gradients(FALK, rows, "two_layers").outcome == REPRODUCED


def test_one_draw_allows_nothing() -> None:
    """It has no other that it could be compared with."""
    reported_check, rows = moments(0.0, 0.0)
    found = judge_gradients(reported_check, rows[rows["draw"] == 1].assign(value=0.0), "table")
    assert found.outcome == REPRODUCED
    assert "One draw has no other to be judged by" in found.reason
    found = judge_gradients(reported_check, rows[rows["draw"] == 1].assign(value=0.1), "table")
    assert found.outcome == NOT_REPRODUCED


def test_our_own_draws_are_rarely_refused() -> None:
    """Each of two hundred tables of the same distribution: the rule refuses about 5 % of them."""
    reported_check, rows = moments(*[0.0] * 30)
    random = np.random.default_rng(9)
    refused = 0
    for _ in range(200):
        values = reported_check["published"]["table"]["values"]["gradient_mean"]
        values.update(zip(values, random.standard_normal(30), strict=True))
        refused += judge_gradients(reported_check, rows, "table").outcome == NOT_REPRODUCED
    assert 1 <= refused <= 18


def test_a_table_that_no_case_measures_is_not_testable() -> None:
    """Some published value has no counterpart."""
    reported_check, rows = moments(0.0, 0.0)
    found = judge_gradients(reported_check, rows[rows["array"] == "W1"], "table")
    assert found.outcome == NOT_TESTABLE
