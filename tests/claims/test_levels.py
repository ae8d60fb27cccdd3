"""Levels: all runs between two bounds, none, or some of them, with the share that others can have."""

import pytest

from bnlab.claims.levels import judge_level
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, REPRODUCED


@pytest.mark.parametrize(
    ("values", "outcome", "reason"),
    [
        ([0.1, 0.105, 0.09], REPRODUCED, "3 of 3 runs lie between 9 and 11 %, 29 to 100 % of such runs."),
        ([0.1, 0.2, 0.3, 0.1], INCONCLUSIVE, "2 of 4 runs lie between 9 and 11 %, 7 to 93 % of such runs."),
        ([0.2, 0.3], CONTRADICTED, "0 of 2 runs lie between 9 and 11 %, 0 to 84 % of such runs."),
        ([], INCONCLUSIVE, "No run of ours finished with such a number."),
    ],
)
def test_levels(values: list[float], outcome: str, reason: str) -> None:
    """The bounds belong to the level; shares are exact (Clopper and Pearson)."""
    found = judge_level(values, 0.09, 0.11, metric="test_accuracy")
    assert (found.outcome, found.reason, found.n) == (outcome, reason, len(values))
    if values:
        assert (found.low, found.high) == (min(values), max(values))


def test_a_loss_has_no_unit() -> None:
    """Bounds of anything but an accuracy stand as they are."""
    assert "lie between 0 and 2, " in judge_level([1.0], 0, 2, metric="training_loss").reason
