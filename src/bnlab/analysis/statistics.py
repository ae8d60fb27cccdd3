"""Mean, spread and intervals over seeds."""

import math

import pandas as pd
from scipy import stats


def summary(values: pd.Series) -> dict[str, float]:
    """mean, sd (n - 1 in the denominator; NaN for one value), min, max of the values that are there."""
    return {"mean": values.mean(), "sd": values.std(ddof=1), "min": values.min(), "max": values.max()}


def t_interval(values: pd.Series, *, level: float = 0.95) -> tuple[float, float]:
    """Student's confidence interval of the mean; NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * values.std(ddof=1) / math.sqrt(n)
    return values.mean() - half, values.mean() + half
