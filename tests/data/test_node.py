"""Copies of a data set on a node's own disk: whole or not at all, whoever makes them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bnlab.data.node import on_this_node
from bnlab.data.prepared import store, verify
from bnlab.errors import IntegrityError, StorageError


@pytest.fixture
def stored(tmp_path: Path, miniature: SimpleNamespace) -> Path:
    """A prepared miniature."""
    store(tmp_path / "data/generated", "generated", miniature.arrays)
    return tmp_path / "data/generated"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's disk."""
    monkeypatch.setenv("BNLAB_NODE_DATA", str(tmp_path / "node"))
    return tmp_path / "node"


def test_without_the_variable_there_is_no_copy(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings read where the results are."""
    monkeypatch.delenv("BNLAB_NODE_DATA", raising=False)
    assert on_this_node(stored) == stored


def test_the_copy_is_made_once(stored: Path, node: Path) -> None:
    """It has all files, and is not touched again."""
    copy = on_this_node(stored)
    verify(copy)
    assert [copy] == list(node.iterdir())
    before = copy.stat().st_mtime_ns
    assert on_this_node(stored) == copy
    assert copy.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["manifest.json", "train_images.npy"])
def test_a_damaged_copy_is_replaced(stored: Path, node: Path, name: str) -> None:
    """Cut off, as a node that lost power leaves it."""
    damaged = on_this_node(stored) / name
    damaged.write_bytes(damaged.read_bytes()[:-1])
    verify(on_this_node(stored))


def test_another_data_set_has_another_copy(stored: Path, node: Path, miniature: SimpleNamespace) -> None:
    """Of the same name, prepared from other images."""
    first = on_this_node(stored)
    changed = replace(miniature.arrays, train_images=miniature.arrays.train_images ^ 1)
    store(stored, "generated", changed)
    assert on_this_node(stored) != first


def test_many_may_make_it_at_once(stored: Path, node: Path) -> None:
    """All get the same whole copy."""
    code = (
        "import pathlib, sys; from bnlab.data.node import on_this_node; print(on_this_node(pathlib.Path(sys.argv[1])))"
    )
    every = [
        subprocess.Popen([sys.executable, "-c", code, str(stored)], stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    copies = {process.communicate(timeout=60)[0].strip() for process in every}
    assert copies == {str(on_this_node(stored))}
    verify(on_this_node(stored))
    assert len(list(node.iterdir())) == 1


def test_without_a_data_set_there_is_no_copy(tmp_path: Path, node: Path) -> None:
    """The error is that of the data set."""
    with pytest.raises(IntegrityError, match="absent or incomplete"):
        on_this_node(tmp_path / "data/generated")
    assert not node.exists()


def test_a_disk_that_refuses_is_named(stored: Path, node: Path) -> None:
    """With what the variable is for."""
    node.write_text("a file")
    with pytest.raises(
        StorageError, match=r"node/bnlab_generated_\w+/.*: cannot be written .*BNLAB_NODE_DATA names this folder"
    ):
        on_this_node(stored)
