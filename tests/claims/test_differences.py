"""The rules of differences between pairs of runs: against numbers by hand, each other, and runs that are alike."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.analysis.intervals import mean_interval
from bnlab.analysis.power import POINTS
from bnlab.claims.differences import (
    combined,
    judge_direction,
    judge_equal,
    judge_order,
    judge_throughout,
    margin_of,
)
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Finding

pairs = st.lists(st.floats(-0.1, 0.1), min_size=2, max_size=10)
times = st.dictionaries(st.integers(1, 12), st.one_of(st.integers(1, 20).map(float), st.just(math.inf)), max_size=12)
TURNED = {REPRODUCED: CONTRADICTED, CONTRADICTED: REPRODUCED}
NEVER = math.inf


# --- a direction, and none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "direction", "equal"),
    [
        ([0.010, 0.012, 0.011], REPRODUCED, CONTRADICTED),
        ([-0.010, -0.012, -0.011], CONTRADICTED, CONTRADICTED),
        ([0.001, 0.002, 0.001], NOT_REPRODUCED, REPRODUCED),  # above zero, but less than half a point
        ([-0.001, -0.002, -0.001], NOT_REPRODUCED, REPRODUCED),
        ([0.001, -0.001, 0.001], NOT_REPRODUCED, REPRODUCED),
        ([0.004, 0.005, 0.006], REPRODUCED, INCONCLUSIVE),  # above zero, on both sides of half a point
        ([-0.004, -0.005, -0.006], CONTRADICTED, INCONCLUSIVE),
        ([0.010, -0.010, 0.020], INCONCLUSIVE, INCONCLUSIVE),
        ([0.01, 0.01], INCONCLUSIVE, INCONCLUSIVE),  # epochs can be the same in all pairs, which says nothing of others
        ([0.0, 0.0, 0.0], INCONCLUSIVE, INCONCLUSIVE),
        ([0.1, 0.1, 0.1], INCONCLUSIVE, INCONCLUSIVE),  # whose standard deviation is not quite zero
        ([0.05], INCONCLUSIVE, INCONCLUSIVE),
        ([], INCONCLUSIVE, INCONCLUSIVE),
    ],
)
def test_one_margin_for_a_difference_and_for_none(differences, direction, equal):
    """Student's interval beyond zero, beyond the margin, within it, or across its edge."""
    for rule, outcome in ((judge_direction, direction), (judge_equal, equal)):
        found = rule(differences, POINTS)
        assert (found.outcome, found.n) == (outcome, len(differences))
        if len({*differences}) > 1:
            assert (found.low, found.high) == mean_interval(differences)
            assert found.detectable >= 0


@given(pairs, st.floats(1e-4, 0.05))
def test_nothing_is_both_a_difference_and_none(differences, margin):
    """What is reproduced as the one is not reproduced, or contradicted, as the other; and never the reverse."""
    direction, equal = judge_direction(differences, margin).outcome, judge_equal(differences, margin).outcome
    assert (equal == REPRODUCED) == (direction == NOT_REPRODUCED)
    if equal == CONTRADICTED:
        assert direction in TURNED


@given(pairs, st.floats(1e-4, 0.05))
def test_turning_a_direction_around_turns_its_outcome(differences, margin):
    """Greater and smaller exchanged: reproduced becomes contradicted. No difference stays what it is."""
    turned = [-value for value in differences]
    outcome = judge_direction(differences, margin).outcome
    assert judge_direction(turned, margin).outcome == TURNED.get(outcome, outcome)
    assert judge_equal(turned, margin).outcome == judge_equal(differences, margin).outcome


@given(pairs, st.floats(1e-4, 0.02), st.floats(1, 4))
def test_a_wider_margin_only_takes_differences_away(differences, margin, factor):
    """It makes equal what was undecided or different, and nothing different that was not."""
    if judge_equal(differences, margin).outcome == REPRODUCED:
        assert judge_equal(differences, factor * margin).outcome == REPRODUCED
    if judge_equal(differences, factor * margin).outcome == CONTRADICTED:
        assert judge_equal(differences, margin).outcome == CONTRADICTED


def test_runs_that_are_alike_differ_as_often_as_said():
    """A false direction once in twenty, with the one sign as often as with the other; false differences seldom."""
    generator = np.random.default_rng(1)
    drawn = generator.normal(0, 0.02, (2000, 5)).tolist()
    outcomes = [judge_direction(differences, POINTS).outcome for differences in drawn]
    for outcome in (REPRODUCED, CONTRADICTED):
        assert outcomes.count(outcome) / len(drawn) == pytest.approx(0.025, abs=0.01)
    assert sum(judge_equal(differences, POINTS).outcome == CONTRADICTED for differences in drawn) < 0.05 * len(drawn)
    edge = (generator.normal(POINTS, 0.001, (2000, 5))).tolist()
    called_equal = sum(judge_equal(differences, POINTS).outcome == REPRODUCED for differences in edge)
    assert called_equal / len(edge) == pytest.approx(0.025, abs=0.01)  # at the margin itself, each one-sided test


