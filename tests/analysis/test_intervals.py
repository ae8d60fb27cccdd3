"""Intervals against numbers worked out by hand, tables and scipy's, and what must hold of any numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bnlab.analysis.intervals import (
    binomial_variance,
    detectable_mean,
    detectable_shift,
    mean_interval,
    prediction_interval,
    sd_interval,
    share_interval,
    sign_test,
    summary,
)
from bnlab.analysis.spread import Spread

SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
"""Extra hours of sleep of ten patients, one drug against the other: Student's own example of 1908."""
T2 = 4.302652729911275  # Student's t, 97.5 %, 2 degrees of freedom
cells = st.lists(st.floats(0.05, 0.95), min_size=2, max_size=20)


def test_the_prediction_interval_by_hand():
    """Mean ± t s √(1 + 1/n), and variance that is added under the root."""
    values = [0.50, 0.52, 0.54]
    half = T2 * 0.02 * math.sqrt(4 / 3)
    assert prediction_interval(values, Spread(0.02, 2)) == pytest.approx((0.52 - half, 0.52 + half))
    half = 2 * math.sqrt(0.01**2 * 2 + binomial_variance(0.5, 2500))
    low, high = prediction_interval([0.5], Spread(0.01, 60), extra_variance=binomial_variance(0.5, 2500))
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-3)
    assert binomial_variance(0.5, 2500) == pytest.approx(0.01**2)


@given(cells, st.floats(0, 0.1), st.floats(1, 100), st.floats(0, 1e-3))
def test_more_variance_never_narrows_an_interval(values, sd, degrees_of_freedom, extra):
    """The binomial variance widens it on both sides alike, around the same mean, and hides larger shifts."""
    spread = Spread(sd, degrees_of_freedom)
    low, high = prediction_interval(values, spread)
    wide_low, wide_high = prediction_interval(values, spread, extra_variance=extra)
    assert wide_low <= low <= high <= wide_high
    assert low + high == pytest.approx(wide_low + wide_high)
    assert detectable_shift(values, spread, extra_variance=extra) >= detectable_shift(values, spread)


@pytest.mark.parametrize("n", [3, 10, 30])
def test_the_interval_holds_one_more_run_as_often_as_it_says(n):
    """19 times of 20, for few runs and many; one whose truth is a detectable shift away falls outside 4 times of 5."""
    generator = np.random.default_rng(1)
    inside, seen = [], []
    for *old, new in generator.normal(0.5, 0.01, (2000, n + 1)).tolist():
        low, high = prediction_interval(old, Spread(float(np.std(old, ddof=1)), n - 1))
        inside.append(low <= new <= high)
        seen.append(new + detectable_shift(old, Spread(0.01, n - 1)) > high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)
    assert np.mean(seen) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_a_detectable_mean_is_seen_four_times_of_five(n):
    """By the noncentral distribution of Student's t, as exact power is."""
    differences = [0.01 * value for value in stats.norm.ppf((np.arange(n) + 0.5) / n)]
    shift = detectable_mean(differences) / np.std(differences, ddof=1) * math.sqrt(n)
    power = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, shift)
    assert power == pytest.approx(0.8, abs=0.05)
    assert math.isnan(detectable_mean([0.01]))


def test_exact_intervals_of_a_share():
    """As tables of Clopper and Pearson have them; where all or none are, one side is closed."""
    assert share_interval(0, 10) == pytest.approx((0, 0.3085), abs=5e-5)
    assert share_interval(10, 10) == pytest.approx((0.6915, 1), abs=5e-5)
    assert share_interval(4, 20) == pytest.approx((0.0573, 0.4366), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_shares_are_those_of_the_binomial_test(counted):
    """Interval and two-sided probability by scipy.stats, which solves for the ends and adds up the tails."""
    test = stats.binomtest(*counted)
    assert share_interval(*counted) == pytest.approx(tuple(test.proportion_ci(0.95, method="exact")), abs=1e-9)
    assert sign_test(*counted) == pytest.approx(test.pvalue, rel=1e-9)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8, unique_by=lambda value: round(value, 3)))
