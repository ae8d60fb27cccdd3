"""How far runs lie apart from seed to seed: what all runs of a seed share, and what is each run's own.

Runs of different cells that share their seed share its split, and judged on 5,000 images that is most of what an
accuracy varies by. Eight cells of the same three seeds are therefore not 24 independent runs. A value is taken as its
cell's mean + its seed's effect + its own noise; the seeds' effects and the noise are fitted to all cells alike at once.

A few seeds say little about the variance of a cell's noise, and cells alike have similar ones. Smyth (2004, Statistical
Applications in Genetics and Molecular Biology 3(1), 3) takes the true variances of such cells as draws from a scaled
inverse chi-square distribution, fits it by the moments of the logarithms of their sample variances, and takes a cell's
posterior variance, which counts as many degrees of freedom as cell and prior have together.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

Array = npt.NDArray[np.float64]

HALF = 0.5
"""The logarithm of a variance with fewer degrees of freedom than this is all noise, and says nothing about a prior."""
LARGE = 1e6
"""A ratio of variances above which a seed's effect is as good as known, and sums of both lose digits."""


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds and its degrees of freedom."""

    sd: float
    degrees_of_freedom: float


@dataclass(frozen=True)
class Prior:
    """What cells alike say about a variance: s0² and d0, infinite where they do not differ more than by chance.

    most: the degrees of freedom of all of them together, more than which no cell has.
    """

    variance: float
    degrees_of_freedom: float
    most: float


@dataclass(frozen=True)
class Noise:
    """own: of a run around its cell's mean and its seed's effect.  shared: of those effects."""

    own: Spread
    shared: Spread

    @property
    def total(self) -> Spread:
        """Of a run around its cell's mean; the degrees of freedom are those of a sum of variances (Satterthwaite)."""
        own, shared = self.own.sd**2, self.shared.sd**2
        if own + shared == 0:
            return self.own
        share = own / (own + shared)
        doubt = share**2 / self.own.degrees_of_freedom + (1 - share) ** 2 / self.shared.degrees_of_freedom
        return Spread(math.sqrt(own + shared), 1 / doubt if doubt else math.inf)


@dataclass(frozen=True)
class Sample:
    """A sample variance and its degrees of freedom."""

    variance: float
    degrees_of_freedom: float


class Alike:
    """The noise of cells that are alike, each the values of its runs by seed."""

    def __init__(self, cells: Sequence[Mapping[int, float]], *, variance: float | None = None) -> None:
        """variance: of a run around its cell's mean, where theory says it; else it is estimated, from as many seeds."""
        table = [(i, seed, value) for i, cell in enumerate(cells) if len(cell) > 1 for seed, value in cell.items()]
        self.samples: dict[int, Sample] = {}
        self.shared = Spread(0.0, math.inf)
        if table:
            self._fit(table, variance)
        self.prior = fit_prior(self.samples.values())

    def noise(self, cell: int) -> Noise | None:
        """The noise of the cell of that number; None where nothing is known."""
        own = moderated(self.samples.get(cell, Sample(0.0, 0)), self.prior)
        return Noise(own, self.shared) if own else None

    @property
    def pooled(self) -> Noise | None:
        """The noise of all cells together, for comparisons among many of them; None where nothing is known."""
        degrees_of_freedom = sum(one.degrees_of_freedom for one in self.samples.values())
        if not degrees_of_freedom:
            return None
        squares = sum(one.degrees_of_freedom * one.variance for one in self.samples.values())
        return Noise(Spread(math.sqrt(squares / degrees_of_freedom), degrees_of_freedom), self.shared)

    def _fit(self, table: Sequence[tuple[int, int, float]], variance: float | None) -> None:
        cells = sorted({cell for cell, _, _ in table})
        seeds = sorted({seed for _, seed, _ in table})
        of_cell = np.array([[float(row[0] == cell) for cell in cells] for row in table])
        of_seed = np.array([[float(row[1] == seed) for seed in seeds] for row in table])
        values = np.array([value for _, _, value in table])
        ratio = 0.0
        if components := _components(values, of_cell, of_seed):
            own, shared, freedom_of_shared = components
            self.shared = Spread(math.sqrt(shared), freedom_of_shared)
            if variance is not None:  # some of it is the runs' own: two networks err on different images
                self.shared = Spread(math.sqrt(max(0.0, variance - own)), math.inf)
            ratio = min(self.shared.sd**2 / own, LARGE) if own > 0 else LARGE * (shared > 0)
        # The best linear predictor of the own noise, P y, has the covariance P in units of the own variance.
        inverse = np.linalg.inv(np.eye(len(values)) + ratio * of_seed @ of_seed.T)
        weighted = inverse @ of_cell
        predictor = inverse - weighted @ np.linalg.solve(of_cell.T @ weighted, weighted.T)
        squares, degrees = of_cell.T @ (predictor @ values) ** 2, of_cell.T @ np.diag(predictor)
        self.samples = {
            cell: Sample(float(total / freedom), float(freedom))
            for cell, total, freedom in zip(cells, squares, degrees, strict=True)
        }


