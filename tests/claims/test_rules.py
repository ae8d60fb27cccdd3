"""The ledger's rules against numbers worked out by hand, and what must hold of any numbers."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.analysis.intervals import (
    Spread,
    mean_interval,
    own_spread,
    prediction_interval,
)
from bnlab.claims import rules
from bnlab.claims.rules import (
    CONTRADICTED,
    INCONCLUSIVE,
    INCONSISTENT,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    REPRODUCED,
    VERDICTS,
    Circumstances,
    Finding,
    combined,
    decide,
    judge_best,
    judge_best_of,
    judge_direction,
    judge_equal,
    judge_gradient,
    judge_level,
    judge_number,
    judge_setting,
    margin_of,
    printed_range,
    unit_of,
)

T2 = 4.302652729911275  # Student's t, 97.5 %, 2 degrees of freedom
accuracies = st.floats(0.05, 0.95)
cells = st.lists(accuracies, min_size=2, max_size=20)
patient = settings(deadline=None)
"""scipy's first quantile takes a second."""


# --- printed numbers ----------------------------------------------------------------------------------------------


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


@patient
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
    ("reported", "truncated", "verdict"),
    [
        ("0.52", False, REPRODUCED),
        ("0.6193", False, REPRODUCED),
        ("0.6195", False, NOT_REPRODUCED),
        ("0.620", False, NOT_REPRODUCED),
        ("0.62", False, REPRODUCED),  # its last digit leaves room down to 0.615
        ("0.62", True, NOT_REPRODUCED),
        ("0.4205", False, NOT_REPRODUCED),
        ("0.4206", True, REPRODUCED),  # up to 0.4207
        ("0.1", False, NOT_REPRODUCED),
    ],
)
def test_numbers_at_the_edge_of_the_interval(reported, truncated, verdict):
    """The interval of three runs ends at 0.42063 and 0.61937; the printed digits decide beside it."""
    found = judge_number(reported, [0.50, 0.52, 0.54], None, truncated=truncated)
    assert (found.low, found.high) == pytest.approx((0.420634, 0.619366), abs=1e-6)
    assert found.verdict == verdict
    assert (found.mean, found.sd, found.n) == (pytest.approx(0.52), pytest.approx(0.02), 3)


def test_a_number_without_runs_or_without_a_spread():
    """Trainings that always diverge give no such number; one run alone decides nothing."""
    assert judge_number("0.5", [], Spread(0.1, 9)).verdict == NOT_REPRODUCED
    assert judge_number("0.5", [0.5], None).verdict == INCONCLUSIVE
    assert judge_number("0.5", [0.5], Spread(0.01, 9)).verdict == REPRODUCED
    assert judge_number("0.6", [0.5], Spread(0.01, 9)).verdict == NOT_REPRODUCED


def test_runs_that_all_agree_leave_no_room():
    """A cell at chance has no spread: only the printed digits, or a pooled spread, give room."""
    assert judge_number("0.10", [0.1, 0.1, 0.1], None).verdict == REPRODUCED
    assert judge_number("0.11", [0.1, 0.1, 0.1], None).verdict == NOT_REPRODUCED
    assert judge_number("0.11", [0.1, 0.1, 0.1], Spread(0.01, 30)).verdict == REPRODUCED
    for printed in ("0.4", "0.5"):  # up to 0.5, and from it: the ends belong to both intervals
        assert judge_number(printed, [0.5, 0.5], None, truncated=True).verdict == REPRODUCED


@patient
@given(cells)
def test_a_cells_own_mean_is_always_reproduced(values):
    """And so is every value within two of the spread's own standard deviations."""
    mean, sd = float(np.mean(values)), own_spread(values).sd
    for number in (mean, mean + 1.9 * sd, mean - 1.9 * sd):
        assert judge_number(f"{number:.6f}", values, None).verdict == REPRODUCED


