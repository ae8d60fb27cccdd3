"""What every contestant is asked: the same network, from the same weights, on the same mini-batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.batches import StandardizedBatches
from bnlab.data.prepared import open_prepared
from bnlab.data.splits import Split, load_split, make_split, store_split
from bnlab.numerics.initialize import initialize
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.schedule import triangular
from bnlab.runs.datasets import CIFAR10
from bnlab.streams import stream
from bnlab.training.setup import batch_rows

BATCH = 100
WEIGHT_DECAY = 0.005
BN_AVERAGE = 0.9
BN_EPSILON = 2.2e-16
SEED = 1
NETWORKS = {"50-50": (50, 50), "9-layer": (50, 30, 20, 20, 10, 10, 10, 10)}


@dataclass(frozen=True)
class Problem:
    """One network in one precision, trained as the official protocol says."""

    network: str
    batch_norm: bool
    precision: str

    @property
    def title(self) -> str:
        """For example: 9-layer with BN, float64."""
        return f"{self.network} {'with' if self.batch_norm else 'without'} BN, {self.precision}"

    def initial(self, n_inputs: int) -> Parameters:
        """The parameters that every contestant starts from, in the problem's precision."""
        network = Network((n_inputs, *NETWORKS[self.network], CIFAR10.classes), self.batch_norm, BN_EPSILON)
        parameters = Parameters.zeros(network, self.precision)
        initialize(parameters, "he", stream(SEED, "weights"))
        return parameters


@dataclass(frozen=True)
class Data:
    """Images, uint8 (n, d), labels, a split, and all images standardized: (n, d) in the problem's precision.

    Everybody starts from the bytes. The standardized images are for the extra rows in which a library is spared that.
    """

    images: Images
    labels: npt.NDArray[np.uint8]
    split: Split
    standardized: npt.NDArray[np.floating]

    @property
    def scaling(self) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Mean and 1 / standard deviation of every pixel, (d,) each, in the problem's precision."""
        dtype = self.standardized.dtype
        return self.split.mean.astype(dtype), (1 / self.split.std).astype(dtype)

    def orders(self) -> Iterator[tuple[Rows, float]]:
        """The rows of every mini-batch with its learning rate, for ever."""
        batches = batch_rows(self.split.training, BATCH, stream(SEED, "batches"))
        for update, rows in enumerate(batches):
            yield rows, triangular(update, minimum=1e-5, maximum=1e-1, step=2250)


@dataclass(frozen=True)
class Files:
    """Where the contestants find their data: a prepared data set, and a folder for what is made of it here."""

    prepared: Path
    folder: Path
    precision: str

    @property
    def _split(self) -> Path:
        return self.folder / "split.npz"

    @property
    def _standardized(self) -> Path:
        return self.folder / f"{self.precision}.npy"

    def make(self) -> None:
        """Draw the split, nine tenths of the images to train, and standardize all images once for all."""
        images = open_prepared(self.prepared).train_images
        training = len(images) * 9 // 10
        split = make_split(
            images,
            training=training,
            validation=len(images) - training,
            seed=SEED,
            order="random",
            standardization="per_pixel",
        )
        store_split(self._split, split)
        array = np.lib.format.open_memmap(self._standardized, mode="w+", dtype=self.precision, shape=images.shape)
        batches = StandardizedBatches(images, split.scaling, size=1000, dtype=self.precision)
        for start in range(0, len(images), 1000):
            rows = np.arange(start, min(start + 1000, len(images)))
            array[rows] = batches[rows]
        array.flush()

    def open(self) -> Data:
        """Map it all."""
        prepared = open_prepared(self.prepared)
        # Copy on write: nobody writes, but PyTorch takes only arrays that could be written.
        standardized = np.load(self._standardized, mmap_mode="c")
        return Data(prepared.train_images, prepared.train_labels, load_split(self._split), standardized)
