"""Gradients by automatic differentiation of a second forward pass, written from the textbook.

It shares no line with bnlab.numerics: one-hot labels, a standard deviation from centred values, log-softmax. HIPS
autograd differentiates it.
"""

from typing import Any

import autograd
import autograd.numpy as np

from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.parameters import Network, Parameters


def autodiff_gradient(parameters: Parameters, x: Array, labels: Labels, *, weight_decay: float) -> Any:
    """Gradient of the cost with respect to all parameters, (p,), in the order of `parameters.flat`.  x: (n, d)."""
    network = parameters.network
    one_hot = np.eye(network.widths[-1])[labels]

    def cost(theta: dict[str, Array]) -> Any:
        penalty = sum(np.sum(theta[f"W{i}"] ** 2) for i in range(1, network.n_layers + 1))
        return -np.mean(np.sum(one_hot * _log_softmax(_scores(network, theta, x)), axis=1)) + weight_decay * penalty

    gradient = autograd.grad(cost)(dict(parameters.named()))
    return np.concatenate([gradient[name].ravel(order="F") for name, _ in parameters.named()])


def _scores(network: Network, theta: dict[str, Array], x: Array) -> Any:
    h = x
    for i in range(1, network.n_layers):
        h = np.dot(h, theta[f"W{i}"]) + theta[f"b{i}"]
        if network.batch_norm:
            centred = h - np.mean(h, axis=0)
            deviation = np.sqrt(np.mean(centred**2, axis=0) + network.epsilon)
            h = theta[f"gamma{i}"] * centred / deviation + theta[f"beta{i}"]
        h = np.where(h > 0, h, 0)
    return np.dot(h, theta[f"W{network.n_layers}"]) + theta[f"b{network.n_layers}"]


def _log_softmax(scores: Array) -> Any:
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