@patient
@given(cells, st.floats(0, 0.3), st.integers(1, 60), st.floats(0, 1))
def test_a_pooled_spread_only_ever_adds_room(values, sd, degrees_of_freedom, number):
    """With as many degrees of freedom as its own or more runs, what own spread alone reproduces can be lost only to a
    larger spread that is known better.
    """
    reported = f"{number:.3f}"
    alone = judge_number(reported, values, None)
    with_pool = judge_number(reported, values, Spread(sd, degrees_of_freedom))
    if sd <= own_spread(values).sd * (1 - 1e-9):
        assert with_pool == alone
    elif degrees_of_freedom <= len(values) - 1 and alone.verdict == REPRODUCED:
        assert with_pool.verdict == REPRODUCED


@patient
@given(cells, accuracies, st.floats(1e-6, 1e-2))
def test_more_variance_never_unmakes_a_reproduction(values, number, extra):
    """A widened interval still meets what it met."""
    reported = f"{number:.3f}"
    if judge_number(reported, values, None).verdict == REPRODUCED:
        assert judge_number(reported, values, None, extra_variance=extra).verdict == REPRODUCED


# --- the best of k ------------------------------------------------------------------------------------------------


def test_the_best_of_one_has_the_prediction_interval():
    """The simulation agrees with the formula where there is one."""
    values, spread = [0.50, 0.51, 0.52, 0.53], Spread(0.02, 12)
    found = judge_best_of("0.5", [dict(enumerate(values)), {}], spread, best_of=1, extra_variance=1e-4)
    assert (found.low, found.high) == pytest.approx(prediction_interval(values, spread, extra_variance=1e-4), abs=2e-3)


def test_a_selected_number_is_no_plain_number():
    """What is too high for one run is usual for the best of a hundred, and what is usual for one is too low."""
    cell = {seed: 0.5 + 0.005 * (-1) ** seed for seed in range(10)}
    high, usual = "0.514", "0.500"
    assert judge_number(high, [*cell.values()], None).verdict == NOT_REPRODUCED
    assert judge_number(usual, [*cell.values()], None).verdict == REPRODUCED
    assert judge_best_of(high, [cell], Spread(0.005, 100), best_of=100).verdict == REPRODUCED
    assert judge_best_of(usual, [cell], Spread(0.005, 100), best_of=100).verdict == NOT_REPRODUCED


def test_a_search_of_ours_is_one_value():
    """With as many cells as were tried, each seed's best stands for itself: noise is not counted twice."""
    grid = [{1: 0.50, 2: 0.53}, {1: 0.52, 2: 0.50}, {1: 0.10, 2: 0.10}]
    best = judge_best_of("0.525", grid, Spread(0.01, 30), best_of=3)
    assert (best.mean, best.n) == (pytest.approx((0.52 + 0.53) / 2), 2)
    second = judge_best_of("0.50", grid, Spread(0.01, 30), best_of=3, rank=2)
    assert second.mean == pytest.approx(0.50)
    assert (best.low + best.high) / 2 == pytest.approx(best.mean)


def test_the_interval_of_a_search_by_hand():
    """Where one value is better than all others, its best of k is a run of its own: mean ± t s √(1 + 1/n)."""
    spread = Spread(0.01, 60)
    found = judge_best_of("0.5", [{1: 0.5}, {1: 0.1}], spread, best_of=2)
    assert (found.low, found.high) == pytest.approx(prediction_interval([0.5], spread), abs=1e-3)
    wide = judge_best_of("0.5", [{1: 0.5}, {1: 0.1}], spread, best_of=2, extra_variance=1e-3)
    assert (wide.low, wide.high) == pytest.approx(prediction_interval([0.5], spread, extra_variance=1e-3), abs=1e-3)


def test_a_rank_is_simulated_like_the_best():
    """Of ten runs of one cell the second best lies one standard deviation above the mean, the last 1.54 below it."""
    cell, spread = dict.fromkeys(range(1, 1001), 0.5), Spread(0.01, 100_000)
    for rank, away in ((1, 1.539), (2, 1.001), (10, -1.539)):  # expected order statistics of ten normal draws
        found = judge_best_of("0.5", [cell], spread, best_of=10, rank=rank)
        assert found.mean == pytest.approx(0.5 + 0.01 * away, abs=2e-4)
        assert (found.sd, found.n) == (pytest.approx((found.high - found.low) / 3.92, rel=0.05), 1000)


