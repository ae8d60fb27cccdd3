"""The naive loop at chosen entries of one parameter array, and whether a kink of ReLU disturbs each difference."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bnlab.numerics import layers
from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.network import Workspace, loss_forward, predict
from bnlab.numerics.optimizer import weight_penalty
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics

Evaluation = Callable[[], tuple[float, npt.NDArray[np.bool_]]]
"""The cost, and which ReLUs are active."""


def differences_at(
    evaluate: Evaluation, array: Array, entries: npt.NDArray[np.intp], *, step: float, scheme: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Numerical derivatives at the given entries of an array, and where some ReLU switches in between; both (e,).

    `evaluate` reads the array, whose entries, numbered row by row, are moved one at a time and restored.
    scheme: "central" or "forward".
    """
    theta = array.flat  # writes through, however the array lies in memory
    derivative, crossed = np.empty(len(entries)), np.empty(len(entries), np.bool_)
    unmoved = evaluate() if scheme == "forward" else None
    for position, i in enumerate(entries):
        value = theta[i]
        theta[i] = value + step
        above, active_above = evaluate()
        theta[i] = value - step
        below, active_below = unmoved or evaluate()
        theta[i] = value
        derivative[position] = (above - below) / (step if unmoved else 2 * step)
        crossed[position] = (active_above != active_below).any()
    return derivative, crossed


def cost_of(parameters: Parameters, x: Array, labels: Labels, *, weight_decay: float, frozen: bool) -> Evaluation:
    """The cost of a batch as a function of what `parameters` hold when it is called.

    frozen: normalize as an evaluation does, by running statistics: here the batch's own at the present parameters,
    which stay as they are when a parameter moves.
    """
    work = Workspace(parameters.network, len(x), np.float64)
    loss_forward(parameters, x, labels, work)
    statistics = RunningStatistics(parameters.network, np.float64, decay=0)
    statistics.update(work.moments)

    def evaluate() -> tuple[float, npt.NDArray[np.bool_]]:
        if frozen:
            scores = predict(parameters, statistics, x, work)
            loss = layers.softmax_cross_entropy_forward(scores, labels, out=scores)
        else:
            loss = loss_forward(parameters, x, labels, work)
        active = np.concatenate([(h > 0).ravel() for h in work.h])
        return float(loss + weight_penalty(parameters, weight_decay)), active

    return evaluate
