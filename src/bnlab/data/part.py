"""A part of a data set as a file holds it, before it is known to fit the other part."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Arrays, Bytes
from bnlab.errors import DataError
from bnlab.streams import stream


class Part(NamedTuple):
    """Images, uint8 (n, ...) with the shape of one behind, and as many labels, whole numbers.  source: for messages."""

    source: str
    images: Bytes
    labels: npt.NDArray[Any]


def assembled(training: Part, test: Part | None, *, test_images: int, classes: Sequence[str]) -> Arrays:
    """A data set of two parts, or of one, of which `test_images` are drawn for testing.

    classes: names of the labels; without any, labels are their own names. Raises DataError when the parts do not fit,
    or labels have no name.
    """
    _check(training)
    if test is None:
        training, test = _drawn(training, test_images)
    elif test_images:
        raise DataError(f"{test.source}: holds the test images, so test_images has to go from config/datasets.yaml.")
    else:
        _check(test)
    shape = training.images.shape[1:]
    if test.images.shape[1:] != shape:
        raise DataError(f"{test.source}: images of shape {test.images.shape[1:]}, but {training.source} has {shape}")
    highest = max(int(part.labels.max()) for part in (training, test))
    names = tuple(classes) or tuple(str(label) for label in range(highest + 1))
    if highest >= len(names):
        raise DataError(
            f"{training.source}: labels go from 0 to {highest}, but `classes` in config/datasets.yaml names "
            f"{len(names)} of them."
        )
    if len(names) < 2:
        raise DataError(f"{training.source}: all labels are 0, expected at least two classes")
    return Arrays(*_flat(training), *_flat(test), shape, names)


def _check(part: Part) -> None:
    """Refuse what cannot be images with labels."""
    images, labels = part.images, part.labels
    if images.dtype != np.uint8 or images.ndim < 2 or not images.size:
        raise DataError(f"{part.source}: images of type {images.dtype}, shape {images.shape}; expected uint8 (n, ...)")
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{part.source}: labels of type {labels.dtype}, shape {labels.shape}; expected {len(images):,} whole "
            "numbers"
        )
    if labels.min() < 0 or labels.max() > 255:
        raise DataError(f"{part.source}: labels from {labels.min()} to {labels.max()}, expected 0 to at most 255")


def _drawn(whole: Part, test_images: int) -> tuple[Part, Part]:
    """The images that are left, in their order, and those that are drawn for testing, always the same ones."""
    n = len(whole.images)
    if not 1 <= test_images < n:
        raise DataError(
            f"{whole.source}: holds {n:,} images and no test part. Say in config/datasets.yaml how many of them test: "
            f"test_images, found {test_images}, expected 1 to {n - 1}."
        )
    chosen = np.zeros(n, bool)
    chosen[stream(0, "test images").permutation(n)[:test_images]] = True
    return tuple(Part(whole.source, whole.images[rows], whole.labels[rows]) for rows in (~chosen, chosen))  # type: ignore[return-value]


def _flat(part: Part) -> tuple[Bytes, Bytes]:
    images = np.ascontiguousarray(part.images.reshape(len(part.images), -1))
    return images, np.ascontiguousarray(part.labels.astype(np.uint8))
