"""Loss, cost and accuracy of a network over many images, with the running statistics."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.data.splits import Rows, Split, StandardizedImages
from bnlab.numerics.layers import softmax_cross_entropy_forward
from bnlab.numerics.network import Workspace, predict
from bnlab.numerics.optimizer import weight_penalty
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.statistics import RunningStatistics

BLOCK = 250  # images: the float64 block stays near the cache


@dataclass(frozen=True)
class Evaluation:
    """Means over the evaluated images: cross-entropy, cross-entropy plus weight penalty, fraction correct."""

    loss: float
    cost: float
    accuracy: float


class Evaluator:
    """Evaluates networks of one shape on any rows of one set of images, block by block in reused buffers."""

    def __init__(
        self,
        network: Network,
        images: npt.NDArray[np.uint8],
        labels: npt.NDArray[np.uint8],
        split: Split,
        *,
        weight_decay: float,
        dtype: npt.DTypeLike,
    ) -> None:
        """images: (n, d), standardized by `split` as they are read; labels: (n,)."""
        self._images = StandardizedImages(images, split, block=BLOCK, dtype=dtype)
        self._labels = labels
        self._work = Workspace(network, BLOCK, dtype)
        self._weight_decay = weight_decay

    def __call__(
        self, parameters: Parameters, statistics: RunningStatistics, rows: Rows
    ) -> tuple[Evaluation, npt.NDArray[np.uint8]]:
        """Evaluate on images[rows]; also return the predicted classes, uint8 (len(rows),)."""
        predictions = np.empty(len(rows), np.uint8)
        loss = 0.0
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            scores = predict(parameters, statistics, self._images[block], self._work)
            predictions[start : start + BLOCK] = scores.argmax(axis=1)
            loss += len(block) * float(softmax_cross_entropy_forward(scores, self._labels[block], out=scores))
        loss /= len(rows)
        penalty = float(weight_penalty(parameters, self._weight_decay))
        accuracy = float(np.mean(predictions == self._labels[rows]))
        return Evaluation(loss, loss + penalty, accuracy), predictions
