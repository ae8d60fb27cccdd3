"""The prepared data set is stored whole or not at all, and damage is found."""

import dataclasses
import errno
import itertools
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.data import prepared
from bnlab.data.arrays import Arrays
from bnlab.data.prepared import open_prepared, open_test, store, verify
from bnlab.errors import IntegrityError, StorageError

FILES = ["test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy"]


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory, miniature: SimpleNamespace) -> Path:
    """A prepared miniature, which no test changes."""
    folder = tmp_path_factory.mktemp("prepared") / "generated"
    store(folder, "generated", miniature.arrays)
    return folder


def copy(stored: Path, folder: Path) -> Path:
    """A copy of the prepared miniature, to be damaged."""
    for path in stored.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def flip(path: Path, place: int, bit: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


def test_what_is_stored_is_opened(stored: Path, miniature: SimpleNamespace) -> None:
    """Arrays, name and dtype come back; the pixels are mapped, not read, and cannot be changed."""
    data = open_prepared(stored)
    assert data.name == "generated" and len(data.digest) == 64 and data.classes == miniature.arrays.classes
    opened = dict(vars(data), **dict(zip(["test_images", "test_labels"], open_test(stored), strict=True)))
    for name, expected in miniature.arrays.parts.items():
        np.testing.assert_array_equal(opened[name], expected)
        assert opened[name].dtype == np.uint8 and not opened[name].flags.writeable
        assert isinstance(opened[name].base, np.memmap)


def test_the_files_follow_from_the_content_alone(stored: Path, tmp_path: Path, miniature: SimpleNamespace) -> None:
    """Storing again gives the same bytes, and nothing but the five files."""
    store(tmp_path, "generated", miniature.arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "manifest.json"])
    for path in stored.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_numpy_reads_the_files_too(stored: Path, miniature: SimpleNamespace) -> None:
    """They are ordinary .npy files, without pickles."""
    np.testing.assert_array_equal(
        np.load(stored / "train_images.npy", allow_pickle=False), miniature.arrays.train_images
    )


def test_the_digest_follows_every_array(tmp_path: Path, stored: Path, miniature: SimpleNamespace) -> None:
    """Another label, in the test part too, is another data set; another name is not."""
    store(tmp_path, "renamed", miniature.arrays)
    assert open_prepared(tmp_path).digest == open_prepared(stored).digest
    arrays: Arrays = miniature.arrays
    store(tmp_path, "generated", dataclasses.replace(arrays, test_labels=arrays.test_labels[::-1].copy()))
    assert open_prepared(tmp_path).digest != open_prepared(stored).digest


def test_training_never_opens_the_test_files(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`open_prepared` maps the training files alone, `open_test` the test files alone."""
    mapped = []

    class Recorder(np.memmap[Any, Any]):
        def __new__(cls, path: Path, *arguments: Any, **options: Any) -> Any:
            mapped.append(path.name)
            return super().__new__(cls, path, *arguments, **options)

    monkeypatch.setattr(np, "memmap", Recorder)
    open_prepared(stored)
    assert mapped == ["train_images.npy", "train_labels.npy"]
    open_test(stored)
    assert mapped[2:] == ["test_images.npy", "test_labels.npy"]


@pytest.mark.parametrize(("part", "opened"), [("train", open_prepared), ("test", open_test)])
def test_shifted_labels_are_refused(stored: Path, tmp_path: Path, part: str, opened: Callable[[Path], Any]) -> None:
    """A run on labels that are off by one would look like any other, so they are hashed whenever they are read."""
    path = copy(stored, tmp_path) / f"{part}_labels.npy"
    content = bytearray(path.read_bytes())
    content[-1] = (content[-1] + 1) % 10
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{part}_labels\.npy: found sha256 .*python -m bnlab prepare"):
        opened(path.parent)


def test_without_a_manifest_there_is_no_data_set(tmp_path: Path) -> None:
    """The message says so and gives the command."""
    with pytest.raises(IntegrityError, match=r"manifest.json: found no file(?s:.*)python -m bnlab prepare cifar10"):
        open_prepared(tmp_path / "cifar10")


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let writing beyond `size` bytes of a file fail, as on a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("limit", [50, 20_000])
def test_a_full_disk_leaves_no_data_set(stored: Path, tmp_path: Path, miniature: SimpleNamespace, limit: int) -> None:
    """When a write fails, early or late in a file, the older data set is gone too: it was to be replaced."""
    folder = copy(stored, tmp_path)
    with file_size_limit(limit), pytest.raises(StorageError, match=r"train_images.npy: cannot be written"):
        store(folder, "generated", miniature.arrays)
    with pytest.raises(IntegrityError, match=r"manifest.json: found no file"):
        open_prepared(folder)
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("failing", range(9))
def test_a_failure_at_any_step_leaves_no_data_set(
    stored: Path, tmp_path: Path, miniature: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Each file is flushed, then its folder; whichever of these steps fails, no manifest is there."""
    folder = copy(stored, tmp_path)
    steps = itertools.count()

    def fsync(descriptor: int) -> None:
        if next(steps) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match="No space left on device"):
        store(folder, "generated", miniature.arrays)
    assert not (folder / "manifest.json").exists()
    store(folder, "generated", miniature.arrays)
    verify(folder)


