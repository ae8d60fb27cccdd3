"""Derivatives by complex step: dJ/dtheta = Im J(theta + ih) / h, exact to rounding because nothing is subtracted.

Squire & Trapp 1998. The shipped forward pass itself runs, in complex128.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bnlab.gradients.finite_differences import move_one_by_one

STEP = 1e-20


def complex_step(
    cost: Callable[[], complex],
    theta: npt.NDArray[np.complex128],
    entries: npt.NDArray[np.integer],
    *,
    step: float = STEP,
) -> npt.NDArray[np.float64]:
    """dJ/dtheta at the given entries of theta, (p,), one evaluation each; `cost` reads theta, which is restored."""
    return np.array([moved.imag / step for (moved,) in move_one_by_one(cost, theta, entries, step * 1j)])


def directional_derivative(
    cost: Callable[[], complex], theta: npt.NDArray[np.complex128], direction: npt.NDArray[np.float64]
) -> float:
    """The derivative of J along `direction`, (p,), in one evaluation; theta is restored."""
    before = theta.copy()
    theta += STEP * 1j * direction
    derivative = cost().imag / STEP
    theta[:] = before
    return float(derivative)
