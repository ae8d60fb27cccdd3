"""Mini-batch gradient descent, as a protocol prescribes it."""

from dataclasses import dataclass

import numpy as np

from bnlab.numerics.network import loss_forward
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.training.recorder import CurvePoint, Recorder, Watch
from bnlab.training.setup import Setup


@dataclass
class Training:
    """A finished training: its last parameters and averages, its curves, and the update that diverged, if any."""

    parameters: Parameters
    statistics: RunningStatistics
    curves: list[CurvePoint]
    diverged_at: int | None = None


def train(setup: Setup, watch: Watch | None = None) -> Training:
    """Train the network of `setup`, whose parameters and averages are overwritten, to its protocol's last update.

    The curves evaluate the first `probe` rows of the training and of the validation part, and `watch` is told of each
    point. A cost that is no longer
    finite ends the training as a result, not as an error: `diverged_at` tells the update.
    """
    parameters, statistics, work, labels = setup.parameters, setup.statistics, setup.work, setup.labels
    recorder = Recorder(setup, watch)
    training = Training(parameters, statistics, recorder.curves)
    last = setup.protocol.schedule.updates

    # Overflow is how a diverging run announces itself; the recorder's finite checks report it once, as a result.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for number, rows in zip(range(last), setup.mini_batches, strict=False):
            learning_rate = setup.learning_rate(number)
            x, y = setup.x[rows], labels[rows]
            loss = float(loss_forward(parameters, x, y, work))
            statistics.update(work.moments)
            if not recorder.record(number, learning_rate, loss):
                training.diverged_at = number
                return training
            setup.update(number, x, y, work, learning_rate=learning_rate)
        if not recorder.record(last, setup.learning_rate(last)):
            training.diverged_at = last
    return training