def test_a_manifest_that_cannot_go_stops_the_store(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """When the old manifest cannot be removed, nothing is written."""
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(StorageError, match=r"manifest.json: cannot be replaced"):
        store(tmp_path, "generated", miniature.arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_or_cut_file_is_found_at_once(stored: Path, tmp_path: Path, file: str) -> None:
    """Sizes are compared on opening, for the test files too."""
    folder = copy(stored, tmp_path)
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[:-1])
    found = rf"{file}: found {len(content) - 1:,} bytes, expected {len(content):,} bytes"
    with pytest.raises(IntegrityError, match=found):
        open_prepared(folder)
    (folder / file).unlink()
    with pytest.raises(IntegrityError, match=rf"{file}: found no file(?s:.*)python -m bnlab prepare generated"):
        open_prepared(folder)


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_found(stored: Path, tmp_path: Path, data: Any) -> None:
    """`verify` finds one changed bit in any of the five files."""
    folder = copy(stored, tmp_path)
    verify(folder)
    path = folder / data.draw(st.sampled_from([*FILES, "manifest.json"]))
    flip(path, data.draw(st.integers(0, path.stat().st_size - 1)), data.draw(st.integers(0, 7)))
    try:
        verify(folder)
    except IntegrityError as error:
        assert path.name in str(error) and "python -m bnlab prepare" in str(error)
    else:  # white space of the manifest means nothing
        assert json.loads(path.read_bytes()) == json.loads((stored / path.name).read_bytes())


@given(place=st.integers(0, 127), bit=st.integers(0, 7))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_header_cannot_shift_the_pixels(
    stored: Path, tmp_path: Path, miniature: SimpleNamespace, place: int, bit: int
) -> None:
    """Where the pixels lie follows from the manifest, whatever the header says; `verify` finds the damage."""
    folder = copy(stored, tmp_path)
    flip(folder / "train_images.npy", place, bit)
    np.testing.assert_array_equal(open_prepared(folder).train_images, miniature.arrays.train_images)
    with pytest.raises(IntegrityError, match=r"train_images.npy: found sha256 \w{64}, expected \w{64}"):
        verify(folder)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"schema_version": 1}', '"manifest_digest"', "{" * 10])
def test_what_is_no_manifest_is_refused(stored: Path, tmp_path: Path, content: str) -> None:
    """Empty, foreign and incomplete manifests are told from a valid one."""
    folder = copy(stored, tmp_path)
    (folder / "manifest.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"manifest.json: found unreadable content"):
        open_prepared(folder)


def test_another_schema_is_told(stored: Path, tmp_path: Path) -> None:
    """A manifest of another version of the project says which version it is."""
    folder = copy(stored, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text()) | {"schema_version": 0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(IntegrityError, match="found schema version 0, expected 2"):
        open_prepared(folder)


def test_only_bytes_in_c_order_can_be_stored(miniature: SimpleNamespace) -> None:
    """Other types and orders, for which no digest is defined, are refused from the start."""
    arrays: Arrays = miniature.arrays
    wrongs: list[Any] = [arrays.test_images.astype(np.float32), np.asfortranarray(arrays.test_images)]
    for wrong in wrongs:
        with pytest.raises(TypeError, match=r"test_images: .* expected uint8 in C order"):
            dataclasses.replace(arrays, test_images=wrong)


def test_importing_it_is_light() -> None:
    """Every training job imports this module, and none needs what a download needs."""
    code = f"import sys, {prepared.__name__}; print(*{{name.split('.')[0] for name in sys.modules}})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    loaded = set(output.split())
    assert "numpy" in loaded
    assert not {"pooch", "requests", "tqdm", "pandas", "urllib3"} & loaded
