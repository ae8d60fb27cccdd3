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
