"""The formats of CIFAR-10 and CIFAR-100, for other images than theirs."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bnlab.data.cifar import LAYOUTS, read_cifar
from bnlab.errors import DataError

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.integers(0, 256, (5, 3072), np.uint8)
COARSE, FINE = np.array([1, 0, 2, 1, 0], np.uint8), np.array([7, 0, 99, 5, 1], np.uint8)


def hundred(version: str, **changes: Any) -> dict[str, bytes]:
    """A tiny CIFAR-100: three training images and two test images."""
    files = {}
    for name, rows in (("train", slice(3)), ("test", slice(3, 5))):
        if version == "binary":
            files[f"{name}.bin"] = np.column_stack([COARSE[rows], FINE[rows], IMAGES[rows]]).tobytes()
        else:
            content = {b"coarse_labels": COARSE[rows].tolist(), b"fine_labels": FINE[rows].tolist()}
            files[name] = pickle.dumps(content | {b"data": IMAGES[rows]} | changes.get(name, {}), 2)
    return files


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("version", ["binary", "python"])
@pytest.mark.parametrize("labels", ["fine", "coarse"])
def test_cifar_100(tmp_path: Path, miniature: SimpleNamespace, version: str, labels: str, packed: bool) -> None:
    """Both versions, from a folder or an archive, with either label."""
    place = tmp_path / "cifar-100.tar.gz" if packed else tmp_path
    if packed:
        place.write_bytes(miniature.tar_of(hundred(version)))
    else:
        unpacked(tmp_path, hundred(version))
    training, test = read_cifar(place, LAYOUTS["cifar100"], labels)
    expected = {"fine": FINE, "coarse": COARSE}[labels]
    np.testing.assert_array_equal(training.images.reshape(-1, 3072), IMAGES[:3])
    np.testing.assert_array_equal(training.labels, expected[:3])
    np.testing.assert_array_equal(test.labels, expected[3:])
    assert training.images.shape[1:] == (3, 32, 32)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_six_batches_of_any_images(tmp_path: Path, miniature: SimpleNamespace, version: str) -> None:
    """In the format of CIFAR-10, in official order."""
    training, test = read_cifar(unpacked(tmp_path, getattr(miniature, version)), LAYOUTS["cifar10"], "fine")
    np.testing.assert_array_equal(training.images.reshape(-1, 3072), miniature.arrays.train_images)
    np.testing.assert_array_equal(test.labels, miniature.arrays.test_labels)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """A missing file, half a record, labels that are none, a file that is there in both versions."""
    files = hundred("binary")
    unpacked(tmp_path, files | {"test.bin": files["test.bin"][:-1]})
    with pytest.raises(DataError, match=r"test.bin: 6,147 bytes, expected a multiple of 3,074"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
    (tmp_path / "test.bin").unlink()
    with pytest.raises(DataError, match=r"missing: test; expected train, test, or the same with .bin"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
    unpacked(tmp_path, hundred("python"))
    with pytest.raises(DataError, match="train: found a second time, expected once"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
    (tmp_path / "train.bin").unlink()
    unpacked(tmp_path, hundred("python", train={b"fine_labels": [0, "1", 2]}))
    with pytest.raises(DataError, match="train: labels that are no whole numbers"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
    unpacked(tmp_path, hundred("python", train={b"fine_labels": [0, 10**30, 2]}))
    with pytest.raises(DataError, match="train: labels that are no whole numbers from 0 to 255"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
    unpacked(tmp_path, hundred("python", train={b"data": IMAGES[:3, :100]}))
    with pytest.raises(DataError, match=r"train: images of shape \(3, 100\).*; expected \(3, 3072\)"):
        read_cifar(tmp_path, LAYOUTS["cifar100"], "fine")
