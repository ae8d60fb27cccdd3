"""The whole network: its gradient, its predictions, and what batch normalization leaves unchanged."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.numerics.network import Workspace, loss_backward, loss_forward, predict
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics

EPSILON = 2.2e-16
BATCH, INPUTS, CLASSES = 12, 6, 4
HIDDEN = [(), (5,), (5, 7), (7, 5, 6), (6, 5, 6, 7, 6, 5, 6, 5)]
NETWORKS = [
    Network((INPUTS, *hidden, CLASSES), batch_norm, EPSILON)
    for hidden in HIDDEN
    for batch_norm in (False, True)
    if hidden or not batch_norm
]


def problem(network: Network, seed: int = 0, batch: int = BATCH) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """Random parameters (b, gamma and beta too), images and labels."""
    random = np.random.default_rng(seed)
    parameters = Parameters.zeros(network, np.float64)
    parameters.flat[:] = 0.3 * random.standard_normal(parameters.flat.size)
    for weight in parameters.weights:
        weight[:] = random.standard_normal(weight.shape) * math.sqrt(2 / len(weight))
    for gamma in parameters.gamma:
        gamma += 1
    x = random.standard_normal((batch, network.widths[0]))
    return parameters, x, random.integers(0, network.widths[-1], batch)


def as_type(parameters: Parameters, dtype: Any) -> Parameters:
    """A copy of another dtype."""
    return Parameters(parameters.network, parameters.flat.astype(dtype))


def gradient(
    parameters: Parameters, x: np.ndarray, labels: np.ndarray, work: Workspace | None = None
) -> tuple[Any, Parameters]:
    """Loss and gradient, by default in a fresh workspace; every gradient must be written, so they start as NaN."""
    dtype = parameters.flat.dtype
    work = work or Workspace(parameters.network, len(x), dtype)
    gradients = Parameters(parameters.network, np.full_like(parameters.flat, np.nan))
    loss = loss_forward(parameters, x, labels, work)
    loss_backward(parameters, x, labels, work, gradients=gradients)
    return loss, gradients


def loss_of(parameters: Parameters, x: np.ndarray, labels: np.ndarray) -> float:
    """The loss, in a fresh workspace."""
    return float(loss_forward(parameters, x, labels, Workspace(parameters.network, len(x), parameters.flat.dtype)))


def plain_scores(parameters: Parameters, moments: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Class scores written down as the papers do, with the given mean and variance for each hidden layer."""
    network = parameters.network
    for i in range(network.n_hidden):
        x = x @ parameters.weights[i] + parameters.biases[i]
        if network.batch_norm:
            mean, variance = moments[i]
            x = parameters.gamma[i] * ((x - mean) / (variance + network.epsilon) ** 0.5) + parameters.beta[i]
        x = np.where(x > 0, x, 0)
    return x @ parameters.weights[-1] + parameters.biases[-1]


def before_norm(network: Network) -> set[str]:
    """The biases that batch normalization takes out again."""
    return {f"b{i + 1}" for i in range(network.n_hidden)} if network.batch_norm else set()


