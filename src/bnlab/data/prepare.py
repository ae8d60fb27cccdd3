"""From wherever a data set comes from to verified arrays on disk."""

import os
from pathlib import Path

from bnlab.data.arrays import Arrays
from bnlab.data.configured import read_source
from bnlab.data.generate import generate
from bnlab.data.obtain import obtain
from bnlab.data.prepared import store
from bnlab.data.source import Source
from bnlab.errors import DataError
from bnlab.runs.datasets import CIFAR10, GENERATED, DataSet

VARIABLE = "BNLAB_CIFAR10"
"""The environment variable that can name a local copy, a folder or an archive."""


def prepare_cifar10(local: Path | None, *, results: Path) -> None:
    """Store CIFAR-10 decoded, below results/data.  local: a copy that the user named, if any.

    Raises DataError when it cannot be obtained or is not what it should be.
    """
    named_by = "configuration key cifar10"
    if local is None and os.environ.get(VARIABLE):
        local, named_by = Path(os.environ[VARIABLE]), f"environment variable {VARIABLE}"
    try:
        place = None if local is None else local.expanduser()
    except RuntimeError as error:
        raise DataError(f"{local} ({named_by}): there is no such user, whose folder ~ would stand for.") from error
    arrays, source = obtain(place, named_by)
    _check(arrays, CIFAR10, source, "src/bnlab/runs/datasets.py")
    _store(arrays, "cifar10", source, results)


def prepare_generated(*, results: Path) -> None:
    """Store the generated images below results/data. Raises DataError when they are not what they should be."""
    arrays = generate()
    _check(arrays, GENERATED, "generated data", "src/bnlab/runs/datasets.py")
    _store(arrays, "generated", "generated data", results)


def prepare_configured(source: Source, pinned: DataSet | None, *, results: Path) -> None:
    """Store a data set of config/datasets.yaml below results/data, and print what pins it unless it is pinned.

    Raises DataError when it cannot be obtained, is not of its format, or is not what is pinned.
    """
    arrays = read_source(source)
    if pinned is not None:
        _check(arrays, pinned, str(source.path), "config/datasets.yaml")
    _store(arrays, source.name, str(source.path), results)
    if pinned is None:
        shape = " x ".join(map(str, arrays.image_shape))
        print(f"Images of {shape}. Nothing says yet that they are the right ones. If they are, put this below")
        print(f"{source.name} in config/datasets.yaml:")
        print(f"  digest: {arrays.digest}")
        print(f"  size: {{{', '.join(f'{key}: {value}' for key, value in _size(arrays).items())}}}")


def _size(arrays: Arrays) -> dict[str, int]:
    return {
        "training": len(arrays.train_labels),
        "test": len(arrays.test_labels),
        "pixels": arrays.train_images.shape[1],
        "classes": len(arrays.classes),
    }


def _check(arrays: Arrays, expected: DataSet, source: str, place: str) -> None:
    if arrays.digest != expected.digest:
        raise DataError(f"{source}: the content's digest is {arrays.digest}, but {place} expects {expected.digest}.")
    size = _size(arrays)
    if (size["training"], size["pixels"], size["classes"]) != (
        expected.training_images,
        expected.pixels,
        expected.classes,
    ):
        raise DataError(f"{source}: found the size {size}, but {place} says otherwise of {expected.name}.")


def _store(arrays: Arrays, name: str, source: str, results: Path) -> None:
    folder = results / "data" / name
    store(folder, name, arrays)
    print(f"Prepared {folder} from {source}.")
