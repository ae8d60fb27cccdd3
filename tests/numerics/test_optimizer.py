"""Weight decay and the update of gradient descent."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.numerics.optimizer import add_weight_decay, descend, weight_penalty
from bnlab.numerics.parameters import Network, Parameters

NETWORK = Network((4, 3, 2, 5), True)
SEEDS = st.integers(0, 2**32)


def random_parameters(seed: int) -> Parameters:
    """Random values for every parameter."""
    parameters = Parameters.zeros(NETWORK, np.float64)
    parameters.flat[:] = np.random.default_rng(seed).standard_normal(parameters.flat.size)
    return parameters


def garbage() -> np.ndarray:
    """Scratch space whose content must not matter."""
    return np.full_like(random_parameters(0).flat, np.nan)


def update(parameters: Parameters, gradient: np.ndarray, velocity: Parameters | None, **options: float) -> None:
    """One update, which uses up a copy of the gradient."""
    gradients = Parameters(NETWORK, gradient.copy())
    options = {"weight_decay": 0.0, "momentum": 0.0} | options
    descend(parameters, gradients, velocity, scratch=np.full_like(gradient, np.nan), **options)  # type: ignore[arg-type]


@given(seed=SEEDS, weight_decay=st.floats(0, 10))
@settings(max_examples=25, deadline=None)
def test_the_penalty_is_the_sum_of_squared_weights(seed: int, weight_decay: float) -> None:
    """Lambda times the squares of all weights and of nothing else."""
    parameters = random_parameters(seed)
    expected = weight_decay * sum(float(w) ** 2 for weight in parameters.weights for w in weight.ravel())
    assert weight_penalty(parameters, weight_decay) == pytest.approx(expected, rel=1e-12)
    for other in parameters.biases + parameters.gamma + parameters.beta:
        other[:] = 1e9
    assert weight_penalty(parameters, weight_decay) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weight_decay", [1e-5, 0.005, 0.1])
def test_its_gradient_is_the_complex_step(calculus: SimpleNamespace, weight_decay: float) -> None:
    """What is added to the gradients is the derivative of the penalty: 2 lambda W, and nothing for b, gamma, beta."""
    parameters, gradients = random_parameters(1), random_parameters(2)
    before = gradients.flat.copy()
    locked = Parameters(NETWORK, calculus.locked(parameters.flat))
    add_weight_decay(gradients, locked, weight_decay, scratch=garbage())
    at = Parameters(NETWORK, parameters.flat.astype(complex))
    expected = calculus.complex_step(lambda: weight_penalty(at, weight_decay), at.flat)
    assert calculus.error(gradients.flat - before, expected) <= 1e-13 / weight_decay
    undecayed = parameters.weights_flat.size
    np.testing.assert_array_equal(gradients.flat[undecayed:], before[undecayed:])

    alone = Parameters.zeros(NETWORK, np.float64)
    add_weight_decay(alone, locked, weight_decay, scratch=garbage())
    assert calculus.error(alone.flat, expected) <= 1e-13


def test_no_decay_changes_no_bit() -> None:
    """With lambda 0 the gradients stay as they are."""
    parameters, gradients = random_parameters(1), random_parameters(2)
    before = gradients.flat.copy()
    add_weight_decay(gradients, parameters, 0.0, scratch=garbage())
    np.testing.assert_array_equal(gradients.flat, before)


@given(seed=SEEDS, learning_rate=st.floats(1e-6, 10))
@settings(max_examples=25, deadline=None)
def test_without_momentum_it_is_plain_descent(seed: int, learning_rate: float) -> None:
    """Theta moves against the gradient, learning rate times; views follow."""
    parameters, gradient = random_parameters(seed), random_parameters(seed + 1).flat
    before, flat = parameters.flat.copy(), parameters.flat
    update(parameters, gradient, None, learning_rate=learning_rate)
    np.testing.assert_array_equal(parameters.flat, before - learning_rate * gradient)
    assert parameters.flat is flat
    np.testing.assert_array_equal(parameters.beta[-1], flat[-2:])


@given(seed=SEEDS, momentum=st.floats(0, 0.99), count=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_momentum_sums_past_gradients(seed: int, momentum: float, count: int) -> None:
    """The velocity is the sum of momentum^age times gradient; each update moves by its own learning rate times it."""
    parameters, velocity = random_parameters(seed), Parameters.zeros(NETWORK, np.float64)
    expected = parameters.flat.copy()
    past: list[np.ndarray] = []
    for time in range(count):
        learning_rate = 0.1 * (time + 1)  # it varies, which tells this form from the textbook's
        past.append(random_parameters(seed + 1 + time).flat)
        update(parameters, past[-1], velocity, learning_rate=learning_rate, momentum=momentum)
        total = sum(momentum**age * gradient for age, gradient in enumerate(reversed(past)))
        expected -= learning_rate * total
        np.testing.assert_allclose(velocity.flat, total, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(parameters.flat, expected, rtol=1e-10, atol=1e-12)


def test_momentum_zero_is_no_momentum() -> None:
    """A velocity that is forgotten at once gives the plain update."""
    plain, heavy, velocity = random_parameters(1), random_parameters(1), random_parameters(3)
    gradient = random_parameters(2).flat
    update(plain, gradient, None, learning_rate=0.1)
    update(heavy, gradient, velocity, learning_rate=0.1)
    np.testing.assert_array_equal(heavy.flat, plain.flat)


@pytest.mark.parametrize("momentum", [None, 0.0, 0.9])
@given(seed=SEEDS, learning_rate=st.floats(1e-6, 1), weight_decay=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_weight_decay_is_the_gradient_of_the_penalty(
    momentum: float | None, seed: int, learning_rate: float, weight_decay: float
) -> None:
    """An update with decay is one without along g + 2 lambda W, to rounding; with lambda 0 to the last bit."""
    weights_flat, plain = random_parameters(seed), random_parameters(seed)
    gradient = random_parameters(seed + 1)
    with_penalty = Parameters(NETWORK, gradient.flat.copy())
    add_weight_decay(with_penalty, plain, weight_decay, scratch=garbage())
    for parameters, g, decay in ((weights_flat, gradient, weight_decay), (plain, with_penalty, 0.0)):
        velocity = None if momentum is None else random_parameters(seed + 2)
        update(parameters, g.flat, velocity, learning_rate=learning_rate, weight_decay=decay, momentum=momentum or 0.0)
    atol = 1e-14 if weight_decay else 0.0
    np.testing.assert_allclose(weights_flat.flat, plain.flat, rtol=0, atol=atol)
    undecayed = plain.weights_flat.size
    np.testing.assert_array_equal(weights_flat.flat[undecayed:], plain.flat[undecayed:])


def test_descent_descends() -> None:
    """On a parabola each update comes closer to the minimum by the factor it should."""
    parameters = random_parameters(4)
    target, start = random_parameters(5).flat, parameters.flat.copy()
    for _ in range(10):
        update(parameters, parameters.flat - target, None, learning_rate=0.5)
    np.testing.assert_allclose(parameters.flat - target, (start - target) / 2**10, rtol=1e-9, atol=1e-12)


def test_single_precision_stays_single() -> None:
    """Learning rate, momentum and decay are Python floats and promote nothing."""
    arrays = [Parameters(NETWORK, random_parameters(seed).flat.astype(np.float32)) for seed in range(3)]
    parameters, gradients, velocity = arrays
    for either in (velocity, None):
        update(parameters, gradients.flat, either, learning_rate=0.1, weight_decay=0.1, momentum=0.9)
    assert {array.flat.dtype for array in arrays} == {np.dtype(np.float32)}
    assert weight_penalty(parameters, 0.1).dtype == np.float32
