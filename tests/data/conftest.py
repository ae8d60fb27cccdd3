"""A miniature CIFAR-10, published as the official one is, and a server that can misbehave."""

import dataclasses
import hashlib
import io
import pickle
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from bnlab.data.arrays import Arrays, content_digest
from bnlab.data.cifar10 import CLASSES, IMAGE_SHAPE, PIXELS, TEST_BATCH, TRAIN_BATCHES, Edition

RECORDS = 4


class Python2Pickler(pickle._Pickler):
    """Writes byte strings as Python 2 did, with the opcodes of its `str`."""

    dispatch: ClassVar[Any] = dict(pickle._Pickler.dispatch)

    def save_string(self, value: bytes) -> None:
        """Write one `str` of Python 2."""
        self.write(pickle.BINSTRING + len(value).to_bytes(4, "little") + value)  # type: ignore[attr-defined]

    dispatch[bytes] = save_string


def python2_pickle(value: Any) -> bytes:
    """Pickle `value` as Python 2 would have, in protocol 2."""
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue().replace(b"numpy._core", b"numpy.core")


def tar_of(members: dict[str, bytes], compression: str = "gz") -> bytes:
    """An archive of `members` in a folder, as the official ones are."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}") as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(f"cifar-10-batches/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture(scope="session")
def miniature() -> SimpleNamespace:
    """A tiny CIFAR-10: `arrays`, members of its `binary` and `python` versions, `archive`, `edition`.

    With the tools that made it: `python2_pickle` and `tar_of`.
    """
    random = np.random.default_rng(7)
    images = random.integers(0, 256, (6 * RECORDS, PIXELS), np.uint8)
    labels = random.integers(0, 10, 6 * RECORDS, np.uint8)
    test = 5 * RECORDS
    arrays = Arrays(images[:test], labels[:test], images[test:], labels[test:], IMAGE_SHAPE, CLASSES)
    binary, python = {}, {}
    for i, batch in enumerate((*TRAIN_BATCHES, TEST_BATCH)):
        rows = slice(i * RECORDS, (i + 1) * RECORDS)
        binary[f"{batch}.bin"] = np.column_stack([labels[rows], images[rows]]).tobytes()
        content = {b"batch_label": b"a batch", b"labels": labels[rows].tolist(), b"data": images[rows]}
        python[batch] = python2_pickle(content)
    archive = tar_of(binary)
    edition = Edition(
        batch_records=RECORDS,
        train_digest=content_digest(arrays.train_images, arrays.train_labels),
        test_digest=content_digest(arrays.test_images, arrays.test_labels),
        archive="cifar-10-binary.tar.gz",
        archive_sha256=hashlib.sha256(archive).hexdigest(),
        archive_bytes=len(archive),
        mirrors=(),
    )
    return SimpleNamespace(
        arrays=arrays,
        binary=binary,
        python=python,
        archive=archive,
        edition=edition,
        python2_pickle=python2_pickle,
        tar_of=tar_of,
    )


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, working folder and cache below the returned folder; no proxies, no settings."""
    for name in ("KERAS_HOME", "BNLAB_CIFAR10", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BNLAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


Answer = Callable[[BaseHTTPRequestHandler], None]


def sends(body: bytes, *, status: int = 200, **headers: Any) -> Answer:
    """An answer with this body; without further headers, Content-Length tells its length."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {"Content-Length": len(body)}).items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    """A local server at `url`: `answers` maps the first part of a path to what it does, for example
    `sends(body)`; `asked` lists the paths that were asked for.
    """
    answers: dict[str, Answer] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answers[self.path.split("/")[1]](self)

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *arguments: Any) -> None:
            pass  # the client hung up, as it should on some answers

    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{http.server_port}"
        yield SimpleNamespace(answers=answers, asked=asked, url=url, sends=sends)
        http.shutdown()
        thread.join()


@pytest.fixture
def mirrored(miniature: SimpleNamespace, server: SimpleNamespace) -> Callable[..., Edition]:
    """`mirrored("bad", "good")`: the miniature edition with these parts of the server as mirrors."""

    def edition(*names: str) -> Edition:
        mirrors = tuple(f"{server.url}/{name}/" for name in names)
        published: Edition = miniature.edition
        return dataclasses.replace(published, mirrors=mirrors)

    return edition
