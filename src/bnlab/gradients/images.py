"""The images that gradients are checked on, scaled as a network sees them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Bytes, Images
from bnlab.data.prepared import open_prepared
from bnlab.data.scaling import pixel_statistics
from bnlab.errors import ConfigError
from bnlab.runs.datasets import CIFAR10
from bnlab.streams import stream

IMAGES = 1000
DATA_BATCH = 10_000
"""Images by whose statistics reported checks standardize, in official order: CIFAR-10's data_batch_1."""


def first_images(data: str, *, results: Path) -> tuple[Images, Bytes]:
    """The first training images of a prepared data set, uint8 (up to 1000, d), and their labels.

    Where these lack a class, as in sets that are sorted by class, as many others, drawn from all of them.
    Pixels that hardly vary from image to image, such as the margins of scanned digits, are left out: those whose
    deviation is less than half the largest one. Over a small batch they would be constant. Photographs lose none.
    """
    prepared = open_prepared(results / "data" / data)
    labels = prepared.train_labels
    rows = np.arange(min(IMAGES, len(labels)))
    if len(np.unique(labels[rows])) < len(prepared.classes):
        rows = stream(0, "images of the gate").permutation(len(labels))[:IMAGES]
    images = prepared.train_images[rows]
    deviations = images.std(axis=0)
    varied = np.ascontiguousarray(images[:, deviations >= deviations.max() / 2])
    return varied, labels[rows]


def n_classes(labels: npt.NDArray[np.integer]) -> int:
    """How many classes a network has to tell apart that is checked on images with these labels."""
    return int(labels.max()) + 1


def standardized(images: Images) -> npt.NDArray[np.float64]:
    """Images, uint8 (n, d), standardized per pixel over themselves, float64."""
    pixels = images.astype(float)
    standardized: npt.NDArray[np.float64] = (pixels - pixels.mean(axis=0)) / pixels.std(axis=0)
    return standardized


def data_batch_images(data: str, n: int, *, source: str, results: Path) -> tuple[npt.NDArray[np.float64], Bytes]:
    """The first n training images, (n, 3072), standardized per pixel over data_batch_1, and their labels, (n,).

    Raises ConfigError, which names `source`, when there are not so many, or the data set is not like CIFAR-10.
    """
    prepared = open_prepared(results / "data" / data)
    if (prepared.train_images.shape[1], len(prepared.classes)) != (CIFAR10.pixels, CIFAR10.classes):
        raise ConfigError(
            f"{source}: repeats a check on CIFAR-10, but the images of '{data}' are of another kind. Leave it out of "
            "the study's `gradients`."
        )
    images = prepared.train_images[:DATA_BATCH]
    if n > len(images):
        raise ConfigError(
            f"{source}: images: found {n}, expected at most {len(images)} on '{data}' (at most the {DATA_BATCH:,} of "
            "data_batch_1). Lower it, or leave the reported check out of the study's `gradients`."
        )
    mean, std = pixel_statistics(images, np.arange(len(images)))
    return (images[:n] - mean) / std, prepared.train_labels[:n]
