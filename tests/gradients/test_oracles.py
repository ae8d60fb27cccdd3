"""Three independent oracles agree with the shipped backward pass, structured differences with the naive loop."""

import numpy as np
import pytest

from bnlab.gradients.autodiff import autodiff_gradient
from bnlab.gradients.complex_step import complex_step, directional_derivative
from bnlab.gradients.finite_differences import central_differences, differences_at
from bnlab.gradients.objective import Cost
from bnlab.gradients.structured import complex_step_weights, structured_gradient
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.optimizer import add_weight_decay, weight_penalty
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

NETWORKS = [(7,), (7, 6), (7, 6, 5), (50, 30, 20, 20, 10, 10, 10, 10)]


def random_problem(hidden, batch_norm, n=9, d=6):
    """A network at random parameters, b, gamma and beta too, with a batch of random inputs."""
    random = stream(1, "oracles")
    parameters = Parameters.zeros(Network((d, *hidden, 10), batch_norm, epsilon=2.2e-16), np.float64)
    initialize(parameters, "he", random)
    rest = parameters.flat[parameters.weights_flat.size :]
    rest += 0.3 * random.standard_normal(rest.size)
    return parameters, random.standard_normal((n, d)), random.integers(0, 10, n)


def shipped_gradient(parameters, x, labels, weight_decay):
    """The gradient of the cost by the shipped forward and backward passes."""
    work = Workspace(parameters.network, len(x), np.float64)
    gradients = Parameters.zeros(parameters.network, np.float64)
    loss_forward(parameters, x, labels, work)
    loss_backward(parameters, x, labels, work, gradients=gradients)
    add_weight_decay(gradients, parameters, weight_decay, scratch=np.empty_like(parameters.flat))
    return gradients


def complex_twin(parameters, x, labels, weight_decay):
    """The same parameters in complex128, and the cost as a function of them."""
    twin = Parameters(parameters.network, parameters.flat.astype(complex))
    work = Workspace(parameters.network, len(x), complex)

    def cost():
        loss = loss_forward(twin, x.astype(complex), labels, work)
        return complex(loss + weight_penalty(twin, weight_decay))

    return twin, cost


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", NETWORKS)
def test_automatic_differentiation_of_a_second_forward_pass_agrees(hidden, batch_norm, weight_decay):
    """To 1e-12 of each array's norm; biases before batch normalization, whose gradient is zero, absolutely."""
    problem = random_problem(hidden, batch_norm)
    shipped = shipped_gradient(*problem, weight_decay)
    reference = Parameters(shipped.network, autodiff_gradient(*problem, weight_decay=weight_decay))
    for (name, a), (_, n) in zip(shipped.named(), reference.named(), strict=True):
        scale = 1.0 if batch_norm and name[0] == "b" else max(np.linalg.norm(n), 1e-3)
        assert np.linalg.norm(a - n) <= 1e-12 * scale, name


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", NETWORKS)
def test_complex_step_agrees(hidden, batch_norm):
    """Entry by entry on a sample of entries, and along random directions through all of them."""
    parameters, x, labels = random_problem(hidden, batch_norm)
    shipped = shipped_gradient(parameters, x, labels, 0.1).flat
    twin, cost = complex_twin(parameters, x, labels, 0.1)
    entries = stream(2, "entries").permutation(shipped.size)[:300]
    np.testing.assert_allclose(complex_step(cost, twin.flat, entries), shipped[entries], rtol=1e-10, atol=1e-13)
    assert np.array_equal(twin.flat, parameters.flat)
    for seed in range(5):
        direction = stream(seed, "direction").standard_normal(shipped.size)
        expected = shipped @ direction
        assert directional_derivative(cost, twin.flat, direction) == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(5,), (5, 4), (5, 4, 3)])
