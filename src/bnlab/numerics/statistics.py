"""Exponential moving averages of the batch statistics, which every evaluation uses."""

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array
from bnlab.numerics.parameters import Network


class RunningStatistics:
    """Per hidden layer a mean and a biased variance, (d,), averaged over the mini-batches seen so far.

    m <- average * m + (1 - average) * batch's, started from the first mini-batch, or, from_first=False, from a mean of
    0 and a variance of 1. For a network without batch normalization there is nothing to average and every method does
    nothing.
    """

    def __init__(self, network: Network, dtype: npt.DTypeLike, *, average: float, from_first: bool = True) -> None:
        widths = network.widths[1:-1] if network.batch_norm else ()
        self.mean = [np.zeros(d, dtype) for d in widths]
        self.variance = [np.ones(d, dtype) for d in widths]
        self.average = average
        self._started = not from_first

    def take_over(self, other: "RunningStatistics") -> None:
        """Go on from where the averages of a network of the same shape are."""
        for own, others in ((self.mean, other.mean), (self.variance, other.variance)):
            for average, value in zip(own, others, strict=True):
                average[:] = value
        self._started = True

    def update(self, moments: list[tuple[Array, Array]]) -> None:
        """Take in one mini-batch's (mean, variance) of every hidden layer."""
        keep = self.average if self._started else 0.0
        self._started = True
        for averages, batch in ((self.mean, [m for m, _ in moments]), (self.variance, [v for _, v in moments])):
            for average, value in zip(averages, batch, strict=True):
                average *= keep
                average += (1 - keep) * value
