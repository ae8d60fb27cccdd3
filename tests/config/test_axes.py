"""Axes are listed, spaced, or taken from what an earlier search found."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.config.axes import axis_length, axis_values, searches_of
from bnlab.config.rankings import Ranked
from bnlab.errors import ConfigError

RANKING = [
    Ranked(0.02, 1e-7, 0.44, 1),
    Ranked(0.05, 1e-5, 0.43, 1),
    Ranked(0.02, 1e-5, 0.42, 1),
    Ranked(0.01, 1e-6, 0.41, 1),
]
"""Three learning rates and three weight decays, best first."""


def values(value: Any, axis: Any = "weight_decay", ranking: Any = RANKING) -> Any:
    """The values of an axis of a study whose one search is `coarse`."""
    return axis_values(value, axis, {"coarse": ranking}.__getitem__, source="here")


def spaced(form: str, low: float, high: float, count: int) -> dict[str, Any]:
    """The configuration of a spaced axis."""
    return {form: {"from": low, "to": high, "count": count}}


def around(factor: float, count: int) -> dict[str, Any]:
    """The configuration of an axis around the best value."""
    return {"around": {"search": "coarse", "factor": factor, "count": count}}


def top(count: int) -> dict[str, Any]:
    """The configuration of an axis of the best values."""
    return {"top": {"search": "coarse", "count": count}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([0, 0.1, 1e-3], [0, 0.1, 1e-3]),
        (spaced("evenly_spaced", 0.02, 0.1, 5), [0.02, 0.04, 0.06, 0.08, 0.1]),
        (spaced("evenly_spaced", 0.1, 0.02, 3), [0.1, 0.06, 0.02]),
        (spaced("evenly_spaced", 1, 2, 4), [1.0, 1.33, 1.67, 2.0]),
        (spaced("log_spaced", 1e-5, 1e-1, 8), [1e-05, 3.73e-05, 0.000139, 0.000518, 0.00193, 0.0072, 0.0268, 0.1]),
    ],
)
def test_listed_and_spaced_values(value: Any, expected: list[float]) -> None:
    """A list stands as it is; spaced values have both ends and three digits, upwards or downwards."""
    assert values(value) == expected
    assert axis_length(value) == len(expected)


@given(
    form=st.sampled_from(["log_spaced", "evenly_spaced"]),
    low=st.floats(1e-6, 1e3),
    ratio=st.floats(10, 1e3),
    count=st.integers(2, 20),
)
@settings(deadline=None)
def test_spaced_values_are_evenly_spaced(form: str, low: float, ratio: float, count: int) -> None:
    """By equal differences, of the numbers or of their logarithms, to within the three digits they are rounded to."""
    found = values(spaced(form, low, low * ratio, count))
    assert len(found) == count
    position = math.log if form == "log_spaced" else float
    start, end = position(low), position(low * ratio)
    for i, value in enumerate(found):
        exact = start + (end - start) * i / (count - 1)
        exact = math.exp(exact) if form == "log_spaced" else exact
        assert value == pytest.approx(exact, rel=5.1e-3)
        assert value == float(f"{value:.2e}")
    assert sorted(found) == found


@pytest.mark.parametrize("form", ["log_spaced", "evenly_spaced"])
def test_values_that_agree_are_refused(form: str) -> None:
    """More values than three digits can tell apart, with the way out."""
    with pytest.raises(ConfigError, match=rf"here.{form}: found 50 values from 0.01 to 0.0101.*Move the ends apart"):
        values(spaced(form, 0.01, 0.0101, 50))


def test_around_is_spaced_about_the_best_value() -> None:
    """From the best divided by the factor to the best times it, evenly on a logarithmic scale, for either axis."""
    assert values(around(10, 3)) == [1e-8, 1e-7, 1e-6]
    assert values(around(2, 3), "learning_rate") == [0.01, 0.02, 0.04]
    assert values(around(1.5, 6)) == values(spaced("log_spaced", 1e-7 / 1.5, 1e-7 * 1.5, 6))


def test_around_zero_there_is_nothing() -> None:
    """When no weight decay is best, the message says so and names the search."""
    zero = [Ranked(None, 0.0, 0.5, 3), Ranked(None, 0.1, 0.4, 3)]
    with pytest.raises(ConfigError, match=r"here.around: the best value of 'coarse' is 0.0: nothing is around it"):
        values(around(2, 3), ranking=zero)
    with pytest.raises(ConfigError, match=r"the best value of 'coarse' is None"):
        values(around(2, 3), "learning_rate", ranking=zero)


def test_the_best_values_come_in_order_each_once() -> None:
    """A value that stands in several ranked settings counts at its best place; no more come than there are."""
    assert values(top(1)) == [1e-7]
    assert values(top(2)) == [1e-7, 1e-5]
    assert values(top(2), "learning_rate") == [0.02, 0.05]
    assert values(top(9)) == [1e-7, 1e-5, 1e-6]


@pytest.mark.parametrize("value", [around(2, 3), top(3)])
def test_until_it_is_ranked_a_search_gives_nothing(value: Any) -> None:
    """Not even an empty list: the values are not known, their number is."""
    assert values(value, ranking=None) is None
    assert axis_length(value) == 3


def test_a_ranking_is_asked_for_only_where_it_is_needed() -> None:
    """Lists and spaces wait for no search."""

    def never(search: str) -> Any:
        raise AssertionError(search)

    for value in ([0.1], spaced("log_spaced", 0.1, 1, 2), spaced("evenly_spaced", 0.1, 1, 2)):
        assert axis_values(value, "weight_decay", never, source="here") is not None


def test_searches_are_named_once_in_order() -> None:
    """Of both axes, whatever their forms."""
    other = {"top": {"search": "fine", "count": 1}}
    assert searches_of({"learning_rate": [0.1], "weight_decay": spaced("log_spaced", 1, 2, 2)}) == []
    assert searches_of({"learning_rate": other, "weight_decay": around(2, 3)}) == ["fine", "coarse"]
    assert searches_of({"learning_rate": top(3), "weight_decay": around(2, 3)}) == ["coarse"]
