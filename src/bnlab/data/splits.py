"""Which images train and which validate, and how their pixels are scaled.

Only indices, means and standard deviations are stored; pixels stay uint8 in the shared, memory-mapped data set.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.scaling import FULL_SCALE, Scaling, pixel_statistics, pixel_sums, scalar_statistics
from bnlab.errors import DataError, IntegrityError
from bnlab.files import atomic
from bnlab.streams import stream


@dataclass(frozen=True)
class Split:
    """Rows of the data set's training images, int32, and what scales them, float64 (d,).

    mean and std are those of the training part, validation_mean where `per_part` gives the validation part its own.

    standardization: per_pixel, every pixel by its mean and deviation over the training part; scalar, all pixels by one
    mean and one deviation over both parts; per_part, divided by 255, less every pixel's mean over the part that the
    image is in; per_image, every image by its own mean and deviation (mean 0 and std 1 here).
    """

    training: Rows
    validation: Rows
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    validation_mean: npt.NDArray[np.float64] | None = None
    standardization: str = "per_pixel"
    digest: str = ""
    """Of the name and content under which it is stored; empty before."""

    @property
    def scaling(self) -> Scaling:
        """How training images are scaled."""
        return Scaling(self.mean, self.std, self.standardization == "per_image")

    @property
    def validation_scaling(self) -> Scaling:
        """How validation images are scaled."""
        return self.scaling if self.validation_mean is None else Scaling(self.validation_mean, self.std)

    def scaling_of_others(self, images: Images) -> Scaling:
        """How a further part is scaled that consists of all of `images`, (n, d): the test set."""
        if self.standardization != "per_part":
            return self.scaling
        return Scaling(images.mean(axis=0), self.std)  # sums of integers, exact


def draw_split(
    n_images: int,
    *,
    training: int,
    validation: int,
    random: np.random.Generator | None,
    validation_first: bool = False,
) -> tuple[Rows, Rows]:
    """Disjoint training and validation rows: in a random order, or (random=None) the first rows in official order.

    validation_first: the first rows validate and the next train, instead of the reverse.
    Raises DataError when the data set is too small.
    """
    if training + validation > n_images:
        raise DataError(
            f"training + validation asks for {training} + {validation} images, but the data set has {n_images}. "
            "Lower them in config/protocols.yaml."
        )
    order = np.arange(n_images) if random is None else random.permutation(n_images)
    rows = order.astype(np.int32)[: training + validation]
    if validation_first:
        return rows[validation:], rows[:validation]
    return rows[:training], rows[training:]


def make_split(
    images: Images, *, training: int, validation: int, seed: int | None, order: str, standardization: str
) -> Split:
    """Draw a split of images, (n, d), and compute what scales them.

    order: random (from `seed`), official_order or validation_first (whose seed is None).
    This module is in the trainer's import closure, so runs on splits that were drawn otherwise count as stale.
    """
    random = None if seed is None else stream(seed, "split")
    rows, validation_rows = draw_split(
        len(images),
        training=training,
        validation=validation,
        random=random,
        validation_first=order == "validation_first",
    )
    d = images.shape[1]
    own = None
    match standardization:
        case "per_pixel":
            mean, std = pixel_statistics(images, rows)
        case "scalar":
            mean, std = scalar_statistics(images, np.concatenate([rows, validation_rows]))
        case "per_part":
            mean, std = pixel_sums(images, rows)[0] / len(rows), np.full(d, FULL_SCALE)
            own = pixel_sums(images, validation_rows)[0] / len(validation_rows) if validation else None
        case "per_image":
            mean, std = np.zeros(d), np.ones(d)
        case _:
            raise ValueError(f"no such standardization: {standardization}")
    return Split(rows, validation_rows, mean, std, own, standardization)


def store_split(path: Path, split: Split) -> None:
    """Write a split atomically as .npz, with a digest of its name and content."""
    content: dict[str, Any] = {
        "training": split.training,
        "validation": split.validation,
        "mean": split.mean,
        "std": split.std,
        "validation_mean": split.mean if split.validation_mean is None else split.validation_mean,
        "standardization": np.array(split.standardization),
    }
    with atomic(path) as file:
        np.savez(file, **content, digest=np.array(_digest(path.stem, content)))


def load_split(path: Path) -> Split:
    """Read what `store_split` wrote under this name.

    Raises IntegrityError when the file is missing or damaged, was changed, or is another split's.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            content = {name: arrays[name] for name in arrays.files}
        digest, standardization = str(content.pop("digest")), str(content["standardization"])
    except Exception as error:  # a damaged zip raises many kinds
        raise _refused(path, f"cannot be read as a split ({error})") from error
    if digest != _digest(path.stem, content):
        raise _refused(path, "is another split's, or was changed after it was drawn")
    if standardization != "per_part" or not len(content["validation"]):
        content["validation_mean"] = None
    return Split(**content | {"standardization": standardization}, digest=digest)


def _digest(name: str, content: Mapping[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(name.encode())
    for key, array in sorted(content.items()):
        digest.update(f"{key} {array.dtype} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


def _refused(path: Path, reason: str) -> IntegrityError:
    return IntegrityError(f"{path}: {reason}. Make it again with `python -m bnlab split {path.stem}`.")
