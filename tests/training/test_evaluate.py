"""Evaluations take every scaling into the first layer and come out as if every image had been scaled."""

from types import SimpleNamespace

import numpy as np
import pytest

from bnlab.data.scaling import Scaling
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.training.evaluate import BLOCK, Evaluator
from bnlab.training.setup import Setup

ORDERS = {"per_pixel": "random", "scalar": "validation_first", "per_part": "official_order", "per_image": "random"}


def network_of(tiny: SimpleNamespace, *, batch_norm: bool) -> tuple[Parameters, RunningStatistics]:
    """A network of the tiny run's shape with drawn parameters and averages, none of them at its start."""
    network = Network((3072, 6, 5, 10), batch_norm, 1e-3)
    random = np.random.default_rng(3)
    parameters = Parameters.zeros(network, np.float64)
    parameters.flat[:] = random.standard_normal(parameters.flat.size) / 4
    statistics = RunningStatistics(network, np.float64, decay=0.9)
    for mean, variance in zip(statistics.mean, statistics.variance, strict=True):
        mean[:], variance[:] = random.standard_normal(len(mean)), random.uniform(0.5, 2, len(mean))
    return parameters, statistics


def scores(parameters: Parameters, statistics: RunningStatistics, x: np.ndarray) -> np.ndarray:
    """Class scores of scaled images in plain formulas."""
    theta = dict(parameters.named())
    for i in (1, 2):
        s = x @ theta[f"W{i}"] + theta[f"b{i}"]
        if parameters.network.batch_norm:
            s = (s - statistics.mean[i - 1]) / np.sqrt(statistics.variance[i - 1] + 1e-3)
            s = theta[f"gamma{i}"] * s + theta[f"beta{i}"]
        x = np.maximum(s, 0)
    return x @ theta["W3"] + theta["b3"]


def naive(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Loss and accuracy."""
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(labels)), labels].mean()), float((scores.argmax(axis=1) == labels).mean())


def scale_by_hand(images: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Images as the network sees them, scaled one by one."""
    x = images.astype(float)
    if scaling.per_image:
        x = np.stack([(image - image.mean()) / image.std() for image in x])
    return (x - scaling.mean) / scaling.std


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("standardization", ORDERS)
def test_an_evaluation_is_the_naive_one(tiny: SimpleNamespace, standardization: str, batch_norm: bool) -> None:
    """For each scaling, over more than a block: loss and predictions of networks that see scaled images."""
    protocol = tiny.protocol(standardization=standardization, split=ORDERS[standardization])
    split = tiny.split_of(protocol)
    parameters, statistics = network_of(tiny, batch_norm=batch_norm)
    for scaling in (split.scaling, split.validation_scaling):
        evaluator = Evaluator(parameters.network, tiny.images, tiny.labels, scaling, weight_decay=0.5, dtype=np.float64)
        rows = np.random.default_rng(1).permutation(300)[: BLOCK + 9]
        evaluation, predictions = evaluator(parameters, statistics, rows)
        expected = scores(parameters, statistics, scale_by_hand(tiny.images[rows], scaling))
        loss, accuracy = naive(expected, tiny.labels[rows])
        penalty = 0.5 * sum(float((weight**2).sum()) for weight in parameters.weights)
        assert predictions.tolist() == expected.argmax(axis=1).tolist()
        assert evaluation.loss == pytest.approx(loss, rel=1e-10)
        assert evaluation.cost == pytest.approx(loss + penalty, rel=1e-10)
        assert evaluation.accuracy == accuracy


def test_each_part_is_scaled_by_its_own_file(tiny: SimpleNamespace) -> None:
    """Per part, training and validation images are less their own part's mean; otherwise both are scaled alike."""
    protocol = tiny.protocol(standardization="per_part", split="official_order")
    spec, split = tiny.spec(hidden=(6, 5)), tiny.split_of(protocol)
    parameters, statistics = network_of(tiny, batch_norm=True)
    evaluators = Setup(spec, protocol, tiny.images, tiny.labels, split).evaluate
    for part, rows in (("training", split.training), ("validation", split.validation)):
        x = tiny.images[rows] / 255
        x -= x.mean(axis=0)
        s = x @ parameters.weights[0] + parameters.biases[0]
        assert s.mean(axis=0) == pytest.approx(parameters.biases[0], abs=1e-12)
        loss, _ = naive(_with_epsilon(parameters, statistics, x, protocol.bn_epsilon), tiny.labels[rows])
        assert evaluators[part](parameters, statistics, rows)[0].loss == pytest.approx(loss, rel=1e-10)
    losses = [evaluators[part](parameters, statistics, split.validation)[0].loss for part in evaluators]
    assert losses[0] != pytest.approx(losses[1], rel=1e-6)

    alike = tiny.protocol(standardization="scalar")
    evaluators = Setup(spec, alike, tiny.images, tiny.labels, tiny.split_of(alike)).evaluate
    assert evaluators["training"] is evaluators["validation"]


def _with_epsilon(parameters: Parameters, statistics: RunningStatistics, x: np.ndarray, epsilon: float) -> np.ndarray:
    """Scores where the protocol's epsilon is added to the variances instead of the network's own."""
    other = RunningStatistics(parameters.network, np.float64, decay=0.9)
    other.resume(statistics.mean, statistics.variance)
    for variance in other.variance:
        variance += epsilon - 1e-3
    return scores(parameters, other, x)


@pytest.mark.parametrize("standardization", ORDERS)
def test_test_images_are_scaled_as_a_part_of_their_own(tiny: SimpleNamespace, standardization: str) -> None:
    """Per part by their own mean, else by what scales training images: evaluated as `perform_run` does."""
    protocol = tiny.protocol(standardization=standardization, split=ORDERS[standardization], bn_epsilon=1e-3)
    spec, split = tiny.spec(hidden=(6, 5)), tiny.split_of(protocol)
    others, labels = 255 - tiny.images[:50], tiny.labels[:50]
    training = tiny.images[split.training].astype(float)
    both = tiny.images[np.concatenate([split.training, split.validation])].astype(float)
    x = others.astype(float)
    expected = {
        "per_pixel": lambda: (x - training.mean(axis=0)) / training.std(axis=0),
        "scalar": lambda: (x - both.mean()) / both.std(),
        "per_part": lambda: (x - x.mean(axis=0)) / 255,
        "per_image": lambda: (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True),
    }[standardization]()
    parameters, statistics = network_of(tiny, batch_norm=True)
    setup = Setup(spec, protocol, tiny.images, tiny.labels, split)
    evaluator = setup.evaluator(others, labels, split.scaling_of_others(others))
    evaluation, predictions = evaluator(parameters, statistics, np.arange(50))
    of_expected = scores(parameters, statistics, expected)
    assert predictions.tolist() == of_expected.argmax(axis=1).tolist()
    assert evaluation.loss == pytest.approx(naive(of_expected, labels)[0], rel=1e-10)