def _components(values: Array, of_cell: Array, of_seed: Array) -> tuple[float, float, float] | None:
    """The variances of the runs' own noise and of their seeds' effects, by least squares and moments; 0 at least.

    And the degrees of freedom of the latter. None where the two cannot be told apart, as in one cell alone. Cells
    and seeds fall into blocks that share no run. What a block's seeds have in common cannot be told from what its
    cells have in common, so effects are compared within a block alone.
    """
    design = np.hstack([of_cell, of_seed])
    effects, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    left, (n_cells, n_seeds) = len(values) - int(rank), (of_cell.shape[1], of_seed.shape[1])
    blocks, block_of = scipy.sparse.csgraph.connected_components(of_seed.T @ of_cell @ of_cell.T @ of_seed)
    if not left:
        return None
    own = float(((values - design @ effects) ** 2).sum()) / left
    of_seeds = effects[n_cells:]
    means = np.bincount(block_of, of_seeds) / np.bincount(block_of)
    of_effects = float(((of_seeds - means[block_of]) ** 2).sum()) / (n_seeds - blocks)
    shared = of_effects - own * float(np.mean(1 / of_seed.sum(axis=0)))
    return own, max(0.0, shared), n_seeds - blocks


def fit_prior(samples: Iterable[Sample]) -> Prior | None:
    """The prior of cells alike; None unless two of them vary."""
    known = [
        (one.variance, one.degrees_of_freedom) for one in samples if one.variance > 0 and one.degrees_of_freedom > HALF
    ]
    if len(known) < 2:
        return None
    s2, d = (np.array(column) for column in zip(*known, strict=True))
    logs = np.log(s2) - scipy.special.digamma(d / 2) + np.log(d / 2)
    excess = float(np.var(logs, ddof=1) - np.mean(scipy.special.polygamma(1, d / 2)))
    most = float(d.sum())
    if excess <= 0:
        return Prior(math.exp(float(logs.mean())), math.inf, most)
    d0 = 2 * _trigamma_inverse(excess)
    return Prior(math.exp(float(logs.mean() + scipy.special.digamma(d0 / 2) - math.log(d0 / 2))), d0, most)


def moderated(sample: Sample, prior: Prior | None) -> Spread | None:
    """The posterior standard deviation of a cell; its own without a prior; None where nothing is known."""
    d = sample.degrees_of_freedom
    if prior is None:
        return Spread(math.sqrt(sample.variance), d) if d else None
    if math.isinf(prior.degrees_of_freedom):
        return Spread(math.sqrt(prior.variance), max(prior.most, d))
    total = prior.degrees_of_freedom + d
    variance = (prior.degrees_of_freedom * prior.variance + d * sample.variance) / total
    return Spread(math.sqrt(variance), min(total, max(prior.most, d)))


def _trigamma_inverse(value: float) -> float:
    """The x at which the trigamma function, which falls from infinity to zero, has that value."""
    low, high = 1 / math.sqrt(value), 2 / value + 2  # as 1/x² < trigamma(x) < 1/x + 1/x²
    return float(scipy.optimize.brentq(lambda x: float(scipy.special.polygamma(1, x)) - value, low, high))
