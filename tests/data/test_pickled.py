"""The python version is read without running what a pickle asks for."""

import io
import os
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.data.pickled import read_pickle
from bnlab.errors import DataError

SHAPE = (2, 5)
IMAGES = np.arange(10, dtype=np.uint8).reshape(SHAPE)
BATCH = {b"labels": [3, 4], b"data": IMAGES}


def read(content: bytes) -> Any:
    """Read a batch of two images of five pixels."""
    return read_pickle("test_batch", io.BytesIO(content), SHAPE)


class Calls:
    """An object whose pickle asks for any call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call: tuple[Any, ...] = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def test_batches_of_python_2_and_3_are_read(miniature: SimpleNamespace) -> None:
    """Both spellings of byte strings and both homes of NumPy's functions give the same arrays."""
    for content in (miniature.python2_pickle(BATCH), *(pickle.dumps(BATCH, p) for p in (2, 3, 4))):
        images, labels = read(content)
        np.testing.assert_array_equal(images, IMAGES)
        assert images.dtype == np.uint8 and labels == [3, 4]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_is_not_run(tmp_path: Path, protocol: int) -> None:
    """A pickle that would create a file is refused by the name of what it asks for; no file appears."""
    target = tmp_path / "created"
    content = pickle.dumps({b"extra": Calls(os.system, f"touch {target}"), **BATCH}, protocol)
    with pytest.raises(DataError, match=r"test_batch: its pickle asks for posix.system"):
        read(content)
    assert not target.exists()
    pickle.loads(content)
    assert target.exists()  # it would have


def test_numpy_itself_is_not_called() -> None:
    """An array of pointers made from bytes, which would crash NumPy, is a harmless wrong object here."""
    forged = Calls(np.ndarray, (1,), np.dtype("O"), b"12345678")
    with pytest.raises(DataError, match="test_batch: not a batch of CIFAR-10"):
        read(pickle.dumps(BATCH | {b"data": forged}, 2))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (IMAGES.astype(object), r"type O8"),
        (IMAGES.astype(np.int8), r"type i1, C order; expected \(2, 5\), u1"),
        (IMAGES.astype(np.uint16), r"type u2"),
        (IMAGES.T, r"shape \(5, 2\), type u1, Fortran order"),
        (np.asfortranarray(IMAGES), r"Fortran order; expected .* C order"),
        (IMAGES[:1], r"shape \(1, 5\)"),
        (IMAGES.tolist(), "not a batch"),
        (b"0123456789", "not a batch"),
    ],
)
def test_other_arrays_are_refused(data: Any, message: str) -> None:
    """Only unsigned bytes in C order, in the expected shape, are images."""
    with pytest.raises(DataError, match=message):
        read(pickle.dumps(BATCH | {b"data": data}, 2))


def test_forged_contents_are_refused() -> None:
    """Bytes that do not fill the shape, and labels that are no list of the right length, are refused."""
    short = Calls(IMAGES.__reduce__()[0], np.ndarray, (0,), b"b")
    short.call += ((1, SHAPE, np.dtype("u1"), False, b"too short"),)
    with pytest.raises(DataError, match=r"do not fill the shape \(2, 5\)"):
        read(pickle.dumps(BATCH | {b"data": short}, 4))
    for labels in ([1], "12", {0: 1, 1: 2}):
        with pytest.raises(DataError, match="not a list of 2 labels"):
            read(pickle.dumps(BATCH | {b"labels": labels}, 2))


@pytest.mark.parametrize(
    "content", [b"", b"not a pickle", pickle.dumps([1, 2]), pickle.dumps({}), pickle.dumps(BATCH)[:-9]]
)
def test_what_is_no_batch_is_refused(content: bytes) -> None:
    """Empty, foreign, incomplete and cut pickles all end in the same kind of error."""
    with pytest.raises(DataError, match="test_batch: not a batch of CIFAR-10"):
        read(content)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda noise: pickle.dumps(BATCH, 2)[:-60] + noise))
@settings(max_examples=300, deadline=None)
def test_noise_never_does_anything_but_raise(content: bytes) -> None:
    """Arbitrary bytes, alone or after the beginning of a good batch, are refused as data."""
    with pytest.raises(DataError):
        read(content)
