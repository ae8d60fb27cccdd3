"""Forward and backward passes of each operation, in pairs.

Rows are samples. `s` is a pre-activation, `h` an activation, `g` the gradient of the cost J with respect to what
the forward pass produced, and `g_name` the gradient with respect to `name`. All arrays share one dtype: float64,
float32 or complex128 (whose imaginary part carries a derivative: the complex-step check runs this same code, so
nothing here may conjugate, take an absolute value, or compare imaginary parts).
"""

from typing import Any

import numpy as np

from bnlab.numerics.arrays import Array, Labels


def affine_forward(h: Array, weight: Array, bias: Array, *, out: Array) -> None:
    """Compute out = h W + b.  h: (n, d_in).  weight: (d_in, d_out).  bias: (d_out,).  out: (n, d_out), overwritten."""
    np.matmul(h, weight, out=out)
    out += bias


def affine_backward(g: Array, h: Array, *, g_weight: Array, g_bias: Array) -> None:
    """Fill g_weight = h' g, (d_in, d_out), and g_bias = sum of g over the batch, (d_out,).  g: (n, d_out)."""
    np.matmul(h.T, g, out=g_weight)
    np.add.reduce(g, axis=0, out=g_bias)


def affine_backward_input(g: Array, weight: Array, *, out: Array) -> None:
    """Compute out = g W', the gradient with respect to the layer's input, (n, d_in), overwritten."""
    np.matmul(g, weight.T, out=out)


def relu_forward(s: Array) -> None:
    """Clip s at zero from below, in place.  (NumPy orders complex numbers by their real parts.)"""
    np.maximum(s, 0, out=s)


def relu_backward(g: Array, h: Array) -> None:
    """Turn g = dJ/dh into dJ/ds in place: it passes where the activation h = max(s, 0) is positive."""
    g *= h.real > 0


def batch_norm_forward(
    s: Array, gamma: Array, beta: Array, *, out: Array, s_hat: Array, epsilon: float
) -> tuple[Array, Array, Array]:
    """Standardize each unit over the batch, then scale and shift it (Ioffe & Szegedy 2015, algorithm 1).

    s: (n, d), read only, may be the same array as s_hat.  gamma, beta: (d,).  out, s_hat: (n, d), overwritten.
    Returns the batch mean, the biased variance (divided by n) and 1/sqrt(variance + epsilon), each (d,).
    """
    mean = np.add.reduce(s, axis=0) / len(s)
    np.subtract(s, mean, out=s_hat)
    variance = np.einsum("nd,nd->d", s_hat, s_hat) / len(s)
    inverse_std = 1 / np.sqrt(variance + epsilon)
    s_hat *= inverse_std
    np.multiply(s_hat, gamma, out=out)
    out += beta
    return mean, variance, inverse_std


def batch_norm_backward(
    g: Array, s_hat: Array, inverse_std: Array, gamma: Array, *, g_gamma: Array, g_beta: Array
) -> None:
    """Turn g = dJ/d(out), (n, d), into dJ/ds in place; fill g_gamma and g_beta, (d,)."""
    np.einsum("nd,nd->d", g, s_hat, out=g_gamma)
    np.add.reduce(g, axis=0, out=g_beta)
    # The mean and variance paths only remove g's components along 1 and s_hat,
    # and those components are the two parameter gradients divided by n.
    g -= g_beta / len(g)
    g -= s_hat * (g_gamma / len(g))
    g *= gamma * inverse_std


def batch_norm_inference(s: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *, epsilon: float) -> None:
    """Normalize s, (n, d), in place with given statistics, (d,), instead of the batch's own."""
    s -= mean
    s *= gamma / np.sqrt(variance + epsilon)
    s += beta


def softmax_cross_entropy_forward(scores: Array, labels: Labels, *, out: Array) -> Any:
    """Mean over the batch of -log softmax(scores)[label], a scalar; out: the probabilities, (n, k), overwritten.

    scores: (n, k), read only, may be the same array as out.  labels: (n,), integers in 0..k-1.
    Computed from log-sum-exp, so it is finite wherever the scores are.
    """
    np.subtract(scores, scores.max(axis=1, keepdims=True), out=out)
    score_of_label = out[np.arange(len(labels)), labels]
    np.exp(out, out=out)
    total = out.sum(axis=1)
    out /= total[:, None]
    return np.mean(np.log(total) - score_of_label)


def softmax_cross_entropy_backward(probabilities: Array, labels: Labels) -> None:
    """Turn the probabilities, (n, k), in place into the gradient of the mean loss with respect to the scores."""
    probabilities[np.arange(len(labels)), labels] -= 1
    probabilities /= len(labels)
