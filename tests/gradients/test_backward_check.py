"""The gradient check passes on the shipped backward pass, and on no wrong one that anybody has written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlab.config.reader import read_yaml
from bnlab.gradients import objective
from bnlab.gradients.backward_check import NetworkCheck, check_network, check_networks
from bnlab.numerics import layers
from bnlab.numerics.parameters import Network

SETTINGS = read_yaml(Path(__file__).parents[2] / "config" / "gradients" / "gate.yaml")
INPUTS, BATCH = 10, 20
CONDITION = {"batch": BATCH, "inputs": INPUTS, "epsilon": 2.2e-16, "spread": 0.1, "entries": 40}
ORACLES = ("central", "complex", "autodiff")


def problem() -> tuple[np.ndarray, np.ndarray]:
    """Standardized pixels of a size that is checked in a moment, and labels."""
    random = np.random.default_rng(1)
    pixels = random.standard_normal((BATCH, INPUTS))
    return (pixels - pixels.mean(axis=0)) / pixels.std(axis=0), random.integers(0, 10, BATCH, np.uint8)


def checked(*hidden: int, batch_norm: bool, weight_decay: float = 0.1, **changes: Any) -> NetworkCheck:
    """The check of one network with the shipped tolerances; `changes` are to the condition, or to the settings."""
    condition = {key: changes.pop(key, value) for key, value in (CONDITION | {"weight_decay": weight_decay}).items()}
    network = Network((INPUTS, *hidden, 10), batch_norm, condition["epsilon"])
    x, labels = problem()
    return check_network(network, x[: condition["batch"]], labels[: condition["batch"]], condition, SETTINGS | changes)


def failed(result: NetworkCheck, oracle: str) -> set[str]:
    """The arrays that did not pass before one oracle."""
    return {array.array for array in result.arrays if oracle in array.failed}


def worst(result: NetworkCheck, oracle: str, measure: str = "relative") -> float:
    """The largest error of any array measured so."""
    return max(array.errors[oracle] for array in result.arrays if array.measure == measure)


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
    """Every array of every network agrees with every oracle, by a margin; each is named once and none is left out."""
    result = checked(*hidden, batch_norm=batch_norm, weight_decay=weight_decay)
    assert result.passed, result
    for oracle, bound in (("central", 2e-8), ("complex", 2e-14), ("autodiff", 2e-14)):
        assert worst(result, oracle) < bound
    network = Network((INPUTS, *hidden, 10), batch_norm)
    assert [array.array for array in result.arrays] == [*network.shapes()]
    assert (result.hidden, result.batch_norm, result.condition["weight_decay"]) == (hidden, batch_norm, weight_decay)


def test_the_configured_gate_passes() -> None:
    """Every network of config/gradients/gate.yaml under every condition that it meets, on images of noise."""
    random = np.random.default_rng(2)
    results = check_networks(SETTINGS, random.standard_normal((20, 3072)), random.integers(0, 10, 20, np.uint8))
    assert [result for result in results if not result.passed] == []
    met = [(result.hidden, result.batch_norm, *map(result.condition.get, ("batch", "epsilon"))) for result in results]
    deepest = (50, 30, 20, 20, 10, 10, 10, 10)
    assert {found[:2] for found in met} == {
        (tuple(hidden), batch_norm) for hidden in SETTINGS["networks"] for batch_norm in (False, True)
    }
    assert (deepest, True, 20, 2.2e-16) in met
    assert (deepest, True, 2, 1e-3) not in met  # a condition for fewer layers
    asked = {found: set(result.arrays[0].errors) for found, result in zip(met, results, strict=True)}
    assert asked[deepest, True, 20, 2.2e-16] == {"central", "complex", "autodiff"}
    assert asked[deepest, True, 3, 2.2e-16] == {"complex", "autodiff"}  # too few images for differences
    assert ((50,), True, 2, 1e-3) in met
    assert ((50,), False, 2, 1e-3) not in met  # without batch normalization epsilon changes nothing


def test_a_right_backward_pass_in_other_words_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The textbook's formulas, without a mistake, are accepted: it is the mistakes that the next tests see."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward())
    assert checked(8, 6, batch_norm=True).passed


@pytest.mark.parametrize("mistake", WRONG_BATCH_NORM)
def test_a_wrong_batch_norm_backward_is_rejected(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each oracle by itself fails it by far, and only in arrays that the mistake can reach."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward(**WRONG_BATCH_NORM[mistake]))
    result = checked(8, 6, batch_norm=True)
    assert not result.passed
    reached = {"gamma1", "gamma2"} if "of gamma" in mistake else {"beta1", "beta2"}
    if "gradient of" not in mistake:
        reached = {"W1", "W2", "b1", "b2", "gamma1", "beta1"}
    for oracle in ORACLES:
        assert worst(result, oracle) > 0.005
        assert failed(result, oracle) <= reached
        assert failed(result, oracle) & reached
    assert checked(8, 6, batch_norm=False).passed  # which does not use it


@pytest.mark.parametrize("mistake", ["missing mean path", "constant mean and variance"])
def test_a_bias_before_batch_norm_must_have_no_gradient(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that gives such a bias a gradient fails in it, too."""
    monkeypatch.setattr(layers, "batch_norm_backward", batch_norm_backward(**WRONG_BATCH_NORM[mistake]))
    result = checked(8, 6, batch_norm=True)
    for oracle in ORACLES:
        assert {"b1", "b2"} <= failed(result, oracle)


