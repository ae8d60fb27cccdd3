"""Folders of PNG files by class."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from bnlab.data import png as module
from bnlab.data.png import read_pngs
from bnlab.errors import DataError
from tests.data_files import png

GREY = np.arange(12, dtype=np.uint8).reshape(4, 3)
COLOUR = np.arange(36, dtype=np.uint8).reshape(4, 3, 3)


def put(folder: Path, pixels: np.ndarray, name: str = "a.png") -> Path:
    """A PNG file in a folder of its class."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(png(pixels))
    return folder / name


def test_folders_are_classes(tmp_path: Path) -> None:
    """In alphabetical order, their files too; what is no PNG file stays unread."""
    put(tmp_path / "dog", GREY, "2.png")
    put(tmp_path / "dog", GREY + 1, "10.PNG")
    put(tmp_path / "cat", GREY + 2)
    (tmp_path / "cat" / "notes.txt").write_text("a cat")
    (tmp_path / ".hidden").mkdir()
    training, test, classes = read_pngs(tmp_path)
    assert test is None and classes == ("cat", "dog")
    np.testing.assert_array_equal(training.images, [GREY + 2, GREY + 1, GREY])
    np.testing.assert_array_equal(training.labels, [0, 1, 1])


def test_train_and_test_stand_above_them(tmp_path: Path) -> None:
    """Then there is a test part, of the same classes."""
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            put(tmp_path / part / name, COLOUR)
    training, test, classes = read_pngs(tmp_path)
    assert test is not None and classes == ("cat", "dog")
    assert training.images.shape == (2, 3, 4, 3)
    np.testing.assert_array_equal(training.images[0, 0], COLOUR[:, :, 0])  # the red plane first
    put(tmp_path / "test" / "fox", COLOUR)
    with pytest.raises(DataError, match=r"test: has the classes cat, dog, fox, but .*train has cat, dog"):
        read_pngs(tmp_path)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (GREY[:2], r"shape \(2, 3\), but .*a.png has \(4, 3\)"),
        (COLOUR, r"shape \(3, 4, 3\), but .*a.png has \(4, 3\)"),
        (np.zeros((4, 3, 4), np.uint8), "3 x 4 pixels of mode RGBA, expected at most 512 a side, and mode L or RGB"),
        (GREY.astype(np.uint16), "of mode I;16, expected"),
        (np.zeros((1, module.LARGEST + 1), np.uint8), "513 x 1 pixels of mode L"),
    ],
)
def test_other_images_are_refused(tmp_path: Path, pixels: np.ndarray, said: str) -> None:
    """By the file's name."""
    put(tmp_path / "cat", GREY)
    put(tmp_path / "dog", pixels, "odd.png")
    with pytest.raises(DataError, match=rf"odd.png: .*{said}"):
        read_pngs(tmp_path)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """A PNG file that ends early, and one that is none."""
    put(tmp_path / "cat", np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8))
    whole = (tmp_path / "cat" / "a.png").read_bytes()
    put(tmp_path / "dog", GREY)
    for content in (whole[:200], b"GIF89a", b""):
        (tmp_path / "cat" / "a.png").write_bytes(content)
        with pytest.raises(DataError, match=r"a.png: cannot be read as PNG"):
            read_pngs(tmp_path)


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """60,000 pixels a side, in a hundred bytes."""
    put(tmp_path / "cat", GREY)
    path = put(tmp_path / "dog", GREY, "bomb.png")
    whole = path.read_bytes()
    head = whole[12:16] + struct.pack(">2I", 60_000, 60_000) + whole[24:29]
    path.write_bytes(whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[33:])
    with pytest.raises(DataError, match=r"bomb.png: cannot be read as PNG \(Image size"):
        read_pngs(tmp_path)


def test_folders_without_images(tmp_path: Path) -> None:
    """Are no data set."""
    with pytest.raises(DataError, match="0 folders in it, expected one for each of at least two classes"):
        read_pngs(tmp_path)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=r"no file \*.png in the folders cat, dog"):
        read_pngs(tmp_path)
