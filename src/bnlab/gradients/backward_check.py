"""The shipped backward pass against three oracles, array by array.

- central: central differences of the shipped forward pass, good to about nine digits;
- complex: the complex step through the same forward pass, good to rounding;
- autodiff: automatic differentiation of a second, independent forward pass, which shares no line with the shipped one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.gradients.autodiff import autodiff_gradient
from bnlab.gradients.complex_step import complex_step, directional_derivative
from bnlab.gradients.error_measures import largest_difference, norm_max
from bnlab.gradients.finite_differences import central_difference_along, central_differences
from bnlab.gradients.images import n_classes
from bnlab.gradients.kinks import smooth_costs
from bnlab.gradients.objective import Cost
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

DIRECTIONS = 3  # through an array whose entries are too many to be moved one by one


@dataclass(frozen=True)
class ArrayCheck:
    """One parameter array's analytic gradient a against each oracle's n.

    measure: "relative", ||a - n|| / max(||a||, ||n||), the worse of that over single entries and that over directions;
    or "absolute", the largest |a - n|, where the true gradient vanishes (see `measure_of`): both numbers are rounding
    there, and their ratio means nothing.
    errors: by oracle.  failed: the oracles whose tolerance is exceeded.
    """

    array: str
    measure: str
    errors: dict[str, float]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class NetworkCheck:
    """All arrays of one network under one condition, and how many draws of its parameters were not smooth enough."""

    hidden: tuple[int, ...]
    batch_norm: bool
    condition: dict[str, Any]
    rejected_draws: int
    arrays: tuple[ArrayCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every array passed before every oracle."""
        return not any(array.failed for array in self.arrays)


def check_networks(
    settings: Mapping[str, Any], pixels: npt.NDArray[np.float64], labels: npt.NDArray[np.uint8]
) -> list[NetworkCheck]:
    """Check every network under every condition of config/gradients/gate.yaml.

    pixels: (n, d), standardized, of which each condition takes its first rows and columns.  labels: (n,).
    A network without batch normalization skips a condition that differs from an earlier one in epsilon alone.
    Raises NoSmoothDrawError when no parameters are smooth enough for differences.
    """
    checks = []
    for hidden in settings["networks"]:
        for batch_norm in settings["batch_norm"]:
            met = set()
            for condition in settings["conditions"]:
                batch, epsilon = condition["batch"], condition["epsilon"]
                x = pixels[:batch, : condition["inputs"]]
                condition = {**condition, "inputs": x.shape[1]}
                network = Network((x.shape[1], *hidden, n_classes(labels)), batch_norm, epsilon)
                key = (batch, x.shape[1], condition["weight_decay"], epsilon if batch_norm else None)
                if key in met or network.n_layers > condition.get("layers", network.n_layers):
                    continue
                met.add(key)
                checks.append(check_network(network, x, labels[:batch], condition, settings))
    return checks


