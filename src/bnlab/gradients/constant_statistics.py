"""A wrong backward pass, on purpose: batch normalization with μ and v taken for constants."""

from dataclasses import replace

import numpy as np

from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.parameters import Parameters


def constant_statistics_gradient(parameters: Parameters, x: Array, labels: Labels) -> Parameters:
    """The gradient of the mean cross-entropy that forgets how μ and v depend on the weights.

    x: (n, d), float64.  labels: (n,).  The network has batch normalization.
    With constant μ and v batch normalization is one more affine map, γ (s − μ) / √(v + ε) + β. Taken together with
    the affine map before it, it makes a network without batch normalization, whose shipped backward pass is right; the
    chain rule through W' = W scale, b' = (b − μ) scale + β, scale = γ / √(v + ε), does the rest.
    """
    network = parameters.network
    work = Workspace(network, len(x), x.dtype)
    loss_forward(parameters, x, labels, work)
    moments, inverse_stds = list(work.moments), list(work.inverse_std)

    plain = Parameters.zeros(replace(network, batch_norm=False), x.dtype)
    g = Parameters.zeros(plain.network, x.dtype)
    plain.weights[-1][:], plain.biases[-1][:] = parameters.weights[-1], parameters.biases[-1]
    for i in range(network.n_hidden):
        scale = parameters.gamma[i] * inverse_stds[i]
        plain.weights[i][:] = parameters.weights[i] * scale
        plain.biases[i][:] = (parameters.biases[i] - moments[i][0]) * scale + parameters.beta[i]
    loss_forward(plain, x, labels, work)
    loss_backward(plain, x, labels, work, gradients=g)

    gradient = Parameters.zeros(network, x.dtype)
    gradient.weights[-1][:], gradient.biases[-1][:] = g.weights[-1], g.biases[-1]
    for i in range(network.n_hidden):
        scale = parameters.gamma[i] * inverse_stds[i]
        gradient.weights[i][:] = g.weights[i] * scale
        gradient.biases[i][:] = g.biases[i] * scale
        gradient.beta[i][:] = g.biases[i]
        through_weights = np.sum(parameters.weights[i] * g.weights[i], axis=0)
        through_bias = (parameters.biases[i] - moments[i][0]) * g.biases[i]
        gradient.gamma[i][:] = inverse_stds[i] * (through_weights + through_bias)
    return gradient