def test_structured_differences_are_the_naive_loops(hidden, batch_norm):
    """Every layer's weights, central and forward, differ from the naive loop's by its own rounding only."""
    parameters, x, labels = random_problem(hidden, batch_norm)
    work = Workspace(parameters.network, len(x), np.float64)

    def loss():
        return float(loss_forward(parameters, x, labels, work))

    central = Parameters(parameters.network, central_differences(loss, parameters.flat, step=1e-5))
    for layer, naive in enumerate(central.weights):
        found = structured_gradient(parameters, x, labels, layer=layer, step=1e-5, scheme="central")
        assert not found.crossings.any()
        np.testing.assert_allclose(found.gradient, naive, rtol=0, atol=3e-10)  # an ulp of the loss, over 2h
        ahead = structured_gradient(parameters, x, labels, layer=layer, step=1e-5, scheme="forward").gradient
        assert 0 < np.abs(ahead - naive).max() < 1e-3
        at_zero = loss()
        parameters.weights[layer][1, 2] += 1e-5
        assert ahead[1, 2] == pytest.approx((loss() - at_zero) / 1e-5, abs=1e-9)
        parameters.weights[layer][1, 2] -= 1e-5


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(5,), (5, 4)])
def test_complex_step_of_single_weights_is_the_backward_pass(hidden, batch_norm):
    """The recheck of weights at a kink is exact in every layer."""
    parameters, x, labels = random_problem(hidden, batch_norm)
    shipped = shipped_gradient(parameters, x, labels, 0.0)
    for layer, weight in enumerate(shipped.weights):
        where = np.zeros(weight.shape, np.bool_)
        where[:, 3] = where[1] = True
        found = complex_step_weights(parameters, x, labels, layer=layer, where=where)
        np.testing.assert_allclose(found[where], weight[where], rtol=1e-11, atol=1e-14)
        assert np.isnan(found[~where]).all()


def test_kinks_between_the_two_evaluations_are_counted():
    """A sample whose pre-activation lies within h of zero crosses; then the difference averages two slopes."""
    parameters, x, labels = random_problem((4,), batch_norm=False)
    s = x @ parameters.weights[0] + parameters.biases[0]
    parameters.biases[0][1] -= s[0, 1] - 1e-7
    found = structured_gradient(parameters, x, labels, layer=0, step=1e-5, scheme="central")
    moved = np.abs(x[0]) * 1e-5 > 1e-7
    assert moved.any()
    assert np.array_equal(found.crossings[:, 1], moved)
    assert not found.crossings[:, [0, 2, 3]].any()
    shipped = shipped_gradient(parameters, x, labels, 0.0).weights[0]
    off = np.abs(found.gradient - shipped) > 1e-6
    assert np.array_equal(off[:, 1], moved)
    again = complex_step_weights(parameters, x, labels, layer=0, where=found.crossings)
    np.testing.assert_allclose(again[moved, 1], shipped[moved, 1], rtol=1e-11)


def test_kinks_above_the_moved_unit_are_counted():
    """A weight whose move switches a ReLU of a higher layer is marked, too, and those that switch none are not."""
    parameters, x, labels = random_problem((4, 3), batch_norm=False)
    work = Workspace(parameters.network, len(x), np.float64)
    loss_forward(parameters, x, labels, work)
    s = work.h[0] @ parameters.weights[1] + parameters.biases[1]
    parameters.biases[1][2] -= s[0, 2] - 1e-9
    found = structured_gradient(parameters, x, labels, layer=0, step=1e-5, scheme="central")
    reached = (work.h[0][0] > 0) & (parameters.weights[1][:, 2] != 0)
    assert np.array_equal(found.crossings, np.broadcast_to(reached, found.crossings.shape))
    assert reached.any()
    assert not reached.all()


@pytest.mark.parametrize("hidden", [(5,), (5, 4)])
def test_structured_differences_with_frozen_statistics(hidden):
    """They are the naive loop's, whose loss normalizes by the statistics of the batch before anything moved."""
    parameters, x, labels = random_problem(hidden, batch_norm=True)
    cost = Cost(parameters, x, labels, weight_decay=0, frozen=True)
    for layer, weight in enumerate(parameters.weights):
        naive, _ = differences_at(cost, weight, np.arange(weight.size), step=1e-5, scheme="central")
        where = np.arange(weight.size).reshape(weight.shape) % 3 == 0
        found = structured_gradient(
            parameters, x, labels, layer=layer, step=1e-5, scheme="central", frozen=True, where=where
        ).gradient
        np.testing.assert_allclose(found[where], naive.reshape(weight.shape)[where], rtol=0, atol=3e-10)
        assert np.isnan(found[~where]).all()
