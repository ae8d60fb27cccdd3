"""Simulated searches against order statistics from tables, and against searches whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.analysis.searches import DRAWS, Candidate, half_width, simulated_searches
from bnlab.analysis.spread import Alike, Noise, Spread

SD = 0.01
NOISE = Noise(Spread(SD, math.inf), Spread(0.0, math.inf))
MANY = range(10_000)
"""Seeds enough for a mean to be as good as known."""


def known(*means):
    """Candidates along one axis whose means are known."""
    return [Candidate((float(i), 0.0), dict.fromkeys(MANY, mean)) for i, mean in enumerate(means)]


def test_the_best_of_ten_is_that_many_deviations_up():
    """Of ten normal draws the largest is 1.539 standard deviations up, the second 1.001, the smallest 1.539 down."""
    drawn = np.sort(simulated_searches(known(*[0.5] * 10), NOISE), axis=1)
    assert drawn.shape == (DRAWS, 10)
    for place, up in ((9, 1.5388), (8, 1.0014), (0, -1.5388)):
        assert drawn[:, place].mean() == pytest.approx(0.5 + up * SD, abs=3e-4)


def test_a_search_is_always_drawn_alike():
    """The same numbers every time: a ledger made twice is the same."""
    assert (simulated_searches(known(0.5, 0.4), NOISE) == simulated_searches(known(0.5, 0.4), NOISE)).all()


def test_runs_are_shared_out_among_candidates():
    """Of ten runs of two that are far apart, half are as good as the better one."""
    drawn = np.sort(simulated_searches(known(0.5, 0.1), NOISE, runs=10), axis=1)
    assert drawn.shape == (DRAWS, 10)
    assert drawn[:, 5:].mean() == pytest.approx(0.5, abs=1e-3)
    assert drawn[:, :5].mean() == pytest.approx(0.1, abs=1e-3)


def test_fewer_runs_are_of_candidates_at_random():
    """Two of three: every candidate is in two searches of three, and none is in one search twice."""
    drawn = np.sort(simulated_searches(known(0.1, 0.3, 0.5), NOISE, runs=2), axis=1)
    assert drawn.shape == (DRAWS, 2)
    best, worst = drawn[:, 1], drawn[:, 0]
    assert np.mean(best > 0.4) == pytest.approx(2 / 3, abs=0.01)
    assert np.mean(worst < 0.2) == pytest.approx(2 / 3, abs=0.01)
    assert (best - worst > 0.1).all()


def test_what_a_search_shares_moves_it_as_a_whole():
    """Other images, and effects of seeds of which ours are a mean of four: variances add, and no difference changes."""
    own = [Candidate((float(i), 0.0), dict.fromkeys(range(4), mean)) for i, mean in enumerate((0.5, 0.48, 0.46))]
    alone = simulated_searches(own, NOISE)
    moved = simulated_searches(own, Noise(NOISE.own, Spread(0.04, math.inf)), extra_variance=0.03**2)
    assert np.diff(moved, axis=1) == pytest.approx(np.diff(alone, axis=1), abs=1e-12)
    expected = 0.04**2 * (1 + 1 / 4) + 0.03**2
    assert (moved - alone)[:, 0].var() == pytest.approx(expected, rel=0.05)


def test_a_noise_that_is_little_known_is_drawn_too():
    """The tails of Student's distribution: with five degrees of freedom, beyond 2.571 in one draw of twenty."""
    (drawn,) = simulated_searches(known(0.5), Noise(Spread(SD, 5), NOISE.shared)).T
    assert np.mean(abs(drawn - 0.5) > 2.571 * SD) == pytest.approx(0.05, abs=0.005)


def test_a_lucky_candidate_is_drawn_back_to_the_others():
    """Among nine single runs that differ by chance alone, the best is no better than the rest."""
    generator = np.random.default_rng(1)
    values = 0.5 + SD * generator.standard_normal(9)
    candidates = [Candidate((float(i), 0.0), {1: value}) for i, value in enumerate(values)]
    centres = simulated_searches(candidates, NOISE).mean(axis=0)
    assert np.ptp(centres) < 0.6 * np.ptp(values)
    assert centres.mean() == pytest.approx(values.mean(), abs=1e-3)


def test_a_peak_along_an_axis_is_no_luck():
    """A parabola in the order of the settings is kept as it is."""
    values = 0.5 - 0.02 * np.linspace(-2, 2, 9) ** 2
    candidates = [Candidate((0.0, 10.0**i), {1: value}) for i, value in enumerate(values)]
    assert simulated_searches(candidates, NOISE).mean(axis=0) == pytest.approx(values, abs=1e-3)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(6)))
def test_the_order_of_candidates_is_no_matter(order):
    """Their places on the axes say where they are."""
    values = [0.40, 0.47, 0.51, 0.53, 0.48, 0.46]
    candidates = [Candidate((0.0, float(i)), {1: values[i]}) for i in order]
    centres = simulated_searches(candidates, NOISE).mean(axis=0)
    sorted_centres = simulated_searches(sorted(candidates, key=lambda one: one.place), NOISE).mean(axis=0)
    assert centres[np.argsort(order)] == pytest.approx(sorted_centres, abs=1e-3)


def test_effects_of_two_axes_are_kept():
    """On a grid every row and every column has its own level, and a single run that stands out of both is luck."""
    rows, columns = [0.0, 0.02, 0.01, 0.03], [0.0, 0.05, 0.04]
    table = {(x, y): 0.4 + row + column for x, row in enumerate(rows) for y, column in enumerate(columns)}
    lucky = table | {(1, 1): table[1, 1] + SD}
    candidates = [Candidate((float(x), float(y)), {1: value}) for (x, y), value in lucky.items()]
    centres = dict(zip(lucky, simulated_searches(candidates, NOISE).mean(axis=0), strict=True))
    assert centres[3, 2] == pytest.approx(table[3, 2], abs=0.004)
    assert centres[1, 1] < lucky[1, 1] - 0.003


def test_half_widths_by_hand():
    """Student's 2.571 for five degrees of freedom, 3.163 for each of two comparisons, times √variances."""
    noise = Noise(Spread(SD, 5), Spread(9.0, 1))
    assert half_width(noise, variances=4) == pytest.approx(2.5706 * SD * 2, rel=1e-4)
    assert half_width(noise, variances=1, comparisons=2) == pytest.approx(3.1634 * SD, rel=1e-4)


@pytest.mark.parametrize("truth", [[0.5] * 8, [0.50, 0.52, 0.53, 0.53, 0.52, 0.50, 0.47, 0.40]])
def test_the_best_of_another_search_is_missed_as_often_as_said(truth):
    """Once in twenty, by three seeds' searches whose noise is estimated, and where seeds share most of it."""
    generator = np.random.default_rng(2)
    alarms = []
    for _ in range(200):
        effects = 0.005 * generator.standard_normal(4)[:, None]
        *ours, theirs = np.array(truth) + effects + 0.003 * generator.standard_normal((4, len(truth)))
        cells = [{seed: search[i] for seed, search in enumerate(ours)} for i in range(len(truth))]
        candidates = [Candidate((0.0, float(i)), cell) for i, cell in enumerate(cells)]
        noise = Noise(Alike(cells).pooled.own, Spread(0.005, math.inf))
        low, high = np.quantile(simulated_searches(candidates, noise).max(axis=1), [0.025, 0.975])
        alarms.append(not low <= theirs.max() <= high)
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.035)
