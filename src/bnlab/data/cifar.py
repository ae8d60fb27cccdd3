"""Files in the formats of CIFAR-10 and CIFAR-100, binary and python version, of whatever images and however many.

A record of the binary version is one label byte, of CIFAR-100 two, coarse and fine, and 3,072 pixels. The python
version has pickles (see `pickled`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from bnlab.data.archive import check_size, explained, open_members
from bnlab.data.cifar10 import IMAGE_SHAPE, PIXELS, TEST_BATCH, TRAIN_BATCHES
from bnlab.data.part import Part
from bnlab.data.pickled import read_pickle
from bnlab.errors import DataError

LARGEST = 160 * 2**20  # bytes of a file; CIFAR-100 has all its training images, 155 million bytes, in one


@dataclass(frozen=True)
class Layout:
    """The files that hold the parts, and where a record has its label: which of how many bytes, or which key."""

    training: tuple[str, ...]
    test: str
    label_bytes: int
    labels: Mapping[str, tuple[int, bytes]]


LAYOUTS = {
    "cifar10": Layout(TRAIN_BATCHES, TEST_BATCH, 1, {"fine": (0, b"labels")}),
    "cifar100": Layout(("train",), "test", 2, {"coarse": (0, b"coarse_labels"), "fine": (1, b"fine_labels")}),
}


def read_cifar(path: Path, layout: Layout, labels: str) -> tuple[Part, Part]:
    """The training and the test part of a folder or an archive with the files of a layout, in one of the two versions.

    labels: coarse or fine. Raises DataError, which names the file, when one is missing, repeated or malformed.
    """
    batches = (*layout.training, layout.test)
    byte, key = layout.labels[labels]
    width = layout.label_bytes + PIXELS
    read: dict[str, Part] = {}

    def check(name: str, size: int) -> None:
        if name.endswith(".bin") and (size % width or not size):
            raise DataError(f"{name}: {size:,} bytes, expected a multiple of {width:,}, the bytes of a record")
        check_size(name, size, LARGEST)

    def batch(name: str, file: IO[bytes]) -> Part:
        if name.endswith(".bin"):
            records = np.frombuffer(file.read(), np.uint8).reshape(-1, width)
            return Part(name, records[:, layout.label_bytes :], records[:, byte])
        images, found = read_pickle(name, file, (None, PIXELS), key)
        if not all(type(label) is int and 0 <= label < 256 for label in found):
            raise DataError(f"{name}: labels that are no whole numbers from 0 to 255")
        return Part(name, images, np.array(found, dtype=np.uint8))

    with explained(path, "CIFAR batches"):
        for name, file in open_members(path, [name + end for end in (".bin", "") for name in batches], check):
            plain = name.removesuffix(".bin")
            if plain in read:
                raise DataError(f"{name}: found a second time, expected once")
            read[plain] = batch(name, file)
        if missing := [name for name in batches if name not in read]:
            raise DataError(f"missing: {', '.join(missing)}; expected {', '.join(batches)}, or the same with .bin")
    return _joined(path, [read[name] for name in layout.training]), _joined(path, [read[layout.test]])


def _joined(path: Path, parts: list[Part]) -> Part:
    images = np.concatenate([part.images for part in parts])
    return Part(str(path), images.reshape(-1, *IMAGE_SHAPE), np.concatenate([part.labels for part in parts]))
