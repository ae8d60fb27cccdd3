"""Curves as lines of bars."""

import math

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from bnlab.browse.show import BARS, sparkline


def test_bars_rise_with_values() -> None:
    """From the lowest to the highest, whatever these are; a gap where a network had diverged."""
    assert sparkline(pd.Series([0.0, 1, 2, 3, 4, 5, 6, 7])) == BARS
    assert sparkline(pd.Series([3.0, 3.0])) == BARS[0] * 2
    assert sparkline(pd.Series([1.0, math.nan, math.inf, 2.0])) == f"{BARS[0]}  {BARS[-1]}"
    assert sparkline(pd.Series([math.nan])) == ""


@given(st.lists(st.floats(width=32), min_size=1), st.integers(1, 50))
def test_no_curve_is_too_long(values: list[float], width: int) -> None:
    """At most so many bars, the first and the last value among them."""
    line = sparkline(pd.Series(values, dtype=float), width=width)
    assert len(line) in (0, min(width, len(values)))
