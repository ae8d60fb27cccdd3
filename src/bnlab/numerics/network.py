"""The forward and backward pass of a whole network over one mini-batch."""

from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.numerics import layers
from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics


class Workspace:
    """The reusable buffers of one batch size: everything a forward pass leaves for the backward pass.

    h[i]: (n, d) activations of hidden layer i, s_hat[i]: its standardized pre-activations, g[i]: the gradient
    passing through it; probabilities: (n, k); moments and inverse_std: per normalized layer the batch's
    (mean, variance) and 1 / std, (d,). An inference pass uses h and probabilities only. All lie column by column, so
    that the many sums over the batch, and what is done to each unit alone, run along memory.
    """

    def __init__(self, network: Network, batch: int, dtype: npt.DTypeLike) -> None:
        hidden, classes = network.widths[1:-1], network.widths[-1]
        self.h = [np.empty((batch, d), dtype, order="F") for d in hidden]
        self.g = [np.empty((batch, d), dtype, order="F") for d in hidden]
        self.s_hat = [np.empty((batch, d), dtype, order="F") for d in hidden if network.batch_norm]
        self.probabilities = np.empty((batch, classes), dtype, order="F")
        self.moments: list[tuple[Array, Array]] = []
        self.inverse_std: list[Array] = []


def loss_forward(parameters: Parameters, x: Array, labels: Labels, work: Workspace) -> Any:
    """Mean cross-entropy of a mini-batch, a scalar, normalizing by the batch's own statistics.

    x: (n, d), read only.  labels: (n,).  Fills `work` for `loss_backward`; n is the workspace's batch size.
    """
    network = parameters.network
    work.moments.clear()
    work.inverse_std.clear()
    below = x
    for i in range(network.n_hidden):
        h = work.h[i]
        if network.batch_norm:
            s_hat = work.s_hat[i]
            layers.affine_forward(below, parameters.weights[i], parameters.biases[i], out=s_hat)
            mean, variance, inverse_std = layers.batch_norm_forward(
                s_hat, parameters.gamma[i], parameters.beta[i], out=h, s_hat=s_hat, epsilon=network.epsilon
            )
            work.moments.append((mean, variance))
            work.inverse_std.append(inverse_std)
        else:
            layers.affine_forward(below, parameters.weights[i], parameters.biases[i], out=h)
        layers.relu_forward(h)
        below = h
    scores = work.probabilities
    layers.affine_forward(below, parameters.weights[-1], parameters.biases[-1], out=scores)
    return layers.softmax_cross_entropy_forward(scores, labels, out=work.probabilities)


def loss_backward(parameters: Parameters, x: Array, labels: Labels, work: Workspace, *, gradients: Parameters) -> None:
    """Fill `gradients` with the derivative of the mean cross-entropy that `loss_forward` just computed.

    Uses up `work`. The input's gradient is not computed: nothing needs it, and it would cost a third of the pass.
    """
    network = parameters.network
    g = work.probabilities
    layers.softmax_cross_entropy_backward(g, labels)
    for i in reversed(range(network.n_layers)):
        below = work.h[i - 1] if i > 0 else x
        layers.affine_backward(g, below, g_weight=gradients.weights[i], g_bias=gradients.biases[i])
        if i == 0:
            break
        layers.affine_backward_input(g, parameters.weights[i], out=work.g[i - 1])
        g = work.g[i - 1]
        layers.relu_backward(g, below)
        if network.batch_norm:
            layers.batch_norm_backward(
                g,
                work.s_hat[i - 1],
                work.inverse_std[i - 1],
                parameters.gamma[i - 1],
                g_gamma=gradients.gamma[i - 1],
                g_beta=gradients.beta[i - 1],
            )


def predict(parameters: Parameters, statistics: RunningStatistics, x: Array, work: Workspace) -> Array:
    """Class scores, (n, k), normalizing by the running statistics; x: (n, d) with n up to the workspace's size.

    The result is a view of `work.probabilities` and lasts until the next call.
    """
    network = parameters.network
    n = len(x)
    below = x
    for i in range(network.n_hidden):
        h = work.h[i][:n]
        layers.affine_forward(below, parameters.weights[i], parameters.biases[i], out=h)
        if network.batch_norm:
            layers.batch_norm_inference(
                h,
                parameters.gamma[i],
                parameters.beta[i],
                statistics.mean[i],
                statistics.variance[i],
                epsilon=network.epsilon,
            )
        layers.relu_forward(h)
        below = h
    scores = work.probabilities[:n]
    layers.affine_forward(below, parameters.weights[-1], parameters.biases[-1], out=scores)
    return scores
