"""What one search like ours can come to: every candidate drawn anew, with all that is uncertain about it.

A candidate's accuracy is its own mean, plus what all candidates of a search share (they are judged on the same images),
plus its own noise. The noise is what is left of our searches when each seed's and each candidate's mean is taken off.
The means are estimates too, and the best of many noisy estimates is too good to be true, so each is shrunk towards the
trend along the axes of the search, by as much as the others scatter around it (empirical Bayes; Morris 1983, Journal of
the American Statistical Association 78, 47-55).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.spread import Spread

Array = npt.NDArray[np.float64]

DRAWS, SEED = 20_000, 20_260_101
"""How often a search is drawn, and the seed of its random numbers."""


@dataclass(frozen=True)
class Candidate:
    """One setting of a search: its place on the axes, and the accuracies of our runs by seed."""

    place: tuple[float, ...]
    values: Mapping[int, float]


@dataclass(frozen=True)
class Noise:
    """own: that of a candidate within a search.  shared: the standard deviation of what all candidates share."""

    own: Spread
    shared: float


def noise_of(candidates: Sequence[Candidate], spread: Spread) -> Noise:
    """The noise of our seeds' searches; where they are too few to tell, all of `spread` is the candidates' own."""
    seeds = set.intersection(*(set(one.values) for one in candidates)) if candidates else set()
    degrees_of_freedom = (len(candidates) - 1) * (len(seeds) - 1)
    if degrees_of_freedom < spread.degrees_of_freedom / 2 or degrees_of_freedom < 1:
        return Noise(spread, 0.0)
    table = np.array([[one.values[seed] for seed in sorted(seeds)] for one in candidates])
    left = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    own = float((left**2).sum()) / degrees_of_freedom
    return Noise(Spread(math.sqrt(own), degrees_of_freedom), math.sqrt(max(0.0, spread.sd**2 - own)))


def simulated_searches(
    candidates: Sequence[Candidate], noise: Noise, *, runs: int | None = None, extra_variance: float = 0.0
) -> Array:
    """Draw `DRAWS` searches.

    candidates: each with one run of ours or more.  runs: how many candidates theirs has, by default as many; where
    more, they are shared out among ours.  extra_variance: of what a search shares, on other images.  Returns float64,
    (DRAWS, runs).
    """
    generator = np.random.default_rng(SEED)
    sd = noise.own.sd * np.sqrt(noise.own.degrees_of_freedom / _chi_square(generator, noise.own.degrees_of_freedom))
    means, errors = _shrunk(candidates, noise.own.sd)
    centres = means + (sd / max(noise.own.sd, 1e-300))[:, None] * errors * generator.standard_normal(
        (DRAWS, len(candidates))
    )
    number = runs or len(candidates)
    drawn = centres[:, np.arange(number) % len(candidates)]
    shared = math.sqrt(noise.shared**2 + extra_variance) * generator.standard_normal(DRAWS)
    searches: Array = drawn + sd[:, None] * generator.standard_normal((DRAWS, number)) + shared[:, None]
    return searches


def half_width(noise: Noise, *, variances: float, comparisons: int = 1) -> float:
    """Half an interval of a difference that has so many of the own variances, for so many comparisons at once."""
    t = stats.t.ppf(1 - (1 - LEVEL) / 2 / comparisons, noise.own.degrees_of_freedom)
    return float(t) * noise.own.sd * math.sqrt(variances)


def _chi_square(generator: np.random.Generator, degrees_of_freedom: float) -> Array:
    return generator.chisquare(min(degrees_of_freedom, 1e6), DRAWS)


def _shrunk(candidates: Sequence[Candidate], sd: float) -> tuple[Array, Array]:
    """Each candidate's mean, drawn towards the trend, and its standard error."""
    means = np.array([np.mean(list(one.values.values())) for one in candidates])
    variances = sd**2 / np.array([len(one.values) for one in candidates])
    design = _trend([one.place for one in candidates])
    left = len(candidates) - int(np.linalg.matrix_rank(design))
    if left < 2:
        return means, np.sqrt(variances)
    hat = design @ np.linalg.pinv(design)
    fitted = hat @ means
    scatter = max(0.0, float(((means - fitted) ** 2).sum()) / left - float(variances.mean()))
    weight = scatter / (scatter + variances) if scatter > 0 else np.zeros_like(variances)
    return fitted + weight * (means - fitted), np.sqrt((weight + (1 - weight) ** 2 * np.diag(hat)) * variances)


def _trend(places: Sequence[tuple[Hashable, ...]]) -> Array:
    """The columns of a trend: along one axis a parabola in the order of its values; along two, an effect of each."""
    columns = [np.ones(len(places))]
    axes = [axis for axis in zip(*places, strict=True) if len(set(axis)) > 1]
    for axis in axes:
        values = sorted(set(axis))
        position = np.array([values.index(value) for value in axis])
        if len(axes) > 1:
            columns += [(position == i).astype(float) for i in range(1, len(values))]
        elif len(values) > 3:
            scaled = 2 * position / (len(values) - 1) - 1
            columns += [scaled, scaled**2]
    return np.column_stack(columns)
