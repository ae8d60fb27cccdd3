"""Loss, cost and accuracy of a network over many images, with the running statistics."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.batches import unscaled_batches
from bnlab.data.scaling import Scaling
from bnlab.numerics.layers import softmax_cross_entropy_forward
from bnlab.numerics.network import Workspace, predict
from bnlab.numerics.optimizer import weight_penalty
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics

BLOCK = 250  # images: the float64 block stays near the cache


@dataclass(frozen=True)
class Evaluation:
    """Means over the evaluated images: cross-entropy, cross-entropy plus weight penalty, fraction correct."""

    loss: float
    cost: float
    accuracy: float


class Evaluator:
    """Evaluates networks of one shape on rows of images that are scaled alike, block by block in reused buffers.

    Scaling every pixel of every image would take a third of an evaluation. It is an affine map, though, and so is
    a network's first layer: the first layer of a copy takes it in once, and the copy takes pixels as they are.
    """

    def __init__(
        self,
        network: Network,
        images: Images,
        labels: npt.NDArray[np.uint8],
        scaling: Scaling,
        *,
        weight_decay: float,
        dtype: npt.DTypeLike,
    ) -> None:
        """images: (n, d), to be scaled by `scaling`; labels: (n,)."""
        self._unscaled = unscaled_batches(images, scaling, size=BLOCK, dtype=dtype)
        self._labels = labels
        self._mean, self._inverse_std = scaling.mean.astype(dtype), (1 / scaling.std).astype(dtype)
        self._copy = Parameters.zeros(network, dtype)
        self._work = Workspace(network, BLOCK, dtype)
        self._weight_decay = weight_decay

    def __call__(
        self, parameters: Parameters, statistics: RunningStatistics, rows: Rows
    ) -> tuple[Evaluation, npt.NDArray[np.uint8]]:
        """Evaluate on images[rows]; also return the predicted classes, uint8 (len(rows),).

        What is not finite in a diverged network is so in the result, without warnings.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._evaluate(parameters, statistics, rows)

    def _evaluate(
        self, parameters: Parameters, statistics: RunningStatistics, rows: Rows
    ) -> tuple[Evaluation, npt.NDArray[np.uint8]]:
        of_unscaled = self._of_unscaled(parameters)
        predictions = np.empty(len(rows), np.uint8)
        loss = 0.0
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            scores = predict(of_unscaled, statistics, self._unscaled[block], self._work)
            predictions[start : start + BLOCK] = scores.argmax(axis=1)
            loss += len(block) * float(softmax_cross_entropy_forward(scores, self._labels[block], out=scores))
        loss /= len(rows)
        penalty = float(weight_penalty(parameters, self._weight_decay))
        accuracy = float(np.mean(predictions == self._labels[rows]))
        return Evaluation(loss, loss + penalty, accuracy), predictions

    def _of_unscaled(self, parameters: Parameters) -> Parameters:
        """The same network as a function of pixels: ((x - mean) / std) W + b = x W' + b'."""
        copy = self._copy
        copy.flat[:] = parameters.flat
        copy.weights[0] *= self._inverse_std[:, None]
        copy.biases[0] -= self._mean @ copy.weights[0]
        return copy
