"""The only way files get their final names: complete, flushed to disk, and all at once."""

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bnlab.errors import StorageError

_written: dict[Path, str] | None = None


@contextmanager
def committed() -> Iterator[dict[Path, str]]:
    """Collect what `atomic` writes until the block ends: the digests of the files' contents, by path."""
    global _written  # noqa: PLW0603 (every door to the disk is below; a parameter of each would say nothing)
    _written = {}
    try:
        yield _written
    finally:
        _written = None


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary binary file beside `path`; give it that name when the block ends well.

    A reader sees the old file or the complete new one, never a part: contents and directory entry
    are synchronized to disk around the rename. When the block fails the temporary file is removed
    and `path` is as it was. Raises StorageError when the disk is full or not writable.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        if _written is not None:
            _written[path] = sha256(temporary)
        temporary.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written ({error.strerror or error}). No part of it was kept under this name. "
            "Free some space or choose a writable folder, then run the same command again."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Raise StorageError unless files can be made in an existing folder: better before long work than after it."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise StorageError(
            f"{folder}: no file can be made here ({error.strerror}). Nothing was begun. "
            "Free some space or choose a writable folder, then run the same command again."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically, as UTF-8."""
    with atomic(path) as file:
        file.write(text.encode())


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a header and rows atomically as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_text(path, text.getvalue())


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented, strict JSON with sorted keys (NaN is refused)."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
