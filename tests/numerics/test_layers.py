"""Every forward and backward pass against the complex step and against its formula."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from bnlab.numerics import layers

TOLERANCE = 1e-13
EPSILON = 2.2e-16
SIZES = st.tuples(st.integers(0, 2**32), st.integers(2, 9), st.integers(1, 6), st.integers(2, 6))
"""Seed, batch, inputs, outputs."""


def numbers(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers around a mean of their own."""
    return random.standard_normal(shape) + random.standard_normal()


def batch_norm(
    s: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`batch_norm_forward` with fresh buffers: output, standardized s and 1/std."""
    out, s_hat = np.full_like(s, np.nan), np.full_like(s, np.nan)
    _, _, inverse_std = layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=s_hat, epsilon=epsilon)
    return out, s_hat, inverse_std


def textbook_batch_norm_backward(
    g: np.ndarray, s: np.ndarray, gamma: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The chain rule as Ioffe & Szegedy (2015) print it, path by path: dJ/ds, dJ/dgamma, dJ/dbeta."""
    n, mean, variance = len(s), s.mean(axis=0), s.var(axis=0)
    s_hat = (s - mean) / np.sqrt(variance + epsilon)
    g_hat = g * gamma
    g_variance = (g_hat * (s - mean)).sum(axis=0) * -0.5 * (variance + epsilon) ** -1.5
    g_mean = -g_hat.sum(axis=0) / np.sqrt(variance + epsilon) + g_variance * (-2 * (s - mean)).mean(axis=0)
    g_s = g_hat / np.sqrt(variance + epsilon) + g_variance * 2 * (s - mean) / n + g_mean / n
    return g_s, (g * s_hat).sum(axis=0), g.sum(axis=0)


@given(sizes=SIZES)
@settings(max_examples=25, deadline=None)
def test_affine_forward_is_its_formula(sizes: tuple[int, ...]) -> None:
    """It computes h W + b, entry by entry, whatever the buffer held before."""
    seed, n, d_in, d_out = sizes
    random = np.random.default_rng(seed)
    h, weight, bias = numbers(random, n, d_in), numbers(random, d_in, d_out), numbers(random, d_out)
    out = np.full((n, d_out), np.nan)
    layers.affine_forward(h, weight, bias, out=out)
    for i, j in np.ndindex(n, d_out):
        assert out[i, j] == pytest.approx(math.fsum([*(h[i] * weight[:, j]), bias[j]]), rel=1e-12, abs=1e-13)


@given(sizes=SIZES)
@settings(max_examples=25, deadline=None)
def test_affine_backward_is_the_derivative(calculus: SimpleNamespace, sizes: tuple[int, ...]) -> None:
    """Gradients with respect to W, b and h agree with the complex step for a random upstream gradient."""
    seed, n, d_in, d_out = sizes
    random = np.random.default_rng(seed)
    g, h = numbers(random, n, d_out), numbers(random, n, d_in)
    weight, bias = numbers(random, d_in, d_out), numbers(random, d_out)
    g_weight, g_bias, g_h = np.full_like(weight, np.nan), np.full_like(bias, np.nan), np.full_like(h, np.nan)
    layers.affine_backward(g, h, g_weight=g_weight, g_bias=g_bias)
    layers.affine_backward_input(g, weight, out=g_h)

    at = [array.astype(complex) for array in (h, weight, bias)]
    out = np.empty((n, d_out), complex)

    def cost() -> Any:
        layers.affine_forward(*at, out=out)
        return np.sum(g * out)

    for found, theta in zip((g_h, g_weight, g_bias), at, strict=True):
        assert calculus.error(found, calculus.complex_step(cost, theta)) <= TOLERANCE


@given(sizes=SIZES)
@settings(max_examples=25, deadline=None)
def test_relu_backward_is_the_derivative(calculus: SimpleNamespace, sizes: tuple[int, ...]) -> None:
    """ReLU clips at zero, and its gradient passes exactly where s > 0; both in place."""
    seed, n, d, _ = sizes
    random = np.random.default_rng(seed)
    s, g = numbers(random, n, d), numbers(random, n, d)
    h, g_s = s.copy(), g.copy()
    layers.relu_forward(h)
    np.testing.assert_array_equal(h, np.where(s > 0, s, 0))
    layers.relu_backward(g_s, h)
    np.testing.assert_array_equal(g_s, np.where(s > 0, g, 0))

    at = s.astype(complex)

    def cost() -> Any:
        h = at.copy()
        layers.relu_forward(h)
        return np.sum(g * h)

    np.testing.assert_allclose(g_s, calculus.complex_step(cost, at), rtol=TOLERANCE)


def test_relu_passes_nothing_at_zero() -> None:
    """A unit at exactly zero, as dead units are, gets no gradient."""
    h, g = np.array([[0.0, -0.0, 2.0]]), np.array([[5.0, 5.0, 5.0]])
    layers.relu_forward(h)
    layers.relu_backward(g, h)
    np.testing.assert_array_equal(g, [[0, 0, 5]])


@given(sizes=SIZES, epsilon=st.sampled_from([0.0, EPSILON, 1e-3, 1.0]))
@settings(max_examples=40, deadline=None)
def test_batch_norm_forward_is_its_formula(sizes: tuple[int, ...], epsilon: float) -> None:
    """Mean, biased variance, 1/std, standardized s and output, unit by unit; aliasing s with s_hat changes nothing."""
    seed, n, d, _ = sizes
    random = np.random.default_rng(seed)
    s, gamma, beta = numbers(random, n, d), numbers(random, d), numbers(random, d)
    out, s_hat = np.full((n, d), np.nan), np.full((n, d), np.nan)
    mean, variance, inverse_std = layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=s_hat, epsilon=epsilon)
    np.testing.assert_allclose(mean, np.mean(s, axis=0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(variance, np.var(s, axis=0, ddof=0), rtol=1e-12)
    np.testing.assert_allclose(inverse_std, (np.var(s, axis=0) + epsilon) ** -0.5, rtol=1e-12)
    np.testing.assert_allclose(s_hat, (s - np.mean(s, axis=0)) * inverse_std, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(out, gamma * s_hat + beta, rtol=1e-12, atol=1e-13)

    aliased, other = s.copy(), np.full((n, d), np.nan)
    moments = layers.batch_norm_forward(aliased, gamma, beta, out=other, s_hat=aliased, epsilon=epsilon)
    for ours, expected in zip((aliased, other, *moments), (s_hat, out, mean, variance, inverse_std), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_batch_norm_output_has_the_moments_asked_for() -> None:
    """Over the batch each unit has mean beta and standard deviation |gamma|."""
    random = np.random.default_rng(1)
    s, gamma, beta = numbers(random, 50, 4), np.array([1.0, -2, 0.5, 3]), np.array([0.0, 5, -1, 2])
    out, _, _ = batch_norm(s, gamma, beta, EPSILON)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-13)
    np.testing.assert_allclose(out.std(axis=0), np.abs(gamma), rtol=1e-13)


def test_batch_norm_survives_a_large_mean() -> None:
    """The variance comes from deviations: an offset of 1e6 costs digits of the input, not all of the variance."""
    deviations = np.random.default_rng(2).standard_normal((20, 3))
    _, variance, _ = layers.batch_norm_forward(
        deviations + 1e6, np.ones(3), np.zeros(3), out=np.empty((20, 3)), s_hat=np.empty((20, 3)), epsilon=0
    )
    np.testing.assert_allclose(variance, deviations.var(axis=0), rtol=1e-8)


def test_batch_norm_of_a_constant_unit_is_finite() -> None:
    """A unit that is the same for all images (a dead layer below) gives beta, not NaN, thanks to epsilon."""
    out, _, _ = batch_norm(np.full((5, 1), 3.0), np.array([2.0]), np.array([7.0]), EPSILON)
    np.testing.assert_array_equal(out, np.full((5, 1), 7.0))


@given(sizes=SIZES, epsilon=st.sampled_from([EPSILON, 1e-3, 1.0]))
@settings(max_examples=60, deadline=None)
def test_batch_norm_backward_is_the_derivative(
    calculus: SimpleNamespace, sizes: tuple[int, ...], epsilon: float
) -> None:
    """All three gradients agree with the complex step and with the textbook, for random upstream gradients."""
    seed, n, d, _ = sizes
    n += 1  # of two values, the deviations are always +-1/2 of the difference: dJ/ds is all but zero
    random = np.random.default_rng(seed)
    s, gamma, beta = numbers(random, n, d), numbers(random, d), numbers(random, d)
    upstream = numbers(random, n, d)  # a constant one would make dJ/ds zero and prove nothing
    _, s_hat, inverse_std = batch_norm(s, gamma, beta, epsilon)
    g, g_gamma, g_beta = upstream.copy(), np.full(d, np.nan), np.full(d, np.nan)
    layers.batch_norm_backward(g, s_hat, inverse_std, gamma, g_gamma=g_gamma, g_beta=g_beta)

    at = [array.astype(complex) for array in (s, gamma, beta)]

    def cost() -> Any:
        return np.sum(upstream * batch_norm(*at, epsilon)[0])

    # What is left of g is a difference of terms of this size, and is as exact as they are.
    terms = np.linalg.norm(upstream * gamma * inverse_std)
    steps = [calculus.complex_step(cost, theta) for theta in at]
    textbook = textbook_batch_norm_backward(upstream, s, gamma, epsilon)
    for expected in (steps, textbook):
        assert np.linalg.norm(g - expected[0]) <= TOLERANCE * terms
        assert np.linalg.norm(g_gamma - expected[1]) <= TOLERANCE * np.linalg.norm(upstream) * np.linalg.norm(s_hat)
        assert np.linalg.norm(g_beta - expected[2]) <= TOLERANCE * np.abs(upstream).sum()


def test_batch_norm_backward_at_the_sizes_of_training(calculus: SimpleNamespace) -> None:
    """At a usual batch and width the norm-relative error of each gradient stays below 1e-13."""
    random = np.random.default_rng(3)
    n, d = 30, 8
    s, gamma, beta, upstream = numbers(random, n, d), numbers(random, d), numbers(random, d), numbers(random, n, d)
    _, s_hat, inverse_std = batch_norm(s, gamma, beta, EPSILON)
    g, g_gamma, g_beta = upstream.copy(), np.empty(d), np.empty(d)
    layers.batch_norm_backward(g, s_hat, inverse_std, gamma, g_gamma=g_gamma, g_beta=g_beta)
    at = [array.astype(complex) for array in (s, gamma, beta)]
    for found, theta in zip((g, g_gamma, g_beta), at, strict=True):
        expected = calculus.complex_step(lambda: np.sum(upstream * batch_norm(*at, EPSILON)[0]), theta)
        assert calculus.error(found, expected) <= TOLERANCE


def test_batch_norm_backward_for_a_batch_of_two(calculus: SimpleNamespace) -> None:
    """The smallest batch, where standardizing leaves only signs: the gradient is as good as zero, without epsilon."""
    random = np.random.default_rng(4)
    s, gamma, beta, upstream = numbers(random, 2, 3), numbers(random, 3), numbers(random, 3), numbers(random, 2, 3)
    for epsilon, small in ((0.0, True), (1.0, False)):
        _, s_hat, inverse_std = batch_norm(s, gamma, beta, epsilon)
        g = upstream.copy()
        layers.batch_norm_backward(g, s_hat, inverse_std, gamma, g_gamma=np.empty(3), g_beta=np.empty(3))
        assert (np.abs(g).max() < 1e-14) == small
        at = s.astype(complex)

        def cost(at: np.ndarray = at, epsilon: float = epsilon) -> Any:
            return np.sum(upstream * batch_norm(at, gamma.astype(complex), beta.astype(complex), epsilon)[0])

        np.testing.assert_allclose(g, calculus.complex_step(cost, at), rtol=1e-12, atol=1e-14)


@given(sizes=SIZES, epsilon=st.sampled_from([EPSILON, 1e-3]))
@settings(max_examples=25, deadline=None)
def test_batch_norm_inference_uses_the_given_statistics(sizes: tuple[int, ...], epsilon: float) -> None:
    """It is the affine map of its formula, and equals the training pass when given the batch's own statistics."""
    seed, n, d, _ = sizes
    random = np.random.default_rng(seed)
    s, gamma, beta = numbers(random, n, d), numbers(random, d), numbers(random, d)
    mean, variance = numbers(random, d), random.uniform(0.1, 2, d)
    found = s.copy()
    layers.batch_norm_inference(found, gamma, beta, mean, variance, epsilon=epsilon)
    np.testing.assert_allclose(found, gamma * (s - mean) / np.sqrt(variance + epsilon) + beta, rtol=1e-10, atol=1e-12)

    found, out = s.copy(), np.empty_like(s)
    mean, variance, _ = layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=np.empty_like(s), epsilon=epsilon)
    layers.batch_norm_inference(found, gamma, beta, mean, variance, epsilon=epsilon)
    np.testing.assert_allclose(found, out, rtol=1e-10, atol=1e-12)


@given(sizes=SIZES, scale=st.sampled_from([0.01, 1.0, 30.0]))
@settings(max_examples=40, deadline=None)
def test_softmax_and_its_loss_are_their_formulas(sizes: tuple[int, ...], scale: float) -> None:
    """Probabilities and the mean negative log-likelihood agree with SciPy; in place or not makes no difference."""
    seed, n, _, k = sizes
    random = np.random.default_rng(seed)
    scores, labels = scale * numbers(random, n, k), random.integers(0, k, n)
    out = np.full((n, k), np.nan)
    loss = layers.softmax_cross_entropy_forward(scores, labels, out=out)
    expected = log_softmax(scores, axis=1)
    np.testing.assert_allclose(out, np.exp(expected), rtol=1e-11, atol=1e-300)
    assert loss == pytest.approx(-np.mean([expected[i, label] for i, label in enumerate(labels)]), rel=1e-11, abs=1e-14)
    in_place = scores.copy()
    assert layers.softmax_cross_entropy_forward(in_place, labels, out=in_place) == loss
    np.testing.assert_array_equal(in_place, out)


@given(sizes=SIZES)
@settings(max_examples=25, deadline=None)
def test_softmax_backward_is_the_derivative(calculus: SimpleNamespace, sizes: tuple[int, ...]) -> None:
    """The gradient of the mean loss with respect to the scores agrees with the complex step; its rows sum to zero."""
    seed, n, _, k = sizes
    random = np.random.default_rng(seed)
    scores, labels = numbers(random, n, k), random.integers(0, k, n)
    g = np.empty((n, k))
    layers.softmax_cross_entropy_forward(scores, labels, out=g)
    layers.softmax_cross_entropy_backward(g, labels)
    at, out = scores.astype(complex), np.empty((n, k), complex)
    expected = calculus.complex_step(lambda: layers.softmax_cross_entropy_forward(at, labels, out=out), at)
    assert calculus.error(g, expected) <= TOLERANCE
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-15)


def test_softmax_of_huge_scores() -> None:
    """Scores of +-1e4 neither overflow nor lose the loss to log(0), and raise no warning."""
    scores = np.array([[1e4, 0, -1e4], [1e4, 0, -1e4], [-1e4, -1e4, -1e4]])
    out = np.empty_like(scores)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = layers.softmax_cross_entropy_forward(scores, np.array([0, 2, 1]), out=out)
        assert loss == pytest.approx((0 + 2e4 + math.log(3)) / 3, rel=1e-15)
        layers.softmax_cross_entropy_backward(out, np.array([0, 2, 1]))
    np.testing.assert_allclose(out, [[0, 0, 0], [1 / 3, 0, -1 / 3], [1 / 9, -2 / 9, 1 / 9]], atol=1e-16)


def test_loss_of_a_network_that_knows_nothing() -> None:
    """Equal scores for ten classes cost ln 10."""
    loss = layers.softmax_cross_entropy_forward(np.zeros((4, 10)), np.array([0, 3, 9, 3]), out=np.empty((4, 10)))
    assert loss == pytest.approx(math.log(10), rel=1e-15)


@given(seed=st.integers(0, 2**32), shift=st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_softmax_ignores_a_common_shift(seed: int, shift: float) -> None:
    """Adding one number to all scores of an image changes neither its probabilities nor its loss."""
    random = np.random.default_rng(seed)
    scores, labels = numbers(random, 3, 5), random.integers(0, 5, 3)
    shifted = scores + shift
    loss = layers.softmax_cross_entropy_forward(scores, labels, out=scores)
    assert layers.softmax_cross_entropy_forward(shifted, labels, out=shifted) == pytest.approx(loss, rel=1e-10)
    np.testing.assert_allclose(shifted, scores, rtol=1e-10)


def test_what_is_read_only_stays_as_it_was(calculus: SimpleNamespace) -> None:
    """No pass writes to an argument that its docstring does not say it overwrites."""
    random = np.random.default_rng(5)
    n, d_in, d = 6, 4, 3
    lock = calculus.locked
    h, weight, g, s = (lock(numbers(random, *shape)) for shape in ((n, d_in), (d_in, d), (n, d), (n, d)))
    gamma, beta, mean, bias = (lock(numbers(random, d)) for _ in range(4))
    inverse_std, variance = lock(random.uniform(0.5, 2, d)), lock(random.uniform(0.5, 2, d))
    labels = lock(random.integers(0, d, n))
    out, vector = np.empty((n, d)), np.empty(d)
    layers.affine_forward(h, weight, bias, out=out)
    layers.affine_backward(g, h, g_weight=np.empty((d_in, d)), g_bias=vector)
    layers.affine_backward_input(g, weight, out=np.empty((n, d_in)))
    layers.relu_backward(g.copy(), s)
    layers.batch_norm_forward(s, gamma, beta, out=out, s_hat=np.empty((n, d)), epsilon=EPSILON)
    layers.batch_norm_backward(g.copy(), s, inverse_std, gamma, g_gamma=vector, g_beta=vector.copy())
    layers.batch_norm_inference(s.copy(), gamma, beta, mean, variance, epsilon=EPSILON)
    layers.softmax_cross_entropy_forward(s, labels, out=out)
    layers.softmax_cross_entropy_backward(out, labels)
    with pytest.raises(ValueError, match="read-only"):  # a locked array would have told
        layers.relu_forward(s)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_moments_and_loss_keep_the_dtype(dtype: Any) -> None:
    """What is returned, and not written to a buffer, has the dtype of the inputs too."""
    random = np.random.default_rng(6)
    s = numbers(random, 6, 3).astype(dtype)
    moments = layers.batch_norm_forward(
        s, np.ones(3, dtype), np.zeros(3, dtype), out=np.empty_like(s), s_hat=np.empty_like(s), epsilon=EPSILON
    )
    loss = layers.softmax_cross_entropy_forward(s, np.array([0, 1, 2, 0, 1, 2]), out=np.empty_like(s))
    assert [np.asarray(value).dtype for value in (*moments, loss)] == [dtype] * 4
