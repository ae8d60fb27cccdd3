"""Exponential moving averages of the batch statistics, which every evaluation uses."""

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array
from bnlab.numerics.parameters import Network


class RunningStatistics:
    """Per hidden layer a mean and a biased variance, (d,), views of `flat`, averaged over the mini-batches seen so far.

    m <- average * m + (1 - average) * batch's, started from the first mini-batch, or, from_first=False, from a mean of
    0 and a variance of 1. For a network without batch normalization there is nothing to average and every method does
    nothing.
    """

    def __init__(self, network: Network, dtype: npt.DTypeLike, *, average: float, from_first: bool = True) -> None:
        widths = network.widths[1:-1] if network.batch_norm else ()
        # One vector behind them all: the calls for so many small arrays would cost more than their numbers.
        self.flat = np.repeat(np.array([0, 1], dtype), sum(widths))
        means, variances = np.split(self.flat, 2)
        ends = np.cumsum(widths, dtype=int)
        self.mean = [means[end - d : end] for d, end in zip(widths, ends, strict=True)]
        self.variance = [variances[end - d : end] for d, end in zip(widths, ends, strict=True)]
        self.average = average
        self._started = not from_first

    def copy_from(self, other: "RunningStatistics") -> None:
        """Go on from where the averages of a network of the same shape are."""
        self.flat[:] = other.flat
        self._started = True

    def update(self, moments: list[tuple[Array, Array]]) -> None:
        """Take in one mini-batch's (mean, variance) of every hidden layer."""
        if not moments:
            return
        means, variances = zip(*moments, strict=True)
        keep = self.average if self._started else 0.0
        self._started = True
        self.flat *= keep
        self.flat += (1 - keep) * np.concatenate([*means, *variances])
