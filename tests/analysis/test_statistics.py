"""Means, spreads and intervals agree with textbook values."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.analysis.intervals import summary, t_interval

SLEEP = pd.Series([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
"""Extra hours of sleep of ten patients, one drug against the other: Student's own example of 1908."""


def test_summary_by_hand() -> None:
    """Sum 40 and squared deviations 32 over 8 values: mean 5, sd sqrt(32 / 7)."""
    found = summary(pd.Series([2, 4, 4, 4, 5, 5, 7, 9]))
    assert found == {"mean": 5, "sd": pytest.approx(math.sqrt(32 / 7), rel=1e-15), "min": 2, "max": 9}


def test_one_value_has_no_spread() -> None:
    """Its mean, minimum and maximum are the value; its sd is empty, not zero."""
    found = summary(pd.Series([0.25]))
    assert math.isnan(found.pop("sd"))
    assert found == {"mean": 0.25, "min": 0.25, "max": 0.25}


def test_no_value_has_no_summary() -> None:
    """Without a value every cell is empty."""
    assert all(map(math.isnan, summary(pd.Series([], dtype=float)).values()))


def test_student_s_own_interval() -> None:
    """The 95 % interval of the sleep data, 0.7001142 to 2.4598858 (the example of R's t.test)."""
    assert t_interval(SLEEP) == (pytest.approx(0.7001142, abs=5e-8), pytest.approx(2.4598858, abs=5e-8))


@pytest.mark.parametrize(
    ("n", "level", "quantile"),
    [(2, 0.95, 12.7062), (3, 0.95, 4.3027), (5, 0.95, 2.7764), (11, 0.95, 2.2281), (3, 0.99, 9.9248), (3, 0.9, 2.9200)],
)
def test_the_quantiles_of_the_tables(n: int, level: float, quantile: float) -> None:
    """Half the interval is t times the standard error, with t as printed in every table of Student's distribution."""
    values = pd.Series(range(n), dtype=float)
    low, high = t_interval(values, level=level)
    error = math.sqrt(sum((value - values.mean()) ** 2 for value in values) / (n - 1) / n)
    assert (high - low) / 2 / error == pytest.approx(quantile, abs=5e-5)
    assert (high + low) / 2 == pytest.approx((n - 1) / 2)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_fewer_than_two_values_have_no_interval(values: list[float]) -> None:
    """Both ends are empty."""
    assert all(map(math.isnan, t_interval(pd.Series(values, dtype=float))))


def test_equal_values_have_an_interval_of_one_point() -> None:
    """Without spread the interval is the mean."""
    assert t_interval(pd.Series([0.5, 0.5, 0.5])) == (0.5, 0.5)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.floats(-10, 10), st.floats(0.01, 100))
def test_shifting_and_scaling_carry_over(values: list[float], shift: float, scale: float) -> None:
    """An interval in points is one hundred times that in fractions, and so on."""
    low, high = t_interval(pd.Series(values))
    expected = [scale * low + shift, scale * high + shift]
    assert list(t_interval(scale * pd.Series(values) + shift)) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert low <= sum(values) / len(values) + 1e-12
    assert high >= sum(values) / len(values) - 1e-12
