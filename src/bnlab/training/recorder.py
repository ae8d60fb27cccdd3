"""The points of a training's curves, and the moment at which it diverges."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bnlab.training.evaluate import Evaluation
from bnlab.training.setup import Setup


@dataclass(frozen=True)
class CurvePoint:
    """The state after `update` updates. `batch_loss` averages the mini-batches since the previous point.

    validation: None where no images validate.
    """

    update: int
    epoch: float
    learning_rate: float
    batch_loss: float
    probe: Evaluation
    validation: Evaluation | None


Watch = Callable[[CurvePoint], None]
"""What is told of every point of a training's curves as soon as it is there."""


class Recorder:
    """Collects the curve points of one training and notices when it diverges."""

    def __init__(self, setup: Setup, watch: Watch | None = None) -> None:
        protocol = setup.protocol
        updates = protocol.schedule.updates
        self.curves: list[CurvePoint] = []
        self._setup, self._watch = setup, watch
        self._due = set(np.linspace(0, updates, protocol.curve_points).round().astype(int).tolist())
        self._epoch = len(setup.rows["training"]) // protocol.batch_size
        self._rows = {part: rows[: protocol.probe] for part, rows in setup.rows.items()}
        self._losses: list[float] = []

    def record(self, update: int, learning_rate: float, loss: float | None = None) -> bool:
        """Note the mini-batch's loss, add a curve point when one is due; False when something is not finite."""
        if loss is not None:
            self._losses.append(loss)
            if not math.isfinite(loss):
                return False
        if update not in self._due:
            return True
        parameters, statistics = self._setup.parameters, self._setup.statistics
        found = {part: self._setup.evaluate[part](parameters, statistics, rows)[0] for part, rows in self._rows.items()}
        if not all(math.isfinite(part.cost) for part in found.values()):
            return False
        batch_loss = float(np.mean(self._losses))
        self._losses.clear()
        probe, validation = found["training"], found.get("validation")
        point = CurvePoint(update, update / self._epoch, learning_rate, batch_loss, probe, validation)
        self.curves.append(point)
        if self._watch:
            self._watch(point)
        return True