def test_a_rank_among_our_searches_has_its_own_spread():
    """Of ten cells that are equally good the best spreads by 0.587 of a run's sd, the fifth by 0.389."""
    grid = [{1: 0.5, 2: 0.5} for _ in range(10)]
    for rank, share in ((1, 0.587), (5, 0.389)):  # sds of order statistics of ten normal draws
        found = judge_best_of("0.5", grid, Spread(0.01, 100_000), best_of=10, rank=rank)
        half = 1.96 * share * 0.01 * math.sqrt(1 + 1 / 2)
        assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=2e-4)
        assert (found.sd, found.n) == (0, 2)


def test_another_search_falls_into_the_interval_of_ours():
    """Two searches of 40 equal cells, one run each: the interval around one's best holds the other's, as a rule."""
    generator = np.random.default_rng(7)
    spread, inside, above = Spread(0.005, 50), [], []
    for ours, theirs in generator.normal(0.5, 0.005, (30, 2, 40)):
        found = judge_best_of(f"{theirs.max():.4f}", [{1: value} for value in ours], spread, best_of=40)
        inside.append(found.verdict == REPRODUCED)
        above.append(found.mean > theirs.max())
    assert np.mean(inside) >= 0.9
    assert 0.2 < np.mean(above) < 0.8


def test_a_search_that_diverged_here_and_there():
    """Cells without a run are left out; a rank that no seed reaches, no run at all and no spread are said."""
    assert judge_best_of("0.5", [{1: 0.5}, {}], Spread(0.01, 9), best_of=2).verdict == REPRODUCED
    assert judge_best_of("0.5", [{1: 0.5}, {}], Spread(0.01, 9), best_of=2, rank=2).verdict == NOT_REPRODUCED
    assert judge_best_of("0.5", [{}, {}], Spread(0.01, 9), best_of=2).verdict == NOT_REPRODUCED
    assert judge_best_of("0.5", [{1: 0.5}, {1: 0.4}], None, best_of=2).verdict == INCONCLUSIVE
    assert judge_best_of("0.5", [{1: 0.5, 2: 0.49}], None, best_of=2).verdict == REPRODUCED


# --- gradients ----------------------------------------------------------------------------------------------------


def test_a_gradient_fits_in_some_comparison():
    """The first that fits is shown, else the first; the reason counts them."""
    one, two = ("a, norm", False, 1.0, 0.9, 1.1), ("b, norm", True, 2.0, 1.9, 2.1)
    found = judge_gradient([one, two])
    assert (found.verdict, found.mean, found.low, found.high) == (REPRODUCED, 2.0, 1.9, 2.1)
    assert "1 of 2" in found.reason
    assert "b, norm" in found.reason
    assert judge_gradient([one]).verdict == NOT_REPRODUCED
    assert judge_gradient([one]).mean == 1.0
    assert judge_gradient([]).verdict == NOT_REPRODUCED


# --- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.01, 0.012, 0.011], REPRODUCED),
        ([-0.01, -0.012, -0.011], CONTRADICTED),
        ([0.01, -0.01, 0.02], INCONCLUSIVE),
        ([0.05], INCONCLUSIVE),
        ([], INCONCLUSIVE),
        ([0.0, 0.0, 0.0], INCONCLUSIVE),
        ([0.01, 0.01], REPRODUCED),
    ],
)
def test_directions(differences, verdict):
    """Student's interval of the seeds' differences on one side of zero, on the other, or around it."""
    found = judge_direction(differences)
    assert found.verdict == verdict
    assert found.n == len(differences)
    if len(differences) > 1:
        assert (found.low, found.high) == mean_interval(differences)


