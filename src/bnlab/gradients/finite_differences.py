"""Numerical derivatives by differences of the cost."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt


def central_differences(
    cost: Callable[[], float],
    theta: npt.NDArray[np.float64],
    entries: npt.NDArray[np.integer] | None = None,
    *,
    step: float,
) -> npt.NDArray[np.float64]:
    """(J(theta_i + h) - J(theta_i - h)) / 2h at the given entries of theta, (p,), or at all of them.

    `cost` takes no arguments and reads theta, whose entries are moved one at a time and restored.
    """
    entries = np.arange(theta.size) if entries is None else entries
    derivative = np.empty(len(entries))
    for position, i in enumerate(entries):
        value = theta[i]
        theta[i] = value + step
        above = cost()
        theta[i] = value - step
        below = cost()
        theta[i] = value
        derivative[position] = (above - below) / (2 * step)
    return derivative


def forward_differences(
    cost: Callable[[], float], theta: npt.NDArray[np.float64], *, step: float
) -> npt.NDArray[np.float64]:
    """(J(theta_i + h) - J(theta_i)) / h for every entry of theta, (p,), which is restored."""
    derivative, here = np.empty_like(theta), cost()
    for i, value in enumerate(theta):
        theta[i] = value + step
        derivative[i] = (cost() - here) / step
        theta[i] = value
    return derivative


def central_difference_along(
    cost: Callable[[], float], theta: npt.NDArray[np.float64], direction: npt.NDArray[np.float64], *, step: float
) -> float:
    """(J(theta + hv) - J(theta - hv)) / 2h for a direction v, (p,); theta is restored."""
    before = theta.copy()
    theta += step * direction
    above = cost()
    theta[:] = before - step * direction
    below = cost()
    theta[:] = before
    return (above - below) / (2 * step)
