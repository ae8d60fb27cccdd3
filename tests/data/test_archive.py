"""Archives are streamed, never extracted, and each way they can be wrong is told."""

import io
import logging
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bnlab.data.archive import copies, load
from bnlab.data.arrays import Arrays
from bnlab.data.cifar10 import OFFICIAL
from bnlab.errors import DataError


def assert_same(found: Arrays, expected: Arrays) -> None:
    """All four arrays are equal."""
    for name, array in expected.parts.items():
        np.testing.assert_array_equal(getattr(found, name), array)


def crafted(path: Path, miniature: SimpleNamespace, name: str, change: dict[str, object]) -> Path:
    """An archive whose member `name` has the header entries `change`."""
    with tarfile.open(path, "w") as tar:
        for member, content in miniature.binary.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            if member == name:
                for entry, value in change.items():
                    setattr(info, entry, value)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("version", ["binary", "python"])
def test_any_container_will_do(tmp_path: Path, miniature: SimpleNamespace, version: str, compression: str) -> None:
    """Both versions are read from tar, gz, bz2 and xz, whatever the file is called."""
    archive = tmp_path / "some_name"
    archive.write_bytes(miniature.tar_of(getattr(miniature, version), compression))
    assert_same(load(archive, miniature.edition)[0], miniature.arrays)


@pytest.mark.parametrize("version", ["binary", "python"])
@pytest.mark.parametrize("subfolder", [".", "cifar-10-batches-bin", "cifar-10-batches-py"])
def test_a_folder_of_batches_will_do(tmp_path: Path, miniature: SimpleNamespace, version: str, subfolder: str) -> None:
    """The six files may lie in the folder itself or in one that an official archive makes."""
    (tmp_path / subfolder).mkdir(exist_ok=True)
    for name, content in getattr(miniature, version).items():
        (tmp_path / subfolder / name).write_bytes(content)
    assert_same(load(tmp_path, miniature.edition)[0], miniature.arrays)


