"""A download either ends as the verified archive or says why not; it never ends as anything else."""

import logging
import threading
import time
import urllib.request
import urllib.response
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bnlab.data import download
from bnlab.data.cifar10 import Edition
from bnlab.data.download import fetch
from bnlab.errors import DataError

Mirrored = Callable[..., Edition]


def fails(edition: Edition, message: str) -> None:
    """The first mirror fails with this message, and leaves nothing in the cache."""
    with pytest.raises(DataError, match=message):
        fetch(edition.mirrors[0], edition)
    assert list(Path("../cache").iterdir()) == []


@pytest.fixture(autouse=True)
def _isolated(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here sees the user's own cache, or waits long."""
    assert list(download.WAITS) == sorted(set(download.WAITS))
    monkeypatch.setattr(download, "WAITS", (0.01, 0.02))


def test_a_good_download_is_kept_and_reused(
    miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored
) -> None:
    """The archive is stored under its name; later calls ask no server."""
    server.answers["good"] = server.sends(miniature.archive)
    edition = mirrored("good")
    path = fetch(edition.mirrors[0], edition)
    assert path.name == "cifar-10-binary.tar.gz" and path.read_bytes() == miniature.archive
    assert fetch("http://nowhere.invalid/", edition) == path
    assert server.asked == ["/good/cifar-10-binary.tar.gz"]


def test_a_damaged_cache_is_replaced(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> None:
    """A cached archive is used only while its digest is right."""
    server.answers["good"] = server.sends(miniature.archive)
    edition = mirrored("good")
    path = fetch(edition.mirrors[0], edition)
    path.write_bytes(miniature.archive[:-1] + b"?")
    assert fetch(edition.mirrors[0], edition).read_bytes() == miniature.archive
    assert len(server.asked) == 2


def test_a_cut_download_is_counted(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> None:
    """A connection that ends at 37 % is told in bytes, with and without an announced length."""
    size = len(miniature.archive)
    part = miniature.archive[: int(0.37 * size)]
    server.answers["cut"] = server.sends(part, Content_Length=size)
    fails(mirrored("cut"), f"the connection ended after {len(part):,} of {size:,} bytes")
    server.answers["cut"] = server.sends(part, Content_Type="application/x-gzip")
    fails(mirrored("cut"), f"the connection ended after {len(part):,} of {size:,} bytes")


def test_a_changed_byte_is_found(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> None:
    """The right size with the wrong content is refused, with both digests."""
    server.answers["bad"] = server.sends(miniature.archive[:-1] + b"?")
    fails(mirrored("bad"), f"expected {miniature.edition.archive_sha256} but got [0-9a-f]{{64}}")


def test_two_downloads_at_once_leave_one_good_file(
    miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored
) -> None:
    """Each has a temporary file of its own; whichever ends last, the archive is whole."""
    together = threading.Barrier(2, timeout=10)

    def both(handler: BaseHTTPRequestHandler) -> None:
        together.wait()
        server.sends(miniature.archive)(handler)

    server.answers["good"] = both
    edition = mirrored("good")
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(fetch, edition.mirrors * 2, [edition] * 2))
    assert [path.read_bytes() for path in paths] == [miniature.archive] * 2
    assert len(server.asked) == 2 and len(list(Path("../cache").iterdir())) == 1


def test_a_web_page_is_recognised(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> None:
    """A page served as if all were well is told by its length and type, before it is read."""
    server.answers["page"] = server.sends(b"x" * 2100, Content_Length=2100, Content_Type="text/html")
    fails(mirrored("page"), f"offers 2,100 bytes of text/html, expected {len(miniature.archive):,}")


def test_an_endless_body_is_stopped(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> None:
    """A server that does not stop sending is stopped at the expected size."""
    server.answers["endless"] = server.sends(miniature.archive * 50, Content_Type="application/x-gzip")
    fails(mirrored("endless"), f"sends more than the expected {len(miniature.archive):,} bytes")


@pytest.mark.parametrize(("status", "attempts"), [(403, 1), (404, 1), (429, 3), (500, 3), (503, 3)])
def test_an_error_status_is_told(server: SimpleNamespace, mirrored: Mirrored, status: int, attempts: int) -> None:
    """The status is in the message, with the address; only a server that may recover is asked again."""
    server.answers["error"] = server.sends(b"", status=status)
    edition = mirrored("error")
    fails(edition, f"{edition.mirrors[0]}cifar-10-binary.tar.gz: HTTP Error {status}")
    assert len(server.asked) == attempts


def test_a_server_that_recovers_serves(
    miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored, caplog: pytest.LogCaptureFixture
) -> None:
    """Busy, then cut off in the midst, then well: the third attempt starts anew, and each wait is told."""
    size = len(miniature.archive)
    answers = iter(
        [
            server.sends(b"", status=503),
            server.sends(miniature.archive[: size // 2], Content_Length=size),
            server.sends(miniature.archive),
        ]
    )
    server.answers["moody"] = lambda handler: next(answers)(handler)  # noqa: PLW0108 (the next at each request)
    edition = mirrored("moody")
    with caplog.at_level(logging.WARNING):
        assert fetch(edition.mirrors[0], edition).read_bytes() == miniature.archive
    assert [record.args[-1] for record in caplog.records if record.args] == [0.01, 0.02]
    assert "HTTP Error 503" in caplog.text and f"ended after {size // 2:,} of" in caplog.text


def test_redirects_are_followed_but_not_for_ever(
    miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored
) -> None:
    """An archive that moved is found; a circle of redirects ends."""
    server.answers["circle"] = server.sends(b"", status=302, Location=f"{server.url}/circle/")
    fails(mirrored("circle"), "redirect.*infinite loop")
    server.answers["moved"] = server.sends(b"", status=302, Location=f"{server.url}/good/")
    server.answers["good"] = server.sends(miniature.archive)
    edition = mirrored("moved")
    assert fetch(edition.mirrors[0], edition).read_bytes() == miniature.archive


def test_encryption_cannot_be_redirected_away(
    miniature: SimpleNamespace, server: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An https address that leads to an http one is refused."""

    class RedirectingHttps(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> Any:
            headers = Message()
            headers["Location"] = f"{server.url}/good/"
            response = urllib.response.addinfourl(BytesIO(), headers, request.full_url, 302)
            response.msg = "Found"  # type: ignore[attr-defined]
            return response

    opener = urllib.request.build_opener(RedirectingHttps)
    monkeypatch.setattr(urllib.request, "_opener", opener)
    server.answers["good"] = server.sends(miniature.archive)
    with pytest.raises(DataError, match=r"leads to the unencrypted http://127.0.0.1"):
        fetch("https://official.invalid/", miniature.edition)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then until the client is gone."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x")
        time.sleep(0.02)


def test_a_trickle_meets_the_deadline(
    server: SimpleNamespace, mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that keeps sending, but too slowly, is given up."""
    monkeypatch.setattr(download, "DEADLINE", 0.3)
    server.answers["slow"] = drips
    start = time.monotonic()
    fails(mirrored("slow"), r"sent only \d+ of [\d,]+ bytes in 0.3 seconds")
    assert time.monotonic() - start < 3


def test_silence_is_given_up(server: SimpleNamespace, mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts the request and says nothing is given up."""
    monkeypatch.setattr(download, "SILENCE", 0.2)
    server.answers["silent"] = lambda _: time.sleep(1)
    fails(mirrored("silent"), "timed out")


def test_an_unusable_cache_is_told(miniature: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the cache cannot be a folder, the message names it."""
    Path("file").touch()
    monkeypatch.setenv("BNLAB_CACHE", "file")
    with pytest.raises(DataError, match=r"Not a directory: .*/file/"):
        fetch("http://nowhere.invalid/", miniature.edition)
