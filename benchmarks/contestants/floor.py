"""The floor: nothing but what no implementation can leave out, the matrix products and the gather of the bytes.

The products are in bnlab's shapes and layouts, with NumPy's BLAS; nothing is converted, normalized, clipped or stepped.
"""

import numpy as np

from benchmarks.contestants import Advance
from benchmarks.problem import BATCH, Data, Problem
from bnlab.data.batches import StandardizedBatches
from bnlab.numerics.network import Workspace
from bnlab.numerics.parameters import Parameters


def start(problem: Problem, data: Data) -> Advance:
    """Buffers like bnlab's."""
    parameters = problem.initial(data.images.shape[1])
    network = parameters.network
    gradients = Parameters.zeros(network, problem.precision)
    work = Workspace(network, BATCH, problem.precision)
    raw = np.empty((BATCH, data.images.shape[1]), np.uint8)
    x = StandardizedBatches(data.images, data.split.scaling, size=BATCH, dtype=problem.precision)[np.arange(BATCH)]
    h = [x, *work.h, work.probabilities]  # h[i]: what layer i takes; h[i + 1]: what it gives
    for array in (*work.h, *work.g, work.probabilities):
        array.fill(0.5)
    g = [*work.g, work.probabilities.copy(order="F")]  # g[i]: the gradient of what layer i gives
    orders = data.orders()

    def advance(count: int) -> list[float]:
        for _ in range(count):
            rows, _ = next(orders)
            np.take(data.images, rows, axis=0, out=raw, mode="clip")
            for i, weight in enumerate(parameters.weights):
                np.matmul(h[i], weight, out=h[i + 1])
            for i in reversed(range(network.n_layers)):
                np.matmul(h[i].T, g[i], out=gradients.weights[i])
                if i > 0:
                    np.matmul(g[i], parameters.weights[i].T, out=g[i - 1])
        return []

    return advance
