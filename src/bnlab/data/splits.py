"""Which images train and which validate, and the pixel statistics of the training part.

Only indices, mean and standard deviation are stored; pixels stay uint8 in the shared, memory-mapped data set.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.errors import DataError, IntegrityError
from bnlab.files import atomic
from bnlab.streams import stream


@dataclass(frozen=True)
class Split:
    """Rows of the data set's training images, int32, and per-pixel statistics of the training part, float64 (d,)."""

    training: Rows
    validation: Rows
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]


def draw_split(
    n_images: int, *, training: int, validation: int, random: np.random.Generator | None
) -> tuple[Rows, Rows]:
    """Disjoint training and validation rows: in a random order, or (random=None) the first rows in official order.

    Raises DataError when the data set is too small.
    """
    if training + validation > n_images:
        raise DataError(
            f"training + validation asks for {training} + {validation} images, but the data set has {n_images}. "
            "Lower them in config/protocols.yaml."
        )
    rows = np.arange(n_images) if random is None else random.permutation(n_images)
    rows = rows.astype(np.int32)
    return rows[:training], rows[training : training + validation]


def make_split(images: Images, *, training: int, validation: int, seed: int | None) -> Split:
    """Draw a split of images, (n, d), and compute its training part's pixel statistics; seed=None: official order.

    This module is in the trainer's import closure, so runs on splits that were drawn otherwise count as stale.
    """
    random = None if seed is None else stream(seed, "split")
    rows, held_out = draw_split(len(images), training=training, validation=validation, random=random)
    return Split(rows, held_out, *pixel_statistics(images, rows))


def pixel_statistics(images: Images, rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and (biased) standard deviation of every pixel over `rows`, float64 (d,).

    Sums are kept in integers, so the result is the same to the last bit on every machine.
    Raises DataError when a pixel is constant, since it cannot be standardized.
    """
    total = np.zeros(images.shape[1], np.int64)
    total_of_squares = np.zeros(images.shape[1], np.int64)
    for start in range(0, len(rows), 1000):
        block = images[np.sort(rows[start : start + 1000])].astype(np.int64)
        total += block.sum(axis=0)
        total_of_squares += np.einsum("nd,nd->d", block, block)
    n = len(rows)
    scaled_variance = n * total_of_squares - total**2
    if not scaled_variance.all():
        pixel = int(np.argmin(scaled_variance))
        raise DataError(
            f"Pixel {pixel} has the same value in all {n} training images, so it cannot be standardized. "
            "Use more training images (key `training` in config/protocols.yaml)."
        )
    return total / n, np.sqrt(scaled_variance) / n


def store_split(path: Path, split: Split) -> None:
    """Write a split atomically as .npz."""
    with atomic(path) as file:
        np.savez(file, training=split.training, validation=split.validation, mean=split.mean, std=split.std)


def load_split(path: Path) -> Split:
    """Read what `store_split` wrote. Raises IntegrityError when the file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Split(**{name: arrays[name] for name in ("training", "validation", "mean", "std")})
    except Exception as error:  # a damaged zip raises many kinds
        raise IntegrityError(
            f"{path}: cannot be read as a split ({error}). Make it again with `python -m bnlab split {path.stem}`."
        ) from error
