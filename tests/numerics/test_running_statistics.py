"""Moving averages of the batch statistics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.numerics.parameters import Network
from bnlab.numerics.running_statistics import RunningStatistics

NETWORK = Network((4, 3, 2, 5), True)
Moments = list[tuple[np.ndarray, np.ndarray]]


def batches(count: int, seed: int = 0) -> list[Moments]:
    """Random moments of both hidden layers for some mini-batches."""
    random = np.random.default_rng(seed)
    return [[(random.standard_normal(d), random.uniform(0.1, 2, d)) for d in (3, 2)] for _ in range(count)]


def test_the_first_mini_batch_starts_the_averages() -> None:
    """After one mini-batch the averages are its own moments, with no share of any initial value."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9)
    [moments] = batches(1)
    statistics.update(moments)
    for i, (mean, variance) in enumerate(moments):
        np.testing.assert_array_equal(statistics.mean[i], mean)
        np.testing.assert_array_equal(statistics.variance[i], variance)
        assert not np.shares_memory(statistics.mean[i], mean)


def test_or_zero_and_one_start_them() -> None:
    """Asked to, they start from a mean of 0 and a variance of 1, of which the first mini-batch leaves nine tenths."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9, from_first=False)
    [moments] = batches(1)
    statistics.update(moments)
    for i, (mean, variance) in enumerate(moments):
        np.testing.assert_allclose(statistics.mean[i], 0.1 * mean, rtol=1e-14)
        np.testing.assert_allclose(statistics.variance[i], 0.9 + 0.1 * variance, rtol=1e-14)


def test_averages_can_be_resumed() -> None:
    """They continue from another network's averages, which the next mini-batch does not replace but enters."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9)
    before, after = batches(2)
    statistics.resume([mean for mean, _ in before], [variance for _, variance in before])
    for i, (mean, variance) in enumerate(before):
        np.testing.assert_array_equal(statistics.mean[i], mean)
        np.testing.assert_array_equal(statistics.variance[i], variance)
    statistics.update(after)
    for i in range(2):
        np.testing.assert_allclose(statistics.mean[i], 0.9 * before[i][0] + 0.1 * after[i][0], rtol=1e-12)
        np.testing.assert_allclose(statistics.variance[i], 0.9 * before[i][1] + 0.1 * after[i][1], rtol=1e-12)


def test_later_ones_count_a_tenth() -> None:
    """With average 0.9, the second mini-batch enters with weight 0.1, the third again."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9)
    first, second, third = batches(3)
    for moments in (first, second, third):
        statistics.update(moments)
    for layer in range(2):
        for averages, k in ((statistics.mean, 0), (statistics.variance, 1)):
            expected = 0.81 * first[layer][k] + 0.09 * second[layer][k] + 0.1 * third[layer][k]
            np.testing.assert_allclose(averages[layer], expected, rtol=1e-14)


@given(average=st.floats(0, 0.99), count=st.integers(1, 6), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_averages_are_convex_combinations(average: float, count: int, seed: int) -> None:
    """Weights (1 - a) a^k, the oldest a^n, sum to one; nothing leaves the range of what was seen."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=average)
    seen = batches(count, seed)
    for moments in seen:
        statistics.update(moments)
    weights = [average ** (count - 1)] + [(1 - average) * average ** (count - 1 - i) for i in range(1, count)]
    for layer in range(2):
        for averages, k in ((statistics.mean, 0), (statistics.variance, 1)):
            expected = sum(weight * moments[layer][k] for weight, moments in zip(weights, seen, strict=True))
            np.testing.assert_allclose(averages[layer], expected, rtol=1e-12, atol=1e-14)


def test_the_moments_are_only_read() -> None:
    """The mini-batch's own arrays stay as they are."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9)
    for moments in batches(2):
        for array in (array for pair in moments for array in pair):
            array.flags.writeable = False
        statistics.update(moments)


def test_a_plain_network_has_none() -> None:
    """Without batch normalization there is nothing to average, and updating does nothing."""
    statistics = RunningStatistics(Network((4, 3, 2, 5), False), np.float64, decay=0.9)
    statistics.update([])
    assert statistics.mean == statistics.variance == []


def test_a_layer_too_few_is_an_error() -> None:
    """Moments of one layer are not spread over two."""
    statistics = RunningStatistics(NETWORK, np.float64, decay=0.9)
    with pytest.raises(ValueError):
        statistics.update(batches(1)[0][:1])


def test_single_precision_stays_single() -> None:
    """The averages keep the dtype they were made with."""
    statistics = RunningStatistics(NETWORK, np.float32, decay=0.9)
    for moments in batches(2):
        statistics.update([(mean.astype(np.float32), variance.astype(np.float32)) for mean, variance in moments])
    assert {array.dtype for array in (*statistics.mean, *statistics.variance)} == {np.dtype(np.float32)}
