"""Confusions are counted from the stored predictions, whose runs' records vouch for them."""

import json
from pathlib import Path

import numpy as np
import pytest

from bnlab.analysis.confusion import confusions
from bnlab.errors import IntegrityError
from bnlab.files import sha256
from bnlab.runs.record import RECORD, TEST, sealed

CLASSES = ["cat", "dog", "ship"]
LABELS = [0, 0, 1, 2, 2, 2]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A data set of three classes, whose test part has six images."""
    folder = tmp_path / "data" / "animals"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"classes": CLASSES}))
    np.save(folder / "test_labels.npy", np.array(LABELS, np.uint8))
    return tmp_path


def stored(results: Path, run: str, predictions: list[int]) -> str:
    """A run with these predictions; its name."""
    folder = results / "runs" / run
    folder.mkdir(parents=True)
    np.savez(folder / TEST, predictions=np.array(predictions, np.uint8))
    record = {"run": run, "files": {TEST: sha256(folder / TEST)}}
    (folder / RECORD).write_text(json.dumps(sealed(record)))
    return run


def test_rows_are_true_classes(results: Path) -> None:
    """Every image is counted once, at its label and what it is taken for; pairs that do not occur are 0."""
    one = stored(results, "p/one", [0, 1, 1, 2, 0, 0])
    table = confusions([one], "animals", results=results)
    counted = {(row.label, row.predicted): row.images for row in table.itertuples()}
    assert len(table) == 9
    assert {pair: n for pair, n in counted.items() if n} == {
        ("cat", "cat"): 1, ("cat", "dog"): 1, ("dog", "dog"): 1, ("ship", "ship"): 1, ("ship", "cat"): 2,
    }  # fmt: skip
    assert table["label"].unique().tolist() == CLASSES


def test_a_diverged_run_has_no_rows(results: Path) -> None:
    """Nor has a table of nothing but diverged runs, whose columns are there all the same."""
    runs = [stored(results, "p/one", []), stored(results, "p/two", LABELS)]
    assert set(confusions(runs, "animals", results=results)["run"]) == {"p/two"}
    assert confusions(runs[:1], "animals", results=results).columns.tolist() == ["run", "label", "predicted", "images"]


def test_changed_predictions_are_refused(results: Path) -> None:
    """Only what the record vouches for is counted."""
    one = stored(results, "p/one", LABELS)
    np.savez(results / "runs" / one / TEST, predictions=np.zeros(6, np.uint8))
    with pytest.raises(IntegrityError, match=r"test_predictions\.npz: sha256 is "):
        confusions([one], "animals", results=results)