def test_a_folder_with_an_archive_will_do(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """An archive under its official name is found; extracted batches come before it."""
    archive = tmp_path / "cifar-10-python.tar.xz"
    archive.write_bytes(miniature.tar_of(miniature.python, "xz"))
    assert_same(load(tmp_path, miniature.edition)[0], miniature.arrays)
    extracted = tmp_path / "cifar-10-batches-py"
    extracted.mkdir()
    (extracted / "test_batch").touch()
    assert copies(tmp_path) == [extracted, archive]


def test_nothing_is_extracted(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """Members that climb out of the archive, and members of no interest, leave no trace."""
    members = {"../../climbed": b"x", "/absolute": b"x", "batches.meta": b"x", **miniature.binary}
    archive = tmp_path / "inner" / "copy.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(miniature.tar_of(members))
    assert_same(load(archive, miniature.edition)[0], miniature.arrays)
    assert sorted(tmp_path.rglob("*")) == [archive.parent, archive]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_only_regular_members_are_read(tmp_path: Path, miniature: SimpleNamespace, kind: bytes) -> None:
    """A link, pipe, folder or device in place of a batch is refused."""
    change = {"type": kind, "linkname": "/etc/passwd", "size": 0}
    archive = crafted(tmp_path / "x.tar", miniature, "data_batch_2.bin", change)
    with pytest.raises(DataError, match=r"x.tar: data_batch_2.bin: not a regular file"):
        load(archive, miniature.edition)


def test_a_folder_in_place_of_a_batch_is_refused(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """The same holds for a folder of batches."""
    (tmp_path / "test_batch.bin").mkdir()
    with pytest.raises(DataError, match=r"test_batch.bin: not a regular file"):
        load(tmp_path, miniature.edition)


def test_a_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    """A member that claims a terabyte is refused before any of it is read."""
    for name, expected in (("data_batch_1.bin", "30,730,000"), ("data_batch_1", "at most 33,554,432")):
        info = tarfile.TarInfo(name)
        info.size = 2**40
        (tmp_path / "bomb.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
        with pytest.raises(DataError, match=f"{name}: 1,099,511,627,776 bytes, expected {expected}"):
            load(tmp_path / "bomb.tar", OFFICIAL)


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("name", ["skipped", "x" * 300])
def test_a_bomb_that_would_be_skipped_ends_at_a_bound(
    tmp_path: Path, miniature: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, *, compression: str, name: str
) -> None:
    """A member of no interest, or a header, is decompressed as far as the limit, and no further."""
    monkeypatch.setattr("bnlab.data.archive._LARGEST_CONTENT", 2**22)
    bomb = tmp_path / "bomb"
    bomb.write_bytes(miniature.tar_of({name: bytes(2**24), **miniature.binary}, compression))
    with pytest.raises(DataError, match="bomb: holds more than 4,194,304 bytes"):
        load(bomb, miniature.edition)


def test_a_damaged_copy_hides_no_intact_one(
    tmp_path: Path, miniature: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    """The archive beside a damaged folder serves, with a word; without it all reasons are told."""
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py/data_batch_1").write_bytes(b"damaged")
    intact = tmp_path / "cifar-10-python.tar.gz"
    intact.write_bytes(miniature.tar_of(miniature.python))
    with caplog.at_level(logging.WARNING):
        arrays, copy = load(tmp_path, miniature.edition)
    assert_same(arrays, miniature.arrays)
    assert copy == intact
    assert "Skipped a damaged copy of CIFAR-10." in caplog.text and "data_batch_1: not a batch" in caplog.text
    intact.write_bytes(b"damaged too")
    with pytest.raises(DataError, match=r"(?s)data_batch_1: not a batch.*cifar-10-python.tar.gz: cannot be read"):
        load(tmp_path, miniature.edition)


def test_a_member_one_byte_short_is_refused(tmp_path: Path) -> None:
    """The message counts the bytes."""
    (tmp_path / "data_batch_1.bin").write_bytes(bytes(30_729_999))
    with pytest.raises(DataError, match=r"data_batch_1.bin: 30,729,999 bytes, expected 30,730,000"):
        load(tmp_path, OFFICIAL)


def test_missing_and_repeated_members_are_named(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """A renamed member leaves one batch missing, and another there twice."""
    gone = crafted(tmp_path / "gone.tar", miniature, "data_batch_4.bin", {"name": "other"})
    with pytest.raises(DataError, match="missing: data_batch_4"):
        load(gone, miniature.edition)
    twice = crafted(tmp_path / "twice.tar", miniature, "data_batch_4.bin", {"name": "data_batch_1.bin"})
    with pytest.raises(DataError, match=r"data_batch_1.bin: found a second time"):
        load(twice, miniature.edition)


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.37, 0.9])
def test_a_cut_archive_is_refused(tmp_path: Path, miniature: SimpleNamespace, compression: str, kept: float) -> None:
    """Wherever the end is missing, the file is named and nothing is returned."""
    whole = miniature.tar_of(miniature.binary, compression)
    archive = tmp_path / "cut"
    archive.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=str(archive)):
        load(archive, miniature.edition)


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_a_damaged_compressed_stream_is_refused(tmp_path: Path, miniature: SimpleNamespace, compression: str) -> None:
    """Overwritten bytes in the middle of the stream do not get through."""
    damaged = bytearray(miniature.tar_of(miniature.binary, compression))
    middle = len(damaged) // 2
    damaged[middle : middle + 20] = bytes(20)
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises(DataError, match="damaged: "):
        load(tmp_path / "damaged", miniature.edition)


def test_what_is_no_copy_is_refused(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """Nothing at all, an empty folder, and a web page saved under the archive's name are told apart."""
    with pytest.raises(DataError, match="absent: no such file or folder"):
        load(tmp_path / "absent", miniature.edition)
    with pytest.raises(DataError, match=r"a folder without CIFAR-10; expected in it data_batch_1.bin"):
        load(tmp_path, miniature.edition)
    (tmp_path / "cifar-10-python.tar.gz").write_text("<!DOCTYPE html>" + "x" * 2000)
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz: cannot be read as a tar archive"):
        load(tmp_path, miniature.edition)


def test_the_real_data_set(real_cifar10: Path) -> None:
    """A real copy has the official content, 50,000 and 10,000 images, and balanced classes."""
    arrays, _ = load(real_cifar10, OFFICIAL)
    assert np.bincount(arrays.train_labels).tolist() == [5000] * 10
    assert np.bincount(arrays.test_labels).tolist() == [1000] * 10
