"""The gate: the shipped backward pass against central differences of the shipped forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.gradients.differences import central_differences
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.optimizer import add_weight_decay, weight_penalty
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

EPSILON = 2.2e-16


@dataclass(frozen=True)
class ArrayCheck:
    """The comparison of one parameter array's gradients.

    measure: "relative", ||a - n|| / max(||a||, ||n||), or, for a bias before batch normalization, "absolute", the
    largest |a - n|: the batch mean takes such a bias out again, so its gradient is exactly zero and both numbers
    are rounding, whose ratio means nothing.
    """

    array: str
    error: float
    measure: str
    passed: bool


@dataclass(frozen=True)
class NetworkCheck:
    """All arrays of one network under one weight decay."""

    hidden: tuple[int, ...]
    batch_norm: bool
    weight_decay: float
    arrays: tuple[ArrayCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every array passed."""
        return all(array.passed for array in self.arrays)


def check_gradients(
    settings: Mapping[str, Any], pixels: npt.NDArray[np.float64], labels: npt.NDArray[np.uint8]
) -> list[NetworkCheck]:
    """Check every configured network (config/gradients/gate.yaml) on standardized pixels, (batch, inputs)."""
    return [
        check_network(
            Network((pixels.shape[1], *net["hidden"], 10), net["batch_norm"], EPSILON),
            pixels,
            labels,
            weight_decay=decay,
            step=settings["step"],
            tolerance=settings["tolerance"],
        )
        for net in settings["networks"]
        for decay in settings["weight_decay"]
    ]


def check_network(
    network: Network,
    x: npt.NDArray[np.float64],
    labels: npt.NDArray[np.uint8],
    *,
    weight_decay: float,
    step: float,
    tolerance: Mapping[str, float],
) -> NetworkCheck:
    """Compare analytic and numerical gradients of the cost at random parameters (b, gamma and beta too)."""
    parameters = Parameters.zeros(network, np.float64)
    random = stream(0, "gradient check")
    initialize(parameters, "he", random)
    undecayed = parameters.flat[parameters.decayed.size :]
    undecayed += 0.5 * random.standard_normal(undecayed.size)
    work = Workspace(network, len(x), np.float64)

    def cost() -> float:
        loss = loss_forward(parameters, x, labels, work)
        return float(loss + weight_penalty(parameters, weight_decay))

    analytic = Parameters.zeros(network, np.float64)
    cost()
    loss_backward(parameters, x, labels, work, gradients=analytic)
    add_weight_decay(analytic, parameters, weight_decay, scratch=np.empty_like(parameters.flat))
    numerical = Parameters(network, central_differences(cost, parameters.flat, step=step))

    checks = []
    for (name, a), (_, n) in zip(analytic.named(), numerical.named(), strict=True):
        measure = "absolute" if _is_bias_before_norm(network, name) else "relative"
        error = _absolute_error(a, n) if measure == "absolute" else _relative_error(a, n)
        checks.append(ArrayCheck(name, error, measure, error <= tolerance[measure]))
    return NetworkCheck(network.widths[1:-1], network.batch_norm, weight_decay, tuple(checks))


def _is_bias_before_norm(network: Network, name: str) -> bool:
    return network.batch_norm and name in {f"b{i}" for i in range(1, network.n_hidden + 1)}


def _relative_error(a: npt.NDArray[np.float64], n: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n)))


def _absolute_error(a: npt.NDArray[np.float64], n: npt.NDArray[np.float64]) -> float:
    return float(np.abs(a - n).max())
