"""The prepared data set on disk, which all runs share and map into memory.

A folder with four .npy files and, written last, a manifest of their sizes, shapes and digests. Without
a valid manifest there is no data set, so an interrupted preparation leaves none.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bnlab.data.arrays import Arrays, Bytes, content_digest, data_set_digest
from bnlab.errors import IntegrityError, StorageError
from bnlab.files import atomic, sha256, write_json

SCHEMA_VERSION = 2
MANIFEST = "manifest.json"
FILES = (MANIFEST, "train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy")


@dataclass(frozen=True)
class PreparedData:
    """The training part, mapped read-only: images uint8 (n, d), labels uint8 (n,).

    `digest` identifies the content of all four arrays, `classes` names the labels. The test part has its own door,
    `open_test`.
    """

    name: str
    digest: str
    train_images: Bytes
    train_labels: Bytes
    classes: tuple[str, ...]


def store(folder: Path, name: str, arrays: Arrays) -> None:
    """Write train_images.npy, train_labels.npy, test_images.npy, test_labels.npy, then manifest.json.

    All bytes written follow from `name` and `arrays` alone. Raises StorageError when the disk refuses;
    the folder then holds no data set.
    """
    try:
        (folder / MANIFEST).unlink(missing_ok=True)  # it must not stand beside a mixture of old and new
    except OSError as error:
        raise StorageError(f"{folder / MANIFEST}: cannot be replaced ({error.strerror})") from error
    files = {}
    for array_name, array in arrays.parts.items():
        path = folder / f"{array_name}.npy"
        _write_array(path, array)
        files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256(path), "shape": list(array.shape)}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "image_shape": list(arrays.image_shape),
        "classes": list(arrays.classes),
        "train_digest": content_digest(arrays.train_images, arrays.train_labels),
        "test_digest": content_digest(arrays.test_images, arrays.test_labels),
        "files": files,
    }
    write_json(folder / MANIFEST, manifest | {"manifest_digest": _digest_of(manifest)})


def open_prepared(folder: Path) -> PreparedData:
    """Open the training part. Sizes, shapes and labels are checked, the images' content is not (see `verify`).

    Raises IntegrityError when the manifest or a file is missing or is not what was stored.
    """
    manifest = _read_manifest(folder)
    return PreparedData(
        name=manifest["name"],
        digest=_content_digest(manifest),
        train_images=_map_array(folder / "train_images.npy", manifest),
        train_labels=_labels(folder / "train_labels.npy", manifest),
        classes=tuple(manifest["classes"]),
    )


def open_test(folder: Path) -> tuple[Bytes, Bytes]:
    """Open the test images (n, d) and labels (n,), with the checks and errors of `open_prepared`."""
    manifest = _read_manifest(folder)
    return _map_array(folder / "test_images.npy", manifest), _labels(folder / "test_labels.npy", manifest)


def stored_digest(folder: Path) -> str:
    """The digest of the whole content, as the manifest says it. Raises IntegrityError as `open_prepared` does."""
    return _content_digest(_read_manifest(folder))


def verify(folder: Path) -> None:
    """Compare the sha256 of every file with the manifest; raise IntegrityError at the first mismatch."""
    manifest = _read_manifest(folder)
    for file in manifest["files"]:
        _check_content(folder / file, manifest)


def _read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, if it is the one that `store` wrote and each file is there in its right size."""
    path = folder / MANIFEST
    if not path.exists():
        raise _damaged(path, "no file: the data set is absent or incomplete", "a manifest")
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        version, digest = manifest["schema_version"], manifest.pop("manifest_digest")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, f"unreadable content ({error!r})", "a manifest") from error
    if version != SCHEMA_VERSION:
        raise _damaged(path, f"schema version {version}", str(SCHEMA_VERSION))
    if digest != _digest_of(manifest):
        raise _damaged(path, "content that was changed", "what was stored")
    for file, facts in manifest["files"].items():
        found = f"{(folder / file).stat().st_size:,} bytes" if (folder / file).exists() else "no file"
        expected = f"{facts['bytes']:,} bytes"
        if found != expected:
            raise _damaged(folder / file, found, expected, manifest["name"])
    return manifest


def _check_content(path: Path, manifest: dict[str, Any]) -> None:
    found, expected = sha256(path), manifest["files"][path.name]["sha256"]
    if found != expected:
        raise _damaged(path, f"sha256 {found}", expected, manifest["name"])


def _content_digest(manifest: dict[str, Any]) -> str:
    return data_set_digest(manifest["train_digest"], manifest["test_digest"])


def _digest_of(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _labels(path: Path, manifest: dict[str, Any]) -> Bytes:
    _check_content(path, manifest)  # they are few, and a run on shifted ones would look like any other
    return _map_array(path, manifest)


def _map_array(path: Path, manifest: dict[str, Any]) -> Bytes:
    # Only the manifest is trusted: a header with a damaged length would shift every pixel unnoticed.
    facts = manifest["files"][path.name]
    header_bytes = facts["bytes"] - math.prod(facts["shape"])
    array = np.memmap(path, np.uint8, mode="r", offset=header_bytes, shape=tuple(facts["shape"]))
    return np.asarray(array)  # a plain array on the same memory, without the slower ways of np.memmap


def _write_array(path: Path, array: Bytes) -> None:
    with atomic(path) as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)  # np.save would write past `file`, and can miss the error of a full disk


def _damaged(path: Path, found: str, expected: str, name: str | None = None) -> IntegrityError:
    return IntegrityError(
        f"{path}: found {found}, expected {expected}. Make it again: python -m bnlab prepare {name or path.parent.name}"
    )
