"""Numerical gradients of a layer's weights in minutes instead of hours, by following what one weight moves.

Moving W[i, j] of a layer by h moves one column of its pre-activations, s[:, j], by h * below[:, i] and nothing else in
that layer: with batch normalization too, since every unit is normalized by itself. Everything below stays as it is, and
above the last hidden layer only the scores follow. These are the naive loop's own differences, computed with less work:
tests hold both equal.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.numerics import layers
from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.network import Workspace, loss_forward
from bnlab.numerics.parameters import Parameters

ELEMENTS = 50_000  # of a block, so that the few arrays at work stay in the cache


@dataclass(frozen=True)
class StructuredGradient:
    """The numerical gradient of one layer's weights, (d_in, d_out), without weight decay, and where kinks disturb it.

    crossings: (d_in, d_out), true where some sample's ReLU of the moved unit switches between the two evaluations,
    whose difference then averages two slopes.
    """

    gradient: npt.NDArray[np.float64]
    crossings: npt.NDArray[np.bool_]


def structured_gradient(
    parameters: Parameters, x: Array, labels: Labels, *, layer: int, step: float, scheme: str
) -> StructuredGradient:
    """Numerical gradient of the mean cross-entropy with respect to parameters.weights[layer].

    x: (n, d), float64.  labels: (n,).  scheme: "central", (J(+h) - J(-h)) / 2h, or "forward", (J(+h) - J(0)) / h.
    Costs about 3 n d_in d_out (10 + the work above) exponentials when `layer` is the last hidden one; for lower layers
    the whole network above is evaluated for every weight.
    """
    base = _Base(parameters, x, labels, layer)
    shifts = {"central": (step, -step), "forward": (step, 0.0)}[scheme]
    d_in, d_out = parameters.weights[layer].shape
    gradient, crossings = np.empty((d_in, d_out)), np.empty((d_in, d_out), np.bool_)
    rows = max(1, ELEMENTS // len(x))
    for unit in range(d_out):
        for start in range(0, d_in, rows):
            block = slice(start, start + rows)
            (above, active_above), (below, active_below) = (base.moved(unit, block, shift) for shift in shifts)
            gradient[block, unit] = (above - below) / (shifts[0] - shifts[1])
            crossings[block, unit] = (active_above != active_below).any(axis=1)
    return StructuredGradient(gradient, crossings)


def complex_step_weights(
    parameters: Parameters, x: Array, labels: Labels, *, layer: int, rows: Array, unit: int, step: float = 1e-20
) -> npt.NDArray[np.float64]:
    """dJ/dW[rows, unit] of one layer by complex step, Im J(W + ih) / h: exact, and blind to kinks."""
    losses, _ = _Base(parameters, x, labels, layer).moved(unit, rows, step * 1j)
    return np.asarray(losses.imag / step)


class _Base:
    """The unmoved forward pass, and what a moved unit changes in it."""

    def __init__(self, parameters: Parameters, x: Array, labels: Labels, layer: int) -> None:
        network = parameters.network
        work = Workspace(network, len(x), x.dtype)
        loss_forward(parameters, x, labels, work)
        self.parameters, self.network, self.layer, self.labels = parameters, network, layer, labels
        below = x if layer == 0 else work.h[layer - 1]
        self.below = np.ascontiguousarray(below.T)
        self.s = below @ parameters.weights[layer] + parameters.biases[layer]
        self.h = [h.copy() for h in work.h]
        self.probabilities = np.ascontiguousarray(work.probabilities.T)

    def moved(self, unit: int, inputs: slice | Array, shift: complex) -> tuple[Array, Array]:
        """Mean loss, up to a constant, when W[i, unit] is moved by `shift`, for every i of `inputs` in turn, (b,).

        Also returns which samples' ReLU is active then, (b, n); the output layer has none and is always active.
        """
        s = self.s[:, unit] + shift * self.below[inputs]
        if self.layer == self.network.n_hidden:
            score_of_unit = np.eye(self.network.widths[-1])[unit]
            return self._loss_of_scores(s - self.s[:, unit], score_of_unit), np.ones(s.shape, np.bool_)
        if self.network.batch_norm:
            gamma, beta = self.parameters.gamma[self.layer], self.parameters.beta[self.layer]
            s = _normalize(s.T, gamma[unit], beta[unit], self.network.epsilon).T
        active = s.real > 0
        change = s * active - self.h[self.layer][:, unit]
        outgoing = self.parameters.weights[self.layer + 1][unit]
        if self.layer == self.network.n_hidden - 1:
            return self._loss_of_scores(change, outgoing), active
        return self._loss_through_network(change, outgoing), active

    def _loss_of_scores(self, change: Array, outgoing: Array) -> Array:
        """Change of the mean loss when every sample's scores move by change * outgoing.  change: (b, n).

        log sum_k exp(z_k + t w_k) - log sum_k exp(z_k) = log sum_k p_k exp(t w_k).
        """
        total = np.zeros_like(change)
        for probability, weight in zip(self.probabilities, outgoing, strict=True):
            if weight:
                total += probability * np.exp(weight * change)
            else:
                total += probability
        return np.asarray(np.mean(np.log(total) - change * outgoing[self.labels], axis=1))

    def _loss_through_network(self, change: Array, outgoing: Array) -> Array:
        """Mean loss when the input of the layer above moves by change * outgoing.  change: (b, n)."""
        network, parameters, above = self.network, self.parameters, self.layer + 1
        unmoved = self.h[self.layer] @ parameters.weights[above] + parameters.biases[above]
        losses = np.empty(len(change), change.dtype)
        for i, column in enumerate(change):
            s = unmoved + column[:, None] * outgoing
            for k in range(above, network.n_hidden):
                if network.batch_norm:
                    s = _normalize(s, parameters.gamma[k], parameters.beta[k], network.epsilon)
                layers.relu_forward(s)
                s = s @ parameters.weights[k + 1] + parameters.biases[k + 1]
            losses[i] = layers.softmax_cross_entropy_forward(s, self.labels, out=s)
        return losses


def _normalize(s: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Batch normalization of the columns of s, (n, d), by the shipped layer."""
    out = np.empty_like(s, order="C")
    layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=np.empty_like(out), epsilon=epsilon)
    return out
