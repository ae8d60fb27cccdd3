"""Test results are read from the stored predictions, which must be what their runs' records say."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bnlab.analysis.test_results import collect_test_results
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.runs.record import sealed
from bnlab.training.evaluate import Evaluation
from bnlab.training.store import store_run
from bnlab.training.train import Training

COMMITTED = Path(__file__).parents[2] / "config"
STUDY = {
    "title": "t",
    "summary": "s",
    "experiments": [
        {
            "id": "depth",
            "title": "t",
            "text": "t",
            "protocol": "official",
            "networks": [[2]],
            "batch_norm": [False, True],
            "initialization": ["he"],
            "weight_decay": [0.005],
            "seeds": 2,
            "figures": [],
        }
    ],
}
RESULTS = [Evaluation(1 / 3, 1 / 3 + 0.1, 0.1 + 0.2), Evaluation(1e-300, 5e-324, 1.0), Evaluation(2.5, 2.5, 0.0), None]
"""Loss, cost and accuracy of the four runs; the last one diverged."""


@dataclass(frozen=True)
class Workplace:
    """A study named `small`, its runs below `results`."""

    configuration: Configuration
    results: Path

    @property
    def runs(self) -> list[str]:
        """The names of the study's runs."""
        return list(self.configuration.names(self.configuration.study("small").runs))

    def path(self, run: int, file: str = "test_predictions.npz") -> Path:
        """A file of one run, by the run's place in the study."""
        return self.results / "runs" / self.runs[run] / file

    @property
    def table(self) -> Path:
        """Where the test results go."""
        return self.results / "studies/small/test.csv"

    def collect(self) -> bytes:
        """Collect the test results; the bytes of their table."""
        collect_test_results(self.configuration, "small", results=self.results)
        return self.table.read_bytes()

    def refused(self) -> str:
        """What the IntegrityError says that collecting must raise."""
        with pytest.raises(IntegrityError) as caught:
            collect_test_results(self.configuration, "small", results=self.results)
        return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """Four runs, stored by the trainer's own function with the results chosen here."""
    (tmp_path / "config/studies").mkdir(parents=True)
    shutil.copy(COMMITTED / "protocols.yaml", tmp_path / "config")
    (tmp_path / "config/studies/small.yaml").write_text(yaml.safe_dump(STUDY))
    workplace = Workplace(load_configuration(tmp_path / "config"), tmp_path / "results")
    network = Network((3, 2, 10), batch_norm=False, epsilon=0)
    for i, (name, result) in enumerate(zip(workplace.runs, RESULTS, strict=True)):
        parameters = Parameters.zeros(network, np.float64)
        training = Training(parameters, RunningStatistics(network, np.float64, decay=0.9), curves=[])
        training.diverged_at = 7 if result is None else None
        store_run(
            workplace.path(i).parent,
            training,
            identity={"run": name, "data": {"name": "cifar10", "digest": "0"}, "code": "0"},
            final=None if result is None else {"training": result, "validation": result},
            test=None if result is None else (result, np.arange(5, dtype=np.uint8)),
            timing={},
        )
    return workplace


def test_a_row_per_run_to_the_last_digit(place: Workplace) -> None:
    """test.csv: the study's runs in order, with loss, cost and accuracy exactly as they were stored.

    The last column is the digest of the predicted classes.
    """
    table = pd.read_csv(io.BytesIO(place.collect()))
    assert list(table.columns) == ["run", "test_loss", "test_cost", "test_accuracy", "predictions"]
    classes = hashlib.sha256(bytes(range(5))).hexdigest()
    assert list(table["predictions"][:3]) == [classes] * 3
    assert list(table["run"]) == place.runs
    for row, result in zip(table.to_dict("records")[:3], RESULTS[:3], strict=True):
        assert result is not None
        assert (row["test_loss"], row["test_cost"], row["test_accuracy"]) == (result.loss, result.cost, result.accuracy)


def test_a_diverged_run_has_empty_cells(place: Workplace) -> None:
    """A run that diverged was not tested: its row has nothing but its name."""
    assert place.collect().decode().splitlines()[-1] == f"{place.runs[3]},,,,"


def test_a_study_of_diverged_runs(place: Workplace) -> None:
    """When no run finished there are still as many rows, all empty."""
    for i in range(3):
        shutil.copy(place.path(3), place.path(i))
        record = json.loads(place.path(3, "run.json").read_text()) | {"run": place.runs[i]}
        del record["digest"]
        place.path(i, "run.json").write_text(json.dumps(sealed(record)))
    lines = place.collect().decode().splitlines()
    assert lines == ["run,test_loss,test_cost,test_accuracy,predictions", *(f"{name},,,," for name in place.runs)]


def test_nothing_else_is_needed(place: Workplace) -> None:
    """Curves, models and timings are not opened, and collecting again gives the same bytes."""
    before = place.collect()
    for i in range(4):
        for file in ("curves.csv", "model.npz", "timing.json"):
            place.path(i, file).unlink()
    assert place.collect() == before


def middle_bit(content: bytes) -> bytes:
    """Change one bit in the middle."""
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [middle_bit, lambda content: content[:-1], lambda content: content + b"x", lambda _: b""],
    ids=["a bit", "cut", "longer", "empty"],
)
@pytest.mark.parametrize("run", [0, 3])
def test_changed_predictions_are_refused(place: Workplace, run: int, damage: Callable[[bytes], bytes]) -> None:
    """Predictions that are not what their record says: an error that names the file; no table."""
    path = place.path(run)
    path.write_bytes(damage(path.read_bytes()))
    message = place.refused()
    assert message.startswith(f"{path}: sha256 is ")
    assert f"Delete {path.parent}" in message
    assert not place.table.exists()


def test_missing_predictions_are_refused(place: Workplace) -> None:
    """Predictions that are gone are named too, and an old table stays as it was."""
    before = place.collect()
    place.path(2).unlink()
    assert place.refused().startswith(f"{place.path(2)}: sha256 is no such file")
    assert place.table.read_bytes() == before


def test_predictions_of_another_run_are_refused(place: Workplace) -> None:
    """A better run's predictions, with or without its record, are not taken for this run's."""
    shutil.copy(place.path(1), place.path(0))
    assert place.refused().startswith(f"{place.path(0)}: sha256 is ")
    shutil.copy(place.path(1, "run.json"), place.path(0, "run.json"))
    assert place.refused().startswith(f"{place.path(0, 'run.json')}: is the record of '{place.runs[1]}'")


def test_a_missing_record_is_refused(place: Workplace) -> None:
    """Predictions without a record that describes them are not opened."""
    place.path(1, "run.json").unlink()
    assert place.refused().startswith(f"{place.path(1, 'run.json')}: cannot be read as a run's record")


def test_a_record_that_describes_nothing_is_refused(place: Workplace) -> None:
    """A record without the files' hashes is named like one that cannot be read."""
    path = place.path(1, "run.json")
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "files"}))
    assert str(path) in place.refused()


def test_an_unknown_study_is_a_mistake_in_the_configuration(place: Workplace) -> None:
    """A study that is not configured is answered with those that are."""
    with pytest.raises(ConfigError, match=r"'smal' is not a study. config/studies holds: small"):
        collect_test_results(place.configuration, "smal", results=place.results)
