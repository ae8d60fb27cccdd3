"""Sources are tried in their order; what the user names is never silently passed over."""

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bnlab.data.cifar10 import Edition
from bnlab.data.obtain import obtain
from bnlab.errors import DataError

Mirrored = Callable[..., Edition]
NAMED_BY = "config key cifar10"


@pytest.fixture(autouse=True)
def _isolated(isolated: Path) -> None:
    """No test here sees the user's own copies."""


@pytest.fixture
def good(miniature: SimpleNamespace, server: SimpleNamespace, mirrored: Mirrored) -> Edition:
    """The miniature edition with one good mirror."""
    server.answers["good"] = server.sends(miniature.archive)
    return mirrored("good")


def extract(folder: Path, members: dict[str, bytes]) -> None:
    """Lay the members out as an extracted archive has them."""
    folder.mkdir(parents=True)
    for name, content in members.items():
        (folder / name).write_bytes(content)


def test_a_named_copy_comes_first(
    tmp_path: Path, miniature: SimpleNamespace, server: SimpleNamespace, good: Edition
) -> None:
    """It is used before the usual places and the mirrors, and the source says who named it."""
    extract(Path("data/cifar-10-batches-py"), miniature.python)
    (tmp_path / "mine.tar.gz").write_bytes(miniature.archive)
    arrays, source = obtain(tmp_path / "mine.tar.gz", NAMED_BY, good)
    assert arrays.train_images.shape == (20, 3072)
    assert source == f"{tmp_path / 'mine.tar.gz'} (config key cifar10)"
    assert server.asked == []


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_a_named_copy_that_is_bad_ends_the_search(
    tmp_path: Path, server: SimpleNamespace, good: Edition, content: bytes | None
) -> None:
    """An absent or damaged copy is an error that names it and the setting; no download replaces it."""
    if content is not None:
        (tmp_path / "mine.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"mine.tar.gz: (?s:.*)named by the config key cifar10"):
        obtain(tmp_path / "mine.tar.gz", NAMED_BY, good)
    assert server.asked == []


@pytest.mark.parametrize(
    "place",
    [
        "work/data/cifar-10-batches-py",
        "home/data/cifar-10-batches-py",
        "home/datasets/cifar-10-batches-bin",
        "home/.keras/datasets/cifar-10-batches-py",
        "home/.keras/datasets/cifar-10-batches-py-target/cifar-10-batches-py",
    ],
)
def test_copies_of_other_libraries_are_found(
    isolated: Path, miniature: SimpleNamespace, server: SimpleNamespace, good: Edition, place: str
) -> None:
    """The folders of torchvision and of Keras, old and new, spare the download."""
    extract(isolated / place, miniature.python)
    _, source = obtain(None, NAMED_BY, good)
    assert Path(source).samefile(isolated / place)
    assert server.asked == []


def test_keras_may_live_elsewhere(
    tmp_path: Path, miniature: SimpleNamespace, good: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KERAS_HOME is respected."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    extract(tmp_path / "keras/datasets/cifar-10-batches-py", miniature.python)
    assert obtain(None, NAMED_BY, good)[1] == str(tmp_path / "keras/datasets/cifar-10-batches-py")


def test_a_damaged_usual_copy_is_skipped(
    miniature: SimpleNamespace, good: Edition, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its reason, and the archive beside it, or a download, is used instead."""
    extract(Path("data/cifar-10-batches-py"), miniature.python | {"data_batch_5": b"damaged"})
    archive = Path.cwd() / "data/cifar-10-python.tar.gz"
    archive.write_bytes(miniature.tar_of(miniature.python))
    with caplog.at_level(logging.WARNING):
        assert obtain(None, NAMED_BY, good)[1] == str(archive)
    assert "Skipped a damaged copy" in caplog.text and "data_batch_5: not a batch" in caplog.text
    archive.unlink()
    assert obtain(None, NAMED_BY, good)[1] == f"{good.mirrors[0]}cifar-10-binary.tar.gz"


def test_mirrors_are_tried_in_turn(server: SimpleNamespace, miniature: SimpleNamespace, mirrored: Mirrored) -> None:
    """The first good mirror wins; the archive is then in the cache, and no server is asked again."""
    server.answers["gone"] = server.sends(b"", status=404)
    server.answers["bad"] = server.sends(miniature.archive[:-1] + b"?")
    server.answers["good"] = server.sends(miniature.archive)
    edition = mirrored("gone", "bad", "good", "unused")
    assert obtain(None, NAMED_BY, edition)[1] == f"{edition.mirrors[2]}cifar-10-binary.tar.gz"
    assert [path.split("/")[1] for path in server.asked] == ["gone", "bad", "good"]
    obtain(None, NAMED_BY, edition)
    assert len(server.asked) == 3


def test_offline_every_source_and_every_way_on_is_told(server: SimpleNamespace, mirrored: Mirrored) -> None:
    """One message lists the places, the damaged copy, each mirror with its reason, and what to do."""
    extract(Path("data/cifar-10-batches-bin"), {"test_batch.bin": b"damaged"})
    server.answers["gone"] = server.sends(b"", status=404)
    edition = mirrored("gone", "gone")
    closed_port = "http://127.0.0.1:9/"
    edition = Edition(**vars(edition) | {"mirrors": (*edition.mirrors, closed_port)})
    with pytest.raises(DataError) as caught:
        obtain(None, NAMED_BY, edition)
    message = str(caught.value)
    for expected in (
        "work/data, ",
        "home/datasets",
        "home/.keras/datasets",
        "data/cifar-10-batches-bin: test_batch.bin: 7 bytes, expected 12,292",
        f"{edition.mirrors[0]}cifar-10-binary.tar.gz: HTTP Error 404",
        f"{closed_port}cifar-10-binary.tar.gz: <urlopen error",
        "config/config.yaml: cifar10: PATH",
        "BNLAB_CIFAR10=PATH",
        "make demo",
    ):
        assert expected in message
