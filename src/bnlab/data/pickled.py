"""Read one batch of the "python version" without running anything that its pickle asks for.

A pickle is a program: it names functions and calls them with arguments of its choice. Admitting
NumPy's own functions is not safe enough (`numpy.ndarray` can be told to take any bytes for pointers
to objects), so the few names that a pickled array needs stand here for objects that only remember
what they were given; the array is then made from the remembered shape, type and bytes.
"""

import math
import pickle
from typing import IO, Any

import numpy as np

from bnlab.data.arrays import Bytes
from bnlab.errors import DataError


class _Inert:
    """Keeps the arguments and the state that a pickle gives to an object, and does nothing else."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _bytes_from_text(text: str, _encoding: str) -> bytes:
    """How Python 3 spells a bytes object in the pickle protocols that Python 2 can read."""
    return text.encode("latin1")


_ADMITTED = {
    "numpy.core.multiarray._reconstruct": _Inert,
    "numpy._core.multiarray._reconstruct": _Inert,
    "numpy.ndarray": _Inert,
    "numpy.dtype": _Inert,
    "_codecs.encode": _bytes_from_text,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in _ADMITTED:
            raise DataError(f"its pickle asks for {wanted}, expected only what a NumPy array needs")
        return _ADMITTED[wanted]


def read_pickle(
    name: str, file: IO[bytes], shape: tuple[int | None, int], labels_key: bytes = b"labels"
) -> tuple[Bytes, list[Any]]:
    """Read the batch called `name`: its images, uint8 (n, pixels) = `shape` (n may be None: any), and its n labels.

    The labels are as the pickle has them under their key, whatever they are. Raises DataError when the pickle is
    damaged, asks for anything but a NumPy array, or holds something else than such a batch.
    """
    try:
        batch = _Unpickler(file, encoding="bytes").load()
        labels = batch[labels_key]
        _, found_shape, dtype, fortran_order, content = batch[b"data"].state
        found_type = dtype.arguments[0]
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise DataError(f"{name}: not a batch of CIFAR-10 ({type(error).__name__}: {error})") from error
    if shape[0] is None and type(found_shape) is tuple and found_shape and type(found_shape[0]) is int:
        shape = (found_shape[0], shape[1])
    if found_shape != shape or found_type not in ("u1", b"u1") or fortran_order:
        order = "Fortran" if fortran_order else "C"
        raise DataError(
            f"{name}: images of shape {found_shape}, type {found_type}, {order} order; expected {shape}, u1, C order"
        )
    if type(content) is not bytes or len(content) != math.prod(found_shape):
        raise DataError(f"{name}: the image bytes do not fill the shape {shape}")
    if type(labels) is not list or len(labels) != found_shape[0]:
        raise DataError(f"{name}: not a list of {found_shape[0]:,} labels")
    return np.frombuffer(content, np.uint8).reshape(found_shape), labels
