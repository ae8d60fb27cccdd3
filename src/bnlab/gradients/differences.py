"""Numerical derivatives."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt


def central_differences(
    cost: Callable[[], float], theta: npt.NDArray[np.float64], *, step: float
) -> npt.NDArray[np.float64]:
    """(J(theta_i + h) - J(theta_i - h)) / 2h for every entry of theta, (p,).

    `cost` takes no arguments and reads theta, whose entries are moved one at a time and restored.
    """
    derivative = np.empty_like(theta)
    for i, value in enumerate(theta):
        theta[i] = value + step
        above = cost()
        theta[i] = value - step
        below = cost()
        theta[i] = value
        derivative[i] = (above - below) / (2 * step)
    return derivative
