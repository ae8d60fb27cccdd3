"""A folder of PNG files, one folder for each class; with folders train and test above those, or without."""

from pathlib import Path

import numpy as np
from PIL import Image

from bnlab.data.arrays import Bytes
from bnlab.data.part import Part
from bnlab.errors import DataError

LARGEST = 512  # pixels along a side: these networks see every pixel at once
MODES = ("L", "RGB")


def read_pngs(folder: Path) -> tuple[Part, Part | None, tuple[str, ...]]:
    """The training part, the test part if there is one, and the names of the classes, in alphabetical order.

    Files are taken in the order of their names. All images are grey or all in colour, of one size, and without
    transparency. Raises DataError, which names the file, for anything else.
    """
    train, test = folder / "train", folder / "test"
    if not train.is_dir():
        classes = _folders(folder)
        return _part(folder, classes), None, classes
    classes = _folders(train)
    if not test.is_dir():
        return _part(train, classes), None, classes
    if _folders(test) != classes:
        raise DataError(f"{test}: has the classes {', '.join(_folders(test))}, but {train} has {', '.join(classes)}")
    return _part(train, classes), _part(test, classes), classes


def _folders(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        raise DataError(f"{folder}: {len(names)} folders in it, expected one for each of at least two classes")
    return names


def _part(folder: Path, classes: tuple[str, ...]) -> Part:
    files = [(label, path) for label, name in enumerate(classes) for path in _images(folder / name)]
    if not files:
        raise DataError(f"{folder}: no file *.png in the folders {', '.join(classes)}")
    first = _pixels(files[0][1])
    images = np.empty((len(files), *first.shape), np.uint8)
    for image, (_, path) in zip(images, files, strict=True):
        pixels = _pixels(path)
        if pixels.shape != first.shape:
            raise DataError(f"{path}: an image of shape {pixels.shape}, but {files[0][1]} has {first.shape}")
        image[:] = pixels
    return Part(str(folder), images, np.array([label for label, _ in files]))


def _images(folder: Path) -> list[Path]:
    """Its PNG files, whether they end in .png or .PNG."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".png")


def _pixels(path: Path) -> Bytes:
    """(height, width), or in colour (3, height, width): the red plane, then green, then blue."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            size, mode = image.size, image.mode
            # Both are known from the header, before anything is decompressed.
            pixels = np.asarray(image) if max(size) <= LARGEST and mode in MODES else None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read as PNG ({error})") from error
    if pixels is None:
        raise DataError(
            f"{path}: {size[0]} x {size[1]} pixels of mode {mode}, expected at most {LARGEST} a side, and mode "
            f"{' or '.join(MODES)}: eight bits, without transparency"
        )
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
