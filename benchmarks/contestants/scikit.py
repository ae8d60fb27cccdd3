"""scikit-learn's MLPClassifier.partial_fit, a mini-batch a call, as its users must to set the learning rate.

It has no batch normalization. Its penalty is alpha / 2n times the sum of squared weights, so alpha = 2 n lambda. Its
loss includes the penalty, which is taken off again for the comparison with bnlab's: about a hundredth of its time.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.contestants import Advance
from benchmarks.problem import BATCH, NETWORKS, WEIGHT_DECAY, Data, Problem


def start(problem: Problem, data: Data) -> Advance:
    """Weights are put in place after a first call, which is what allocates them."""
    model = MLPClassifier(
        NETWORKS[problem.network],
        solver="sgd",
        alpha=2 * BATCH * WEIGHT_DECAY,
        batch_size=BATCH,
        momentum=0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    mean, inverse_std = data.scaling
    model.partial_fit((data.images[:BATCH] - mean) * inverse_std, data.labels[:BATCH], classes=np.arange(10))
    initial = problem.initial(data.images.shape[1])
    for array, value in zip([*model.coefs_, *model.intercepts_], [*initial.weights, *initial.biases], strict=True):
        array[...] = value
    orders = data.orders()

    def advance(count: int) -> list[float]:
        losses = []
        for _ in range(count):
            rows, learning_rate = next(orders)
            model._optimizer.learning_rate = model._optimizer.learning_rate_init = learning_rate
            penalty = WEIGHT_DECAY * sum(np.vdot(weight, weight) for weight in model.coefs_)
            model.partial_fit((data.images[rows] - mean) * inverse_std, data.labels[rows])
            losses.append(float(model.loss_ - penalty))
        return losses

    return advance
