"""Learning a few images perfectly: a right gradient, followed without weight decay, drives their loss to zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.config.gradient_checks import load_overfit_settings
from bnlab.files import write_rows
from bnlab.gradients.images import first_images, n_classes, standardized
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.optimizer import descend
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.schedule import triangular
from bnlab.paths import CONFIG, RESULTS
from bnlab.runs.names import network_text
from bnlab.streams import stream

COLUMNS = ("network", "layers", "batch_norm", "images", "classes", "update", "loss", "active")


def learn_few_images(data: str, *, config: Path = CONFIG, results: Path = RESULTS) -> None:
    """Write results/gradients/<data>/overfit.csv: every network's loss on a few images at every update."""
    settings = load_overfit_settings(config)
    shown, labels = first_images(data, results=results)
    learnt = overfit(settings, standardized(shown), labels)
    images, classes = settings["images"], n_classes(labels)
    rows = (
        (network_text(net.hidden), len(net.hidden) + 1, net.batch_norm, images, classes, update, loss, active)
        for net in learnt
        for update, (loss, active) in enumerate(zip(net.losses, net.active, strict=True))
    )
    write_rows(results / "gradients" / data / "overfit.csv", COLUMNS, rows)


@dataclass(frozen=True)
class Learnt:
    """A network before each update and after the last.

    losses: mean cross-entropy over all the images.  active: the share of images and units whose ReLU is on, in the
    hidden layer where it is smallest; at 0 no gradient passes that layer.
    """

    hidden: tuple[int, ...]
    batch_norm: bool
    losses: list[float]
    active: list[float]


def overfit(
    settings: Mapping[str, Any], pixels: npt.NDArray[np.float64], labels: npt.NDArray[np.uint8]
) -> list[Learnt]:
    """Follow the gradient of the mean loss of the first images, all in one batch, for every configured network.

    settings: the content of config/gradients/overfit.yaml.  pixels: (n, d), standardized.  labels: (n,).
    """
    x, y = pixels[: settings["images"]], labels[: settings["images"]]
    found = []
    for chosen in settings["networks"]:
        network = Network((x.shape[1], *chosen["hidden"], n_classes(labels)), chosen["batch_norm"], settings["epsilon"])
        found.append(
            Learnt(tuple(chosen["hidden"]), chosen["batch_norm"], *_descend(network, x, y, settings["schedule"]))
        )
    return found


def _descend(
    network: Network, x: npt.NDArray[np.float64], labels: npt.NDArray[np.uint8], schedule: Mapping[str, Any]
) -> tuple[list[float], list[float]]:
    parameters, gradients = Parameters.zeros(network, np.float64), Parameters.zeros(network, np.float64)
    initialize(parameters, "he", stream(0, "overfit"))
    work, scratch = Workspace(network, len(x), np.float64), np.empty_like(parameters.flat)
    updates, losses, active = 2 * schedule["step"], [], []
    for update in range(updates + 1):
        losses.append(float(loss_forward(parameters, x, labels, work)))
        active.append(min(float((h > 0).mean()) for h in work.h))
        if update < updates:
            loss_backward(parameters, x, labels, work, gradients=gradients)
            rate = triangular(update, **schedule)
            descend(parameters, gradients, None, learning_rate=rate, weight_decay=0, momentum=0, scratch=scratch)
    return losses, active
