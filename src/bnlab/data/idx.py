"""IDX, the format of MNIST, Fashion-MNIST, KMNIST and EMNIST: images and labels in a file each, gzipped or not.

A file is two zero bytes, a type, the number of dimensions, each dimension as a big-endian 32-bit number, then the
values (yann.lecun.com/exdb/mnist, "The IDX file format").
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from bnlab.data.arrays import Bytes
from bnlab.data.part import Part
from bnlab.errors import DataError

UNSIGNED_BYTE = 0x08
LARGEST = 2**31  # bytes of values; EMNIST, the largest of them, has 0.55e9
PARTS = {"training": ("train",), "test": ("t10k", "test")}
"""By part, the words by which the names of its files are known."""


def read_idx(folder: Path) -> tuple[Part, Part | None]:
    """The training part, and the test part if there is one, of the IDX files in a folder.

    A file's name has train, t10k or test in it, and images or labels. Raises DataError when files are missing, doubled
    or malformed.
    """
    training = _part(folder, "training")
    if training is None:
        raise DataError(f"{folder}: no IDX file whose name has 'train' and 'images' in it")
    return training, _part(folder, "test")


def _part(folder: Path, part: str) -> Part | None:
    images, labels = (_file(folder, part, content) for content in ("images", "labels"))
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        raise DataError(f"{folder}: of the {part} part only {images or labels}, expected images and labels")
    return Part(str(images), _read(images, dimensions=(2, 3, 4)), _read(labels, dimensions=(1,)))


def _file(folder: Path, part: str, content: str) -> Path | None:
    """The one file of that part and content; compressed only where there is no other."""
    named = {path.name.removesuffix(".gz"): path for path in sorted(folder.iterdir(), reverse=True) if path.is_file()}
    found = [path for name, path in named.items() if content in name and any(word in name for word in PARTS[part])]
    if len(found) > 1:
        raise DataError(
            f"{folder}: {' and '.join(sorted(path.name for path in found))} could both be the {part} {content}"
        )
    return found[0] if found else None


def _read(path: Path, *, dimensions: tuple[int, ...]) -> Bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _values(cast("IO[bytes]", file), dimensions)
    except (DataError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not an IDX file of bytes: {error}") from error


def _values(file: IO[bytes], dimensions: tuple[int, ...]) -> Bytes:
    head = file.read(4)
    if len(head) < 4 or head[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise DataError(f"starts with {head.hex(' ') or 'nothing'}, expected 00 00 08 and the number of dimensions")
    if head[3] not in dimensions:
        raise DataError(f"has {head[3]} dimensions, expected {' or '.join(map(str, dimensions))}")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise DataError("ends within its header")
    shape = struct.unpack(f">{head[3]}I", sizes)
    if not 0 < math.prod(shape) <= LARGEST:
        raise DataError(f"says that its shape is {shape}, expected 1 to {LARGEST:,} values")
    # One byte more is asked for, so that what follows is noticed, and no more is ever decompressed.
    content = file.read(math.prod(shape) + 1)
    if len(content) != math.prod(shape):
        found = "more than" if len(content) > math.prod(shape) else f"{len(content):,} of"
        raise DataError(f"holds {found} the {math.prod(shape):,} values that its shape {shape} asks for")
    return np.frombuffer(content, np.uint8).reshape(shape)
