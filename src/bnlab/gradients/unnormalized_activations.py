"""fan2017's wrong backward pass, implemented a second time, to check the one that trainings use."""

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.parameters import Parameters


def unnormalized_activations_gradient(parameters: Parameters, x: Array, labels: Labels) -> npt.NDArray[np.float64]:
    """What fan2017's public code takes for the gradient of the mean cross-entropy, (p,), in the order of `flat`.

    x: (n, d), float64.  labels: (n,).  The network has batch normalization.
    The forward pass and batch normalization's own backward pass are right (Ioffe & Szegedy 2015, section 3). But ReLU's
    mask, and the inputs of the next layer's weights, are those of max(0, s) with s before normalization. It shares no
    line with bnlab.numerics.
    """
    n, network = len(x), parameters.network
    h, inputs, stored = x, [x], []
    for i in range(network.n_hidden):
        s = h @ parameters.weights[i] + parameters.biases[i]
        mean, variance = s.mean(axis=0), s.var(axis=0)
        normalized = (s - mean) / np.sqrt(variance + network.epsilon)
        h = np.maximum(parameters.gamma[i] * normalized + parameters.beta[i], 0)
        inputs.append(np.maximum(s, 0))
        stored.append((s, mean, variance, normalized))
    scores = h @ parameters.weights[-1] + parameters.biases[-1]
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    g = (exponentials / exponentials.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[labels]) / n

    gradient = Parameters.zeros(network, np.float64)
    for i in reversed(range(network.n_layers)):
        gradient.weights[i][:], gradient.biases[i][:] = inputs[i].T @ g, g.sum(axis=0)
        if i == 0:
            break
        s, mean, variance, normalized = stored[i - 1]
        g = (g @ parameters.weights[i].T) * (s > 0)
        gradient.gamma[i - 1][:], gradient.beta[i - 1][:] = (g * normalized).sum(axis=0), g.sum(axis=0)
        g_normalized, inverse_std = g * parameters.gamma[i - 1], (variance + network.epsilon) ** -0.5
        g_variance = -0.5 * (g_normalized * (s - mean)).sum(axis=0) * inverse_std**3
        g_mean = -(g_normalized * inverse_std).sum(axis=0)
        g = g_normalized * inverse_std + g_variance * 2 * (s - mean) / n + g_mean / n
    return gradient.flat
