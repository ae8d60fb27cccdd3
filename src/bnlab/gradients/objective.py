"""The cost of one mini-batch as a function of the parameters alone: what every oracle differentiates."""

from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.layers import softmax_cross_entropy_forward
from bnlab.numerics.network import Workspace, loss_backward, loss_forward, predict
from bnlab.numerics.optimizer import add_weight_decay, weight_penalty
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics


class Cost:
    """The shipped forward and backward pass over a fixed batch; move the parameters in place, then call it.

    parameters: float64, or complex128 for the complex step.  x: (n, d).  labels: (n,).
    frozen: normalize by the batch's statistics at the parameters given here, and keep these when a parameter
    moves, as an evaluation normalizes by running statistics.
    margin: the smallest distance from zero of any pre-activation that enters a ReLU, when this was made.
    spread: the smallest standard deviation by which a unit was normalized then, infinite without batch normalization.
    switches: how many evaluations since then had some ReLU on for other images than it was then.
    """

    def __init__(
        self, parameters: Parameters, x: Array, labels: Labels, *, weight_decay: float, frozen: bool = False
    ) -> None:
        self.parameters, self.labels, self.weight_decay = parameters, labels, weight_decay
        self.x = x.astype(parameters.flat.dtype)
        self._work = Workspace(parameters.network, len(x), parameters.flat.dtype)
        loss_forward(parameters, self.x, labels, self._work)
        self.margin = min((float(np.abs(s).min()) for s in self._pre_activations()), default=np.inf)
        self.spread = min((float(1 / np.abs(inverse).max()) for inverse in self._work.inverse_std), default=np.inf)
        self.switches = 0
        self._active_before = self.active()
        self._statistics = RunningStatistics(parameters.network, parameters.flat.dtype, decay=0) if frozen else None
        if self._statistics is not None:
            self._statistics.update(self._work.moments)

    def __call__(self) -> Any:
        """Mean cross-entropy plus weight decay at the present parameters, a scalar of their dtype."""
        if self._statistics is None:
            loss = loss_forward(self.parameters, self.x, self.labels, self._work)
        else:
            scores = predict(self.parameters, self._statistics, self.x, self._work)
            loss = softmax_cross_entropy_forward(scores, self.labels, out=scores)
        self.switches += bool((self.active() != self._active_before).any())
        return loss + weight_penalty(self.parameters, self.weight_decay)

    def active(self) -> npt.NDArray[np.bool_]:
        """Which ReLUs were on in the last evaluation: one entry per image and hidden unit."""
        return np.concatenate([np.empty(0, np.bool_), *((h.real > 0).ravel() for h in self._work.h)])

    def gradient(self) -> Parameters:
        """The analytic gradient at the present parameters."""
        gradients = Parameters(self.parameters.network, np.empty_like(self.parameters.flat))
        loss_forward(self.parameters, self.x, self.labels, self._work)
        loss_backward(self.parameters, self.x, self.labels, self._work, gradients=gradients)
        add_weight_decay(gradients, self.parameters, self.weight_decay, scratch=np.empty_like(self.parameters.flat))
        return gradients

    def complex_twin(self) -> "Cost":
        """The same cost at complex parameters of its own, for the complex step."""
        twin = Parameters(self.parameters.network, self.parameters.flat.astype(np.complex128))
        return Cost(twin, self.x, self.labels, weight_decay=self.weight_decay)

    def _pre_activations(self) -> list[Array]:
        """What entered each ReLU in the last forward pass, (n, d) each: the workspace keeps it clipped."""
        parameters, work = self.parameters, self._work
        if parameters.network.batch_norm:
            return [
                s * gamma + beta for s, gamma, beta in zip(work.s_hat, parameters.gamma, parameters.beta, strict=True)
            ]
        below = [self.x, *work.h][:-1]
        return [
            h @ weight + bias for h, weight, bias in zip(below, parameters.weights, parameters.biases, strict=False)
        ]
