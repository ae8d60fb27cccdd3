"""Arrays in an .npz file, named as in Keras's mnist.npz: x_train, y_train, x_test, y_test."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.data.part import Part
from bnlab.errors import DataError

LARGEST = 2**31  # bytes of an array


def read_npz(path: Path) -> tuple[Part, Part | None]:
    """The training part, and the test part if the file has one.

    Images are uint8 (n, d), (n, height, width) or (n, height, width, channels); labels (n,) or (n, 1). Raises DataError
    when the file is damaged or holds something else, pickled objects included, which are not opened.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            largest = max((member.file_size for member in archive.infolist()), default=0)
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files if largest <= LARGEST}
    except Exception as error:  # a damaged zip, or one with a damaged array in it, raises many kinds
        raise DataError(f"{path}: cannot be read as .npz ({error})") from error
    if largest > LARGEST:
        raise DataError(f"{path}: holds an array of {largest:,} bytes, expected at most {LARGEST:,}")
    parts = [_part(path, name, found) for name in ("train", "test") if {f"x_{name}", f"y_{name}"} <= found.keys()]
    if "x_train" not in found or 2 * len(parts) != len(found.keys() & {"x_train", "y_train", "x_test", "y_test"}):
        raise DataError(
            f"{path}: holds {', '.join(sorted(found)) or 'nothing'}; expected x_train, y_train and, unless test images "
            "are to be drawn, x_test, y_test"
        )
    return parts[0], parts[1] if len(parts) > 1 else None


def _part(path: Path, name: str, arrays: dict[str, npt.NDArray[Any]]) -> Part:
    images, labels = arrays[f"x_{name}"], arrays[f"y_{name}"]
    return Part(f"{path} (x_{name})", images, labels[:, 0] if labels.shape[1:] == (1,) else labels)