def test_the_interval_of_a_mean_is_that_of_the_t_test(values):
    """By scipy.stats."""
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert mean_interval(values, level=0.9) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-12)


def test_the_interval_of_a_mean_by_hand():
    """T s / √n on either side."""
    half = T2 * 0.02 / math.sqrt(3)
    assert mean_interval([0.50, 0.52, 0.54]) == pytest.approx((0.52 - half, 0.52 + half))


def test_summary_by_hand():
    """Sum 40 and squared deviations 32 over 8 values: mean 5, sd sqrt(32 / 7)."""
    found = summary(pd.Series([2, 4, 4, 4, 5, 5, 7, 9]))
    assert found == {"mean": 5, "sd": pytest.approx(math.sqrt(32 / 7), rel=1e-15), "min": 2, "max": 9}


def test_one_value_has_no_spread():
    """Its mean, minimum and maximum are the value; its sd is empty, not zero."""
    found = summary(pd.Series([0.25]))
    assert math.isnan(found.pop("sd"))
    assert found == {"mean": 0.25, "min": 0.25, "max": 0.25}


def test_no_value_has_no_summary():
    """Without a value every cell is empty."""
    assert all(map(math.isnan, summary(pd.Series([], dtype=float)).values()))


def test_student_s_own_interval():
    """The 95 % interval of the sleep data, 0.7001142 to 2.4598858 (the example of R's t.test)."""
    assert mean_interval(SLEEP) == (pytest.approx(0.7001142, abs=5e-8), pytest.approx(2.4598858, abs=5e-8))


@pytest.mark.parametrize(("n", "quantile"), [(2, 12.7062), (3, 4.3027), (5, 2.7764), (11, 2.2281), (31, 2.0423)])
def test_the_quantiles_of_the_tables(n, quantile):
    """Half the interval is t times the standard error, with t as printed in every table of Student's distribution."""
    values = pd.Series(range(n), dtype=float)
    low, high = mean_interval(values)
    error = math.sqrt(sum((value - values.mean()) ** 2 for value in values) / (n - 1) / n)
    assert (high - low) / 2 / error == pytest.approx(quantile, abs=5e-5)
    assert (high + low) / 2 == pytest.approx((n - 1) / 2)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_fewer_than_two_values_have_no_interval(values):
    """Both ends are empty."""
    assert all(map(math.isnan, mean_interval(pd.Series(values, dtype=float))))


@pytest.mark.parametrize("kind", [list, pd.Series])
def test_what_is_not_known_makes_no_interval(kind):
    """A value that is not a number leaves neither mean nor spread."""
    assert all(map(math.isnan, mean_interval(kind([1.0, 2.0, math.nan, 3.0]))))


def test_equal_values_have_an_interval_of_one_point():
    """Without spread the interval is the mean."""
    assert mean_interval(pd.Series([0.5, 0.5, 0.5])) == (0.5, 0.5)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.floats(-10, 10), st.floats(0.01, 100))
def test_shifting_and_scaling_carry_over(values, shift, scale):
    """An interval in points is one hundred times that in fractions, and so on."""
    low, high = mean_interval(pd.Series(values))
    expected = [scale * low + shift, scale * high + shift]
    assert list(mean_interval(scale * pd.Series(values) + shift)) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert low <= sum(values) / len(values) + 1e-12
    assert high >= sum(values) / len(values) - 1e-12


@pytest.mark.parametrize(
    ("n", "low", "high"), [(2, 0.45, 31.9), (10, 0.69, 1.83), (100, 0.88, 1.16), (1000, 0.96, 1.05)]
)
def test_the_interval_of_a_standard_deviation_is_that_of_tables(n: int, low: float, high: float):
    """Factors of the observed one, as tables give them for normal values."""
    assert sd_interval(3.0, n) == pytest.approx((3 * low, 3 * high), rel=0.012)
