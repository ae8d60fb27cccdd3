"""Spreads against analyses of variance by hand, and against simulations whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from bnlab.analysis.spread import Alike, Noise, Prior, Sample, Spread, fit_prior, moderated

ONE_CELL = {1: 0.50, 2: 0.52, 3: 0.54}
tables = st.integers(2, 5).flatmap(
    lambda seeds: st.lists(
        st.lists(st.integers(-1000, 1000), min_size=seeds, max_size=seeds, unique=True), min_size=2, max_size=6
    )
)
"""The same seeds in several cells: integers, so that no two values differ by next to nothing."""


def cells_of(table, scale=1.0, shift=0.0):
    """Rows of a table as cells."""
    return [{seed: scale * value + shift for seed, value in enumerate(row)} for row in table]


# --- what seeds share, and what is a run's own ----------------------------------------------------------------------


def test_one_cell_has_its_sample_variance():
    """N - 1 in the denominator and as degrees of freedom; what is shared cannot be told apart and counts as its own."""
    noise = Alike([ONE_CELL]).noise(0)
    assert noise == Noise(Spread(pytest.approx(0.02), pytest.approx(2)), Spread(0.0, math.inf))
    assert noise.total == noise.own


@pytest.mark.parametrize("first_of_second", [9, 8])
def test_cells_with_no_or_one_common_seed_do_not_count_variance_twice(first_of_second):
    """What seeds share cannot be told from what is a run's own, in several cells as in one: together it is theory's."""
    generator = np.random.default_rng(1)
    totals = []
    for _ in range(300):
        of_seeds = generator.normal(0, 1, 17).tolist()  # all that varies is shared
        cells = [{seed: of_seeds[seed] for seed in range(begin, begin + 8)} for begin in (1, first_of_second)]
        totals.append(Alike(cells, variance=1.0).noise(0).total.sd ** 2)
    assert np.mean(totals) == pytest.approx(1, abs=0.1)


def test_an_analysis_of_variance_by_hand():
    """Two cells of three seeds: mean squares 4 between the seeds and 1 within, so 1 own and (4 - 1) / 2 shared.

    Effects of seeds are -1, 0 and 1 times √2, and what is left is ±1/√2 in two of them.
    """
    effect, left = math.sqrt(2), 1 / math.sqrt(2)
    rest = (left, -left, 0.0)
    first = {seed: 10 + effect * (seed - 2) + own for seed, own in zip((1, 2, 3), rest, strict=True)}
    second = {seed: 50 + effect * (seed - 2) - own for seed, own in zip((1, 2, 3), rest, strict=True)}
    alike = Alike([first, second])
    assert alike.shared == Spread(pytest.approx(math.sqrt(1.5)), 2)
    assert alike.pooled.own.sd == pytest.approx(1)


def test_cells_without_a_common_seed_share_nothing_by_their_level():
    """How far a search with seeds of its own lies from the final network says nothing of what a seed is worth."""
    draw = np.random.default_rng(1)
    of_seed = dict(enumerate(draw.normal(0, 0.001, 20)))
    blocks = [(0.50, range(5)), (0.45, range(5)), (0.20, range(5)), (0.52, range(10, 20)), (0.40, range(10, 20))]
    cells = [{seed: mean + of_seed[seed] + draw.normal(0, 0.0002) for seed in seeds} for mean, seeds in blocks]
    alike = Alike(cells)
    assert alike.shared.degrees_of_freedom == 15 - 2
    assert 0.0005 < alike.shared.sd < 0.0015
    alone = Alike([cells[0], cells[3]])  # no seed in two cells: what it shares cannot be told from its own
    assert alone.shared.sd == 0
    assert 0.0005 < alone.noise(1).total.sd < 0.002


@given(tables)
def test_a_balanced_table_has_its_classical_components(table):
    """Residual mean square, and what the mean square between seeds exceeds it by, over the number of cells."""
    values = np.array(table, dtype=float)
    cells, seeds = values.shape
    left = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    own = (left**2).sum() / ((cells - 1) * (seeds - 1))
    between = cells * values.mean(axis=0).var(ddof=1)
    assert Alike(cells_of(table)).shared.sd ** 2 == pytest.approx(max(0, (between - own) / cells), rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(tables, st.floats(0.01, 100), st.integers(-1000, 1000))
@example([[0, 299], [0, 299]], 0.01171875, 0)  # nothing is the runs' own, or all but nothing
def test_units_carry_over(table, scale, shift):
    """In points a spread is one hundred times that in fractions, and no mean of any cell matters."""
    one, other = Alike(cells_of(table)), Alike(cells_of(table, scale, shift))
    for i in range(len(table)):
        noise, scaled = one.noise(i), other.noise(i)
        assert scaled.total.sd == pytest.approx(scale * noise.total.sd, rel=1e-4, abs=1e-6 * scale)


def test_cells_without_two_runs_borrow_all():
    """The noise of one run, of no run, and of a cell that is not there is that of the cells alike."""
    cells = [{1: 0.50, 2: 0.52}, {1: 0.60, 2: 0.61, 3: 0.59}, {1: 0.9}, {}]
    alike = Alike(cells)
    prior = alike.prior
    for i in (2, 3, -1):
        assert alike.noise(i).own == Spread(math.sqrt(prior.variance), pytest.approx(prior.most))
    assert Alike([{1: 0.9}, {}]).noise(0) is None
    assert Alike([{1: 0.9}, {}]).pooled is None
    assert Alike([]).noise(0) is None


def test_degrees_of_freedom_of_a_sum():
    """Satterthwaite's: those of the part that is all, their sum where two alike are half each, the estimated one's
    over its squared share where the other is known.
    """
    assert Noise(Spread(3.0, 7), Spread(0.0, math.inf)).total == Spread(pytest.approx(3), pytest.approx(7))
    assert Noise(Spread(3.0, 7), Spread(3.0, 7)).total == Spread(pytest.approx(3 * math.sqrt(2)), pytest.approx(14))
    assert Noise(Spread(1.0, 5), Spread(2.0, math.inf)).total == Spread(
        pytest.approx(math.sqrt(5)), pytest.approx(5 * 25)
    )
    assert Noise(Spread(0.0, 5), Spread(0.0, math.inf)).total == Spread(0.0, 5)
    assert Noise(Spread(0.0, 5), Spread(2.0, math.inf)).total == Spread(2.0, math.inf)


def test_what_seeds_share_is_no_cells_own():
    """Forty cells of five seeds: most of the variance is the seeds', and only as well known as five seeds allow."""
    generator = np.random.default_rng(1)
    effects = generator.normal(0, 3, 5)
    alike = Alike([dict(enumerate(effects + generator.normal(0, 1, 5))) for _ in range(40)])
    noise = alike.noise(0)
    assert noise.shared == Spread(pytest.approx(effects.std(ddof=1), abs=0.2), 4)
    assert noise.own.sd == pytest.approx(1, abs=0.1)
    assert noise.own.degrees_of_freedom > 100
    assert noise.total.degrees_of_freedom < 6


