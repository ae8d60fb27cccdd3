"""Read CIFAR-10 from an archive, which is never extracted, or from the folder of an extracted one."""

import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from bnlab.data.arrays import Arrays
from bnlab.data.cifar10 import MEMBERS, Edition, decode
from bnlab.errors import DataError

_LARGEST_PICKLE = 32 * 2**20  # bytes; the official ones have 31.04 million


def load(path: Path, edition: Edition) -> Arrays:
    """Decode the copy of CIFAR-10 at `path`: an archive, or a folder, whose first copy is taken.

    Raises DataError, which names `path`, when there is no copy or it is not what it should be.
    """
    found = copies(path) if os.path.isdir(path) else [path]
    if not found:
        raise DataError(
            f"{path}: a folder without CIFAR-10; expected in it data_batch_1.bin ... test_batch.bin, "
            "data_batch_1 ... test_batch, cifar-10-binary.tar* or cifar-10-python.tar*"
        )
    copy = found[0]
    members = _folder_members(copy, edition) if os.path.isdir(copy) else _archive_members(copy, edition)
    try:
        return decode(members, edition)
    except DataError as error:
        raise DataError(f"{copy}: {error}") from error
    except (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError) as error:
        raise DataError(f"{copy}: cannot be read as a tar archive or folder of CIFAR-10: {error}") from error


def copies(folder: Path) -> list[Path]:
    """The copies of CIFAR-10 in `folder`: batches in it or in the usual subfolders, then archives."""
    places = [folder, folder / "cifar-10-batches-bin", folder / "cifar-10-batches-py"]
    extracted = [place for place in places if any(os.path.exists(place / name) for name in MEMBERS)]
    archives = [*folder.glob("cifar-10-binary.tar*"), *folder.glob("cifar-10-python.tar*")]
    return extracted + sorted(archives)


def _folder_members(folder: Path, edition: Edition) -> Iterator[tuple[str, IO[bytes]]]:
    for name in MEMBERS:
        path = folder / name
        if path.exists():
            _check_member(name, path.is_file(), path.stat().st_size, edition)
            with path.open("rb") as file:
                yield name, file


def _archive_members(archive: Path, edition: Edition) -> Iterator[tuple[str, IO[bytes]]]:
    if not archive.is_file():
        raise DataError("no such file or folder")
    # "r|" reads once from front to back: each member is read, or skipped, as it comes by.
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if name in MEMBERS:
                _check_member(name, member.isreg(), member.size, edition)
                file = tar.extractfile(member)
                assert file is not None  # it is a regular file
                yield name, file


def _check_member(name: str, regular: bool, size: int, edition: Edition) -> None:
    """Refuse, before any of it is read, a member that cannot be a batch."""
    if not regular:
        raise DataError(f"{name}: not a regular file")
    if name.endswith(".bin") and size != edition.binary_bytes:
        raise DataError(f"{name}: {size:,} bytes, expected {edition.binary_bytes:,}")
    if size > _LARGEST_PICKLE:
        raise DataError(f"{name}: {size:,} bytes, expected at most {_LARGEST_PICKLE:,}")
