"""The gradient check passes on the shipped backward pass, and on no wrong one that anybody has written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlab.configuration import read_yaml
from bnlab.gradients import check
from bnlab.gradients.check import NetworkCheck, check_gradients, check_network
from bnlab.numerics import layers
from bnlab.numerics.parameters import Network

SETTINGS = read_yaml(Path(__file__).parents[2] / "config" / "gradients" / "gate.yaml")
INPUTS, BATCH = 10, 20


def problem() -> tuple[np.ndarray, np.ndarray]:
    """Standardized pixels of a size that is checked in a moment, and labels."""
    random = np.random.default_rng(1)
    pixels = random.standard_normal((BATCH, INPUTS))
    return (pixels - pixels.mean(axis=0)) / pixels.std(axis=0), random.integers(0, 10, BATCH, np.uint8)


def checked(*hidden: int, batch_norm: bool, weight_decay: float = 0.1) -> NetworkCheck:
    """The check of one network with the shipped step and tolerances."""
    network = Network((INPUTS, *hidden, 10), batch_norm, check.EPSILON)
    return check_network(
        network, *problem(), weight_decay=weight_decay, step=SETTINGS["step"], tolerance=SETTINGS["tolerance"]
    )


def failed(result: NetworkCheck) -> set[str]:
    """The arrays that did not pass."""
    return {array.array for array in result.arrays if not array.passed}


def batch_norm_backward(
    *,
    mean_path: float = 1,
    variance_path: float = 1,
    scale: Callable[[np.ndarray], np.ndarray] = lambda gamma: gamma,
    divide: Callable[[np.ndarray], np.ndarray] = lambda inverse_std: inverse_std,
    g_gamma_from: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda g, s_hat: (g * s_hat).sum(axis=0),
    g_beta_from: Callable[[np.ndarray], np.ndarray] = lambda g: g.sum(axis=0),
) -> Callable[..., None]:
    """A backward pass written as the textbook does; every default is right, every other value is a mistake."""

    def backward(
        g: np.ndarray, s_hat: np.ndarray, inverse_std: np.ndarray, gamma: np.ndarray, *, g_gamma: Any, g_beta: Any
    ) -> None:
        g_gamma[:], g_beta[:] = g_gamma_from(g, s_hat), g_beta_from(g)
        g_hat = g * scale(gamma)
        through_mean = mean_path * g_hat.mean(axis=0)
        through_variance = variance_path * s_hat * (g_hat * s_hat).mean(axis=0)
        g[:] = (g_hat - through_mean - through_variance) * divide(inverse_std)

    return backward


WRONG_BATCH_NORM = {
    "constant mean and variance": {"mean_path": 0, "variance_path": 0},
    "missing mean path": {"mean_path": 0},
    "missing variance path": {"variance_path": 0},
    "wrong sign of the variance path": {"variance_path": -1},
    "wrong sign of the mean path": {"mean_path": -1},
    "unbiased variance": {"variance_path": BATCH / (BATCH - 1)},
    "gamma forgotten": {"scale": np.ones_like},
    "not divided by the standard deviation": {"divide": np.ones_like},
    "divided by the variance": {"divide": np.square},
    "gradient of gamma without s_hat": {"g_gamma_from": lambda g, _: g.sum(axis=0)},
    "gradient of gamma as a mean": {"g_gamma_from": lambda g, s_hat: (g * s_hat).mean(axis=0)},
    "gradient of beta as a mean": {"g_beta_from": lambda g: g.mean(axis=0)},
}


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(
    ("hidden", "batch_norm"),
    [((), False), *((hidden, batch_norm) for hidden in [(8,), (8, 6), (6, 5, 6)] for batch_norm in (False, True))],
)
def test_the_shipped_backward_pass_passes(hidden: tuple[int, ...], batch_norm: bool, weight_decay: float) -> None:
    """Every array of every network agrees, by a margin; each is named once and none is left out."""
    result = checked(*hidden, batch_norm=batch_norm, weight_decay=weight_decay)
    assert result.passed, result
    assert max(array.error for array in result.arrays) < 1e-8
    network = Network((INPUTS, *hidden, 10), batch_norm)
    assert [array.array for array in result.arrays] == [*network.shapes()]
    assert (result.hidden, result.batch_norm, result.weight_decay) == (hidden, batch_norm, weight_decay)


def test_the_configured_gate_passes() -> None:
    """Every network of config/gradients/gate.yaml, under every weight decay, with the sizes given there."""
    assert (SETTINGS["inputs"], SETTINGS["batch"]) == (INPUTS, BATCH)
    results = check_gradients(SETTINGS, *problem())
    assert [(result.hidden, result.batch_norm, result.weight_decay) for result in results] == [
        (tuple(network["hidden"]), network["batch_norm"], decay)
        for network in SETTINGS["networks"]
        for decay in SETTINGS["weight_decay"]
    ]
    assert all(result.passed for result in results)


def test_a_right_backward_pass_in_other_words_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The textbook's formulas, without a mistake, are accepted: it is the mistakes that the next tests see."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward())
    assert checked(8, 6, batch_norm=True).passed


@pytest.mark.parametrize("mistake", WRONG_BATCH_NORM)
def test_a_wrong_batch_norm_backward_is_rejected(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check fails by far, and only in arrays that the mistake can reach."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward(**WRONG_BATCH_NORM[mistake]))
    result = checked(8, 6, batch_norm=True)
    assert not result.passed
    assert max(array.error for array in result.arrays if array.measure == "relative") > 0.005
    reached = {"gamma1", "gamma2"} if "of gamma" in mistake else {"beta1", "beta2"}
    if "gradient of" not in mistake:
        reached = {"W1", "W2", "b1", "b2", "gamma1", "beta1"}
    assert failed(result) <= reached
    assert failed(result) & reached
    assert checked(8, 6, batch_norm=False).passed  # which does not use it


@pytest.mark.parametrize("mistake", ["missing mean path", "constant mean and variance"])
def test_a_bias_before_batch_norm_must_have_no_gradient(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that gives such a bias a gradient fails in it, too."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward(**WRONG_BATCH_NORM[mistake]))
    assert {"b1", "b2"} <= failed(checked(8, 6, batch_norm=True))


def test_a_bias_before_batch_norm_is_judged_absolutely() -> None:
    """Its gradient is zero up to rounding, of which a relative error would be about one; all others are relative."""
    result = checked(8, 6, batch_norm=True)
    assert {array.array for array in result.arrays if array.measure == "absolute"} == {"b1", "b2"}
    assert {array.array for array in result.arrays if array.measure == "relative"} == {
        "W1", "W2", "W3", "b3", "gamma1", "gamma2", "beta1", "beta2",
    }  # fmt: skip
    assert {array.measure for array in checked(8, 6, batch_norm=False).arrays} == {"relative"}
    tolerance = SETTINGS["tolerance"] | {"absolute": 0.0}
    network = Network((INPUTS, 8, 6, 10), True, check.EPSILON)
    strict = check_network(network, *problem(), weight_decay=0, step=SETTINGS["step"], tolerance=tolerance)
    assert failed(strict) == {"b1", "b2"}  # rounding is there, and it is what the tolerance is for


def relu_from_before_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mask ReLU's gradient by s, the input of batch normalization, instead of its output."""
    before: dict[int, np.ndarray] = {}
    forward = layers.batch_norm_forward

    def remember(s: np.ndarray, *arguments: Any, out: np.ndarray, **options: Any) -> Any:
        before[out.ctypes.data] = s.copy()
        return forward(s, *arguments, out=out, **options)

    def backward(g: np.ndarray, h: np.ndarray) -> None:
        g *= before[h.ctypes.data] > 0

    monkeypatch.setattr(layers, "batch_norm_forward", remember)
    monkeypatch.setattr(layers, "relu_backward", backward)


