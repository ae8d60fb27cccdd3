"""Arrays in .npz files, named as Keras names them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlab.data.npz import read_npz
from bnlab.errors import DataError
from tests.data_files import npz

X, Y = np.arange(24, dtype=np.uint8).reshape(4, 3, 2), np.array([1, 0, 1, 1])


def of(tmp_path: Path, **arrays: Any) -> Path:
    """A file with these arrays."""
    path = tmp_path / "mnist.npz"
    path.write_bytes(npz(**arrays))
    return path


def test_both_parts_are_read(tmp_path: Path) -> None:
    """Arrays as they are; labels in a column, as Keras has CIFAR-10's, become a row."""
    training, test = read_npz(of(tmp_path, x_train=X, y_train=Y[:, None], x_test=X[:1], y_test=Y[:1]))
    np.testing.assert_array_equal(training.images, X)
    np.testing.assert_array_equal(training.labels, Y)
    assert test is not None and len(test.images) == 1
    assert read_npz(of(tmp_path, x_train=X, y_train=Y))[1] is None


@pytest.mark.parametrize(
    "arrays",
    [{"images": X}, {"x_train": X}, {"x_train": X, "y_train": Y, "x_test": X}, {"x_test": X, "y_test": Y}, {}],
)
def test_other_names_are_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    """The error says which there are and which are expected."""
    with pytest.raises(DataError, match=r"mnist.npz: holds .*; expected x_train, y_train and, unless"):
        read_npz(of(tmp_path, **arrays))


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    """An array of objects could run anything."""
    with pytest.raises(DataError, match=r"cannot be read as .npz .*allow_pickle"):
        read_npz(of(tmp_path, x_train=X, y_train=np.array([[1], "a"], dtype=object)))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    path = of(tmp_path, x_train=X, y_train=Y)
    whole = path.read_bytes()
    for content in (b"", whole[:-30], whole[:60] + b"\0\0\0\0\0\0\0\0" + whole[68:], b"text"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot be read as .npz"):
            read_npz(path)
