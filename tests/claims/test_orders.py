"""What is said of a gradient check in words: the order of its errors, and that they grow towards the first layer."""

import pandas as pd
import pytest

from bnlab.claims.orders import judge_increase, judge_magnitude
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED


def rows(**errors: float) -> pd.DataFrame:
    """Five draws, one formula; array=error."""
    return pd.DataFrame(
        {"draw": draw, "array": array, "measure": "norm_max", "value": error * (1 + 0.1 * ((draw + len(array)) % 3))}
        for array, error in errors.items()
        for draw in range(1, 6)
    )


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(1e-7, 1e-6, REPRODUCED), (0, 1e-6, REPRODUCED), (1e-6, 1e-6, NOT_REPRODUCED), (1e-8, 1e-8, NOT_REPRODUCED)],
)
def test_orders(low: float, high: float, outcome: str) -> None:
    """9e-6 is printed as e-06, 5e-8 is next to 1e-7 and 2e-7 is not 1e-6."""
    found = judge_magnitude(rows(W1=8e-6, b1=2e-7, W2=5e-8), low, high)
    assert found.outcome == outcome
    assert found.low < found.mean < found.high


def test_one_formula_for_all_arrays() -> None:
    """What fits W1 by one formula and b1 by another fits neither."""
    table = pd.concat([rows(W1=1e-7, b1=1), rows(W1=1, b1=1e-7).assign(measure="norm_sum")])
    found = judge_magnitude(table, 1e-7, 1e-7)
    assert found.outcome == NOT_REPRODUCED
    assert found.reason.startswith("1 of 2 arrays")


@pytest.mark.parametrize(("first", "last", "outcome"), [(1e-8, 1e-9, REPRODUCED), (1e-9, 1e-8, CONTRADICTED)])
def test_errors_that_grow(first: float, last: float, outcome: str) -> None:
    """W10 comes after W2; biases do not count."""
    found = judge_increase(rows(W1=first, W2=5e-9, W10=last, b1=1.0, b10=1e-20))
    assert found.outcome == outcome
    assert found.reason.startswith("W1 has ")
    assert found.reason.endswith("the error of W10, over 5 draws.")


def test_formulas_that_disagree() -> None:
    """Growing by one and shrinking by another decides nothing."""
    table = pd.concat([rows(W1=1e-8, W2=1e-9), rows(W1=1e-9, W2=1e-8).assign(measure="norm_sum")])
    assert judge_increase(table).outcome == INCONCLUSIVE
