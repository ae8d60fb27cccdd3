"""The data sets of config/datasets.yaml: obtained, read, and put together."""

from pathlib import Path

from bnlab.data.arrays import Arrays
from bnlab.data.cifar import LAYOUTS, read_cifar
from bnlab.data.download import fetch_file
from bnlab.data.idx import read_idx
from bnlab.data.npz import read_npz
from bnlab.data.part import Part, assembled
from bnlab.data.png import read_pngs
from bnlab.data.source import Source
from bnlab.errors import DataError


def read_source(source: Source) -> Arrays:
    """The data set of a source, downloaded first where addresses are given and files are not there.

    Raises DataError, which names file and key, when it cannot be obtained or is not of its format.
    """
    try:
        path = source.path.expanduser()
    except RuntimeError as error:
        raise DataError(
            f"{source.path}: there is no such user. It is the source of {source.name} in config/datasets.yaml."
        ) from error
    holds_files = source.format in ("idx", "png") or path.is_dir() or not path.suffix
    folder = path if holds_files else path.parent
    for url in source.download:
        fetch_file(url, folder)
    if not path.exists():
        raise DataError(
            f"{path}: no such file or folder. It is the source of {source.name} in config/datasets.yaml: put the data "
            "set there, or name another place."
        )
    training, test, names = _parts(source, path)
    return assembled(training, test, test_images=source.test_images, classes=source.classes or names)


def _parts(source: Source, path: Path) -> tuple[Part, Part | None, tuple[str, ...]]:
    match source.format:
        case "idx":
            return *read_idx(_folder(path)), ()
        case "npz":
            return *read_npz(path), ()
        case "png":
            return read_pngs(_folder(path))
        case layout:
            return *read_cifar(path, LAYOUTS[layout], source.labels), ()


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise DataError(f"{path}: a file, expected a folder")
    return path
