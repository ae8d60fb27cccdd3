"""bnlab: the pieces of `bnlab.training.train`, in its order."""

import numpy as np

from benchmarks.contestants import Advance
from benchmarks.problem import BATCH, BN_AVERAGE, WEIGHT_DECAY, Data, Problem
from bnlab.data.batches import StandardizedBatches
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.optimizer import descend
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics


def start(problem: Problem, data: Data) -> Advance:
    """From bytes, as shipped."""
    parameters = problem.initial(data.images.shape[1])
    network = parameters.network
    gradients = Parameters.zeros(network, problem.precision)
    scratch = np.empty_like(parameters.flat)
    statistics = RunningStatistics(network, problem.precision, decay=BN_AVERAGE)
    work = Workspace(network, BATCH, problem.precision)
    batches = StandardizedBatches(data.images, data.split.scaling, size=BATCH, dtype=problem.precision)
    orders = data.orders()

    def advance(count: int) -> list[float]:
        losses = []
        for _ in range(count):
            rows, learning_rate = next(orders)
            x, y = batches[rows], data.labels[rows]
            losses.append(float(loss_forward(parameters, x, y, work)))
            statistics.update(work.moments)
            loss_backward(parameters, x, y, work, gradients=gradients)
            descend(
                parameters,
                gradients,
                None,
                learning_rate=learning_rate,
                weight_decay=WEIGHT_DECAY,
                momentum=0.0,
                scratch=scratch,
            )
        return losses

    return advance
