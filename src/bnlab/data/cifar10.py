"""What CIFAR-10 is, and how the bytes of its six batches become arrays.

Both published versions are read: "binary" (`data_batch_1.bin`, ...: one label byte, then 3,072 pixel
bytes a record) and "python" (`data_batch_1`, ...: pickles, see `pickled`). They hold the same images
in the same order, so one pair of content digests decides whether what was decoded is CIFAR-10.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from bnlab.data.arrays import Arrays, Bytes, content_digest
from bnlab.data.pickled import read_pickle
from bnlab.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IMAGE_SHAPE = (3, 32, 32)  # the red plane, then green, then blue, each row by row
PIXELS = 3 * 32 * 32
TRAIN_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_BATCH = "test_batch"
MEMBERS = tuple(batch + suffix for suffix in (".bin", "") for batch in (*TRAIN_BATCHES, TEST_BATCH))

TRAIN_DIGEST = "1e91790dbaf241617ca1f29a9aba08eb9a62df84cc90676b47edd05ad2ab3c94"
TEST_DIGEST = "9a4c74f5c8b6f2c4e13d3a1dfb43a5a8cda8a9da515e99fd620d2013a1a6287a"


@dataclass(frozen=True)
class Edition:
    """Everything that identifies a published data set in the format of CIFAR-10; tests publish a tiny one."""

    batch_records: int
    train_digest: str
    test_digest: str
    archive: str
    archive_sha256: str
    archive_bytes: int
    mirrors: tuple[str, ...]

    @property
    def binary_bytes(self) -> int:
        """Size of each batch of the binary version."""
        return self.batch_records * (1 + PIXELS)


OFFICIAL = Edition(
    batch_records=10_000,
    train_digest=TRAIN_DIGEST,
    test_digest=TEST_DIGEST,
    archive="cifar-10-binary.tar.gz",
    archive_sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    archive_bytes=170_052_171,
    mirrors=("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"),
)


def decode(members: Iterable[tuple[str, IO[bytes]]], edition: Edition) -> Arrays:
    """Decode the six batches, given as (name, open file) in any order, each of the right size.

    Returns 5 x batch_records training and batch_records test images, (n, 3072), in official order.
    Raises DataError when a batch is missing, repeated or malformed, or when the decoded content does
    not have the edition's digests.
    """
    n = edition.batch_records
    train_images, test_images = np.empty((5 * n, PIXELS), np.uint8), np.empty((n, PIXELS), np.uint8)
    train_labels, test_labels = np.empty(5 * n, np.uint8), np.empty(n, np.uint8)
    slots = {
        batch: (train_images[i * n : (i + 1) * n], train_labels[i * n : (i + 1) * n])
        for i, batch in enumerate(TRAIN_BATCHES)
    }
    slots[TEST_BATCH] = (test_images, test_labels)
    for name, file in members:
        batch = name.removesuffix(".bin")
        if batch not in slots:
            raise DataError(f"{name}: found a second time, expected once")
        images, labels = slots.pop(batch)
        read = _read_binary if name.endswith(".bin") else read_pickle
        images[:], found = read(name, file, (n, PIXELS))
        labels[:] = _checked(name, found)
    if slots:
        raise DataError(f"missing: {', '.join(slots)}; expected six batches")
    _check_digest("training", content_digest(train_images, train_labels), edition.train_digest)
    _check_digest("test", content_digest(test_images, test_labels), edition.test_digest)
    return Arrays(train_images, train_labels, test_images, test_labels, IMAGE_SHAPE, CLASSES)


def _read_binary(_name: str, file: IO[bytes], shape: tuple[int, int]) -> tuple[Bytes, list[int]]:
    records = np.frombuffer(file.read(), np.uint8).reshape(shape[0], 1 + shape[1])
    return records[:, 1:], records[:, 0].tolist()


def _checked(name: str, labels: Sequence[Any]) -> Sequence[int]:
    classes = range(len(CLASSES))
    for record, label in enumerate(labels):
        if label not in classes:
            raise DataError(f"{name}: record {record} (counted from 0) has label {label}, expected 0 to 9")
    return labels


def _check_digest(part: str, found: str, expected: str) -> None:
    if found != expected:
        raise DataError(f"the {part} images and labels have digest {found}, expected {expected}")
