"""A data set of 400 generated images, `miniature`, with its splits; trainings on it take a fraction of a second."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bnlab.data.generate import generate
from bnlab.data.prepared import open_prepared, store
from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split, draw_split, load_split, make_split, store_split
from bnlab.runs.datasets import DataSet
from bnlab.runs.names import split_name
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream
from tests.protocols import changed, tiny_protocol

sys.path.append(str(Path(__file__).parent))  # the tests import the plain program beside them

ARRAYS = generate(training=300, test=100)
MINIATURE = DataSet("miniature", "miniature", ARRAYS.digest, 300, 3072, 10)
PROTOCOL = tiny_protocol(
    data=MINIATURE,
    training=260,
    validation=40,
    batch_size=25,
    minimum=1e-4,
    maximum=5e-2,
    step=8,
    cycles=2,
    curve_points=5,
)
"""32 updates: three epochs of ten mini-batches, each leaving ten rows over, and a bit."""
SPEC = RunSpec("tiny", (12, 10), batch_norm=True, initialization="he", weight_decay=0.005, seed=1)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data set and the splits of seeds 1 and 2; no test writes to it."""
    results = tmp_path_factory.mktemp("prepared")
    store(results / "data" / "miniature", "miniature", ARRAYS)
    for seed in (1, 2):
        training, validation = draw_split(300, training=260, validation=40, random=stream(seed, "split"))
        split = Split(training, validation, *pixel_statistics(ARRAYS.train_images, training))
        store_split(results / "splits" / f"{split_name(PROTOCOL, seed)}.npz", split)
    return results


@pytest.fixture
def results(prepared: Path, tmp_path: Path) -> Path:
    """A folder for results of its own, on the shared data and splits."""
    folder = tmp_path / "results"
    folder.mkdir()
    for name in ("data", "splits"):
        (folder / name).symlink_to(prepared / name)
    return folder


@pytest.fixture(scope="session")
def tiny(prepared: Path) -> SimpleNamespace:
    """The tiny `protocol` and `spec`, functions that vary them, the `images`, `labels` and `split` of seed 1.

    `split_of` makes the split of another protocol.
    """

    def protocol(**changes: Any) -> Protocol:
        return changed(PROTOCOL, **changes)

    def spec(**changes: Any) -> RunSpec:
        return replace(SPEC, **changes)

    data = open_prepared(prepared / "data" / "miniature")

    def split_of(protocol: Protocol) -> Split:
        return make_split(
            data.train_images,
            training=protocol.training,
            validation=protocol.validation,
            seed=1 if protocol.split == "random" else None,
            order=protocol.split,
            standardization=protocol.standardization,
        )

    return SimpleNamespace(
        protocol=protocol,
        spec=spec,
        split_of=split_of,
        images=data.train_images,
        labels=data.train_labels,
        split=load_split(prepared / "splits" / f"{split_name(PROTOCOL, 1)}.npz"),
    )
