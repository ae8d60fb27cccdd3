"""Settings: what a report states against what our configuration does, to the last printed digit."""

import math

import pytest

from bnlab.claims.outcomes import NOT_REPRODUCED, REPRODUCED
from bnlab.claims.settings import judge_setting


@pytest.mark.parametrize(
    ("reported", "ours", "outcome"),
    [
        ("10", 10, REPRODUCED),
        ("0.005", 0.005, REPRODUCED),
        ("0.0072", 0.0071969, REPRODUCED),
        ("-5", -5, REPRODUCED),
        ("0.01", 0.0204, NOT_REPRODUCED),
        ("10", 11, NOT_REPRODUCED),
        ("0.005", math.nan, NOT_REPRODUCED),
    ],
)
def test_settings(reported: str, ours: float, outcome: str) -> None:
    """Half a unit of the last digit is rounding; several values, NaN, are none."""
    found = judge_setting(reported, ours)
    assert found.outcome == outcome
    assert found.mean == ours or math.isnan(ours)


def test_a_setting_may_be_truncated() -> None:
    """0.67 can have been cut to 0.6, and not rounded to it."""
    assert judge_setting("0.6", 0.67, truncated=True).outcome == REPRODUCED
    found = judge_setting("0.6", 0.67)
    assert (found.outcome, found.reason) == (NOT_REPRODUCED, "Our configuration has 0.67.")