def test_a_known_variance_is_that_of_both_together():
    """What is not the runs' own is shared, and known; where their own is more, nothing is."""
    generator = np.random.default_rng(5)
    cells = [dict(enumerate(generator.normal(0, 1, 5))) for _ in range(40)]
    known = Alike(cells, variance=5.0)
    assert known.pooled.own.sd == pytest.approx(1, abs=0.1)
    assert known.pooled.total.sd**2 == pytest.approx(5, rel=0.03)
    assert known.shared.degrees_of_freedom == math.inf
    assert Alike(cells, variance=0.5).shared.sd == 0


# --- moderated variances --------------------------------------------------------------------------------------------


def test_a_posterior_variance_by_hand():
    """(4 · 1 + 2 · 4) / 6 with six degrees of freedom, but never more than all cells have together."""
    assert moderated(Sample(4.0, 2), Prior(1.0, 4.0, 100.0)) == Spread(pytest.approx(math.sqrt(2)), 6)
    assert moderated(Sample(4.0, 2), Prior(1.0, 4.0, 5.0)).degrees_of_freedom == 5
    assert moderated(Sample(4.0, 2), Prior(1.0, math.inf, 30.0)) == Spread(1.0, 30.0)
    assert moderated(Sample(4.0, 2), None) == Spread(2.0, 2)
    assert moderated(Sample(0.0, 0), None) is None


@given(st.floats(1e-6, 1e6), st.integers(1, 30), st.floats(1e-6, 1e6), st.floats(0.1, 1e6))
def test_a_posterior_lies_between_cell_and_prior(s2, d, variance, d0):
    """Whatever both say."""
    spread = moderated(Sample(s2, d), Prior(variance, d0, math.inf))
    assert min(s2, variance) * (1 - 1e-9) <= spread.sd**2 <= max(s2, variance) * (1 + 1e-9)
    assert spread.degrees_of_freedom >= d


@pytest.mark.parametrize("d0", [3.0, 10.0, 40.0])
def test_the_prior_of_many_cells_is_found(d0):
    """Four thousand cells whose variances were drawn from it."""
    generator = np.random.default_rng(2)
    truths = 0.04 * d0 / generator.chisquare(d0, 4000)
    prior = fit_prior(Sample(truth * generator.chisquare(4) / 4, 4) for truth in truths)
    assert prior.variance == pytest.approx(0.04, rel=0.1)
    assert prior.degrees_of_freedom == pytest.approx(d0, rel=0.35)
    assert prior.most == 16_000


def test_cells_that_differ_by_chance_alone_are_one():
    """Variances no farther apart than chance make an infinite prior. One that varies alone says nothing of others."""
    assert fit_prior([Sample(0.04, 4)] * 3).degrees_of_freedom == math.inf
    assert fit_prior([Sample(1.0, 4), Sample(0.0, 4)]) is None
    assert fit_prior([]) is None


def rate_of_alarms(cells, seeds, *, d0=math.inf, shared=0.0, trials=1000):
    """How often one more seed of the first cell lies outside its 95 % interval; shared: a share of the variance."""
    generator = np.random.default_rng(4)
    alarms = []
    for _ in range(trials):
        sds = np.ones(cells) if math.isinf(d0) else np.sqrt(d0 / generator.chisquare(d0, cells))
        own = sds[:, None] * generator.standard_normal((cells, seeds + 1))
        values = math.sqrt(shared) * generator.standard_normal(seeds + 1) + math.sqrt(1 - shared) * own
        spread = Alike([dict(enumerate(row[:seeds])) for row in values]).noise(0).total
        half = stats.t.ppf(0.975, spread.degrees_of_freedom) * spread.sd * math.sqrt(1 + 1 / seeds)
        alarms.append(abs(values[0, seeds] - values[0, :seeds].mean()) > half)
    return np.mean(alarms)


@pytest.mark.parametrize(
    ("cells", "seeds", "truth"),
    [
        (1, 5, {}),
        (8, 3, {}),
        (8, 5, {}),
        (8, 5, {"d0": 4}),
        (8, 9, {"shared": 0.5}),
        (8, 9, {"shared": 0.8}),
    ],
)
def test_one_more_run_is_missed_as_often_as_said(cells, seeds, truth):
    """Once in twenty: of cells that are equally noisy or not, whose seeds share something or nothing."""
    assert rate_of_alarms(cells, seeds, **truth) == pytest.approx(0.05, abs=0.022)
