"""Numerical gradients of a layer's weights in minutes instead of hours, by following what one weight moves.

Moving W[i, j] of a layer by h moves one column of its pre-activations, s[:, j], by h * below[:, i] and nothing else in
that layer: with batch normalization too, since every unit is normalized by itself. Everything below stays as it is, and
above the last hidden layer only the scores follow. These are the naive loop's own differences, computed with less work:
tests hold both equal.
"""

from collections.abc import Iterator
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

    crossings: (d_in, d_out), true where some sample's ReLU, of the moved unit or above it, switches between the two
    evaluations, whose difference then averages two slopes.
    """

    gradient: npt.NDArray[np.float64]
    crossings: npt.NDArray[np.bool_]


def structured_gradient(
    parameters: Parameters,
    x: Array,
    labels: Labels,
    *,
    layer: int,
    step: float,
    scheme: str,
    frozen: bool = False,
    where: npt.NDArray[np.bool_] | None = None,
) -> StructuredGradient:
    """Numerical gradient of the mean cross-entropy with respect to parameters.weights[layer].

    x: (n, d), float64.  labels: (n,).  scheme: "central", (J(+h) - J(-h)) / 2h, or "forward", (J(+h) - J(0)) / h.
    frozen: normalize by the statistics of the batch before anything moves, as an evaluation does.
    where: (d_in, d_out), the weights that are moved; the gradient of the others is NaN. Without it all are.
    An evaluation costs about n d_in d_out (10 + the work above) exponentials when `layer` is the last hidden one, and
    there are two, or one for forward differences; for lower layers the whole network above is evaluated for every
    weight.
    """
    base = _Base(parameters, x, labels, layer, frozen=frozen)
    below = {"central": -step, "forward": 0.0}[scheme]
    gradient = np.full(parameters.weights[layer].shape, np.nan)
    crossings = np.zeros(gradient.shape, np.bool_)
    for rows, unit in _blocks(np.ones_like(crossings) if where is None else where, len(x)):
        loss_above, active_above = base.moved(unit, rows, step)
        loss_below, active_below = base.moved(unit, rows if below else rows[:1], below)
        gradient[rows, unit] = (loss_above - loss_below) / (step - below)
        crossings[rows, unit] = (active_above != active_below).any(axis=1)
    return StructuredGradient(gradient, crossings)


def complex_step_weights(
    parameters: Parameters, x: Array, labels: Labels, *, layer: int, where: npt.NDArray[np.bool_], step: float = 1e-20
) -> npt.NDArray[np.float64]:
    """dJ/dW of one layer by complex step, Im J(W + ih) / h: exact, and blind to kinks.

    where: (d_in, d_out), the weights that are moved; the derivatives of the others are NaN.
    """
    base = _Base(parameters, x, labels, layer, frozen=False)
    derivative = np.full(where.shape, np.nan)
    for rows, unit in _blocks(where, len(x)):
        losses, _ = base.moved(unit, rows, step * 1j)
        derivative[rows, unit] = losses.imag / step
    return derivative


def _blocks(where: npt.NDArray[np.bool_], batch: int) -> Iterator[tuple[npt.NDArray[np.intp], int]]:
    """The rows and the unit of the chosen weights, a few weights of one unit at a time."""
    size = max(1, ELEMENTS // batch)
    for unit in range(where.shape[1]):
        rows = np.flatnonzero(where[:, unit])
        for start in range(0, len(rows), size):
            yield rows[start : start + size], unit


class _Base:
    """The unmoved forward pass, and what a moved unit changes in it."""

    def __init__(self, parameters: Parameters, x: Array, labels: Labels, layer: int, *, frozen: bool) -> None:
        network = parameters.network
        work = Workspace(network, len(x), x.dtype)
        loss_forward(parameters, x, labels, work)
        self.parameters, self.network, self.layer, self.labels = parameters, network, layer, labels
        self.frozen_moments = list(work.moments) if frozen else None
        below = x if layer == 0 else work.h[layer - 1]
        self.below = np.ascontiguousarray(below.T)
        self.s = below @ parameters.weights[layer] + parameters.biases[layer]
        self.h = [h.copy() for h in work.h]
        self.probabilities = np.ascontiguousarray(work.probabilities.T)

    def moved(self, unit: int, inputs: Array, shift: complex) -> tuple[Array, Array]:
        """Mean loss, up to a constant, when W[i, unit] is moved by `shift`, for every i of `inputs` in turn, (b,).

        Also returns which ReLUs that can switch are active then, (b, any): those of the unit, and all above it; the
        output layer has none.
        """
        s = self.s[:, unit] + shift * self.below[inputs]
        if self.layer == self.network.n_hidden:
            score_of_unit = np.eye(self.network.widths[-1])[unit]
            return self._loss_of_scores(s - self.s[:, unit], score_of_unit), np.ones(s.shape, np.bool_)
        if self.network.batch_norm:
            s = self._normalize(s.T, self.layer, unit).T
        active = s.real > 0
        change = s * active - self.h[self.layer][:, unit]
        outgoing = self.parameters.weights[self.layer + 1][unit]
        if self.layer == self.network.n_hidden - 1:
            return self._loss_of_scores(change, outgoing), active
        losses, active_above = self._loss_through_network(change, outgoing)
        return losses, np.concatenate([active, active_above], axis=1)

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

    def _loss_through_network(self, change: Array, outgoing: Array) -> tuple[Array, Array]:
        """Mean loss, (b,), when the input of the layer above moves by change * outgoing, and which ReLUs are active.

        change: (b, n).
        """
        network, parameters, above = self.network, self.parameters, self.layer + 1
        unmoved = self.h[self.layer] @ parameters.weights[above] + parameters.biases[above]
        losses = np.empty(len(change), change.dtype)
        active = np.empty((len(change), len(unmoved) * sum(network.widths[above + 1 : -1])), np.bool_)
        for i, column in enumerate(change):
            s = unmoved + column[:, None] * outgoing
            patterns = []
            for k in range(above, network.n_hidden):
                if network.batch_norm:
                    s = self._normalize(s, k)
                layers.relu_forward(s)
                patterns.append(s.real.ravel() > 0)
                s = s @ parameters.weights[k + 1] + parameters.biases[k + 1]
            losses[i] = layers.softmax_cross_entropy_forward(s, self.labels, out=s)
            np.concatenate(patterns, out=active[i])
        return losses, active

    def _normalize(self, s: Array, layer: int, unit: int | slice = slice(None)) -> Array:
        """Normalize s, (n, d), by the shipped layer: its columns are values of `unit`, or of all units of a layer."""
        gamma, beta = self.parameters.gamma[layer][unit], self.parameters.beta[layer][unit]
        epsilon = self.network.epsilon
        if self.frozen_moments is not None:
            mean, variance = (moment[unit] for moment in self.frozen_moments[layer])
            out = np.array(s, order="C")
            layers.batch_norm_inference(out, gamma, beta, mean, variance, epsilon=epsilon)
        else:
            out = np.empty_like(s, order="C")
            layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=np.empty_like(out), epsilon=epsilon)
        return out
