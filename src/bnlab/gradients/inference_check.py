"""Evaluation with moving averages, checked against a second version written straight from the textbook.

Curves, searches and test results come from this pass and not from the one that is differentiated. It takes another way
at three places: moving averages in place of the batch's statistics, pixels whose scaling the first layer takes in, and
blocks of images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnlab.data.arrays import Bytes, Images
from bnlab.data.batches import StandardizedBatches
from bnlab.data.scaling import Scaling
from bnlab.gradients.error_measures import norm_max
from bnlab.gradients.images import n_classes
from bnlab.gradients.kinks import random_parameters
from bnlab.numerics.arrays import Array
from bnlab.numerics.network import Workspace, loss_forward
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.streams import stream
from bnlab.training.evaluate import Evaluator


@dataclass(frozen=True)
class InferenceCheck:
    """How one network's evaluation compares with the second implementation.

    initial_averages: "first_batch" or "zero_one".  scaling: "per_pixel" or "per_image".
    errors: by quantity: the averages, the worst ||a - n|| / max(||a||, ||n||) of any layer's (none without batch
    normalization); loss and cost, relative; classes, the fraction of images that the two classify differently.
    """

    hidden: tuple[int, ...]
    batch_norm: bool
    initial_averages: str
    scaling: str
    errors: dict[str, float]
    passed: bool


@dataclass(frozen=True)
class _Evaluated:
    """The moving averages of every layer, loss and cost, and the class of every image, (n,)."""

    averages: list[tuple[Array, Array]]
    loss: float
    cost: float
    classes: Array


def check_inference(settings: Mapping[str, Any], images: Images, labels: Bytes) -> list[InferenceCheck]:
    """Check every network of config/gradients/gate.yaml on the first images, uint8 (n, d), with their labels, (n,)."""
    asked = settings["inference"]
    varied = np.flatnonzero(images.std(axis=1) > 0)[: asked["images"]]  # a blank image has no scaling of its own
    images, labels = images[varied], labels[varied]
    checks = []
    for hidden in settings["networks"]:
        for batch_norm in settings["batch_norm"]:
            network = Network((images.shape[1], *hidden, n_classes(labels)), batch_norm, asked["epsilon"])
            parameters = random_parameters(network, stream(0, "inference check"))
            for initial in ("first_batch", "zero_one") if batch_norm else ("first_batch",):
                for scaling in ("per_pixel", "per_image"):
                    x, fitted = _scaled(images, scaling)
                    shipped = _shipped(parameters, images, labels, fitted, {**asked, "initial": initial})
                    second = _second(parameters, x, labels, {**asked, "initial": initial})
                    errors = _errors(shipped, second)
                    passed = all(error <= settings["tolerance"]["inference"] for error in errors.values())
                    checks.append(InferenceCheck(tuple(hidden), batch_norm, initial, scaling, errors, passed))
    return checks


def _scaled(images: Images, scaling: str) -> tuple[Array, Scaling]:
    """Images as a network sees them, float64 (n, d), and the scaling that makes the shipped code see them so."""
    x = images.astype(float)
    if scaling == "per_image":
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    mean, std = x.mean(axis=0), x.std(axis=0)
    return (x - mean) / std, Scaling(mean, std, scaling == "per_image")


def _shipped(
    parameters: Parameters, images: Images, labels: Bytes, scaling: Scaling, asked: Mapping[str, Any]
) -> _Evaluated:
    """Average over mini-batches and evaluate as training does."""
    network, batch, rows = parameters.network, asked["batch"], np.arange(len(images))
    statistics = RunningStatistics(
        network, np.float64, decay=asked["decay"], from_first=asked["initial"] == "first_batch"
    )
    batches = StandardizedBatches(images, scaling, size=batch, dtype=np.float64)
    work = Workspace(network, batch, np.float64)
    for start in range(0, len(images) - batch + 1, batch):
        chosen = rows[start : start + batch]
        loss_forward(parameters, batches[chosen], labels[chosen], work)
        statistics.update(work.moments)
    evaluate = Evaluator(network, images, labels, scaling, weight_decay=asked["weight_decay"], dtype=np.float64)
    found, classes = evaluate(parameters, statistics, rows)
    averages = list(zip(statistics.mean, statistics.variance, strict=True))
    return _Evaluated(averages, found.loss, found.cost, classes)


def _second(parameters: Parameters, x: Array, labels: Bytes, asked: Mapping[str, Any]) -> _Evaluated:
    """Average and evaluate by the textbook, without a line of the shipped code."""
    averages = _averages(parameters, x, asked)
    scores, _ = _forward(parameters, x, averages)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(probabilities[np.arange(len(x)), labels]))
    penalty = asked["weight_decay"] * sum(np.sum(weight**2) for weight in parameters.weights)
    return _Evaluated(averages, float(loss), float(loss + penalty), scores.argmax(axis=1))


def _errors(shipped: _Evaluated, second: _Evaluated) -> dict[str, float]:
    layers = zip(shipped.averages, second.averages, strict=True)
    averages = [norm_max(a, n) for ours, others in layers for a, n in zip(ours, others, strict=True)]
    return {
        "averages": max(averages, default=0.0),
        "loss": abs(shipped.loss - second.loss) / second.loss,
        "cost": abs(shipped.cost - second.cost) / second.cost,
        "classes": float(np.mean(shipped.classes != second.classes)),
    }


def _averages(parameters: Parameters, x: Array, asked: Mapping[str, Any]) -> list[tuple[Array, Array]]:
    """The moving averages of every layer's mean and variance, after one mini-batch after another."""
    batch, decay = asked["batch"], asked["decay"]
    averages: list[tuple[Array, Array]] = []
    if asked["initial"] == "zero_one":
        averages = [(np.zeros(width), np.ones(width)) for width in parameters.network.widths[1:-1]]
    for start in range(0, len(x) - batch + 1, batch):
        _, moments = _forward(parameters, x[start : start + batch])
        averages = [
            (decay * mean + (1 - decay) * batch_mean, decay * variance + (1 - decay) * batch_variance)
            for (mean, variance), (batch_mean, batch_variance) in zip(averages or moments, moments, strict=True)
        ]
    return averages


def _forward(
    parameters: Parameters, x: Array, averages: list[tuple[Array, Array]] | None = None
) -> tuple[Array, list[tuple[Array, Array]]]:
    """Scores, (n, k), and the means and variances that normalized them: `averages`, or else the batch's own."""
    network, h, moments = parameters.network, x, []
    for i in range(network.n_hidden):
        s = h @ parameters.weights[i] + parameters.biases[i]
        if network.batch_norm:
            mean, variance = averages[i] if averages else (np.mean(s, axis=0), np.var(s, axis=0))
            moments.append((mean, variance))
            s = parameters.gamma[i] * (s - mean) / np.sqrt(variance + network.epsilon) + parameters.beta[i]
        h = np.where(s > 0, s, 0)
    return h @ parameters.weights[-1] + parameters.biases[-1], moments