def test_relu_masked_by_what_came_before_batch_norm_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is affine, batch normalization, ReLU: the mask belongs to the normalized pre-activation."""
    relu_from_before_norm(monkeypatch)
    result = checked(8, 6, batch_norm=True)
    assert {"W1", "W2", "gamma1", "gamma2", "beta1", "beta2"} <= failed(result)
    assert not {"W3", "b3"} & failed(result)


def relu_passes_all(g: np.ndarray, h: np.ndarray) -> None:
    """No mask at all."""


def relu_inverted(g: np.ndarray, h: np.ndarray) -> None:
    """The mask's complement."""
    g *= h <= 0


def relu_scaled(g: np.ndarray, h: np.ndarray) -> None:
    """The activation instead of its sign."""
    g *= h


def softmax_not_averaged(probabilities: np.ndarray, labels: np.ndarray) -> None:
    """The sum over the batch instead of its mean."""
    probabilities[np.arange(len(labels)), labels] -= 1


def softmax_without_label(probabilities: np.ndarray, labels: np.ndarray) -> None:
    """The probabilities alone."""
    probabilities /= len(labels)


def softmax_of_the_wrong_sign(probabilities: np.ndarray, labels: np.ndarray) -> None:
    """Uphill."""
    probabilities[np.arange(len(labels)), labels] -= 1
    probabilities /= -len(labels)