@patient
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=10))
def test_turning_a_direction_around_turns_its_verdict(differences):
    """Greater and smaller exchanged: reproduced becomes contradicted."""
    turned = {REPRODUCED: CONTRADICTED, CONTRADICTED: REPRODUCED, INCONCLUSIVE: INCONCLUSIVE}
    found = judge_direction(differences).verdict
    assert judge_direction([-value for value in differences]).verdict == turned[found]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.001, -0.001, 0.002], REPRODUCED),
        ([0.030, 0.031, 0.032], CONTRADICTED),
        ([-0.030, -0.031, -0.032], CONTRADICTED),
        ([0.005, 0.010, 0.015], INCONCLUSIVE),
        ([0.009, 0.010, 0.011], INCONCLUSIVE),  # not zero, but perhaps within the margin
        ([-0.009, -0.010, -0.011], INCONCLUSIVE),
        ([0.05, -0.05, 0.0], INCONCLUSIVE),  # far wider than the margin
        ([0.001], INCONCLUSIVE),
        ([], INCONCLUSIVE),
    ],
)
def test_no_difference(differences, verdict):
    """The interval within one point, outside altogether, or across its edge. A wide one shows nothing."""
    found = judge_equal(differences, 0.01)
    assert found.verdict == verdict
    if len(differences) > 1:
        assert (found.low, found.high) == mean_interval(differences)


def test_the_margin_belongs_to_it_and_two_pairs_decide():
    """Equal differences have an interval without width, which may lie on the margin."""
    assert judge_equal([0.01, 0.01], 0.01).verdict == REPRODUCED
    assert judge_equal([-0.01, -0.01], 0.01).verdict == REPRODUCED
    assert judge_equal([0.0101, 0.0101], 0.01).verdict == CONTRADICTED


def test_margins():
    """One point of accuracies and their differences, 5 % of losses, costs and epochs."""
    assert margin_of("test_accuracy", [0.5]) == 0.01
    assert margin_of("best_validation_accuracy", []) == 0.01
    assert margin_of("gain", [0.02]) == 0.01
    assert margin_of("training_loss", [1.0, 3.0]) == pytest.approx(0.1)
    assert margin_of("epochs_until_learning", [20]) == pytest.approx(1)
    assert math.isnan(margin_of("training_loss", []))


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.1, 0.0999, 0.11], REPRODUCED),
        ([0.1, 0.45], INCONCLUSIVE),
        ([0.4, 0.45], CONTRADICTED),
        ([], INCONCLUSIVE),
        ([0.09], REPRODUCED),
    ],
)
def test_levels(values, verdict):
    """All runs between the bounds, which belong to it, none, or some."""
    found = judge_level(values, 0.09, 0.11)
    assert found.verdict == verdict
    if values:
        assert (found.low, found.high) == (min(values), max(values))


# --- best settings and settings -----------------------------------------------------------------------------------


def test_a_best_setting_that_is_ours_too():
    """The same value of our grid, or the nearest within 15 %."""
    grid = {0.1: {1: 0.4, 2: 0.4}, 0.01: {1: 0.5, 2: 0.5}, 0.001: {1: 0.45, 2: 0.44}}
    for reported in (0.01, 0.0112, 0.0088):
        found = judge_best(reported, grid)
        assert (found.verdict, found.mean) == (REPRODUCED, 0.01)
    for reported in (0.02, 0.0, 0.0117):
        assert judge_best(reported, grid).verdict == NOT_COMPARABLE


@pytest.mark.parametrize(
    ("best", "verdict"),
    [
        ({1: 0.50, 2: 0.51, 3: 0.49}, CONTRADICTED),  # 10 points better, with every seed
        ({1: 0.402, 2: 0.413, 3: 0.391}, REPRODUCED),  # better, but by less than a point
        ({1: 0.50, 2: 0.38, 3: 0.42}, INCONCLUSIVE),
        ({1: 0.50}, INCONCLUSIVE),  # one pair
        ({4: 0.50, 5: 0.5, 6: 0.5}, INCONCLUSIVE),  # no seed in common
    ],
)
def test_a_best_setting_that_is_not_ours(best, verdict):
    """Our best against the claimed one, paired by seed."""
    claimed = {1: 0.40, 2: 0.41, 3: 0.39}
    found = judge_best(0.001, {0.001: claimed, 0.1: best})
    assert (found.verdict, found.mean, found.n) == (verdict, 0.1, len(best))
    if shared := best.keys() & claimed.keys() if len(best) > 1 else set():
        assert (found.low, found.high) == mean_interval([best[seed] - claimed[seed] for seed in sorted(shared)])


