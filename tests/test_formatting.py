"""How numbers are named to a reader."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.formatting import percent, points, short_error, short_number


@pytest.mark.parametrize("rounds_to_nothing", [-1e-5, -0.0, 0.0])
def test_zero_has_no_minus(rounds_to_nothing: float) -> None:
    """Whichever side it is rounded from."""
    assert (percent(rounds_to_nothing), points(rounds_to_nothing)) == ("0.00", "+0.00")
    assert points(-4e-4) == "−0.04"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.412, "0.412"),
        (-0.51, "−0.510"),
        (999.96, "1.0e3"),
        (250.0, "250"),
        (1.2e-9, "1.2e−9"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_errors_have_three_digits_or_two_and_a_power(value: float, text: str) -> None:
    """And what is no number is said as it is."""
    assert short_error(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.1, "0.1"),
        (0.01, "0.01"),
        (0.005, "0.005"),
        (0.00193, "0.00193"),
        (1e-3, "1e-3"),
        (5.18e-4, "5.18e-4"),
        (1e-5, "1e-5"),
    ],
)
def test_settings_are_written_short(value: float, text: str) -> None:
    """A setting keeps all its digits in the shorter of two spellings."""
    assert short_number(value) == text
    assert float(text) == value


@given(st.floats(1e-12, 1e6))
def test_settings_keep_all_their_digits(value: float) -> None:
    """Two that differ never look alike."""
    assert float(short_number(value)) == value