def test_a_bias_before_batch_norm_is_judged_absolutely() -> None:
    """Its gradient is zero up to rounding, of which a relative error would be about one; all others are relative."""
    result = checked(8, 6, batch_norm=True)
    assert {array.array for array in result.arrays if array.measure == "absolute"} == {"b1", "b2"}
    assert {array.array for array in result.arrays if array.measure == "relative"} == {
        "W1", "W2", "W3", "b3", "gamma1", "gamma2", "beta1", "beta2",
    }  # fmt: skip
    assert {array.measure for array in checked(8, 6, batch_norm=False).arrays} == {"relative"}
    strict = {oracle: {"relative": 1e-7, "absolute": 1e-30} for oracle in ORACLES}
    result = checked(8, 6, batch_norm=True, weight_decay=0, tolerance=strict)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"b1", "b2"}  # rounding is there, and it is what the tolerance is for


def test_a_batch_of_two_has_no_gradient_below_the_last_normalization() -> None:
    """Standardized to +1 and -1 whatever it is, it is judged absolutely there; with a larger epsilon it is not."""
    tiny = checked(8, 6, batch_norm=True, weight_decay=0, batch=2, spread=0.01)
    assert tiny.passed, tiny
    absolute = {array.array for array in tiny.arrays if array.measure == "absolute"}
    assert absolute == {"W1", "W2", "b1", "b2", "gamma1", "beta1"}
    larger = checked(8, 6, batch_norm=True, weight_decay=0, batch=2, epsilon=0.1)
    assert larger.passed, larger
    assert {array.array for array in larger.arrays if array.measure == "absolute"} == {"b1", "b2"}


def wrong_in_one_entry(g: np.ndarray, h: np.ndarray, *, g_weight: np.ndarray, g_bias: np.ndarray) -> None:
    """A weight gradient with a single entry that is off by a thousandth."""
    np.matmul(h.T, g, out=g_weight)
    np.sum(g, axis=0, out=g_bias)
    g_weight[3, 4] += 1e-3


def test_entries_that_are_not_moved_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    """With only two entries of each array moved, random directions still see a mistake in any other."""
    assert checked(8, 6, batch_norm=True, entries=2).passed
    monkeypatch.setattr(layers, "affine_backward", wrong_in_one_entry)
    result = checked(8, 6, batch_norm=True, entries=2)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"W1", "W2", "W3"}


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
    for oracle in ORACLES:
        assert {"W1", "W2", "gamma1", "gamma2", "beta1", "beta2"} <= failed(result, oracle)
        assert not {"W3", "b3"} & failed(result, oracle)


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
    for oracle in ORACLES:
        assert failed(result, oracle)
        assert worst(result, oracle) > 0.05


@pytest.mark.parametrize("factor", [0, 1, 4])
def test_a_wrong_weight_decay_is_rejected(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The penalty's gradient is 2 lambda W: without the 2, or without any, every weight array fails, and no other."""

    def decay(gradients: Any, parameters: Any, weight_decay: float, *, scratch: np.ndarray) -> None:
        del scratch
        gradients.weights_flat[:] += factor * weight_decay * parameters.weights_flat

    monkeypatch.setattr(objective, "add_weight_decay", decay)
    result = checked(8, 6, batch_norm=True)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"W1", "W2", "W3"}
    assert checked(8, 6, batch_norm=True, weight_decay=0.0).passed


def test_decay_of_biases_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only weights are penalized."""

    def decay(gradients: Any, parameters: Any, weight_decay: float, *, scratch: np.ndarray) -> None:
        del scratch
        gradients.flat[:] += 2 * weight_decay * parameters.flat

    monkeypatch.setattr(objective, "add_weight_decay", decay)
    result = checked(8, batch_norm=True)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"b1", "b2", "gamma1", "beta1"}


def test_a_gradient_that_is_not_a_number_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN compares with nothing, and must not pass for that reason."""

    def backward(g: np.ndarray, h: np.ndarray) -> None:
        del h
        g[:] = np.nan

    monkeypatch.setattr(layers, "relu_backward", backward)
    result = checked(8, batch_norm=True)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"W1", "b1", "gamma1", "beta1"}


def test_zeros_that_agree_prove_nothing() -> None:
    """Black images give W1 no gradient, analytic or numerical: that is no agreement, and the array fails."""
    network = Network((INPUTS, 8, 10), batch_norm=False)
    condition = CONDITION | {"weight_decay": 0}
    result = check_network(network, np.zeros((BATCH, INPUTS)), problem()[1], condition, SETTINGS)
    for oracle in ORACLES:
        assert failed(result, oracle) == {"W1"}


@pytest.mark.parametrize("oracle", ORACLES)
def test_the_tolerance_decides(oracle: str) -> None:
    """A tolerance below rounding fails what the shipped one passes, before its oracle alone."""
    strict = SETTINGS["tolerance"] | {oracle: {"relative": 1e-18, "absolute": 1e-30}}
    result = checked(8, batch_norm=False, tolerance=strict)
    assert {array.failed for array in result.arrays} == {(oracle,)}