def test_two_pairs_and_exactly_a_point_decide():
    """The margin belongs to what is as good; 15 % belongs to what is on the grid; zero is no neighbour of anything."""
    assert judge_best(0.1, {0.1: {1: 0.01, 2: 0.01}, 1.0: {1: 0.02, 2: 0.02}}).verdict == REPRODUCED
    assert judge_best(0.1, {0.1: {1: 0.5, 2: 0.25}, 1.0: {1: 0.53, 2: 0.28}}).verdict == CONTRADICTED
    assert judge_best(1.15, {1.0: {1: 0.5}}).verdict == REPRODUCED
    assert judge_best(0.001, {0.0: {1: 0.5}, 0.001: {1: 0.6}}).verdict == REPRODUCED


def test_ties_zero_and_diverged_settings():
    """Of equal means the larger value; λ = 0 is its own neighbour alone; settings without runs are left out."""
    assert judge_best(0.1, {0.01: {1: 0.5}, 0.1: {1: 0.5}, 1.0: {}}).verdict == REPRODUCED
    assert judge_best(0, {0.0: {1: 0.5}, 1e-9: {1: 0.4}}).verdict == REPRODUCED
    assert judge_best(1, {1.0: {}, 0.1: {1: 0.3}}).verdict == NOT_COMPARABLE
    assert judge_best(1, {1.0: {}}).verdict == INCONCLUSIVE


@pytest.mark.parametrize(
    ("reported", "ours", "verdict"),
    [
        ("10", 10.0, REPRODUCED),
        ("10", 11.0, NOT_REPRODUCED),
        ("10", 9.5, REPRODUCED),
        ("10", 10.5, REPRODUCED),
        ("-5", math.log10(1e-5), REPRODUCED),
        ("1e-2", 0.0204, NOT_REPRODUCED),
        ("0.006", 0.006, REPRODUCED),
        ("2.0309e-8", 2.03e-8, NOT_REPRODUCED),
        ("5", math.nan, NOT_REPRODUCED),
        ("5", -math.inf, NOT_REPRODUCED),
    ],
)
def test_settings(reported, ours, verdict):
    """What was done is what we do, to the last printed digit."""
    assert judge_setting(reported, ours).verdict == verdict


def test_a_setting_may_be_truncated():
    """Then it lies above what is printed."""
    assert judge_setting("0.5", 0.58, truncated=True).verdict == REPRODUCED
    assert judge_setting("0.5", 0.58).verdict == NOT_REPRODUCED
    assert judge_setting("0.5", 0.46, truncated=True).verdict == NOT_REPRODUCED


# --- several pairs, and what stands above -------------------------------------------------------------------------


def finding(verdict, mean=0.5):
    """A finding of that verdict."""
    return Finding(verdict, f"{verdict} itself.", mean)


@pytest.mark.parametrize(
    ("verdicts_of_pairs", "expected"),
    [
        ([REPRODUCED], REPRODUCED),
        ([REPRODUCED, REPRODUCED], REPRODUCED),
        ([REPRODUCED, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, CONTRADICTED], CONTRADICTED),
        ([CONTRADICTED, REPRODUCED], CONTRADICTED),
    ],
)
def test_several_pairs(verdicts_of_pairs, expected):
    """All must hold, one is enough against; every pair's reason stays."""
    found = combined([finding(one, i) for i, one in enumerate(verdicts_of_pairs)])
    assert found.verdict == expected
    assert found.mean == verdicts_of_pairs.index(expected)
    assert all(f"{one} itself" in found.reason for one in verdicts_of_pairs)


def test_the_first_rule_that_applies_decides():
    """INCONSISTENT before NOT COMPARABLE before what the numbers say, which the reason keeps."""
    found, away = finding(REPRODUCED), {"other": finding(REPRODUCED, 0.6)}
    everything = Circumstances("It contradicts itself.", "Unknown.", ("epochs",))
    verdict, reason = decide(found, everything, away, metric="test_accuracy")
    assert verdict == INCONSISTENT
    assert reason == "It contradicts itself. By its numbers: reproduced. REPRODUCED itself."
    verdict, reason = decide(found, replace(everything, inconsistent=""), away, metric="test_accuracy")
    assert verdict == NOT_COMPARABLE
    assert reason.startswith("Unknown. By its numbers: reproduced.")
    verdict, reason = decide(found, Circumstances(open=("epochs",)), away, metric="test_accuracy")
    assert verdict == NOT_COMPARABLE
    assert "leaves open: epochs" in reason
    assert "other" in reason
    assert decide(found, Circumstances(), away, metric="test_accuracy") == (REPRODUCED, "REPRODUCED itself.")
    assert decide(None, Circumstances(not_comparable="No run can."), {}) == (NOT_COMPARABLE, "No run can.")
    assert decide(None, Circumstances(inconsistent="No."), {}) == (INCONSISTENT, "No.")


