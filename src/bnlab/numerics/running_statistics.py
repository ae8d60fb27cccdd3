"""Exponential moving averages of the batch statistics, which every evaluation uses."""

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array
from bnlab.numerics.parameters import Network


class RunningStatistics:
    """Per hidden layer a mean and a biased variance, (d,), views of `flat`, averaged over the mini-batches seen so far.

    m <- decay * m + (1 - decay) * batch's, started from the first mini-batch, or, from_first=False, from a mean of
    0 and a variance of 1. A network without batch normalization has nothing to average, and every method does nothing.
    """

    def __init__(self, network: Network, dtype: npt.DTypeLike, *, decay: float, from_first: bool = True) -> None:
        widths = network.widths[1:-1] if network.batch_norm else ()
        # One vector behind them all: the calls for so many small arrays would cost more than their numbers.
        self.flat = np.repeat(np.array([0, 1], dtype), sum(widths))
        means, variances = np.split(self.flat, 2)
        ends = np.cumsum(widths, dtype=int)
        self.mean = [means[end - d : end] for d, end in zip(widths, ends, strict=True)]
        self.variance = [variances[end - d : end] for d, end in zip(widths, ends, strict=True)]
        self.decay = decay
        self._started = not from_first

    def resume(self, means: list[Array], variances: list[Array]) -> None:
        """Continue from averages of a network of the same shape: per hidden layer a mean and a variance, (d,)."""
        for own, other in zip([*self.mean, *self.variance], [*means, *variances], strict=True):
            own[:] = other
        self._started = True

    def update(self, moments: list[tuple[Array, Array]]) -> None:
        """Take in one mini-batch's (mean, variance) of every hidden layer."""
        if not moments:
            return
        means, variances = zip(*moments, strict=True)
        keep = self.decay if self._started else 0.0
        self._started = True
        self.flat *= keep
        self.flat += (1 - keep) * np.concatenate([*means, *variances])
