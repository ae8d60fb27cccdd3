"""What one search like ours can come to: every candidate drawn anew, with all that is uncertain about it.

A candidate's accuracy is its own mean, plus what all candidates of a search share (they are judged on the same images),
plus its own noise (`analysis/spread.py`). The means are estimates too, and the best of many noisy estimates is too good
to be true, so each is shrunk towards the trend along the axes of the search, by as much as the others scatter around it
(empirical Bayes; Morris 1983, Journal of the American Statistical Association 78, 47-55).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.spread import Noise, Spread

Array = npt.NDArray[np.float64]

DRAWS, SEED = 20_000, 20_260_101
"""How often a search is drawn, and the seed of its random numbers."""


@dataclass(frozen=True)
class Candidate:
    """One setting of a search: its place on the axes, and the accuracies of our runs by seed."""

    place: tuple[float, ...]
    values: Mapping[int, float]


def simulated_searches(
    candidates: Sequence[Candidate], noise: Noise, *, runs: int | None = None, extra_variance: float = 0.0
) -> Array:
    """Draw `DRAWS` searches.

    candidates: each with one run of ours or more.  runs: how many candidates theirs has, by default as many; where
    more, they are shared out among ours, and where fewer, every draw takes as many of ours at random.  extra_variance:
    of what a search shares, on other images.  Returns float64, (DRAWS, runs).
    """
    generator = np.random.default_rng(SEED)
    own, shared = (_drawn_sd(one, generator) for one in (noise.own, noise.shared))
    means, errors = _shrunk(candidates, noise.own.sd)  # errors: in units of the own standard deviation
    centres = means + own[:, None] * errors * generator.standard_normal((DRAWS, len(candidates)))
    number = runs or len(candidates)
    if number < len(candidates):
        centres = generator.permuted(centres, axis=1)
    drawn = centres[:, np.arange(number) % len(candidates)] + own[:, None] * generator.standard_normal((DRAWS, number))
    seeds = len({seed for one in candidates for seed in one.values})  # the mean of whose effects is in ours
    common = np.sqrt(shared**2 * (1 + 1 / seeds) + extra_variance) * generator.standard_normal(DRAWS)
    searches: Array = drawn + common[:, None]
    return searches


def half_width(noise: Noise, *, variances: float, comparisons: int = 1) -> float:
    """Half an interval of a difference that has so many of the own variances, for so many comparisons at once."""
    t = scipy.special.stdtrit(noise.own.degrees_of_freedom, 1 - (1 - LEVEL) / 2 / comparisons)
    return float(t) * noise.own.sd * math.sqrt(variances)


def _drawn_sd(spread: Spread, generator: np.random.Generator) -> Array:
    """Standard deviations as the truth could have them, float64, (DRAWS,)."""
    if math.isinf(spread.degrees_of_freedom):
        return np.full(DRAWS, spread.sd)
    return spread.sd * np.sqrt(spread.degrees_of_freedom / generator.chisquare(spread.degrees_of_freedom, DRAWS))


def _shrunk(candidates: Sequence[Candidate], sd: float) -> tuple[Array, Array]:
    """Each candidate's mean, drawn towards the trend, and its standard error in units of a run's, `sd`."""
    means = np.array([np.mean(list(one.values.values())) for one in candidates])
    inverse = 1 / np.array([len(one.values) for one in candidates])
    design = _trend([one.place for one in candidates])
    left = len(candidates) - int(np.linalg.matrix_rank(design))
    if left < 2:
        return means, np.sqrt(inverse)
    hat = design @ np.linalg.pinv(design)
    fitted = hat @ means
    scatter = max(0.0, float(((means - fitted) ** 2).sum()) / left - sd**2 * float(inverse.mean()))
    weight = scatter / (scatter + sd**2 * inverse) if scatter > 0 else np.zeros_like(inverse)
    errors = np.sqrt((weight + (1 - weight) ** 2 * np.diag(hat)) * inverse)
    return fitted + weight * (means - fitted), errors


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
