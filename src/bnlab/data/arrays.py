"""A data set in memory, and the digest of its content, the same whatever file it came from."""

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Images: TypeAlias = npt.NDArray[np.uint8]
"""(n, pixels)."""
Rows: TypeAlias = npt.NDArray[np.integer]
"""Indices of images, (n,)."""


@dataclass(frozen=True)
class Arrays:
    """A training part and a test part: images (n, pixels) and labels (n,), all uint8 in C order.

    Anything else is a TypeError, so that storing and digesting need not think of it.  image_shape: of one image, whose
    product is `pixels`: (height, width), or (channels, height, width).  classes: the names of the labels 0, 1, ...
    """

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    image_shape: tuple[int, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        for name, array in self.parts.items():
            if array.dtype != np.uint8 or not array.flags.c_contiguous:
                raise TypeError(f"{name}: {array.dtype}, strides {array.strides}; expected uint8 in C order")

    @property
    def parts(self) -> dict[str, Bytes]:
        """The four arrays by name."""
        return {name: array for name, array in vars(self).items() if isinstance(array, np.ndarray)}

    @property
    def digest(self) -> str:
        """The digest by which bnlab.runs.datasets knows the data set."""
        return data_set_digest(
            content_digest(self.train_images, self.train_labels), content_digest(self.test_images, self.test_labels)
        )


def content_digest(images: Bytes, labels: Bytes) -> str:
    """Hex sha256 of the images' bytes in C order, then the labels' bytes."""
    digest = hashlib.sha256(images.ravel().data)
    digest.update(labels.ravel().data)
    return digest.hexdigest()


def data_set_digest(train_digest: str, test_digest: str) -> str:
    """One hex sha256 for a whole data set, from the content digests of its two parts (see bnlab.runs.datasets)."""
    return hashlib.sha256((train_digest + test_digest).encode()).hexdigest()
