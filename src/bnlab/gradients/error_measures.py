"""What reports print of two gradients: relative errors, and moments of the gradient and of the difference.

Each function takes a, the analytic gradient, and n, the numerical one, arrays of the same shape with at least one
entry, and returns a number. Each relative error hides something else: a norm forgives small entries, a mean over
entries gives all of them the same weight, and a ratio of sums lies in between.
"""

from collections.abc import Callable

import numpy as np

from bnlab.numerics.arrays import Array

TINY = float(np.finfo(float).eps)
"""Below this a sum of two magnitudes counts as zero, and a ratio of zeros as no error."""
COARSE = 1e-5
"""The bound of saccardi2022's ratio of sums, as coded in the public repository."""


def norm_max(a: Array, n: Array) -> float:
    """‖a − n‖ / max(‖a‖, ‖n‖): between 0 and 2."""
    return _ratio(_norm(a - n), max(_norm(a), _norm(n)))


def norm_sum(a: Array, n: Array) -> float:
    """‖a − n‖ / (‖a‖ + ‖n‖): between 0 and 1, about half of `norm_max` where the two nearly agree."""
    return _ratio(_norm(a - n), _norm(a) + _norm(n))


def elementwise_mean(a: Array, n: Array) -> float:
    """The mean over entries of |a − n| / max(ε, |a| + |n|): between 0 and 1; tiny entries weigh like large ones."""
    return float(np.mean(np.abs(a - n) / np.maximum(TINY, np.abs(a) + np.abs(n))))


def sum_ratio(a: Array, n: Array) -> float:
    """Σ|a − n| / max(ε, Σ|a + n|), with a coarse ε: small gradients, a bias before batch normalization, look right."""
    return float(np.abs(a - n).sum() / max(COARSE, np.abs(a + n).sum()))


def gradient_mean(a: Array, n: Array) -> float:
    """The mean of a."""
    del n
    return float(np.mean(a))


def gradient_std(a: Array, n: Array) -> float:
    """The standard deviation (÷ size) of a."""
    del n
    return float(np.std(a))


def difference_mean(a: Array, n: Array) -> float:
    """The mean of n − a, with its sign."""
    return float(np.mean(n - a))


def difference_std(a: Array, n: Array) -> float:
    """The standard deviation (÷ size) of n − a."""
    return float(np.std(n - a))


def difference_max(a: Array, n: Array) -> float:
    """The largest n − a, with its sign: large errors below zero do not show."""
    return float(np.max(n - a))


def largest_difference(a: Array, n: Array) -> float:
    """The largest |a − n|."""
    return float(np.max(np.abs(a - n)))


MEASURES: dict[str, Callable[[Array, Array], float]] = {
    measure.__name__: measure
    for measure in (
        norm_max,
        norm_sum,
        elementwise_mean,
        sum_ratio,
        gradient_mean,
        gradient_std,
        difference_mean,
        difference_std,
        difference_max,
    )
}


def _norm(a: Array) -> float:
    return float(np.linalg.norm(a))


def _ratio(difference: float, size: float) -> float:
    return difference / size if difference else 0.0
