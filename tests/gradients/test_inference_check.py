"""The inference check passes on the shipped evaluation, and on none that is wrong in one of the known ways."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlab.config.reader import read_yaml
from bnlab.gradients import inference_check
from bnlab.gradients.inference_check import InferenceCheck, check_inference
from bnlab.numerics import layers, network
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.training import evaluate
from bnlab.training.evaluate import Evaluator

SETTINGS = read_yaml(Path(__file__).parents[2] / "config" / "gradients" / "gate.yaml")
SMALL = SETTINGS | {"networks": [[8], [8, 6]], "inference": SETTINGS["inference"] | {"images": 310, "batch": 30}}


def checked(settings: dict[str, Any] = SMALL) -> list[InferenceCheck]:
    """The check on random images of a few pixels: more than one block of an evaluation, the last one incomplete."""
    random = np.random.default_rng(4)
    return check_inference(
        settings, random.integers(0, 256, (600, 12), np.uint8), random.integers(0, 10, 600, np.uint8)
    )


def failed(checks: list[InferenceCheck]) -> dict[str, set[bool]]:
    """By quantity that is off in some check, whether batch normalization is on in those."""
    bound = SETTINGS["tolerance"]["inference"]
    found: dict[str, set[bool]] = {}
    for check in checks:
        assert check.passed == all(error <= bound for error in check.errors.values())
        for quantity, error in check.errors.items():
            if not error <= bound:
                found.setdefault(quantity, set()).add(check.batch_norm)
    return found


def test_the_shipped_evaluation_passes() -> None:
    """Every configured network, with averages from the first batch and from zero and one, for both ways of scaling."""
    checks = checked(SETTINGS)
    assert all(check.passed for check in checks)
    assert len(checks) == len(SETTINGS["networks"]) * (1 + 2) * 2
    assert len({(c.hidden, c.batch_norm, c.initial_averages, c.scaling) for c in checks}) == len(checks)
    assert failed(checked()) == {}


def test_a_variance_for_a_standard_deviation_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inference divides by the root of the variance."""

    def wrong(s: Any, gamma: Any, beta: Any, mean: Any, variance: Any, *, epsilon: float) -> None:
        s[:] = gamma * (s - mean) / (variance + epsilon) + beta

    monkeypatch.setattr(layers, "batch_norm_inference", wrong)
    assert failed(checked()) == {"loss": {True}, "cost": {True}, "classes": {True}}


def test_averages_of_the_batch_in_place_of_moving_ones_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluation must not normalize by what it evaluates."""

    def wrong(s: Any, gamma: Any, beta: Any, mean: Any, variance: Any, *, epsilon: float) -> None:
        s[:] = gamma * (s - s.mean(axis=0)) / np.sqrt(s.var(axis=0) + epsilon) + beta

    monkeypatch.setattr(layers, "batch_norm_inference", wrong)
    assert failed(checked()) == {"loss": {True}, "cost": {True}, "classes": {True}}


@pytest.mark.parametrize("change", [{"decay": 0.1}, {"decay": 0.899}])
def test_a_wrong_decay_is_rejected(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Old and new exchanged, or a decay that is nearly right."""
    wrong = lambda *arguments, **options: RunningStatistics(*arguments, **options | change)  # noqa: E731
    monkeypatch.setattr(inference_check, "RunningStatistics", wrong)
    assert failed(checked())["averages"] == {True}


def test_averages_that_start_elsewhere_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first batch, whatever was asked for: the checks that start from zero and one fail."""
    wrong = lambda *arguments, **options: RunningStatistics(*arguments, **options | {"from_first": True})  # noqa: E731
    monkeypatch.setattr(inference_check, "RunningStatistics", wrong)
    checks = checked()
    assert {check.initial_averages for check in checks if not check.passed} == {"zero_one"}
    assert failed(checks)["averages"] == {True}


def test_an_unbiased_variance_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The averaged variance is divided by n, as the one that normalizes the batch."""
    forward = layers.batch_norm_forward

    def wrong(s: Any, *arguments: Any, **options: Any) -> Any:
        mean, variance, inverse_std = forward(s, *arguments, **options)
        return mean, variance * len(s) / (len(s) - 1), inverse_std

    monkeypatch.setattr(network.layers, "batch_norm_forward", wrong)
    assert failed(checked())["averages"] == {True}


def test_a_wrong_fold_of_the_scaling_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first layer of the copy that sees pixels as they are must take in the mean, too."""

    def wrong(self: Evaluator, parameters: Any) -> Any:
        self._copy.flat[:] = parameters.flat
        self._copy.weights[0] *= self._inverse_std[:, None]
        return self._copy

    monkeypatch.setattr(Evaluator, "_of_unscaled", wrong)
    assert failed(checked()) == {quantity: {False, True} for quantity in ("loss", "cost", "classes")}


def test_a_block_that_is_left_out_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean is over all images, those of the last, incomplete block too."""
    forward = evaluate.softmax_cross_entropy_forward
    monkeypatch.setattr(
        evaluate,
        "softmax_cross_entropy_forward",
        lambda scores, labels, *, out: forward(scores, labels, out=out) * (len(labels) == evaluate.BLOCK),
    )
    assert failed(checked()) == {"loss": {False, True}, "cost": {False, True}}


def test_half_a_penalty_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost is loss plus lambda times the sum of squares, without a half."""
    penalty = evaluate.weight_penalty
    monkeypatch.setattr(evaluate, "weight_penalty", lambda parameters, decay: penalty(parameters, decay) / 2)
    assert failed(checked()) == {"cost": {False, True}}


def test_a_loss_that_is_not_a_number_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN compares with nothing, and must not pass for that reason."""
    monkeypatch.setattr(evaluate, "weight_penalty", lambda *_: float("nan"))
    assert failed(checked()) == {"cost": {False, True}}


def test_a_blank_image_is_left_out() -> None:
    """It has no deviation to be scaled by, which is no fault of the evaluation."""
    random = np.random.default_rng(4)
    images = random.integers(0, 256, (600, 12), np.uint8)
    images[3] = 7
    assert failed(check_inference(SMALL, images, random.integers(0, 10, 600, np.uint8))) == {}
