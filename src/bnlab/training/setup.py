"""Everything that training one run takes, built once from its spec and its protocol."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from bnlab.data.arrays import Bytes, Images, Rows
from bnlab.data.batches import StandardizedBatches
from bnlab.data.scaling import Scaling
from bnlab.data.splits import Split
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.numerics.schedule import decayed, triangular
from bnlab.runs.spec import Protocol, RunSpec, Schedule
from bnlab.streams import stream
from bnlab.training.evaluate import Evaluator
from bnlab.training.update import Update


class Setup:
    """A network before its first update, its mini-batches, and what updates and evaluates it.

    parameters and statistics are overwritten by the training.  mini_batches: rows of `x` and of `labels`, for ever.
    learning_rate: by the number of the update.  rows: by part, "training" and, if any images validate, "validation".
    evaluate: by part too, rows of its images.
    """

    def __init__(self, spec: RunSpec, protocol: Protocol, images: Images, labels: Bytes, split: Split) -> None:
        """Prepare to train on images[split.training], uint8 (n, d), with their labels, uint8 (n,)."""
        self.protocol = protocol
        self.split = split
        self.labels = labels
        self._weight_decay = spec.weight_decay
        self._dtype = np.dtype(protocol.precision)
        widths = (images.shape[1], *spec.hidden, protocol.data.classes)
        self.network = Network(widths, spec.batch_norm, protocol.bn_epsilon)

        self.parameters = Parameters.zeros(self.network, self._dtype)
        initialize(self.parameters, spec.initialization, stream(spec.seed, "weights"))
        self.statistics = RunningStatistics(
            self.network,
            self._dtype,
            decay=protocol.bn_decay,
            from_first=protocol.bn_initial_averages == "first_batch",
        )

        shuffle = stream(spec.seed, "batches") if protocol.shuffling == "every_epoch" else None
        self.mini_batches = batch_rows(split.training, protocol.batch_size, shuffle)
        self.x = StandardizedBatches(images, split.scaling, size=protocol.batch_size, dtype=self._dtype)
        self.work = Workspace(self.network, protocol.batch_size, self._dtype)
        epoch = len(split.training) // protocol.batch_size
        self.learning_rate = learning_rate(protocol.schedule, spec.learning_rate, epoch=epoch)
        self.update = Update(self.parameters, protocol, weight_decay=spec.weight_decay)

        self.rows = {"training": split.training, "validation": split.validation}
        evaluate = self.evaluator(images, labels, split.scaling)
        alike = split.validation_mean is None
        self.evaluate = {
            "training": evaluate,
            "validation": evaluate if alike else self.evaluator(images, labels, split.validation_scaling),
        }
        if not len(split.validation):
            del self.rows["validation"], self.evaluate["validation"]

    def evaluator(self, images: Images, labels: Bytes, scaling: Scaling) -> Evaluator:
        """Evaluates networks of the run's shape on rows of these images, (n, d), scaled by `scaling`."""
        return Evaluator(self.network, images, labels, scaling, weight_decay=self._weight_decay, dtype=self._dtype)


def batch_rows(rows: Rows, batch_size: int, random: np.random.Generator | None) -> Iterator[Rows]:
    """Mini-batches for ever, reshuffled every epoch, or (random=None) always in the order of `rows`.

    Rows left over at an epoch's end sit that epoch out.
    """
    while True:
        shuffled = rows if random is None else random.permutation(rows)
        for start in range(0, len(rows) - batch_size + 1, batch_size):
            yield shuffled[start : start + batch_size]


def learning_rate(schedule: Schedule, constant: float | None, *, epoch: int) -> Callable[[int], float]:
    """The rate by the update: a run's own constant one, or the schedule's cycles, decayed every `epoch` updates."""
    cycles = partial(triangular, minimum=schedule.minimum, maximum=schedule.maximum, step=schedule.step)

    def rate(update: int) -> float:
        before = cycles(update) if constant is None else constant
        return decayed(before, update, decay=schedule.decay, epoch=epoch)

    return rate
