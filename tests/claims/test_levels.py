"""Levels: all runs between two bounds, none, or some of them, with the share that others can have."""

import math

import pytest

from bnlab.claims.levels import judge_level
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, REPRODUCED


@pytest.mark.parametrize(
    ("cells", "outcome", "reason"),
    [
        (
            [[0.1, 0.105, 0.09, 0.1, 0.1, 0.11]],
            REPRODUCED,
            "Between 9 and 11 % lie 6 of 6 runs (95 % interval of this share: 54 to 100 %).",
        ),
        (
            [[0.1, 0.2, 0.3, 0.1]],
            INCONCLUSIVE,
            "Between 9 and 11 % lie 2 of 4 runs (95 % interval of this share: 7 to 93 %).",
        ),
        (
            [[0.2, 0.3] * 3],
            CONTRADICTED,
            "Between 9 and 11 % lie 0 of 6 runs (95 % interval of this share: 0 to 46 %).",
        ),
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


def test_few_runs_decide_nothing() -> None:
    """Six of six is as much as a sign test needs; five in any one cell are too few."""
    assert judge_level([[0.1] * 6], 0.09, 0.11).outcome == REPRODUCED
    found = judge_level([[0.1] * 9, [0.1] * 5], 0.09, 0.11)
    assert found.outcome == INCONCLUSIVE
    assert found.reason.endswith("Fewer than 6 runs of a cell decide nothing.")


def test_a_level_without_a_bound_above() -> None:
    """Whatever is high enough."""
    found = judge_level([[0.02, 7.0, 0.5, 0.6, 0.7, 0.8]], 0.01, math.inf, metric="validation_loss_rise")
    assert found.outcome == REPRODUCED
    assert found.reason.startswith("At 0.01 or more lie 6 of 6 runs")


def test_units() -> None:
    """A loss has none, and what lies between two accuracies is in points."""
    assert judge_level([[1.0]], 0, 2, metric="training_loss").reason.startswith("Between 0 and 2 lie ")
    assert judge_level([[0.1]], 0, 0.2, metric="gap").reason.startswith("Between 0 and 20 points lie ")
