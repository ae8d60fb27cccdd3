"""The update that training makes, checked against theta - learning rate * v with v from the complex step.

A right gradient is not yet a right update: weight decay is folded into a factor there, momentum keeps a velocity, and a
protocol can restart it, hold gamma and beta, or ask for a wrong backward pass. So `Update` itself takes a few steps in
every one of these ways.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.gradients.backward_check import measure_of, relative_error
from bnlab.gradients.complex_step import complex_step
from bnlab.gradients.error_measures import largest_difference
from bnlab.gradients.images import n_classes
from bnlab.gradients.kinks import smooth_costs
from bnlab.gradients.objective import Cost
from bnlab.gradients.unnormalized_activations import unnormalized_activations_gradient
from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.network import Workspace, loss_forward
from bnlab.numerics.parameters import Network, Parameters
from bnlab.runs.datasets import GENERATED
from bnlab.runs.spec import Protocol, Schedule
from bnlab.streams import stream
from bnlab.training.update import Update

EPOCH = 2  # updates, so that a velocity that restarts does so in the middle


@dataclass(frozen=True)
class UpdateCheck:
    """One kind of update: the worst error of its steps, over all arrays and all updates.

    relative: ||a - n|| / max(||a||, ||n||) of an array's step a and the expected one n.  absolute: the largest |a - n|
    of arrays that should stay where they are (0 where there are none).
    """

    batch_norm: bool
    momentum: float
    momentum_restarts: bool
    bn_affine: bool
    backward: str
    relative: float
    absolute: float
    passed: bool


def check_updates(settings: Mapping[str, Any], pixels: npt.NDArray[np.float64], labels: Labels) -> list[UpdateCheck]:
    """Check every kind of update that a protocol can ask for.

    settings: the content of config/gradients/gate.yaml.  pixels: (n, d), standardized, of which the first two batches
    and columns are taken.  labels: (n,).
    """
    asked = settings["updates"]
    batch = asked["batch"]
    x = pixels[:, : asked["inputs"]]
    batches = [(x[at : at + batch], labels[at : at + batch]) for at in range(0, EPOCH * batch, batch)]
    widths = (x.shape[1], *asked["hidden"], n_classes(labels))
    return [
        _check(Network(widths, batch_norm, asked["epsilon"]), protocol, batches, settings)
        for batch_norm in (False, True)
        for protocol in _protocols(batch, asked["momentum"], batch_norm)
    ]


def _protocols(batch: int, momentum: float, batch_norm: bool) -> Iterator[Protocol]:
    """A protocol for every kind of update; without batch normalization they differ in momentum alone."""
    for mass, restarts in ((0.0, False), (momentum, False), (momentum, True)):
        for bn_affine in (True, False) if batch_norm else (True,):
            for backward in ("exact", "unnormalized_activations") if batch_norm else ("exact",):
                yield Protocol(
                    data=GENERATED,
                    training=EPOCH * batch,
                    validation=1,
                    batch_size=batch,
                    schedule=Schedule(minimum=1.0, maximum=1.0, step=1, cycles=1),
                    momentum=mass,
                    momentum_restarts=restarts,
                    bn_affine=bn_affine,
                    backward=backward,
                    curve_points=2,
                    probe=1,
                )


def _check(
    network: Network, protocol: Protocol, batches: list[tuple[Array, Labels]], settings: Mapping[str, Any]
) -> UpdateCheck:
    asked = settings["updates"]
    parameters = _start(network, *batches[0], settings)
    work = Workspace(network, protocol.batch_size, np.float64)
    update = Update(parameters, protocol, weight_decay=asked["weight_decay"])
    velocity = np.zeros_like(parameters.flat)
    errors: dict[str, list[float]] = {"relative": [], "absolute": []}
    for number, learning_rate in enumerate(asked["learning_rates"]):
        x, y = batches[number % EPOCH]
        if protocol.momentum_restarts and number % EPOCH == 0:
            velocity[:] = 0
        velocity = protocol.momentum * velocity + _gradient(parameters, x, y, protocol, asked["weight_decay"])
        before = parameters.flat.copy()
        loss_forward(parameters, x, y, work)
        update(number, x, y, work, learning_rate=learning_rate)
        steps = Parameters(network, parameters.flat - before).named()
        expected = dict(Parameters(network, -learning_rate * velocity).named())
        for name, step in steps:
            held = not protocol.bn_affine and name.startswith(("gamma", "beta"))
            measure = "absolute" if held else measure_of(network, name, len(x))
            distance = largest_difference if measure == "absolute" else relative_error
            errors[measure].append(distance(step, expected[name]))
    # np.max, because a NaN has to stay one.
    worst = {measure: float(np.max([0.0, *found])) for measure, found in errors.items()}
    passed = all(worst[measure] <= settings["tolerance"]["update"][measure] for measure in worst)
    return UpdateCheck(
        network.batch_norm,
        protocol.momentum,
        protocol.momentum_restarts,
        protocol.bn_affine,
        protocol.backward,
        worst["relative"],
        worst["absolute"],
        passed,
    )


def _start(network: Network, x: Array, labels: Labels, settings: Mapping[str, Any]) -> Parameters:
    """Random parameters, b, gamma and beta too, at which no unit is nearly constant over the batch."""
    costs = smooth_costs(
        network,
        x,
        labels,
        weight_decay=settings["updates"]["weight_decay"],
        margin=settings["margin"],
        spread=settings["updates"]["spread"],
        random=stream(0, "update check"),
    )
    return next(costs)[0].parameters


def _gradient(
    parameters: Parameters, x: Array, labels: Labels, protocol: Protocol, weight_decay: float
) -> npt.NDArray[np.float64]:
    """The gradient that the velocity should take in, (p,), found without the backward pass or the optimizer."""
    if protocol.backward == "exact":
        twin = Cost(parameters, x, labels, weight_decay=weight_decay).complex_twin()
        theta = twin.parameters.flat
        flat = complex_step(twin, theta, np.arange(theta.size))
    else:
        flat = unnormalized_activations_gradient(parameters, x, labels)
        flat[: parameters.weights_flat.size] += 2 * weight_decay * parameters.weights_flat
    if not protocol.bn_affine:
        gradient = Parameters(parameters.network, flat)
        for array in (*gradient.gamma, *gradient.beta):
            array[:] = 0
    return flat