@pytest.mark.parametrize(
    ("metric", "mean", "other", "matters"),
    [
        ("test_accuracy", 0.50, 0.5099, False),
        ("test_accuracy", 0.50, 0.4899, True),
        ("gain", 0.02, 0.031, True),
        ("gain", 0.01, 0.02, False),  # exactly a point
        ("training_loss", 2.0, 2.09, False),
        ("training_loss", 2.0, 1.89, True),
        ("test_accuracy", 0.50, math.nan, False),
        ("test_accuracy", math.nan, 0.5, False),
    ],
)
def test_what_is_open_matters_or_not(metric, mean, other, matters):
    """More than a point of an accuracy, or 5 % of a loss, from the main interpretation; not where nothing finished."""
    found, variants = finding(NOT_REPRODUCED, mean), {"other": finding(REPRODUCED, other)}
    verdict, _ = decide(found, Circumstances(open=("x",)), variants, metric=metric)
    assert verdict == (NOT_COMPARABLE if matters else NOT_REPRODUCED)
    assert decide(found, Circumstances(), variants, metric=metric)[0] == NOT_REPRODUCED


@pytest.mark.parametrize(
    ("main", "other", "matters"),
    [
        (REPRODUCED, CONTRADICTED, True),
        (CONTRADICTED, REPRODUCED, True),
        (REPRODUCED, INCONCLUSIVE, False),
        (INCONCLUSIVE, REPRODUCED, False),
        (CONTRADICTED, CONTRADICTED, False),
    ],
)
def test_what_is_open_in_words(main, other, matters):
    """Only interpretations that say the opposite make a statement incomparable; one that decides nothing does not."""
    verdict, _ = decide(finding(main), Circumstances(open=("x",)), {"other": finding(other, 0.9)})
    assert verdict == (NOT_COMPARABLE if matters else main)


def test_what_fails_is_followed_up():
    """The reason names the variants that reproduce it, or says that none does."""
    variants = {"longer": finding(REPRODUCED), "shorter": finding(NOT_REPRODUCED)}
    for verdict in (NOT_REPRODUCED, CONTRADICTED):
        assert decide(finding(verdict), Circumstances(), variants)[1].endswith("Reproduced by: longer.")
        del_longer = {"shorter": variants["shorter"]}
        assert decide(finding(verdict), Circumstances(), del_longer)[1].endswith("Reproduced by: no variant.")
        assert "Reproduced by" not in decide(finding(verdict), Circumstances(), {})[1]
    assert "Reproduced by" not in decide(finding(REPRODUCED), Circumstances(), variants)[1]


@patient
@given(
    st.sampled_from(VERDICTS[:4]),
    st.sampled_from(VERDICTS[:4]),
    st.tuples(accuracies, accuracies),
    st.builds(Circumstances, st.text(max_size=3), st.text(max_size=3), st.sampled_from([(), ("x",)])),
)
def test_precedence_holds_whatever_is_found(main, other, means, circumstances):
    """The keys of the claim come first; without them and without what is open the rule of its kind decides."""
    mean, other_mean = means
    verdict, _ = decide(finding(main, mean), circumstances, {"o": finding(other, other_mean)}, metric="test_accuracy")
    if circumstances.inconsistent:
        assert verdict == INCONSISTENT
    elif circumstances.not_comparable or (circumstances.open and abs(mean - other_mean) > rules.POINT):
        assert verdict == NOT_COMPARABLE
    else:
        assert verdict == main


