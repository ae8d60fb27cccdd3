"""How far runs lie apart from seed to seed, and where the next one will lie: spreads, intervals and simulations."""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

LEVEL = 0.95
"""The probability of every interval."""
SEEDS = 3
"""The seeds that a cell needs to lend its spread to others."""
DRAWS, SEED = 20_000, 20_260_101
"""How often the best of several runs is drawn in a simulation, and the seed of its random numbers."""


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds and its degrees of freedom."""

    sd: float
    degrees_of_freedom: int


def own_spread(values: Sequence[float]) -> Spread | None:
    """The spread of a cell's own runs; None for fewer than two."""
    return None if len(values) < 2 else Spread(float(np.std(values, ddof=1)), len(values) - 1)


def pooled_spread(cells: Iterable[Sequence[float]], *, at_least: int = SEEDS) -> Spread | None:
    """The common spread of all cells with so many runs or more, each around its own mean; None without such a cell."""
    spreads = [own for cell in cells if len(cell) >= at_least and (own := own_spread(cell)) is not None]
    degrees_of_freedom = sum(own.degrees_of_freedom for own in spreads)
    if not degrees_of_freedom:
        return None
    return Spread(
        math.sqrt(sum(own.degrees_of_freedom * own.sd**2 for own in spreads) / degrees_of_freedom), degrees_of_freedom
    )


def chosen_spread(values: Sequence[float], pooled: Spread | None) -> Spread | None:
    """The larger of a cell's own and the pooled spread, or the one there is; None without any."""
    own = own_spread(values)
    if own is None or pooled is None:
        return own or pooled
    return own if own.sd >= pooled.sd else pooled


def prediction_interval(values: Sequence[float], spread: Spread, *, extra_variance: float = 0.0) -> tuple[float, float]:
    """The interval in which one more run lies with 95 % probability."""
    mean = float(np.mean(values))
    t = float(stats.t.ppf((1 + LEVEL) / 2, spread.degrees_of_freedom))
    half = t * math.sqrt(spread.sd**2 * (1 + 1 / len(values)) + extra_variance)
    return mean - half, mean + half


def binomial_variance(accuracy: float, images: int) -> float:
    """The variance of an accuracy over other images of the same number."""
    return accuracy * (1 - accuracy) / images


def mean_interval(values: Sequence[float] | pd.Series) -> tuple[float, float]:
    """Student's 95 % interval of the mean; NaN for fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # equal values are no trouble: their interval is a point
        interval = stats.ttest_1samp(values, 0).confidence_interval(LEVEL)
    return float(interval.low), float(interval.high)


def simulated_best(
    cells: Sequence[Sequence[float]],
    spread: Spread,
    *,
    best_of: int,
    rank: int = 1,
    extra_variance: float = 0.0,
    exact: bool = False,
) -> npt.NDArray[np.float64]:
    """Draw `DRAWS` times the largest (or the one of that rank) of `best_of` new runs, shared out among the cells.

    cells: the values of each cell's runs.  spread: that of the runs of a cell around its mean.  Returns float64,
    (DRAWS,).  Spread and means are estimated from few runs, so each drawing samples its own; for best_of=1 this gives
    the prediction interval. `exact` takes the estimates as true.  All runs of a drawing share `extra_variance`:
    they are evaluated on the same images.
    """
    generator = np.random.default_rng(SEED)
    means, sizes = np.array([np.mean(cell) for cell in cells]), np.array([len(cell) for cell in cells])
    runs = generator.standard_normal((DRAWS, best_of))
    if exact:
        sd, centres = np.full(DRAWS, spread.sd), np.broadcast_to(means, (DRAWS, len(cells)))
    else:
        sd = spread.sd * np.sqrt(spread.degrees_of_freedom / generator.chisquare(spread.degrees_of_freedom, DRAWS))
        centres = means + sd[:, None] * generator.standard_normal((DRAWS, len(cells))) / np.sqrt(sizes)
    shift = math.sqrt(extra_variance) * generator.standard_normal(DRAWS)
    runs = centres[:, np.arange(best_of) % len(cells)] + sd[:, None] * runs
    chosen: npt.NDArray[np.float64] = np.sort(runs, axis=1)[:, best_of - rank] + shift
    return chosen


def summary(values: pd.Series) -> dict[str, float]:
    """The mean, sd (n - 1 in the denominator; NaN for one value), min and max of the values that are not NaN."""
    return {"mean": values.mean(), "sd": values.std(ddof=1), "min": values.min(), "max": values.max()}
