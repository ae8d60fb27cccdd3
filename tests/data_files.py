"""The bytes of data sets in the formats that are read, for tests that publish small ones."""

import io
import struct

import numpy as np
import numpy.typing as npt
from PIL import Image


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    """An IDX file of bytes."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def npz(**arrays: npt.NDArray[np.generic]) -> bytes:
    """An .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file of (height, width) or (height, width, channels)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()