def test_every_verdict_can_be_reached():
    """By the rules themselves, from numbers."""
    reached = {
        judge_number("0.5", [0.5, 0.5], None).verdict,
        judge_number("0.9", [0.5, 0.5], None).verdict,
        judge_direction([-1.0, -1.1]).verdict,
        judge_direction([1.0, -1.1]).verdict,
        decide(None, Circumstances(not_comparable="x"), {})[0],
        decide(None, Circumstances(inconsistent="x"), {})[0],
    }
    assert reached == set(VERDICTS)


# --- words --------------------------------------------------------------------------------------------------------

VALUES = [0.50, 0.52, 0.54]
WIDE = Spread(0.02, 12)
GRID = {0.1: {1: 0.5, 2: 0.52, 3: 0.54}, 0.01: {1: 0.4, 2: 0.41, 3: 0.45}, 1.0: {2: 0.3}}
AWAY = Finding(REPRODUCED, "It fits.", 0.6)
COST, ACCURACY = {"metric": "test_cost"}, {"metric": "test_accuracy"}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (lambda: judge_number("0.5", [], None), "No run of ours finished with such a number."),
        (lambda: judge_number("0.5", [0.5], None), "One run, and no cell alike with three to take a spread from."),
        (
            lambda: judge_number("0.52", VALUES, WIDE, **ACCURACY),
            "Within the interval (standard deviation 2 points, 2 degrees of freedom).",
        ),
        (
            lambda: judge_number("0.3", VALUES, WIDE, **ACCURACY),
            "It lies below the interval by 7.06 points (standard deviation 2 points, 2 degrees of freedom).",
        ),
        (
            lambda: judge_number("0.6", [0.5, 0.5], Spread(0.01, 12), **ACCURACY),
            "It lies above the interval by 2.33 points (standard deviation 1 point, 12 degrees of freedom).",
        ),
        (
            lambda: judge_number("0.3", VALUES, WIDE, **COST),
            "It lies below the interval by 0.0706 (standard deviation 0.02, 2 degrees of freedom).",
        ),
        (lambda: judge_best_of("0.5", [{}], None, best_of=2), "No run of ours finished with such a number."),
        (
            lambda: judge_best_of("0.5", [{1: 0.5}], None, best_of=2),
            "One run of each cell, and no cell alike with three to take a spread from.",
        ),
        (
            lambda: judge_best_of("0.5", [{1: 0.5}, {}], WIDE, best_of=2, rank=2),
            "No search of ours has a number 2 of 2: too many runs diverged.",
        ),
        (
            lambda: judge_best_of("0.5", [{1: 0.5}, {1: 0.4}], WIDE, best_of=2),
            "Within the interval (best of 2 in 1 searches of ours).",
        ),
        (
            lambda: judge_best_of("0.5", [{1: 0.5}], WIDE, best_of=3, rank=2, **ACCURACY),
            "Within the interval (number 2 of 3, simulated with standard deviation 2 points, 12 degrees of freedom).",
        ),
        (lambda: judge_gradient([]), "Nothing of ours is compared with it."),
        (lambda: judge_gradient([("a", True, 1, 1, 1)]), "Fits in the one comparison, first: a."),
        (
            lambda: judge_gradient([("a", False, 1, 1, 1), ("b", True, 1, 1, 1), ("c", True, 1, 1, 1)]),
            "Fits in 2 of 3 comparisons, first: b.",
        ),
        (lambda: judge_gradient([("a", False, 1, 1, 1), ("b", False, 1, 1, 1)]), "Fits in none of 2 comparisons."),
        (lambda: judge_direction([]), "No pair of runs finished."),
        (lambda: judge_direction([1.0]), "One pair of runs decides nothing."),
        (
            lambda: judge_direction([0.05, 0.06, 0.07], **ACCURACY),
            "The difference is above zero: 95 % interval 3.52 to 8.48 points, 3 pairs.",
        ),
        (
            lambda: judge_direction([-5, -6, -7], **COST),
            "The difference is below zero: 95 % interval -8.48 to -3.52, 3 pairs.",
        ),
        (
            lambda: judge_direction([-0.05, -0.02, 0.01], metric="gain"),
            "The interval holds zero: 95 % interval -9.45 to 5.45 points, 3 pairs.",
        ),
        (lambda: judge_equal([1.0], 0.01), "One pair of runs decides nothing."),
        (
            lambda: judge_equal([0.0, 0.001, 0.002], 0.01, **ACCURACY),
            "The interval lies within the margin: 95 % interval -0.148 to 0.348 points, 3 pairs, margin 1 point.",
        ),
        (
            lambda: judge_equal([5.0, 5.1, 5.2], 0.1, **COST),
            "The interval lies outside the margin: 95 % interval 4.85 to 5.35, 3 pairs, margin 0.1.",
        ),
        (
            lambda: judge_equal([0.0, 0.1, 0.2], 0.1, **COST),
            "The interval crosses the margin: 95 % interval -0.148 to 0.348, 3 pairs, margin 0.1.",
        ),
        (lambda: judge_level([], 0, 1), "No run of ours finished with such a number."),
        (lambda: judge_level([0.1, 0.5], 0.09, 0.11, **ACCURACY), "1 of 2 runs lie between 9 and 11 %."),
        (lambda: judge_level([2.3], 2.2, 2.4, **COST), "1 of 1 runs lie between 2.2 and 2.4."),
        (lambda: judge_best(0.1, {1.0: {}}), "No run of ours finished."),
        (lambda: judge_best(0.1, GRID), "Best of our search too."),
        (lambda: judge_best(0.5, GRID), "The nearest value on our grid, 1, is not within 15 %; best is 0.1."),
        (
            lambda: judge_best(1.0, GRID),
            "Best here is 0.1, better than 1 by 22 points, and one pair of runs decides nothing.",
        ),
        (lambda: judge_best(0.01, GRID), "Best here is 0.1, better than 0.01 by 7.52 to 12.5 points."),
        (
            lambda: judge_best(0.01, {0.1: {1: 0.501, 2: 0.502}, 0.01: {1: 0.5, 2: 0.501}}),
            "Best here is 0.1, better than 0.01 by 0.1 to 0.1 points: within one percentage point.",
        ),
        (lambda: judge_setting("5", 5), "As our configuration has it."),
        (lambda: judge_setting("5", 6.25), "Our configuration has 6.25."),
        (lambda: combined([AWAY, replace(AWAY, reason="It does, too.")]), "(1) It fits. (2) It does, too."),
    ],
)  # fmt: skip
def test_reasons_are_whole_sentences(found, reason):
    """Accuracies in percent and points, all else as it is: a reason's numbers stand beside columns in the same unit."""
    assert found().reason == reason


