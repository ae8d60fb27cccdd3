"""Mini-batch gradient descent, as the protocols prescribe it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.batches import StandardizedBatches
from bnlab.data.scaling import Scaling
from bnlab.data.splits import Split
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_forward
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.numerics.schedule import triangular
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream
from bnlab.training.evaluate import Evaluator
from bnlab.training.recorder import CurvePoint, Recorder
from bnlab.training.update import Update

N_CLASSES = 10


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
    *,
    start: Training | None = None,
) -> Training:
    """Train one network on images[split.training], uint8 (n, d), with their labels, uint8 (n,).

    start: where another training ended, to go on from there instead of from fresh parameters and averages.
    The curves evaluate the first `protocol.probe` rows of the training and of the validation part. A cost that is no
    longer finite ends the training as a result, not as an error: `diverged_at` tells the update.
    """
    network = network_of(spec, protocol, n_inputs=images.shape[1])
    parameters, statistics = _beginning(spec, protocol, network, start)
    dtype = parameters.flat.dtype
    work = Workspace(network, protocol.batch_size, dtype)
    batches = StandardizedBatches(images, split.scaling, size=protocol.batch_size, dtype=dtype)
    make_update = Update(parameters, protocol, weight_decay=spec.weight_decay)
    recorder = Recorder(protocol, split, part_evaluators(spec, protocol, images, labels, split))
    training = Training(parameters, statistics, recorder.curves)

    # Overflow is how a diverging run announces itself; the finite checks below report it once, as a result.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        shuffle = stream(spec.seed, "batches") if protocol.shuffling == "every_epoch" else None
        order = batch_rows(split.training, protocol.batch_size, shuffle)
        for update in range(protocol.schedule.updates):
            learning_rate = learning_rate_at(spec, protocol, update)
            rows = next(order)
            x, y = batches[rows], labels[rows]
            loss = float(loss_forward(parameters, x, y, work))
            statistics.update(work.moments)
            if not recorder.record(update, learning_rate, loss, parameters, statistics):
                training.diverged_at = update
                return training
            make_update(update, x, y, work, learning_rate=learning_rate)
        end = protocol.schedule.updates
        if not recorder.record(end, learning_rate_at(spec, protocol, end), None, parameters, statistics):
            training.diverged_at = end
    return training


def _beginning(
    spec: RunSpec, protocol: Protocol, network: Network, start: Training | None
) -> tuple[Parameters, RunningStatistics]:
    """Fresh parameters and averages, or copies of those where another training ended."""
    parameters = Parameters.zeros(network, np.dtype(protocol.precision))
    statistics = running_statistics(network, protocol)
    if start is None:
        initialize(parameters, spec.initialization, stream(spec.seed, "weights"))
    else:
        parameters.flat[:] = start.parameters.flat
        statistics.copy_from(start.statistics)
    return parameters, statistics


def network_of(spec: RunSpec, protocol: Protocol, *, n_inputs: int) -> Network:
    """The network of a run on images of `n_inputs` pixels."""
    return Network((n_inputs, *spec.hidden, N_CLASSES), spec.batch_norm, protocol.bn_epsilon)


def running_statistics(network: Network, protocol: Protocol) -> RunningStatistics:
    """The moving averages as they are before the first update."""
    return RunningStatistics(
        network,
        protocol.precision,
        average=protocol.bn_decay,
        from_first=protocol.bn_initial_averages == "first_batch",
    )


def part_evaluators(
    spec: RunSpec, protocol: Protocol, images: Images, labels: npt.NDArray[np.uint8], split: Split
) -> dict[str, Evaluator]:
    """Evaluators of the `training` and the `validation` part: one for both, unless they are scaled differently."""
    training = evaluator_of(spec, protocol, images, labels, split.scaling)
    if split.validation_mean is None:
        return {"training": training, "validation": training}
    return {
        "training": training,
        "validation": evaluator_of(spec, protocol, images, labels, split.validation_scaling),
    }


def evaluator_of(
    spec: RunSpec, protocol: Protocol, images: Images, labels: npt.NDArray[np.uint8], scaling: Scaling
) -> Evaluator:
    """Evaluates the run's network on rows of `images`."""
    network = network_of(spec, protocol, n_inputs=images.shape[1])
    dtype = np.dtype(protocol.precision)
    return Evaluator(network, images, labels, scaling, weight_decay=spec.weight_decay, dtype=dtype)


def learning_rate_at(spec: RunSpec, protocol: Protocol, update: int) -> float:
    """The run's own constant learning rate, or the protocol's scheduled one."""
    if spec.learning_rate is not None:
        return spec.learning_rate
    schedule = protocol.schedule
    return triangular(update, minimum=schedule.minimum, maximum=schedule.maximum, step=schedule.step)


def batch_rows(rows: Rows, batch_size: int, random: np.random.Generator | None) -> Iterator[Rows]:
    """Mini-batches for ever, reshuffled every epoch, or (random=None) always in the order of `rows`.

    Rows left over at an epoch's end sit that epoch out.
    """
    while True:
        shuffled = rows if random is None else random.permutation(rows)
        for start in range(0, len(rows) - batch_size + 1, batch_size):
            yield shuffled[start : start + batch_size]