def test_one_of_many_pairs_speaks_against_a_claim_only_at_the_level_of_all():
    """What is settled against it by itself is not among ten; what is for it stays so."""
    below, within = [-0.010, -0.020, -0.015], [0.000, 0.001, 0.002]
    for rule, differences, alone in (
        (judge_direction, below, CONTRADICTED),
        (judge_direction, within, NOT_REPRODUCED),
        (judge_equal, [0.0065, 0.0075, 0.0070], CONTRADICTED),
    ):
        assert rule(differences, POINTS).outcome == alone
    among = judge_direction(below, POINTS, comparisons=10, metric="test_accuracy")
    assert among.outcome == INCONCLUSIVE
    assert among.reason == "The interval holds zero: 99.5 % interval -5.57 to 2.57 points, 3 pairs."
    assert (among.low, among.high) == mean_interval(below, level=0.995)
    assert judge_direction(within, POINTS, comparisons=10).outcome == INCONCLUSIVE
    assert judge_equal([0.0065, 0.0075, 0.0070], POINTS, comparisons=10).outcome == INCONCLUSIVE
    above, same = [0.010, 0.020, 0.015], [0.0005, 0.001, 0.0015]
    assert judge_direction(above, POINTS, comparisons=10).outcome == REPRODUCED
    assert judge_equal(same, POINTS, comparisons=10).outcome == REPRODUCED
    early, late = dict.fromkeys(range(7), 1.0), dict.fromkeys(range(7), 2.0)
    assert judge_order(early, late).outcome == CONTRADICTED  # p = 1/64
    assert judge_order(early, late, comparisons=10).outcome == INCONCLUSIVE
    assert judge_order(late, early, comparisons=10).outcome == REPRODUCED
    points = {update: [-0.1, -0.11, -0.12] for update in (100, 200)}
    assert judge_throughout(points).outcome == CONTRADICTED
    assert judge_throughout(points, comparisons=100).outcome == INCONCLUSIVE


def test_margins():
    """Half a point of accuracies and of their differences, one hundredth of losses, costs and epochs."""
    assert margin_of("test_accuracy", [0.5]) == POINTS == 0.005
    assert margin_of("best_validation_accuracy", []) == POINTS
    assert margin_of("test_gain", [0.02]) == POINTS
    assert margin_of("training_loss", [1.0, 3.0]) == pytest.approx(0.02)
    assert math.isnan(margin_of("training_loss", []))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (lambda: judge_direction([], POINTS), "No pair of runs finished."),
        (lambda: judge_equal([1.0], POINTS), "One pair of runs decides nothing."),
        (
            lambda: judge_direction([0.05, 0.06, 0.07], POINTS, metric="test_accuracy"),
            "The difference is above zero: 95 % interval 3.52 to 8.48 points, 3 pairs.",
        ),
        (
            lambda: judge_direction([-5, -6, -7], 0.1, metric="test_cost"),
            "The difference is below zero: 95 % interval -8.48 to -3.52, 3 pairs.",
        ),
        (
            lambda: judge_direction([-0.05, -0.02, 0.01], POINTS, metric="test_gain"),
            "The interval holds zero: 95 % interval -9.45 to 5.45 points, 3 pairs.",
        ),
        (
            lambda: judge_direction([0.0, 0.001, 0.002], POINTS, metric="test_accuracy"),
            "There is no difference worth the name: 95 % interval -0.148 to 0.348 points, 3 pairs, margin 0.5 points.",
        ),
        (
            lambda: judge_equal([0.0, 0.001, 0.002], POINTS, metric="test_accuracy"),
            "The interval lies within the margin: 95 % interval -0.148 to 0.348 points, 3 pairs, margin 0.5 points.",
        ),
        (
            lambda: judge_equal([5.0, 5.1, 5.2], 0.1, metric="test_cost"),
            "The interval lies outside the margin: 95 % interval 4.85 to 5.35, 3 pairs, margin 0.1.",
        ),
        (
            lambda: judge_equal([0.0, 0.1, 0.2], 0.1, metric="test_cost"),
            "The interval crosses the margin: 95 % interval -0.148 to 0.348, 3 pairs, margin 0.1.",
        ),
    ],
)
def test_reasons_are_whole_sentences(found, reason):
    """Accuracies in points, all else as it is."""
    assert found().reason == reason


# --- which comes later --------------------------------------------------------------------------------------------


def by_seed(*values):
    """Times by seed."""
    return dict(enumerate(values, start=1))