@pytest.mark.parametrize(
    ("circumstances", "variants", "reason"),
    [
        (Circumstances(inconsistent="It errs."), {}, "It errs. By its numbers: not reproduced. Too low."),
        (Circumstances(not_comparable="Nobody knows."), {}, "Nobody knows. By its numbers: not reproduced. Too low."),
        (
            Circumstances(open=("epochs", "λ")),
            {"longer": AWAY, "wider": AWAY},
            "The report leaves open: epochs, λ. It matters: longer, wider. By its numbers: not reproduced. Too low.",
        ),
        (Circumstances(), {"longer": AWAY, "wider": AWAY}, "Too low. Reproduced by: longer, wider."),
        (Circumstances(), {"longer": replace(AWAY, verdict=INCONCLUSIVE)}, "Too low. Reproduced by: no variant."),
    ],
)
def test_what_stands_above_a_rule_keeps_its_reason(circumstances, variants, reason):
    """And the names of the variants that decided."""
    found = Finding(NOT_REPRODUCED, "Too low.", 0.5)
    assert decide(found, circumstances, variants, **ACCURACY)[1] == reason


@pytest.mark.parametrize(
    ("kind", "metric", "unit"),
    [
        ("setting", "updates", "setting"),
        ("best", "validation_accuracy", "setting"),
        ("gradient", "", "error"),
        ("number", "test_cost", ""),
        ("number", "test_accuracy", "%"),
        ("level", "test_accuracy", "%"),
        ("number", "gain", "points"),
        ("direction", "test_accuracy", "points"),
        ("equal", "test_accuracy", "points"),
        ("equal", "test_cost", ""),
    ],
)
def test_units(kind, metric, unit):
    """Percent for accuracies, points for what is a difference of two."""
    assert unit_of(kind, metric) == unit
