"""The rules of printed numbers against numbers worked out by hand, and against runs whose truth is known."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.analysis.intervals import prediction_interval
from bnlab.analysis.searches import Candidate
from bnlab.analysis.spread import Noise, Spread
from bnlab.claims.numbers import (
    NOTHING,
    judge_best_of,
    judge_in_state,
    judge_number,
    judge_start,
    printed_range,
    too_few,
)
from bnlab.claims.outcomes import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED

VALUES = [0.50, 0.52, 0.54]
SPREAD = Spread(0.02, 8)
T8 = 2.306004135204166  # Student's t, 97.5 %, 8 degrees of freedom
HALF = T8 * 0.02 * math.sqrt(4 / 3)
accuracies = st.floats(0.05, 0.95)
cells = st.lists(accuracies, min_size=1, max_size=20)
spreads = st.builds(Spread, st.floats(0, 0.1), st.floats(8, 1000))


# --- printed digits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "truncated", "expected"),
    [
        ("0.529", False, (0.5285, 0.5295)),
        ("0.5290", False, (0.52895, 0.52905)),
        ("0.529", True, (0.529, 0.530)),
        ("0.5", True, (0.5, 0.6)),
        ("10", False, (9.5, 10.5)),
        ("-5", False, (-5.5, -4.5)),
        ("-0.12", True, (-0.13, -0.12)),
        ("7.20e-03", False, (0.007195, 0.007205)),
        ("2.0309e-8", False, (2.03085e-8, 2.03095e-8)),
        ("1e-4", False, (5e-5, 1.5e-4)),
    ],
)
def test_what_a_printed_number_can_have_been(reported, truncated, expected):
    """Half a unit of the last printed digit on either side; a whole one away from zero where digits were cut off."""
    assert printed_range(reported, truncated=truncated) == pytest.approx(expected, rel=1e-12)


@given(st.floats(-1e6, 1e6), st.integers(0, 8))
def test_any_rounded_or_truncated_number_lies_in_its_range(value, digits):
    """Rounding or cutting off and widening again always holds the number itself."""
    exact = Decimal(value)
    unit = Decimal(1).scaleb(-digits)
    rounded = exact.quantize(unit)
    low, high = printed_range(f"{rounded:f}")
    assert low <= value <= high
    cut = exact.quantize(unit, rounding="ROUND_DOWN")
    if cut:
        low, high = printed_range(f"{cut:f}", truncated=True)
        assert low <= value <= high


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "truncated", "outcome"),
    [
        ("0.52", False, REPRODUCED),
        ("0.5732", False, REPRODUCED),
        ("0.5734", False, NOT_REPRODUCED),
        ("0.574", False, NOT_REPRODUCED),
        ("0.57", False, REPRODUCED),
        ("0.58", False, NOT_REPRODUCED),  # down to 0.575
        ("0.6", False, REPRODUCED),  # its last digit leaves room down to 0.55
        ("0.6", True, NOT_REPRODUCED),
        ("0.4666", False, NOT_REPRODUCED),
        ("0.4667", True, REPRODUCED),  # up to 0.4668
        ("0.1", False, NOT_REPRODUCED),
    ],
)
def test_numbers_at_the_edge_of_the_interval(reported, truncated, outcome):
    """The interval of these runs ends at 0.46675 and 0.57325; the printed digits decide beside it."""
    found = judge_number(reported, VALUES, SPREAD, truncated=truncated)
    assert (found.low, found.high) == pytest.approx((0.52 - HALF, 0.52 + HALF))
    assert found.outcome == outcome
    assert (found.mean, found.sd, found.n) == (pytest.approx(0.52), pytest.approx(0.02), 3)


def test_too_little_decides_nothing():
    """Fewer than eight degrees of freedom, or no spread at all; trainings that always diverge give no such number."""
    assert judge_number("0.5", [], SPREAD) == NOTHING
    assert NOTHING.outcome == NOT_REPRODUCED
    for spread in (None, Spread(0.02, 7.9)):
        found = judge_number("0.9", VALUES, spread)
        assert (found.outcome, found.mean) == (INCONCLUSIVE, pytest.approx(0.52))
        assert math.isnan(found.low)
    assert too_few(Spread(0.02, 5.5)) == (
        "The spread has 5.5 degrees of freedom, and below 8 it decides nothing: 3 more seeds would settle it."
    )
    assert too_few(Spread(0.02, 7)).endswith("1 more seed would settle it.")
    assert too_few(None).startswith("The spread has 0 degrees of freedom")
    assert too_few(Spread(0.02, 8)) == ""


@given(cells, spreads, accuracies, st.floats(0, 1e-2), st.booleans())
def test_a_number_is_reproduced_where_it_meets_the_interval(values, spread, number, extra, truncated):
    """Whatever the numbers are; the number at the middle of the interval always is."""
    low, high = prediction_interval(values, spread, extra_variance=extra)
    for reported in (f"{number:.3f}", f"{np.mean(values):.6f}"):
        printed = printed_range(reported, truncated=truncated)
        found = judge_number(reported, values, spread, truncated=truncated, extra_variance=extra)
        assert (found.outcome == REPRODUCED) == (printed[0] <= high and printed[1] >= low)
        assert (found.low, found.high) == (low, high)
    assert judge_number(f"{np.mean(values):.6f}", values, spread).outcome == REPRODUCED


def test_one_more_run_fails_as_often_as_said():
    """Once in twenty, rounded to a tenth of its spread; four times of five where it is a detectable shift away."""
    generator = np.random.default_rng(1)
    fails, seen = [], []
    for *ours, theirs in generator.normal(0.5, 0.01, (2000, 10)):
        spread = Spread(float(np.std(ours, ddof=1)), 8)
        found = judge_number(f"{theirs:.3f}", ours, spread)
        fails.append(found.outcome == NOT_REPRODUCED)
        shift = judge_number("0.500", ours, Spread(0.01, 8)).detectable
        seen.append(judge_number(f"{theirs + shift:.3f}", ours, spread).outcome == NOT_REPRODUCED)
    assert np.mean(fails) == pytest.approx(0.05, abs=0.015)
    assert np.mean(seen) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("reported", "metric", "reason"),
    [
        ("0.52", "test_accuracy", "Within the interval (standard deviation 2 points, 8 degrees of freedom)."),
        (
            "0.3",
            "test_accuracy",
            "It lies below the interval by 11.7 points (standard deviation 2 points, 8 degrees of freedom).",
        ),
        (
            "0.60",
            "test_cost",
            "It lies above the interval by 0.0217 (standard deviation 0.02, 8 degrees of freedom).",
        ),
    ],
)
def test_reasons_are_whole_sentences(reported, metric, reason):
    """Accuracies in points, all else as it is."""
    assert judge_number(reported, VALUES, SPREAD, metric=metric).reason == reason


# --- the best of k ------------------------------------------------------------------------------------------------

NOISE = Noise(Spread(0.005, 100), Spread(0.0, math.inf))


def candidates(*values):
    """Candidates along one axis, each with one run of these seeds or more."""
    return [Candidate((float(i), 0.0), own) for i, own in enumerate(values)]


def test_the_best_of_one_has_the_prediction_interval():
    """The simulation agrees with the formula where there is one; what did not finish is left out."""
    noise = Noise(Spread(0.02, 12), Spread(0.0, math.inf))
    values = [0.50, 0.51, 0.52, 0.53]
    found = judge_best_of("0.5", candidates(dict(enumerate(values)), {}), noise, best_of=1, extra_variance=1e-4)
    assert (found.low, found.high) == pytest.approx(
        prediction_interval(values, noise.own, extra_variance=1e-4), abs=2e-3
    )
    assert found.n == 4


def test_a_selected_number_is_no_plain_number():
    """What is too high for one run is usual for the best of a hundred, and what is usual for one is too low."""
    cell = {seed: 0.5 + 0.005 * (-1) ** seed for seed in range(10)}
    for reported, plain, best in (("0.514", NOT_REPRODUCED, REPRODUCED), ("0.500", REPRODUCED, NOT_REPRODUCED)):
        assert judge_number(reported, [*cell.values()], NOISE.own).outcome == plain
        assert judge_best_of(reported, candidates(cell), NOISE, best_of=100).outcome == best


@pytest.mark.parametrize(("rank", "away"), [(1, 1.539), (2, 1.001), (10, -1.539)])
def test_a_rank_is_simulated_like_the_best(rank, away):
    """Of ten runs of one cell the second best lies one standard deviation above the mean, the last 1.54 below it."""
    cell, noise = dict.fromkeys(range(1000), 0.5), Noise(Spread(0.01, math.inf), Spread(0.0, math.inf))
    found = judge_best_of("0.5", candidates(cell), noise, best_of=10, rank=rank)
    assert found.mean == pytest.approx(0.5 + 0.01 * away, abs=3e-4)
    assert (found.high - found.low) / found.sd == pytest.approx(3.92, rel=0.06)
    assert found.detectable == pytest.approx((1.96 + 0.84) * found.sd + 0.05, rel=0.06)  # 0.5 is a digit of 0.1


def test_the_best_loss_is_the_lowest():
    """And of accuracies the highest, by the same simulation."""
    cells = candidates(*({0: 0.5 + 0.1 * i} for i in range(5)))
    for metric, best in (("validation_loss", "0.50"), ("training_cost", "0.50"), ("test_accuracy", "0.90")):
        assert judge_best_of(best, cells, NOISE, metric=metric, best_of=5).outcome == REPRODUCED
        other = "0.90" if best == "0.50" else "0.50"
        assert judge_best_of(other, cells, NOISE, metric=metric, best_of=5).outcome == NOT_REPRODUCED


def test_a_search_that_leaves_little_to_judge():
    """No run at all, and a noise that is too little known."""
    assert judge_best_of("0.5", candidates({}, {}), NOISE, best_of=2) == NOTHING
    for noise in (None, Noise(Spread(0.005, 7), Spread(0.0, math.inf))):
        found = judge_best_of("0.5", candidates({1: 0.5}, {1: 0.4}), noise, best_of=2)
        assert (found.outcome, found.mean, found.n) == (INCONCLUSIVE, pytest.approx(0.45), 2)


def test_reasons_name_the_search():
    """The best, or its rank, of how many."""
    own = candidates({1: 0.5}, {1: 0.4})
    spread = "simulated with standard deviation 0.5 points, 100 degrees of freedom"
    found = judge_best_of("0.5", own, NOISE, best_of=2, metric="test_accuracy")
    assert found.reason == f"Within the interval (best of 2 in one search, {spread})."
    found = judge_best_of("0.4", own, NOISE, best_of=2, rank=2, metric="test_accuracy")
    assert found.reason == f"Within the interval (number 2 of 2 in one search, {spread})."


# --- two states ---------------------------------------------------------------------------------------------------

STARTED = [0.40, 0.41, 0.42, 0.43, 0.40, 0.41, 0.42, 0.43, 0.42]
IDLE = [0.1, 0.1, 0.1]


@pytest.mark.parametrize(
    ("reported", "started", "idle", "outcome"),
    [
        ("0.1", STARTED, IDLE, REPRODUCED),
        ("0.415", STARTED, IDLE, REPRODUCED),
        ("0.390", STARTED, IDLE, REPRODUCED),  # outside the nine that start, within their prediction interval
        ("0.30", STARTED, IDLE, NOT_REPRODUCED),  # between the two, where no run of either lies
        ("0.30", STARTED[:8], IDLE, INCONCLUSIVE),
        ("0.12", STARTED, IDLE, INCONCLUSIVE),  # three idle runs say little, even of themselves
        ("0.1", [], IDLE, REPRODUCED),
        ("0.4", STARTED, [], REPRODUCED),
    ],
)
def test_a_number_is_judged_within_its_state(reported, started, idle, outcome):
    """No mean of the two states makes a number between them plausible."""
    assert judge_in_state(reported, started, idle).outcome == outcome


def test_the_reason_counts_the_states():
    """With the exact interval of the share, and the runs of the nearer state as what was found."""
    found = judge_in_state("0.415", STARTED, IDLE, metric="test_accuracy")
    assert found.reason == "It lies among the runs of one state: 9 of 12 runs start to learn (43 to 95 %)."
    assert (found.low, found.high, found.n) == (0.40, 0.43, 9)
    found = judge_in_state("0.1", STARTED, IDLE, metric="test_accuracy")
    assert found.reason == "It lies among the runs of one state: 3 of 12 runs never start to learn (5 to 57 %)."
    assert judge_in_state("0.30", STARTED, IDLE, metric="test_accuracy").reason.startswith("It lies below the interval")


@given(st.lists(st.floats(0.3, 0.6), min_size=1, max_size=12), st.lists(st.floats(0.09, 0.11), min_size=1, max_size=12))
def test_every_run_of_ours_is_reproduced(started, idle):
    """By the state that it is in."""
    for value in (*started, *idle):
        assert judge_in_state(f"{value:.6f}", started, idle).outcome == REPRODUCED


# --- the start of learning ----------------------------------------------------------------------------------------

NEVER = math.inf


@pytest.mark.parametrize(
    ("reported", "starts", "outcome"),
    [
        ("5", [3.0, 4.0, 6.0], REPRODUCED),
        ("5", [3.0, NEVER, NEVER], REPRODUCED),
        ("5", [4.0] * 38 + [NEVER], REPRODUCED),
        ("5", [NEVER] * 38, INCONCLUSIVE),
        ("5", [NEVER] * 39, NOT_REPRODUCED),
        ("5", [4.0] * 39, NOT_REPRODUCED),
        ("20", [5.0, 6.0, 7.0, 8.0, 5.0, 6.0, 7.0, 8.0, 7.0], NOT_REPRODUCED),
        ("9", [5.0, 6.0, 7.0, 8.0, 5.0, 6.0, 7.0, 8.0, 7.0], REPRODUCED),
        ("20", [5.0, 6.0, 7.0, 8.0, 5.0, 6.0, 7.0, 8.0], INCONCLUSIVE),  # of eight seeds a spread has seven degrees
        ("20", [5.0] * 9, INCONCLUSIVE),
    ],
)
def test_starts_are_judged_by_ranks(reported, starts, outcome):
    """Among ours; beyond all of 39 or more; or, if all started, beyond the interval of their logarithms."""
    assert judge_start(reported, starts).outcome == outcome


def test_a_start_that_is_undecided_says_what_would_settle_it():
    """Thirty-nine runs; the mean is of those that started, the count of all."""
    found = judge_start("9", [4.0, 5.0, 6.0])
    assert found.reason == (
        "All of our runs lie on one side: 3 of 3 runs start before, 0 later or not within the training; "
        "36 more would settle it."
    )
    found = judge_start("2", [4.0, 6.0, NEVER])
    assert (found.mean, found.n, found.low, found.high) == (5.0, 3, 4.0, NEVER)


def test_a_number_that_was_read_off_a_figure() -> None:
    """It can be as far from what was drawn as its reader says, whatever digits he gives."""
    assert printed_range("1.333", read_to=0.02) == pytest.approx((1.313, 1.353))
    values = [1.30, 1.31, 1.32]
    spread = Spread(0.005, 40)
    assert judge_number("1.333", values, spread).outcome == NOT_REPRODUCED
    assert judge_number("1.333", values, spread, read_to=0.02).outcome == REPRODUCED
    assert judge_in_state("1.333", [], values, read_to=0.02).outcome == REPRODUCED
    assert judge_start("5", [4.0, 4.5], read_to=1.0).outcome == REPRODUCED


def test_what_cannot_be_told_from_zero_says_so():
    """A gain that is smaller than what one run could have seen, and one that is larger."""
    values = [0.06, 0.07, 0.08]
    said = [judge_number(reported, values, Spread(sd, 20)).reason for reported, sd in (("0.07", 0.03), ("0.07", 0.01))]
    assert [reason.endswith("One run like ours could not tell it from zero.") for reason in said] == [True, False]


def test_a_start_before_the_first_update_has_no_logarithm() -> None:
    """Runs that start from others can have learnt at epoch 0; ranks judge them all the same."""
    assert judge_start("9", [float(start) for start in range(9)]).outcome == INCONCLUSIVE
