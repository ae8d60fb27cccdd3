"""Read CIFAR-10 from an archive, which is never extracted, or from the folder of an extracted one."""

import bz2
import gzip
import logging
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from bnlab.data.arrays import Arrays
from bnlab.data.cifar10 import MEMBERS, Edition, decode
from bnlab.errors import DataError

_LARGEST_PICKLE = 32 * 2**20  # bytes; the official ones have 31.04 million
_LARGEST_CONTENT = 2**29  # bytes of a whole archive, decompressed; the official ones have 186 million
_DECOMPRESSORS: Mapping[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
"""By the first two bytes of a file."""

Check = Callable[[str, int], None]

_log = logging.getLogger(__name__)


def load(path: Path, edition: Edition) -> tuple[Arrays, Path]:
    """Decode the copy of CIFAR-10 at `path`: an archive, or a folder, whose first intact copy is taken.

    Returns the arrays and the copy that they are from. Damaged ones before it are logged. Raises DataError, which
    names what was tried, when there is none.
    """
    found = copies(path) if os.path.isdir(path) else [path]
    if not found:
        raise DataError(
            f"{path}: a folder without CIFAR-10; expected in it data_batch_1.bin ... test_batch.bin, "
            "data_batch_1 ... test_batch, cifar-10-binary.tar* or cifar-10-python.tar*"
        )
    failures = []
    for copy in found:
        try:
            arrays = _load(copy, edition)
        except DataError as error:
            failures.append(str(error))
            continue
        for failure in failures:
            _log.warning("Skipped a damaged copy of CIFAR-10. %s", failure)
        return arrays, copy
    raise DataError("\n".join(failures))


def _load(copy: Path, edition: Edition) -> Arrays:
    def check(name: str, size: int) -> None:
        if name.endswith(".bin") and size != edition.binary_bytes:
            raise DataError(f"{name}: {size:,} bytes, expected {edition.binary_bytes:,}")
        check_size(name, size, _LARGEST_PICKLE)

    with explained(copy, "CIFAR-10"):
        return decode(open_members(copy, MEMBERS, check), edition)


@contextmanager
def explained(copy: Path, what: str) -> Iterator[None]:
    """Whatever goes wrong while members are read is a DataError that names the copy."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{copy}: {error}") from error
    except (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError) as error:
        raise DataError(f"{copy}: cannot be read as a tar archive or folder of {what}: {error}") from error


def open_members(copy: Path, names: Collection[str], check: Check) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of these names in a folder or an archive, each open until the next one is asked for.

    check: is told of the name and the size of each before any of it is read. Raises DataError for what is no regular
    file, or too large.
    """
    return _folder_members(copy, names, check) if os.path.isdir(copy) else _archive_members(copy, names, check)


def copies(folder: Path) -> list[Path]:
    """The copies of CIFAR-10 in `folder`: batches in it or in the usual subfolders, then archives."""
    places = [folder, folder / "cifar-10-batches-bin", folder / "cifar-10-batches-py"]
    extracted = [place for place in places if any(os.path.exists(place / name) for name in MEMBERS)]
    archives = [*folder.glob("cifar-10-binary.tar*"), *folder.glob("cifar-10-python.tar*")]
    return extracted + sorted(archives)


def _folder_members(folder: Path, names: Collection[str], check: Check) -> Iterator[tuple[str, IO[bytes]]]:
    for name in names:
        path = folder / name
        if path.exists():
            _check_member(name, path.is_file(), path.stat().st_size, check)
            with path.open("rb") as file:
                yield name, file


def _archive_members(archive: Path, names: Collection[str], check: Check) -> Iterator[tuple[str, IO[bytes]]]:
    if not archive.is_file():
        raise DataError("no such file or folder")
    with archive.open("rb") as file:
        decompressor = _DECOMPRESSORS.get(file.read(2))
    # "r|" reads once from front to back: each member is read, or skipped, as it comes by.
    with (
        decompressor(archive, "rb") if decompressor else archive.open("rb") as content,
        tarfile.open(fileobj=cast("IO[bytes]", _Bounded(content)), mode="r|") as tar,
    ):
        for member in tar:
            name = PurePosixPath(member.name).name
            if name in names:
                _check_member(name, member.isreg(), member.size, check)
                batch = tar.extractfile(member)
                assert batch is not None  # it is a regular file
                yield name, batch


class _Bounded:
    """Reads from a stream up to a limit, whatever a member or a header says of its size: a bomb ends there."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.left = stream, _LARGEST_CONTENT

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise DataError(f"holds more than {_LARGEST_CONTENT:,} bytes, expected fewer than 200 million")
        return block


def _check_member(name: str, regular: bool, size: int, check: Check) -> None:
    """Refuse, before any of it is read, a member that cannot be a batch."""
    if not regular:
        raise DataError(f"{name}: not a regular file")
    check(name, size)


def check_size(name: str, size: int, limit: int) -> None:
    """Refuse a member that is larger than any that there are."""
    if size > limit:
        raise DataError(f"{name}: {size:,} bytes, expected at most {limit:,}")