def check_network(
    network: Network,
    x: npt.NDArray[np.float64],
    labels: npt.NDArray[np.uint8],
    condition: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> NetworkCheck:
    """Compare the analytic gradient of the cost at random parameters (b, gamma and beta too) with every oracle's.

    Central differences are not asked of networks of more layers than the condition says.
    """
    smooth = smooth_costs(
        network,
        x,
        labels,
        weight_decay=condition["weight_decay"],
        margin=settings["margin"],
        spread=condition["spread"],
        random=stream(0, "gradient check"),
    )
    entries, step = condition["entries"], settings["step"]
    if network.n_layers <= condition.get("difference_layers", network.n_layers):
        differenced = ((cost, rejected, _by_moving("central", cost, entries, step)) for cost, rejected in smooth)
        cost, rejected, central = next(found for found in differenced if not found[0].switches)
        oracles = {"central": central}
    else:
        (cost, rejected), oracles = next(smooth), {}
    oracles |= {"complex": _by_moving("complex", cost, entries, step), "autodiff": _by_autodiff(cost)}
    arrays = []
    for name, analytic in cost.gradient().named():
        found = {oracle: derivatives[name] for oracle, derivatives in oracles.items()}
        measure = measure_of(network, name, len(x))
        arrays.append(_compare(name, measure, _vector(analytic), found, settings["tolerance"]))
    return NetworkCheck(network.widths[1:-1], network.batch_norm, dict(condition), rejected, tuple(arrays))


def measure_of(network: Network, array: str, batch: int) -> str:
    """How an array's gradients are compared: "absolute" where the true gradient vanishes, else "relative".

    A bias before batch normalization is taken out again by the batch mean: the cost does not depend on it. And a batch
    of two is standardized to +1 and -1, up to epsilon, whatever it was: the cost then depends on nothing below the last
    normalization, unless epsilon is of the order of the variance.
    """
    kind, layer = array.rstrip("0123456789"), int(array.lstrip("Wabegmt"))
    if not network.batch_norm or layer > network.n_hidden:
        return "relative"
    below_the_last = kind == "W" or layer < network.n_hidden
    vanishes = kind == "b" or (batch == 2 and network.epsilon < 1e-12 and below_the_last)
    return "absolute" if vanishes else "relative"


@dataclass(frozen=True)
class _Derivatives:
    """An oracle's derivatives of one array at some of its entries, (m,), and along some directions, (k, p)."""

    entries: npt.NDArray[np.integer]
    at_entries: npt.NDArray[np.float64]
    directions: npt.NDArray[np.float64]
    along_directions: npt.NDArray[np.float64]


def _by_moving(oracle: str, cost: Cost, entries: int, step: float) -> dict[str, _Derivatives]:
    """Every array's derivatives by moving parameters: by central differences or by the complex step.

    Up to `entries` of an array, drawn by seed, are moved one by one. If those are not all, the whole array is moved
    too, along directions of unit length: a mistake in any entry changes the derivatives along them.
    """
    moved = cost if oracle == "central" else cost.complex_twin()
    found = {}
    for name, array in moved.parameters.named():
        theta = _vector(array)
        random = stream(0, f"entries of {name}")
        chosen = random.permutation(theta.size)[:entries]
        directions = random.standard_normal((DIRECTIONS if theta.size > entries else 0, theta.size))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        if oracle == "central":
            at = central_differences(moved, theta, chosen, step=step)
            along = [central_difference_along(moved, theta, direction, step=step) for direction in directions]
        else:
            at = complex_step(moved, theta, chosen)
            along = [directional_derivative(moved, theta, direction) for direction in directions]
        found[name] = _Derivatives(chosen, at, directions, np.array(along))
    return found


def _by_autodiff(cost: Cost) -> dict[str, _Derivatives]:
    """Every array's derivatives at all entries, by automatic differentiation."""
    network = cost.parameters.network
    flat = autodiff_gradient(cost.parameters, cost.x, cost.labels, weight_decay=cost.weight_decay)
    return {
        name: _Derivatives(np.arange(array.size), _vector(array), np.empty((0, array.size)), np.empty(0))
        for name, array in Parameters(network, flat).named()
    }


def _vector(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array's entries as they lie in memory, (p,): a view, so that moving it moves the network."""
    return array.ravel(order="K")


def relative_error(a: npt.NDArray[np.float64], n: npt.NDArray[np.float64]) -> float:
    """||a - n|| / max(||a||, ||n||); of zeros not a number, which passes no check: their agreement proves nothing."""
    return norm_max(a, n) if a.any() or n.any() else math.nan


def _compare(
    name: str,
    measure: str,
    analytic: npt.NDArray[np.float64],
    oracles: Mapping[str, _Derivatives],
    tolerance: Mapping[str, Mapping[str, float]],
) -> ArrayCheck:
    distance = largest_difference if measure == "absolute" else relative_error
    errors = {}
    for oracle, found in oracles.items():
        errors[oracle] = distance(analytic[found.entries], found.at_entries)
        if len(found.directions):
            errors[oracle] = max(errors[oracle], distance(found.directions @ analytic, found.along_directions))
    # Written so that an error that is not a number fails.
    failed = [oracle for oracle, error in errors.items() if not error <= tolerance[oracle][measure]]
    return ArrayCheck(name, measure, errors, tuple(failed))
