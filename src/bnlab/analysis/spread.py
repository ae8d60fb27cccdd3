"""How far runs of one cell lie apart from seed to seed, judged with the help of cells alike: moderated variances.

A few seeds say little about a variance, and cells alike have similar ones. Smyth (2004, Statistical Applications in
Genetics and Molecular Biology 3(1), 3) takes the true variances of such cells as draws from a scaled inverse chi-square
distribution, fits it to the cells by the moments of the logarithms of their sample variances, and takes a cell's
posterior variance, which counts as many degrees of freedom as cell and prior have together.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma


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
    most: int


def variance_of(values: Sequence[float]) -> tuple[float, int]:
    """The sample variance, n - 1 in the denominator, and its degrees of freedom; zero of both for fewer than two."""
    return (float(np.var(values, ddof=1)), len(values) - 1) if len(values) > 1 else (0.0, 0)


def fit_prior(cells: Iterable[Sequence[float]]) -> Prior | None:
    """The prior of cells, each a sequence of its runs' values; None unless two of them vary."""
    known = [(s2, d) for s2, d in map(variance_of, cells) if d and s2 > 0]
    if len(known) < 2:
        return None
    s2, d = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    logs = np.log(s2) - digamma(d / 2) + np.log(d / 2)
    excess = float(np.var(logs, ddof=1) - np.mean(polygamma(1, d / 2)))
    most = int(d.sum())
    if excess <= 0:
        return Prior(math.exp(float(logs.mean())), math.inf, most)
    d0 = 2 * _trigamma_inverse(excess)
    return Prior(math.exp(float(logs.mean() + digamma(d0 / 2) - math.log(d0 / 2))), d0, most)


def moderated(values: Sequence[float], prior: Prior | None) -> Spread | None:
    """The posterior standard deviation of a cell; its own without a prior; None where nothing is known."""
    s2, d = variance_of(values)
    if prior is None:
        return Spread(math.sqrt(s2), d) if d else None
    if math.isinf(prior.degrees_of_freedom):
        return Spread(math.sqrt(prior.variance), max(prior.most, d))
    total = prior.degrees_of_freedom + d
    variance = (prior.degrees_of_freedom * prior.variance + d * s2) / total
    return Spread(math.sqrt(variance), min(total, max(prior.most, d)))


def _trigamma_inverse(value: float) -> float:
    """The x at which the trigamma function, which falls from infinity to zero, has that value."""
    low, high = 1 / math.sqrt(value), 2 / value + 2  # as 1/x² < trigamma(x) < 1/x + 1/x²
    return float(brentq(lambda x: float(polygamma(1, x)) - value, low, high))
