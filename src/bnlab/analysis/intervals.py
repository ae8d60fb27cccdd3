"""Where one more run will lie, and what a mean difference or a share can be: intervals of 95 % probability.

The quantiles are those of scipy.special: scipy.stats, which calls it for them, takes a second to import. `import scipy`
loads neither: a part of it is loaded when it is first used, so that pages and figures without intervals go without.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from bnlab.analysis.spread import Spread

LEVEL = 0.95
"""The probability of every interval."""
POWER = 0.8
"""The probability with which a detectable shift is seen."""


def prediction_interval(values: Sequence[float], spread: Spread, *, extra_variance: float = 0.0) -> tuple[float, float]:
    """The interval in which one more run lies with 95 % probability."""
    mean, sd = float(np.mean(values)), _sd_of_one_more(values, spread, extra_variance)
    half = _quantile((1 + LEVEL) / 2, spread) * sd
    return mean - half, mean + half


def detectable_shift(values: Sequence[float], spread: Spread, *, extra_variance: float = 0.0) -> float:
    """How far the mean of theirs must lie from ours for one run of theirs to fall outside four times out of five."""
    sd = _sd_of_one_more(values, spread, extra_variance)
    return (_quantile((1 + LEVEL) / 2, spread) + _quantile(POWER, spread)) * sd


def _sd_of_one_more(values: Sequence[float], spread: Spread, extra_variance: float) -> float:
    """The standard deviation of one more run around our mean, which is uncertain itself."""
    return math.sqrt(spread.sd**2 * (1 + 1 / len(values)) + extra_variance)


def _quantile(probability: float, spread: Spread) -> float:
    return float(scipy.special.stdtrit(spread.degrees_of_freedom, probability))


def binomial_variance(accuracy: float, images: int) -> float:
    """The variance of an accuracy over other images of the same number."""
    return accuracy * (1 - accuracy) / images


def mean_interval(values: Sequence[float] | pd.Series, *, level: float = LEVEL) -> tuple[float, float]:
    """Student's interval of the mean; NaN for fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    values, n = np.asarray(values, float), len(values)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(scipy.special.stdtrit(n - 1, (1 + level) / 2)) * sd / math.sqrt(n)
    return mean - half, mean + half


def sd_interval(sd: float, n: int) -> tuple[float, float]:
    """The interval of the standard deviation that n normal values, 2 or more, with an observed one of `sd` have."""
    # Half of a chi-square variable with n - 1 degrees of freedom is a gamma variable of half of these.
    halves = (float(scipy.special.gammaincinv((n - 1) / 2, (1 + side * LEVEL) / 2)) for side in (1, -1))
    low, high = (sd * math.sqrt((n - 1) / 2 / half) for half in halves)
    return low, high


def detectable_mean(values: Sequence[float]) -> float:
    """The mean difference whose Student interval would exclude zero four times out of five; NaN for fewer than two."""
    if len(values) < 2:
        return math.nan
    spread = Spread(float(np.std(values, ddof=1)), len(values) - 1)
    return (_quantile((1 + LEVEL) / 2, spread) + _quantile(POWER, spread)) * spread.sd / math.sqrt(len(values))


def share_interval(count: int, of: int) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson): quantiles of beta distributions."""
    low = float(scipy.special.betaincinv(count, of - count + 1, (1 - LEVEL) / 2)) if count else 0.0
    high = float(scipy.special.betaincinv(count + 1, of - count, (1 + LEVEL) / 2)) if count < of else 1.0
    return low, high


def sign_test(count: int, of: int) -> float:
    """The probability of a count at least as far from half of them, if both outcomes were as likely; two-sided."""
    return min(1.0, 2 * float(scipy.special.bdtr(min(count, of - count), of, 0.5)))


def summary(values: pd.Series) -> dict[str, float]:
    """The mean, sd (n - 1 in the denominator; NaN for one value), min and max of the values that are not NaN."""
    return {"mean": values.mean(), "sd": values.std(ddof=1), "min": values.min(), "max": values.max()}