@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_gradient_is_the_complex_step_of_the_loss(calculus: SimpleNamespace, network: Network, seed: int) -> None:
    """Each parameter array's gradient is right to 1e-13; that of a bias before batch normalization is zero."""
    parameters, x, labels = problem(network, seed)
    _, gradients = gradient(parameters, x, labels)
    at, work = as_type(parameters, complex), Workspace(network, len(x), complex)
    steps = Parameters(
        network, calculus.complex_step(lambda: loss_forward(at, x.astype(complex), labels, work), at.flat)
    )
    for (name, found), (_, expected) in zip(gradients.named(), steps.named(), strict=True):
        if name in before_norm(network):
            assert max(np.abs(found).max(), np.abs(expected).max()) <= 1e-12, name
        else:
            assert np.linalg.norm(expected) > 1e-6, name
            assert calculus.error(found, expected) <= 1e-13, name


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_loss_is_that_of_the_plain_formula(network: Network) -> None:
    """Mean cross-entropy of softmax, with the batch's own moments, which are left in the workspace."""
    parameters, x, labels = problem(network)
    work = Workspace(network, len(x), np.float64)
    loss = loss_forward(parameters, x, labels, work)
    scores = plain_scores(parameters, work.moments, x)
    expected = -np.log(np.exp(scores)[np.arange(len(x)), labels] / np.exp(scores).sum(axis=1)).mean()
    assert loss == pytest.approx(expected, rel=1e-12)
    below = x
    for i in range(len(work.moments)):
        s = below @ parameters.weights[i] + parameters.biases[i]
        np.testing.assert_allclose(work.moments[i], (s.mean(axis=0), s.var(axis=0)), rtol=1e-9, atol=1e-12)
        below = work.h[i]
    assert len(work.moments) == (network.n_hidden if network.batch_norm else 0)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_predictions_are_the_plain_formula_with_the_running_statistics(network: Network) -> None:
    """Scores equal an independent computation, for a full workspace and for fewer images than it has room for."""
    parameters, x, _ = problem(network)
    random = np.random.default_rng(3)
    statistics = RunningStatistics(network, np.float64, decay=0.9)
    for mean, variance in zip(statistics.mean, statistics.variance, strict=True):
        mean[:], variance[:] = random.standard_normal(mean.size), random.uniform(0.5, 2, mean.size)
    expected = plain_scores(parameters, list(zip(statistics.mean, statistics.variance, strict=True)), x)
    work = Workspace(network, len(x), np.float64)
    for n in (len(x), 5, 1):
        np.testing.assert_allclose(predict(parameters, statistics, x[:n], work), expected[:n], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_training_and_prediction_agree_on_the_same_statistics(network: Network) -> None:
    """Given a batch's own moments, prediction computes the scores that training saw."""
    parameters, x, labels = problem(network)
    work = Workspace(network, len(x), np.float64)
    loss_forward(parameters, x, labels, work)
    statistics = RunningStatistics(network, np.float64, decay=0.9)
    statistics.update(work.moments)
    probabilities = work.probabilities.copy()
    scores = predict(parameters, statistics, x, work)
    e = np.exp(scores)
    np.testing.assert_allclose(probabilities, e / e.sum(axis=1, keepdims=True), rtol=1e-10)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_a_used_workspace_changes_nothing(network: Network) -> None:
    """Loss, gradient and prediction do not depend on what the buffers were used for before, not by one bit."""
    parameters, x, labels = problem(network)
    loss, gradients = gradient(parameters, x, labels)
    work = Workspace(network, len(x), np.float64)
    other, other_x, other_labels = problem(network, seed=9)
    gradient(other, other_x, other_labels, work)
    predict(other, RunningStatistics(network, np.float64, decay=0.9), other_x[:5], work)
    again, gradients_again = gradient(parameters, x, labels, work)
    assert again == loss
    np.testing.assert_array_equal(gradients_again.flat, gradients.flat)
    assert len(work.moments) == len(work.inverse_std) == len(before_norm(network))


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_what_is_read_only_stays_as_it_was(calculus: SimpleNamespace, network: Network) -> None:
    """Neither pass writes to images, labels or parameters, nor prediction to the statistics."""
    parameters, x, labels = problem(network)
    locked = Parameters(network, calculus.locked(parameters.flat))
    gradient(locked, calculus.locked(x), calculus.locked(labels))
    statistics = RunningStatistics(network, np.float64, decay=0.9)
    for array in (*statistics.mean, *statistics.variance):
        array.flags.writeable = False
    predict(locked, statistics, calculus.locked(x), Workspace(network, len(x), np.float64))


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_same_code_runs_in_every_precision(calculus: SimpleNamespace, network: Network) -> None:
    """Loss, gradient, moments and scores keep float32 or complex128 throughout, and agree with float64."""
    parameters, x, labels = problem(network)
    loss, gradients = gradient(parameters, x, labels)
    for dtype, tolerance in ((np.float32, 1e-4), (np.complex128, 1e-12)):
        work = Workspace(network, len(x), dtype)
        typed, typed_gradients = gradient(as_type(parameters, dtype), x.astype(dtype), labels, work)
        assert typed.dtype == typed_gradients.flat.dtype == dtype
        assert {array.dtype for array in (*work.h, *work.g, *work.inverse_std, *sum(work.moments, ()))} <= {
            np.dtype(dtype)
        }
        assert typed.real == pytest.approx(loss, rel=tolerance)
        assert calculus.error(typed_gradients.flat, gradients.flat) <= tolerance
        statistics = RunningStatistics(network, dtype, decay=0.9)
        assert predict(as_type(parameters, dtype), statistics, x.astype(dtype), work).dtype == dtype


@given(seed=st.integers(0, 2**32), network=st.sampled_from(NETWORKS))
@settings(max_examples=30, deadline=None)
def test_the_order_of_a_batch_means_nothing(calculus: SimpleNamespace, seed: int, network: Network) -> None:
    """Permuting images with their labels leaves loss and gradient as they are."""
    parameters, x, labels = problem(network, seed)
    order = np.random.default_rng(seed).permutation(len(x))
    loss, gradients = gradient(parameters, x, labels)
    permuted, permuted_gradients = gradient(parameters, x[order], labels[order])
    assert permuted == pytest.approx(loss, rel=1e-10)
    assert calculus.error(permuted_gradients.flat, gradients.flat) <= 1e-8


NORMALIZED = Network((INPUTS, 5, 7, CLASSES), True, EPSILON)


@given(seed=st.integers(0, 2**32), layer=st.integers(0, 1))
@settings(max_examples=30, deadline=None)
def test_batch_norm_takes_out_a_bias_before_it(seed: int, layer: int) -> None:
    """Shifting b changes nothing where batch normalization follows, and something where it does not."""
    parameters, x, labels = problem(NORMALIZED, seed)
    loss = loss_of(parameters, x, labels)
    shift = np.random.default_rng(seed).standard_normal(parameters.biases[layer].size)
    parameters.biases[layer] += shift
    assert loss_of(parameters, x, labels) == pytest.approx(loss, rel=1e-10)

    plain, x, labels = problem(Network(NORMALIZED.widths, False), seed)
    loss = loss_of(plain, x, labels)
    plain.biases[-1][0] += 1
    assert abs(loss_of(plain, x, labels) - loss) > 1e-6


@given(seed=st.integers(0, 2**32), layer=st.integers(0, 1), exponent=st.integers(-4, 4))
@settings(max_examples=30, deadline=None)
def test_batch_norm_takes_out_the_scale_of_weights(seed: int, layer: int, exponent: int) -> None:
    """Without epsilon, scaling each unit's weights by a positive factor of its own changes nothing."""
    parameters, x, labels = problem(Network(NORMALIZED.widths, True, 0.0), seed)
    loss = loss_of(parameters, x, labels)
    factors = 10.0**exponent * np.random.default_rng(seed).uniform(0.5, 2, parameters.weights[layer].shape[1])
    parameters.weights[layer] *= factors
    assert loss_of(parameters, x, labels) == pytest.approx(loss, rel=1e-8)


@pytest.mark.parametrize(("epsilon", "same"), [(0.0, True), (EPSILON, True), (1e-6, False)])
def test_epsilon_is_what_limits_that(epsilon: float, same: bool) -> None:
    """Weights of 1e-5 of their size give the same loss when epsilon is that of Matlab, but not when it is 1e-6."""
    parameters, x, labels = problem(Network(NORMALIZED.widths, True, epsilon))
    loss = loss_of(parameters, x, labels)
    parameters.weights[0] *= 1e-5
    assert (abs(loss_of(parameters, x, labels) - loss) < 1e-4) == same


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_gradient_is_orthogonal_to_weights_before_batch_norm(seed: int) -> None:
    """So the loss cannot change along them: <w, dJ/dw> = 0 for each unit; the output layer is not normalized."""
    parameters, x, labels = problem(Network(NORMALIZED.widths, True, 0.0), seed)
    _, gradients = gradient(parameters, x, labels)
    for weight, g_weight in zip(parameters.weights[:-1], gradients.weights[:-1], strict=True):
        inner = np.einsum("io,io->o", weight, g_weight)
        sizes = np.linalg.norm(weight, axis=0) * np.linalg.norm(g_weight, axis=0)
        assert (np.abs(inner) <= 1e-9 * sizes + 1e-13).all()
    output = np.sum(parameters.weights[-1] * gradients.weights[-1])
    assert abs(output) > 1e-6


@pytest.mark.parametrize("n_hidden", [1, 3, 8])
def test_a_plain_network_of_tiny_weights_knows_nothing(n_hidden: int) -> None:
    """As sigma goes to zero the loss goes to ln 10 without batch normalization."""
    network = Network((INPUTS, *[5] * n_hidden, 10), False)
    parameters = Parameters.zeros(network, np.float64)
    random = np.random.default_rng(1)
    for weight in parameters.weights:
        weight[:] = 1e-4 * random.standard_normal(weight.shape)
    assert loss_of(parameters, random.standard_normal((9, INPUTS)), np.arange(9)) == pytest.approx(
        math.log(10), rel=1e-6
    )


def test_batch_norm_over_nothing_is_no_batch_norm() -> None:
    """Without hidden layers there is nothing to normalize, and nothing to learn for it."""
    assert Network((3, 4), True).shapes() == Network((3, 4), False).shapes()


def test_a_workspace_lies_column_by_column() -> None:
    """Sums over the batch run along memory: another layout gives the same numbers, and takes longer."""
    work = Workspace(Network((7, 5, 4, 10), batch_norm=True), 6, np.float64)
    for array in (*work.h, *work.g, *work.s_hat, work.probabilities):
        assert array.flags["F_CONTIGUOUS"]
        assert not array.flags["C_CONTIGUOUS"]