def affine_bias_averaged(g: np.ndarray, h: np.ndarray, *, g_weight: np.ndarray, g_bias: np.ndarray) -> None:
    """The bias gradient as a mean."""
    np.matmul(h.T, g, out=g_weight)
    np.mean(g, axis=0, out=g_bias)


def affine_weight_averaged(g: np.ndarray, h: np.ndarray, *, g_weight: np.ndarray, g_bias: np.ndarray) -> None:
    """The weight gradient as a mean."""
    np.matmul(h.T / len(g), g, out=g_weight)
    np.sum(g, axis=0, out=g_bias)


def affine_input_reversed(g: np.ndarray, weight: np.ndarray, *, out: np.ndarray) -> None:
    """The gradient handed down to the wrong units."""
    np.matmul(g, weight[::-1].T, out=out)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        ("relu_backward", relu_passes_all),
        ("relu_backward", relu_inverted),
        ("relu_backward", relu_scaled),
        ("softmax_cross_entropy_backward", softmax_not_averaged),
        ("softmax_cross_entropy_backward", softmax_without_label),
        ("softmax_cross_entropy_backward", softmax_of_the_wrong_sign),
        ("affine_backward", affine_bias_averaged),
        ("affine_backward", affine_weight_averaged),
        ("affine_backward_input", affine_input_reversed),
    ],
)
def test_every_other_wrong_backward_is_rejected(
    function: str, wrong: Callable[..., None], batch_norm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mistakes in ReLU, softmax and the affine map are found with and without batch normalization."""
    monkeypatch.setattr(layers, function, wrong)
    result = checked(8, 6, batch_norm=batch_norm)
    assert not result.passed
    assert max(array.error for array in result.arrays) > 0.05


@pytest.mark.parametrize("factor", [0, 1, 4])
def test_a_wrong_weight_decay_is_rejected(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The penalty's gradient is 2 lambda W: without the 2, or without any, every weight array fails, and no other."""

    def decay(gradients: Any, parameters: Any, weight_decay: float, *, scratch: np.ndarray) -> None:
        del scratch
        gradients.decayed[:] += factor * weight_decay * parameters.decayed

    monkeypatch.setattr(check, "add_weight_decay", decay)
    assert failed(checked(8, 6, batch_norm=True)) == {"W1", "W2", "W3"}
    assert checked(8, 6, batch_norm=True, weight_decay=0.0).passed


def test_decay_of_biases_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only weights are penalized."""

    def decay(gradients: Any, parameters: Any, weight_decay: float, *, scratch: np.ndarray) -> None:
        del scratch
        gradients.flat[:] += 2 * weight_decay * parameters.flat

    monkeypatch.setattr(check, "add_weight_decay", decay)
    assert failed(checked(8, batch_norm=True)) == {"b1", "b2", "gamma1", "beta1"}


def test_a_gradient_that_is_not_a_number_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN compares with nothing, and must not pass for that reason."""

    def backward(g: np.ndarray, h: np.ndarray) -> None:
        del h
        g[:] = np.nan

    monkeypatch.setattr(layers, "relu_backward", backward)
    result = checked(8, batch_norm=True)
    assert failed(result) == {"W1", "b1", "gamma1", "beta1"}


def test_the_tolerance_decides() -> None:
    """A tolerance below rounding fails what a usual one passes: the numbers are compared, not just printed."""
    network = Network((INPUTS, 8, 10), False)
    for tolerance, passed in ((1e-7, True), (1e-14, False)):
        result = check_network(
            network, *problem(), weight_decay=0.0, step=1e-5, tolerance={"relative": tolerance, "absolute": 1e-9}
        )
        assert result.passed == passed
