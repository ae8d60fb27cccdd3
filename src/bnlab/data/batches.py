"""Images as floating-point mini-batches, converted from the shared uint8 data set as they are needed."""

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.splits import Split


class PixelBatches:
    """Rows of images as floating-point pixel values, 0 to 255, in one reused buffer."""

    def __init__(self, images: Images, *, size: int, dtype: npt.DTypeLike) -> None:
        """Serve up to `size` rows of `images`, (n, d), at a time, as `dtype`."""
        self._images = images
        self._raw = np.empty((size, images.shape[1]), np.uint8)
        self._batch = np.empty((size, images.shape[1]), dtype)

    def __getitem__(self, rows: Rows) -> npt.NDArray[np.floating]:
        """The pixels of the given rows, (len(rows), d); lasts until the next call."""
        raw, batch = self._raw[: len(rows)], self._batch[: len(rows)]
        # mode="clip" skips the buffering that out= otherwise costs; rows are in range by construction.
        np.take(self._images, rows, axis=0, out=raw, mode="clip")
        np.copyto(batch, raw)
        return batch


class StandardizedBatches(PixelBatches):
    """Rows of images, each pixel standardized by its mean and standard deviation over the training part."""

    def __init__(self, images: Images, split: Split, *, size: int, dtype: npt.DTypeLike) -> None:
        """Serve up to `size` rows of `images`, (n, d), at a time, as `dtype`, standardized by `split`."""
        super().__init__(images, size=size, dtype=dtype)
        self._mean = split.mean.astype(dtype)
        self._inverse_std = (1 / split.std).astype(dtype)

    def __getitem__(self, rows: Rows) -> npt.NDArray[np.floating]:
        """(pixel - mean) / std of the given rows, (len(rows), d); lasts until the next call."""
        batch = super().__getitem__(rows)
        batch -= self._mean
        batch *= self._inverse_std
        return batch
