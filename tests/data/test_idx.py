"""IDX files: MNIST's four, gzipped or not, and each way they can be wrong."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.data.idx import read_idx
from bnlab.errors import DataError
from tests.data_files import idx

IMAGES = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
LABELS = np.array([3, 0, 2, 2], np.uint8)
NAMES = {
    "train-images-idx3-ubyte": idx(IMAGES),
    "train-labels-idx1-ubyte": idx(LABELS),
    "t10k-images-idx3-ubyte": idx(IMAGES[:2]),
    "t10k-labels-idx1-ubyte": idx(LABELS[:2]),
}


def published(folder: Path, *, packed: bool = False, **changes: bytes | None) -> Path:
    """A folder with the four files, of which some are changed or (None) left out."""
    for name, content in (NAMES | {name.replace("_", "-"): changes[name] for name in changes}).items():
        if content is not None and packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        elif content is not None:
            (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_both_parts_are_read(tmp_path: Path, packed: bool) -> None:
    """Images keep their shape, labels their order; unpacked or as they are downloaded."""
    training, test = read_idx(published(tmp_path, packed=packed))
    np.testing.assert_array_equal(training.images, IMAGES)
    np.testing.assert_array_equal(training.labels, LABELS)
    assert test is not None
    np.testing.assert_array_equal(test.images, IMAGES[:2])


def test_a_file_and_its_archive_are_one(tmp_path: Path) -> None:
    """Where torchvision has unpacked a file beside its archive, the file is read."""
    published(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    np.testing.assert_array_equal(read_idx(tmp_path)[0].images, IMAGES)


def test_splits_of_emnist_are_known_by_their_words(tmp_path: Path) -> None:
    """Names begin with the split there; a folder holds one."""
    for name, content in NAMES.items():
        (tmp_path / f"emnist-letters-{name.replace('t10k', 'test')}").write_bytes(content)
    assert read_idx(tmp_path)[1] is not None
    (tmp_path / "emnist-digits-train-images-idx3-ubyte").write_bytes(NAMES["train-images-idx3-ubyte"])
    with pytest.raises(DataError, match=r"emnist-digits-train-images-idx3-ubyte and emnist-letters.* could both be"):
        read_idx(tmp_path)


def test_without_a_test_part(tmp_path: Path) -> None:
    """It is none, and not an error."""
    nothing = {"t10k_images_idx3_ubyte": None, "t10k_labels_idx1_ubyte": None}
    assert read_idx(published(tmp_path, **nothing))[1] is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "of the training part only .*train-labels-idx1-ubyte, expected images and labels"),
        (b"", "starts with nothing, expected 00 00 08"),
        (b"\x89PNG\r\n", "starts with 89 50 4e 47, expected 00 00 08"),
        (idx(LABELS), "has 1 dimensions, expected 2 or 3 or 4"),
        (idx(IMAGES)[:9], "ends within its header"),
        (idx(IMAGES)[:-1], "holds 59 of the 60 values that its shape"),
        (idx(IMAGES) + b"\0", "holds more than the 60 values"),
        (b"\0\0\x08\x03" + 3 * b"\xff\xff\xff\xff", "says that its shape is .*, expected 1 to"),
        (idx(IMAGES[:0]), "says that its shape is"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes | None, said: str) -> None:
    """With the file's name."""
    with pytest.raises(DataError, match=said):
        read_idx(published(tmp_path, train_images_idx3_ubyte=content))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    """Cut off, or with wrong bytes in it."""
    published(tmp_path, packed=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    for content in (whole[:-9], b"no gzip", whole[:20] + b"\0\0\0\0" + whole[24:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: not an IDX file"):
            read_idx(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    """Says what is looked for."""
    with pytest.raises(DataError, match="no IDX file whose name has 'train' and 'images' in it"):
        read_idx(tmp_path)


@given(st.binary(max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing else happens."""
    published(tmp_path, train_images_idx3_ubyte=b"\0\0\x08" + content)
    try:
        training, _ = read_idx(tmp_path)
    except DataError:
        return
    assert training.images.dtype == np.uint8 and training.images.size
