"""Numerical derivatives by differences of the cost."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.gradients.objective import Cost
from bnlab.numerics.arrays import Array


def move_one_by_one(
    evaluate: Callable[[], Any], theta: Any, entries: npt.NDArray[np.integer], *shifts: complex
) -> Iterator[list[Any]]:
    """Yield, for every entry of theta, what `evaluate` returns with that entry moved by each of the shifts in turn.

    theta: a vector, or the `flat` iterator of an array, that `evaluate` reads; each entry is restored.
    """
    for i in entries:
        value, found = theta[i], []
        for shift in shifts:
            theta[i] = value + shift
            found.append(evaluate())
        theta[i] = value
        yield found


def central_differences(
    cost: Callable[[], float],
    theta: npt.NDArray[np.float64],
    entries: npt.NDArray[np.integer] | None = None,
    *,
    step: float,
) -> npt.NDArray[np.float64]:
    """(J(theta_i + h) - J(theta_i - h)) / 2h at the given entries of theta, (p,), or at all of them."""
    entries = np.arange(theta.size) if entries is None else entries
    moved = move_one_by_one(cost, theta, entries, step, -step)
    return np.array([(above - below) / (2 * step) for above, below in moved])


def forward_differences(
    cost: Callable[[], float], theta: npt.NDArray[np.float64], *, step: float
) -> npt.NDArray[np.float64]:
    """(J(theta_i + h) - J(theta_i)) / h for every entry of theta, (p,)."""
    here = cost()
    return np.array([(above - here) / step for (above,) in move_one_by_one(cost, theta, np.arange(theta.size), step)])


def differences_at(
    cost: Cost, array: Array, entries: npt.NDArray[np.intp], *, step: float, scheme: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Differences at the given entries of one parameter array, and where a ReLU switches in between; both (e,).

    Entries are numbered row by row.  scheme: "central" or "forward".
    """

    def evaluate() -> tuple[float, npt.NDArray[np.bool_]]:
        return float(cost()), cost.active()

    theta = array.flat  # writes through, however the array lies in memory
    if scheme == "forward":
        here, width = evaluate(), step
        pairs: Any = ((above, here) for (above,) in move_one_by_one(evaluate, theta, entries, step))
    else:
        width = 2 * step
        pairs = move_one_by_one(evaluate, theta, entries, step, -step)
    derivative, crossed = np.empty(len(entries)), np.empty(len(entries), np.bool_)
    for position, ((above, active_above), (below, active_below)) in enumerate(pairs):
        derivative[position] = (above - below) / width
        crossed[position] = (active_above != active_below).any()
    return derivative, crossed


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
