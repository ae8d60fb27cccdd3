"""Levels: all runs between two bounds, none, or some of them, with the share that others can have."""

import pytest

from bnlab.claims.levels import judge_chosen_level, judge_level, scaled
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, REPRODUCED


@pytest.mark.parametrize(
    ("cells", "outcome", "reason"),
    [
        (
            [[0.1, 0.105, 0.09]],
            REPRODUCED,
            "Between 9 and 11 % lie 3 of 3 runs (95 % interval of this share: 29 to 100 %).",
        ),
        (
            [[0.1, 0.2, 0.3, 0.1]],
            INCONCLUSIVE,
            "Between 9 and 11 % lie 2 of 4 runs (95 % interval of this share: 7 to 93 %).",
        ),
        ([[0.2, 0.3]], CONTRADICTED, "Between 9 and 11 % lie 0 of 2 runs (95 % interval of this share: 0 to 84 %)."),
        (
            [[0.1, 0.1], [], [0.2, 0.1, 0.2]],
            INCONCLUSIVE,
            (
                "Between 9 and 11 % lie 2 of 2 runs (95 % interval of this share: 16 to 100 %); "
                "1 of 3 runs (95 % interval of this share: 1 to 91 %)."
            ),
        ),
        ([[], []], INCONCLUSIVE, "No run of ours finished with such a number."),
    ],
)
def test_levels(cells: list[list[float]], outcome: str, reason: str) -> None:
    """The bounds belong to the level; shares are exact (Clopper and Pearson), and each cell has its own."""
    found = judge_level(cells, 0.09, 0.11, metric="test_accuracy")
    values = [value for cell in cells for value in cell]
    assert (found.outcome, found.reason, found.n) == (outcome, reason, len(values))
    if values:
        assert (found.low, found.high) == (min(values), max(values))


@pytest.mark.parametrize(
    ("values", "bounds", "metric", "outcome", "hangs"),
    [
        ([0.04, 0.02], (0.0, 0.1), "rises", REPRODUCED, ""),
        ([0.08, 0.02], (0.0, 0.1), "rises", INCONCLUSIVE, "inconclusive at half of it, reproduced at twice."),
        ([0.08, 0.07], (0.0, 0.1), "rises", INCONCLUSIVE, "contradicted at half of it, reproduced at twice."),
        ([0.3, 0.4], (0.0, 0.1), "rises", CONTRADICTED, ""),
        ([0.5, 0.49], (0.45, 0.55), "test_accuracy", REPRODUCED, ""),
        ([0.46, 0.46], (0.45, 0.55), "test_accuracy", INCONCLUSIVE, "contradicted at half of it, reproduced at twice."),
    ],
)
def test_a_bound_of_ours_must_not_decide(
    values: list[float], bounds: tuple[float, float], metric: str, outcome: str, hangs: str
) -> None:
    """Half and twice as wide, a level must come to the same."""
    found = judge_chosen_level([values], *bounds, metric=metric)
    assert (found.outcome, found.reason.endswith(f"our choice: {hangs}")) == (outcome, bool(hangs)), found.reason


def test_bounds_half_and_twice_as_wide() -> None:
    """Where a metric cannot go further there is nothing to widen."""
    assert scaled(0, 0.1, 2.0) == (0, 0.2)
    assert scaled(0.3, 1, 0.5, metric="gap") == (0.15, 1)
    assert scaled(1, 2, 2.0, metric="training_loss") == (0.5, 2.5)


def test_units() -> None:
    """A loss has none, and what lies between two accuracies is in points."""
    assert judge_level([[1.0]], 0, 2, metric="training_loss").reason.startswith("Between 0 and 2 lie ")
    assert judge_level([[0.1]], 0, 0.2, metric="gap").reason.startswith("Between 0 and 20 points lie ")
