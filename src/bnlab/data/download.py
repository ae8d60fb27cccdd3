"""Download the official archive once, into a cache that all copies of the project share."""

import logging
import os
import time
import urllib.parse
import urllib.request
from functools import partial
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError

import pooch  # type: ignore[import-untyped]
from tqdm import tqdm

from bnlab.data.cifar10 import Edition
from bnlab.errors import DataError

_log = logging.getLogger(__name__)

SILENCE = 30  # seconds without a byte after which a server is given up
WAITS = (1, 5, 25)  # seconds before the second attempt and those after it, all from the first byte on
LARGEST = 2**31  # bytes of a file whose size nobody says
DEADLINE = 2 * 60 * 60  # seconds for the whole archive, so that a trickle of bytes ends as well


def fetch(mirror: str, edition: Edition) -> Path:
    """Return the path of the edition's archive, downloaded from `mirror` unless the cache has it.

    A server that is busy or breaks off is asked again after growing waits. The cache is the folder BNLAB_CACHE, or the
    user's cache folder. An archive gets its name there, and is used, only when its sha256 is right. Raises DataError,
    which names the address.
    """
    cache = os.environ.get("BNLAB_CACHE") or pooch.os_cache("bnlab")
    url = mirror + edition.archive
    return _retrieved(url, edition.archive_sha256, edition.archive, cache, edition.archive_bytes)


def _retrieved(url: str, sha256: str | None, name: str, folder: str | Path, size: int | None) -> Path:
    for wait in (*WAITS, None):
        try:
            return Path(
                pooch.retrieve(url, known_hash=sha256, fname=name, path=folder, downloader=partial(_stream, size=size))
            )
        except (DataError, OSError, ValueError, HTTPException) as error:
            if wait is None or not _may_pass(error):
                raise DataError(f"{url}: {error}") from error
            _log.warning("%s: %s. Trying again in %s seconds.", url, error, wait)
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def fetch_file(url: str, folder: Path) -> Path:
    """The path in `folder` of the file at an address, downloaded unless it is there under the address's last part.

    What it holds is judged by who reads it. Raises DataError, which names the address.
    """
    name = PurePosixPath(urllib.parse.urlsplit(url).path).name
    return _retrieved(url, None, name, folder, None)


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may go better: a busy server, a connection that broke; not a wrong address or file."""
    if isinstance(error, HTTPError):
        return error.code >= 500 or error.code in (408, 429)
    return isinstance(error, (_BrokenOffError, HTTPException, TimeoutError, ConnectionError))


class _BrokenOffError(DataError):
    """What was received is no more than a part."""


def _stream(url: str, output: str, _pooch: None, *, size: int | None) -> None:
    """Download `url` to the file `output`, as pooch asks for it; stop as soon as it cannot be right.

    size: in bytes; None for what the server says.
    """
    deadline = time.monotonic() + DEADLINE
    request = urllib.request.Request(url, headers={"User-Agent": "bnlab"})
    with (
        urllib.request.urlopen(request, timeout=SILENCE) as response,
        open(output, "wb") as file,
        tqdm(total=size, unit="B", unit_scale=True, mininterval=1) as bar,
    ):
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise DataError(f"leads to the unencrypted {response.url}")
        expected = bar.total = size or response.length
        limit = min(expected or LARGEST, LARGEST)
        if response.length is not None and response.length != limit:
            kind = response.headers.get_content_type()
            raise DataError(f"offers {response.length:,} bytes of {kind}, expected {limit:,}")
        received = 0
        while block := response.read1(2**16):
            received += len(block)
            if received > limit:
                raise DataError(f"sends more than the expected {limit:,} bytes")
            if time.monotonic() > deadline:
                raise DataError(f"sent only {received:,} of {limit:,} bytes in {DEADLINE} seconds")
            file.write(block)
            bar.update(len(block))
    if expected is not None and received != expected:
        raise _BrokenOffError(f"the connection ended after {received:,} of {expected:,} bytes")