@pytest.mark.parametrize(
    ("greater", "smaller", "outcome"),
    [
        (by_seed(*[NEVER] * 6), by_seed(*[3.0] * 6), REPRODUCED),  # known to be later, although not by how much
        (by_seed(*[3.0] * 6), by_seed(*[NEVER] * 6), CONTRADICTED),
        (by_seed(*[4.0] * 6), by_seed(*[3.0] * 6), REPRODUCED),
        (by_seed(*[4.0] * 5), by_seed(*[3.0] * 5), INCONCLUSIVE),  # five of five: p = 1/16
        (by_seed(*[NEVER] * 9), by_seed(*[NEVER] * 9), INCONCLUSIVE),
        (by_seed(*[3.0] * 9), by_seed(*[3.0] * 9), INCONCLUSIVE),
        (by_seed(*[4.0] * 5, NEVER, NEVER), by_seed(*[3.0] * 5, NEVER, 2.0), REPRODUCED),  # six of six that tell
        (by_seed(*[4.0] * 7, 2.0), by_seed(*[3.0] * 8), INCONCLUSIVE),  # seven of eight: p = 0.07
        (by_seed(*[4.0] * 8, 2.0), by_seed(*[3.0] * 9), REPRODUCED),  # eight of nine: p = 0.04
        ({}, by_seed(3.0), INCONCLUSIVE),
        ({7: 4.0}, {8: 3.0}, INCONCLUSIVE),
    ],
)
def test_times_are_compared_by_a_sign_test(greater, smaller, outcome):
    """A run that does not get there within the training is later than one that does, and tells nothing of another."""
    assert judge_order(greater, smaller).outcome == outcome


@given(times, times)
def test_turning_an_order_around_turns_its_outcome(greater, smaller):
    """And only pairs of a seed that both have count."""
    found, turned = judge_order(greater, smaller), judge_order(smaller, greater)
    assert turned.outcome == TURNED.get(found.outcome, found.outcome)
    assert found.n == turned.n == len(greater.keys() & smaller.keys())


def test_the_reason_counts_pairs():
    """Later, earlier, and those that did not get there; the mean is over pairs of which both did."""
    found = judge_order(by_seed(*[5.0] * 6, NEVER), by_seed(*[3.0] * 6, NEVER))
    assert found.reason == (
        "It comes later in 6 of 7 pairs, earlier in 0; 1 and 1 runs not within the training; sign test, p = 0.031."
    )
    assert found.mean == 2
    assert judge_order(by_seed(NEVER), by_seed(NEVER)).reason == (
        "No pair is settled: later in 0 of 1 pairs, earlier in 0; 1 and 1 runs not within the training."
    )


# --- throughout training ------------------------------------------------------------------------------------------

ABOVE, AROUND, BELOW = [0.02, 0.021, 0.022], [0.02, -0.02, 0.0], [-0.02, -0.021, -0.022]


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ({100: ABOVE, 200: ABOVE}, REPRODUCED),
        ({100: AROUND, 200: ABOVE}, INCONCLUSIVE),
        ({100: BELOW, 200: ABOVE}, CONTRADICTED),
        ({100: ABOVE, 200: BELOW}, CONTRADICTED),
        ({100: [0.02], 200: ABOVE}, INCONCLUSIVE),
        ({}, INCONCLUSIVE),
    ],
)
def test_throughout_means_at_every_point(points, outcome):
    """Above zero at all of them; one that is settled below is enough against it."""
    assert judge_throughout(points, metric="validation_accuracy").outcome == outcome


def test_one_of_many_points_is_below_by_chance():
    """What would contradict alone does not among two hundred: the level is shared among the points."""
    barely = [-0.01, -0.012, -0.02]
    assert mean_interval(barely)[1] < 0
    assert judge_throughout({1: barely}).outcome == CONTRADICTED
    assert judge_throughout({1: barely} | dict.fromkeys(range(2, 200), ABOVE)).outcome == INCONCLUSIVE


def test_the_reason_counts_points():
    """And names the first that is below; that point is shown."""
    found = judge_throughout({1000: BELOW, 2000: ABOVE}, metric="validation_accuracy")
    assert found.reason == (
        "The difference in validation accuracy is above zero at 1 of 2 points of the curves, below zero at 1, "
        "first at update 1,000."
    )
    assert (found.low, found.high, found.n) == (*mean_interval(BELOW), 3)


# --- several pairs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([REPRODUCED], REPRODUCED),
        ([REPRODUCED, REPRODUCED], REPRODUCED),
        ([REPRODUCED, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, NOT_REPRODUCED], NOT_REPRODUCED),
        ([NOT_REPRODUCED, CONTRADICTED], CONTRADICTED),
        ([CONTRADICTED, REPRODUCED], CONTRADICTED),
    ],
)
def test_several_pairs(outcomes, expected):
    """All must hold, one is enough against; every pair's reason stays, with its number."""
    findings = [Finding(one, f"{one} itself.", float(i)) for i, one in enumerate(outcomes)]
    found = combined(findings)
    assert found.outcome == expected
    assert found.mean == outcomes.index(expected)
    reasons = [f"{one} itself." for one in outcomes]
    assert found.reason == (reasons[0] if len(reasons) == 1 else f"(1) {reasons[0]} (2) {reasons[1]}")
