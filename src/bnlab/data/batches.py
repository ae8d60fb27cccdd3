"""Images as floating-point mini-batches, converted from the shared uint8 data set as they are needed."""

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.scaling import Scaling

CACHE_LINE = 64  # bytes


class PixelBatches:
    """Rows of images as floating-point pixel values, 0 to 255, in one reused buffer."""

    def __init__(self, images: Images, *, size: int, dtype: npt.DTypeLike) -> None:
        """Serve up to `size` rows of `images`, (n, d), at a time, as `dtype`."""
        self._images = images
        self._raw = np.empty((size, images.shape[1]), np.uint8)
        self._batch = _staggered(size, images.shape[1], dtype)

    def __getitem__(self, rows: Rows) -> npt.NDArray[np.floating]:
        """The pixels of the given rows, (len(rows), d); lasts until the next call."""
        raw, batch = self._raw[: len(rows)], self._batch[: len(rows)]
        # mode="clip" skips the buffering that out= otherwise costs; rows are in range by construction.
        np.take(self._images, rows, axis=0, out=raw, mode="clip")
        np.copyto(batch, raw)
        return batch


def _staggered(n: int, d: int, dtype: npt.DTypeLike) -> npt.NDArray[np.floating]:
    """An empty array, (n, d), whose rows lie a cache line further apart than they are long.

    Rows of 3,072 numbers are whole multiples of 4,096 bytes long: without the gap, the same column of all rows would
    compete for the same few places in the cache while BLAS reads them, a block of columns at a time.
    """
    return np.empty((n, d + CACHE_LINE // np.dtype(dtype).itemsize), dtype)[:, :d]


class ImageStandardizedBatches(PixelBatches):
    """Rows of images, each image standardized by the mean and standard deviation of its own pixels."""

    def __getitem__(self, rows: Rows) -> npt.NDArray[np.floating]:
        """(pixel - image's mean) / image's std of the given rows, (len(rows), d); lasts until the next call."""
        batch = super().__getitem__(rows)
        batch -= batch.mean(axis=1, keepdims=True)
        batch /= np.sqrt(np.einsum("nd,nd->n", batch, batch) / batch.shape[1])[:, None]
        return batch


def unscaled_batches(images: Images, scaling: Scaling, *, size: int, dtype: npt.DTypeLike) -> PixelBatches:
    """Batches before the per-pixel affine map of `scaling`: pixels, or images that are each standardized alone."""
    kind = ImageStandardizedBatches if scaling.per_image else PixelBatches
    return kind(images, size=size, dtype=dtype)


class StandardizedBatches:
    """Rows of images, scaled as a network sees them."""

    def __init__(self, images: Images, scaling: Scaling, *, size: int, dtype: npt.DTypeLike) -> None:
        """Serve up to `size` rows of `images`, (n, d), at a time, as `dtype`, scaled by `scaling`."""
        self._unscaled = unscaled_batches(images, scaling, size=size, dtype=dtype)
        self._mean = scaling.mean.astype(dtype)
        self._inverse_std = (1 / scaling.std).astype(dtype)

    def __getitem__(self, rows: Rows) -> npt.NDArray[np.floating]:
        """(x - mean) / std of the given rows, (len(rows), d); lasts until the next call."""
        batch = self._unscaled[rows]
        batch -= self._mean
        batch *= self._inverse_std
        return batch
