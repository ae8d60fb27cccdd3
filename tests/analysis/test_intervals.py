"""Spreads and intervals against numbers worked out by hand, scipy's, and what must hold of any numbers."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from bnlab.analysis.intervals import (
    Spread,
    binomial_variance,
    chosen_spread,
    mean_interval,
    own_spread,
    pooled_spread,
    prediction_interval,
    simulated_best,
)

T2 = 4.302652729911275  # Student's t, 97.5 %, 2 degrees of freedom
cells = st.lists(st.floats(0.05, 0.95), min_size=2, max_size=20)
patient = settings(deadline=None)
"""scipy's first quantile takes a second."""


def test_spreads_by_hand():
    """N - 1 in the denominator; pooled over cells of three runs or more, each around its own mean."""
    assert own_spread([0.5]) is None
    assert own_spread([0.50, 0.52, 0.54]) == Spread(pytest.approx(0.02), 2)
    assert pooled_spread([[0.50, 0.52, 0.54], [0.1, 0.1, 0.1], [0.9, 0.1], [0.3]]) == Spread(
        pytest.approx(math.sqrt(0.0008 / 4)), 4
    )
    assert pooled_spread([[0.1, 0.9], [0.5]]) is None
    assert pooled_spread([[0.1, 0.9], [0.5]], at_least=2) == own_spread([0.1, 0.9])


def test_the_larger_spread_is_used_with_its_own_degrees_of_freedom():
    """The pooled one where it is larger, and always for a single run; the own one otherwise, or where it is alone."""
    values = [0.50, 0.52, 0.54]
    assert chosen_spread(values, Spread(0.03, 40)) == Spread(0.03, 40)
    assert chosen_spread(values, Spread(0.01, 40)) == own_spread(values)
    assert chosen_spread(values, None) == own_spread(values)
    assert chosen_spread([0.5], Spread(0.01, 40)) == Spread(0.01, 40)
    assert chosen_spread([0.5], None) is None


def test_the_prediction_interval_by_hand():
    """Mean ± t s √(1 + 1/n), and variance that is added under the root."""
    values = [0.50, 0.52, 0.54]
    half = T2 * 0.02 * math.sqrt(4 / 3)
    assert prediction_interval(values, own_spread(values)) == pytest.approx((0.52 - half, 0.52 + half))
    half = 2 * math.sqrt(0.01**2 * 2 + binomial_variance(0.5, 2500))
    low, high = prediction_interval([0.5], Spread(0.01, 60), extra_variance=binomial_variance(0.5, 2500))
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-3)
    assert binomial_variance(0.5, 2500) == pytest.approx(0.01**2)


@patient
@given(cells, st.floats(0, 1e-3))
def test_more_variance_never_narrows_an_interval(values, extra):
    """The binomial variance widens it on both sides alike, around the same mean."""
    spread = own_spread(values)
    low, high = prediction_interval(values, spread)
    wide_low, wide_high = prediction_interval(values, spread, extra_variance=extra)
    assert wide_low <= low <= high <= wide_high
    assert low + high == pytest.approx(wide_low + wide_high)


def test_the_interval_holds_one_more_run_as_often_as_it_says():
    """19 times of 20, for few runs and many, when runs are normal: own spread or pooled one of single runs."""
    generator = np.random.default_rng(1)
    for n in (3, 10):
        runs = generator.normal(0.5, 0.01, (2000, n + 1))
        inside = [
            low <= new <= high
            for *old, new in runs.tolist()
            for low, high in [prediction_interval(old, own_spread(old))]
        ]
        assert np.mean(inside) == pytest.approx(0.95, abs=0.02)
    inside = []
    for row in generator.normal(0.5, 0.01, (2000, 14)).tolist():
        pooled = pooled_spread([row[:3], row[3:6], row[6:12]])
        low, high = prediction_interval([row[12]], chosen_spread([row[12]], pooled))
        inside.append(low <= row[13] <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_the_best_of_ten_is_that_many_deviations_up():
    """The mean of the largest of ten normal draws is 1.539 standard deviations up, of the second largest 1.001."""
    runs = [[0.5] * 10_000]
    for rank, up in ((1, 1.5388), (2, 1.0014), (3, 0.6561), (10, -1.5388)):
        drawn = simulated_best(runs, Spread(0.01, 10**7), best_of=10, rank=rank)
        assert drawn.mean() == pytest.approx(0.5 + up * 0.01, abs=2e-4)
        again = simulated_best(runs, Spread(0.01, 10**7), best_of=10, rank=rank)
        assert (drawn == again).all()


def test_runs_are_shared_out_among_the_cells():
    """Of ten runs of two cells that are far apart the five best come from the better one."""
    far = [[0.5] * 10_000, [0.1] * 10_000]
    for rank, mean in ((5, 0.5), (6, 0.1)):
        drawn = simulated_best(far, Spread(1e-3, 10**7), best_of=10, rank=rank)
        assert abs(drawn - mean).max() < 0.01


def test_the_interval_of_a_mean_by_hand():
    """T s / √n on either side."""
    half = T2 * 0.02 / math.sqrt(3)
    assert mean_interval([0.50, 0.52, 0.54]) == pytest.approx((0.52 - half, 0.52 + half))


@patient
@given(cells)
def test_the_interval_of_a_mean_is_that_of_scipy(values):
    """The interval of a mean is the one that scipy gives."""
    assume(np.std(values) > 1e-6)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert mean_interval(values) == pytest.approx((low, high))
