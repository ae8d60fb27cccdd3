"""How pixels are scaled before a network sees them, and the exact sums behind that."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.errors import DataError

FULL_SCALE = 255.0


@dataclass(frozen=True)
class Scaling:
    """Pixels as a network sees them: x -> (x - mean) / std, float64 (d,) each.

    per_image: before that every image is standardized by the mean and standard deviation of its own pixels.
    """

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    per_image: bool = False


def pixel_sums(images: Images, rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sum and sum of squares of every pixel over `rows`, int64 (d,): the same to the last bit on every machine."""
    total = np.zeros(images.shape[1], np.int64)
    total_of_squares = np.zeros(images.shape[1], np.int64)
    for start in range(0, len(rows), 1000):
        block = images[np.sort(rows[start : start + 1000])].astype(np.int64)
        total += block.sum(axis=0)
        total_of_squares += np.einsum("nd,nd->d", block, block)
    return total, total_of_squares


def pixel_statistics(images: Images, rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and (biased) standard deviation of every pixel over `rows`, float64 (d,).

    Raises DataError when a pixel is constant, since it cannot be standardized.
    """
    total, total_of_squares = pixel_sums(images, rows)
    n = len(rows)
    scaled_variance = n * total_of_squares - total**2
    if not scaled_variance.all():
        pixel = int(np.argmin(scaled_variance))
        raise DataError(
            f"Pixel {pixel} has the same value in all {n} training images, so it cannot be standardized. "
            "Use more training images (key `training` in config/protocols.yaml), or, where margins of all images are "
            "alike, one mean and deviation for all pixels (standardization: scalar)."
        )
    return total / n, np.sqrt(scaled_variance) / n


def scalar_statistics(images: Images, rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """One mean and one (biased) standard deviation over all pixels of `rows`, each repeated for every pixel, (d,)."""
    total, total_of_squares = (int(sums.sum()) for sums in pixel_sums(images, rows))
    d = images.shape[1]
    n = len(rows) * d
    # Python's integers: n times the sum of squares exceeds 64 bits.
    return np.full(d, total / n), np.full(d, math.sqrt(n * total_of_squares - total**2) / n)
