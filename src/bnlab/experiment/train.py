"""Mini-batch gradient descent, as the protocols prescribe it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Rows
from bnlab.data.batches import StandardizedBatches
from bnlab.data.splits import Split
from bnlab.experiment.evaluate import Evaluation, Evaluator
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.optimizer import descend
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.schedule import triangular
from bnlab.numerics.statistics import RunningStatistics
from bnlab.spec import Protocol, RunSpec
from bnlab.streams import stream

N_CLASSES = 10


@dataclass(frozen=True)
class CurvePoint:
    """The state after `update` updates. `batch_loss` averages the mini-batches since the previous point."""

    update: int
    epoch: float
    learning_rate: float
    batch_loss: float
    probe: Evaluation
    validation: Evaluation


@dataclass
class Training:
    """A finished training: its last parameters and averages, its curves, and the update that diverged, if any."""

    parameters: Parameters
    statistics: RunningStatistics
    curves: list[CurvePoint]
    diverged_at: int | None = None


def train(
    spec: RunSpec,
    protocol: Protocol,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
    split: Split,
) -> Training:
    """Train one network on images[split.training], uint8 (n, d), with their labels, uint8 (n,).

    The curves evaluate the whole validation part and the probe, the first `protocol.probe` training rows. A cost
    that is no longer finite ends the training as a result, not as an error: `diverged_at` tells the update.
    """
    dtype = np.dtype(protocol.precision)
    network = network_of(spec, protocol, n_inputs=images.shape[1])
    parameters = Parameters.zeros(network, dtype)
    initialize(parameters, spec.initialization, stream(spec.seed, "weights"))
    gradients = Parameters.zeros(network, dtype)
    velocity = Parameters.zeros(network, dtype) if protocol.momentum else None
    scratch = np.empty_like(parameters.flat)
    statistics = RunningStatistics(network, dtype, average=protocol.bn_average)
    work = Workspace(network, protocol.batch_size, dtype)
    batches = StandardizedBatches(images, split, size=protocol.batch_size, dtype=dtype)
    evaluator = Evaluator(network, images, labels, split, weight_decay=spec.weight_decay, dtype=dtype)
    recorder = _Recorder(protocol, split, evaluator)
    training = Training(parameters, statistics, recorder.curves)

    # Overflow is how a diverging run announces itself; the finite checks below report it once, as a result.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        order = batch_rows(split.training, protocol.batch_size, stream(spec.seed, "batches"))
        for update in range(protocol.schedule.updates):
            learning_rate = learning_rate_at(spec, protocol, update)
            rows = next(order)
            x, y = batches[rows], labels[rows]
            loss = float(loss_forward(parameters, x, y, work))
            statistics.update(work.moments)
            if not recorder.record(update, learning_rate, loss, parameters, statistics):
                training.diverged_at = update
                return training
            loss_backward(parameters, x, y, work, gradients=gradients)
            descend(
                parameters,
                gradients,
                velocity,
                learning_rate=learning_rate,
                weight_decay=spec.weight_decay,
                momentum=protocol.momentum,
                scratch=scratch,
            )
        end = protocol.schedule.updates
        if not recorder.record(end, learning_rate_at(spec, protocol, end), None, parameters, statistics):
            training.diverged_at = end
    return training


def network_of(spec: RunSpec, protocol: Protocol, *, n_inputs: int) -> Network:
    """The network of a run on images of `n_inputs` pixels."""
    return Network((n_inputs, *spec.hidden, N_CLASSES), spec.batch_norm, protocol.bn_epsilon)


def learning_rate_at(spec: RunSpec, protocol: Protocol, update: int) -> float:
    """The run's own constant learning rate, or the protocol's scheduled one."""
    if spec.learning_rate is not None:
        return spec.learning_rate
    schedule = protocol.schedule
    return triangular(update, minimum=schedule.minimum, maximum=schedule.maximum, step=schedule.step)


def batch_rows(rows: Rows, batch_size: int, random: np.random.Generator) -> Iterator[Rows]:
    """Mini-batches for ever, reshuffled every epoch; rows left over at an epoch's end sit that epoch out."""
    while True:
        shuffled = random.permutation(rows)
        for start in range(0, len(rows) - batch_size + 1, batch_size):
            yield shuffled[start : start + batch_size]


class _Recorder:
    """Collects the curve points of one training and notices when it diverges."""

    def __init__(self, protocol: Protocol, split: Split, evaluator: Evaluator) -> None:
        updates = protocol.schedule.updates
        self.curves: list[CurvePoint] = []
        self._due = set(np.linspace(0, updates, protocol.curve_points).round().astype(int).tolist())
        self._epoch = len(split.training) // protocol.batch_size
        self._probe, self._validation = split.training[: protocol.probe], split.validation
        self._evaluator = evaluator
        self._losses: list[float] = []

    def record(
        self,
        update: int,
        learning_rate: float,
        loss: float | None,
        parameters: Parameters,
        statistics: RunningStatistics,
    ) -> bool:
        """Note the mini-batch loss, add a curve point when one is due; False when something is not finite."""
        if loss is not None:
            self._losses.append(loss)
            if not math.isfinite(loss):
                return False
        if update not in self._due:
            return True
        probe, _ = self._evaluator(parameters, statistics, self._probe)
        validation, _ = self._evaluator(parameters, statistics, self._validation)
        if not (math.isfinite(probe.cost) and math.isfinite(validation.cost)):
            return False
        batch_loss = float(np.mean(self._losses))
        self._losses.clear()
        self.curves.append(CurvePoint(update, update / self._epoch, learning_rate, batch_loss, probe, validation))
        return True
