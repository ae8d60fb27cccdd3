"""A claim's numbers drawn small."""

import math

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from bnlab.site.strips import MARGIN, WIDTH, printed_numbers, strip

NUMBERS = st.floats(-1e6, 1e6)


def claim(
    measured: list[float], reported: str = "", low: float = math.nan, high: float = math.nan, **others: object
) -> pd.Series:
    """A row of claims.csv."""
    words = {"measured": " ".join(map(str, measured)), "reported": reported, "kind": "number", "metric": "gap"}
    return pd.Series(words | {"n": len(measured), "low": low, "high": high} | others)


@given(st.lists(NUMBERS, min_size=1, max_size=20), NUMBERS, NUMBERS, NUMBERS)
def test_everything_lies_within_and_in_order(ours: list[float], printed: float, one: float, other: float) -> None:
    """Larger numbers are never further left, and nothing is cut off."""
    low, high = sorted((one, other))
    drawn = strip(claim(ours, f"{printed:f}", low, high))
    assert drawn is not None and drawn.interval is not None
    places = [*drawn.ours, *drawn.printed, *drawn.interval]
    numbers = [*ours, float(f"{printed:f}"), low, high]
    assert min(places) >= MARGIN and max(places) <= WIDTH - MARGIN
    ranked = [place for _, place in sorted(zip(numbers, places, strict=True))]
    assert ranked == sorted(ranked)


def test_what_never_happened_is_counted() -> None:
    """A run that does not start to learn has no place, whether it is among the measured numbers or not."""
    for measured in ([1.0, math.inf, 2.0], [1.0, 2.0]):
        drawn = strip(claim(measured, "3", metric="epochs_until_learning", n=3))
        assert drawn is not None
        assert (drawn.never, len(drawn.ours), drawn.interval) == (1, 2, None)
    assert strip(claim([math.inf], "3")) is None and strip(claim([], "3")) is None


def test_pairs_are_no_runs() -> None:
    """Of a direction, n counts pairs, and the reason says how many runs of either side never started."""
    drawn = strip(claim([2.0], "> 0", metric="epochs_until_learning", kind="direction", n=4))
    assert drawn is not None and drawn.never == 0


def test_a_best_setting_has_no_strip() -> None:
    """It is a setting, and the interval that decides is one of accuracies."""
    assert strip(claim([], "0.01", -0.02, 0.02, kind="best")) is None


def test_the_numbers_of_a_report_are_found() -> None:
    """One, two, a bound, or none."""
    assert printed_numbers("1.58e-10 to 1.04e-09") == [1.58e-10, 1.04e-9]
    assert printed_numbers("1E-4 to 1e+3") == [1e-4, 1e3]
    assert printed_numbers("> 0") == [0] and printed_numbers("-.5") == [-0.5] and printed_numbers("") == []
