"""Tables are joined from stored runs that are what their records say, and from nothing else."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bnlab.analysis.collect import collect
from bnlab.config.studies import Configuration, load_configuration
from bnlab.data.generate import generate
from bnlab.data.prepared import store
from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split, draw_split, store_split
from bnlab.errors import ConfigError, IntegrityError
from bnlab.runs.names import split_name
from bnlab.runs.record import sealed
from bnlab.streams import stream
from bnlab.training.job import perform_run
from tests.protocols import TINY

PROTOCOL = TINY | {
    "batch_size": 20,
    "schedule": {"minimum": 1e-5, "maximum": 0.1, "step": 10, "cycles": 1},
    "probe": 100,
}
EXPERIMENT = {
    "title": "A title",
    "text": "A text.",
    "protocol": "tiny",
    "networks": [[8, 8]],
    "batch_norm": [False, True],
    "initialization": ["he"],
    "figures": [],
}
STUDY = {
    "title": "t",
    "summary": "s",
    "experiments": [
        EXPERIMENT | {"id": "depth", "weight_decay": [0.005], "seeds": 2},
        EXPERIMENT | {"id": "decay", "weight_decay": [0.005, 1e25], "seeds": 1, "batch_norm": [True, False]},
    ],
}
"""Four runs that finish, two of which both experiments share, and two that diverge."""


@dataclass(frozen=True)
class Workplace:
    """A study named `tiny`, its runs below `results`."""

    configuration: Configuration
    results: Path

    @property
    def runs(self) -> list[str]:
        """The names of the study's runs."""
        return list(self.configuration.names(self.configuration.study("tiny").runs))

    @property
    def folder(self) -> Path:
        """Where the study's tables go."""
        return self.results / "studies/tiny"

    def path(self, run: int, file: str = "run.json") -> Path:
        """A file of one run, by the run's place in the study."""
        return self.results / "runs" / self.runs[run] / file

    def record(self, run: int) -> dict[str, Any]:
        """The record of one run."""
        content: dict[str, Any] = json.loads(self.path(run).read_text())
        return content

    def rewrite(self, run: int, **changes: Any) -> None:
        """Change keys of one run's record, and seal it again."""
        content = {key: value for key, value in self.record(run).items() if key != "digest"}
        self.path(run).write_text(json.dumps(sealed(content | changes)))

    def collect(self) -> dict[str, bytes]:
        """Collect; the bytes of the two tables."""
        collect(self.configuration, "tiny", results=self.results)
        return {name: (self.folder / name).read_bytes() for name in ("runs.csv", "curves.csv")}

    def refused(self) -> str:
        """What the IntegrityError says that collecting must raise."""
        with pytest.raises(IntegrityError) as caught:
            collect(self.configuration, "tiny", results=self.results)
        return str(caught.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The six runs of the study, trained and stored; no test writes to them."""
    root = tmp_path_factory.mktemp("trained")
    (root / "config/studies").mkdir(parents=True)
    (root / "config/protocols.yaml").write_text(yaml.safe_dump({"tiny": PROTOCOL}))
    dumper: Any = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True
    (root / "config/studies/tiny.yaml").write_text(yaml.dump(STUDY, Dumper=dumper))
    configuration = load_configuration(root / "config")
    protocol = configuration.protocols["tiny"]
    results = root / "results"
    arrays = generate()
    store(results / "data/generated", "generated", arrays)
    for seed in (1, 2):
        rows = draw_split(6000, training=300, validation=100, random=stream(seed, "split"))
        split = Split(*rows, *pixel_statistics(arrays.train_images, rows[0]))
        store_split(results / "splits" / f"{split_name(protocol, seed)}.npz", split)
    for run in configuration.study("tiny").runs:
        perform_run(run, protocol, results=results)
    yield Workplace(configuration, results)
    shutil.rmtree(results)


@pytest.fixture
def place(trained: Workplace, tmp_path: Path) -> Workplace:
    """A copy of the runs, to be damaged; without the data, which nothing here needs."""
    shutil.copytree(trained.results / "runs", tmp_path / "runs")
    return Workplace(trained.configuration, tmp_path)


def test_a_row_per_run_with_its_final_evaluations(place: Workplace) -> None:
    """runs.csv: the study's runs in order, each once, with what identifies them and the numbers of their records."""
    table = pd.read_csv(io.BytesIO(place.collect()["runs.csv"]))
    assert list(table["run"]) == place.runs
    assert len(place.runs) == 6
    metrics = [f"{part}_{metric}" for part in ("training", "validation") for metric in ("loss", "cost", "accuracy")]
    identity = [
        "protocol",
        "data",
        "network",
        "layers",
        "batch_norm",
        "initialization",
        "learning_rate",
        "weight_decay",
        "seed",
    ]
    assert list(table.columns) == ["run", *identity, "diverged_at", *metrics]
    for i, (row, spec) in enumerate(zip(table.to_dict("records"), place.configuration.study("tiny").runs, strict=True)):
        assert [row[key] for key in identity] == [
            "tiny", "generated", "8-8", 3, spec.batch_norm, "he", "scheduled", spec.weight_decay, spec.seed,
        ]  # fmt: skip
        if spec.weight_decay < 1:
            final = place.record(i)["final"]
            assert [row[metric] for metric in metrics] == [final[m.split("_")[0]][m.split("_")[1]] for m in metrics]
            assert 0 <= row["validation_accuracy"] <= 1
            assert row["training_cost"] > row["training_loss"] > 0


def test_diverged_runs_have_empty_cells(place: Workplace) -> None:
    """A run that diverged is in the table, with the update at which it did and without results."""
    text = place.collect()["runs.csv"].decode()
    table = pd.read_csv(io.StringIO(text)).set_index("run")
    assert table["diverged_at"].notna().tolist() == [False] * 4 + [True] * 2
    for i in (4, 5):
        assert table.loc[place.runs[i], "diverged_at"] == place.record(i)["diverged_at"] > 0
        (line,) = (line for line in text.splitlines() if line.startswith(place.runs[i]))
        assert line.endswith(",,,,,,")
    assert table["validation_loss"].notna().tolist() == [True] * 4 + [False] * 2


def test_every_curve_point_of_every_run(place: Workplace) -> None:
    """curves.csv: each run's own curves below each other, in the study's order, to the last digit."""
    table = pd.read_csv(io.BytesIO(place.collect()["curves.csv"]), dtype=str)
    assert table.columns[0] == "run"
    assert list(dict.fromkeys(table["run"])) == [name for name in place.runs if name in set(table["run"])]
    for i, name in enumerate(place.runs):
        own = pd.read_csv(place.path(i, "curves.csv"), dtype=str)
        joined = table[table["run"] == name].drop(columns="run").reset_index(drop=True)
        assert list(joined.columns) == list(own.columns)
        assert joined.astype(float).equals(own.astype(float))
        assert len(own) == 3 if i < 4 else len(own) < 3


def test_curves_end_where_the_final_evaluation_is(place: Workplace) -> None:
    """The last point of a curve over the whole validation part is the run's: both tables tell of the same network."""
    tables = {name: pd.read_csv(io.BytesIO(content)) for name, content in place.collect().items()}
    last = tables["curves.csv"].groupby("run").last()
    for row in tables["runs.csv"].dropna(subset=["validation_cost"]).to_dict("records"):
        for metric in ("validation_loss", "validation_cost", "validation_accuracy"):
            assert last.loc[row["run"], metric] == row[metric]


def test_collecting_again_changes_nothing(place: Workplace) -> None:
    """Equal runs give equal bytes."""
    assert place.collect() == place.collect()


def test_test_predictions_stay_closed(place: Workplace) -> None:
    """Without any run's test predictions, model or timing, the tables are the same: nothing here opens them."""
    before = place.collect()
    for i in range(6):
        for file in ("test_predictions.npz", "model.npz", "timing.json"):
            place.path(i, file).unlink()
    assert place.collect() == before


def test_no_test_result_is_in_the_tables(place: Workplace) -> None:
    """No column of either table is about the test set."""
    for content in place.collect().values():
        assert "test" not in content.decode().splitlines()[0]


def flip(content: bytes) -> bytes:
    """Change the last digit of the file."""
    return content[:-2] + (b"1" if content[-2:-1] != b"1" else b"2") + content[-1:]


@pytest.mark.parametrize(
    "damage",
    [flip, lambda content: content[:-1], lambda content: content + b"\n", lambda _: b"", lambda content: content * 2],
    ids=["a digit changed", "cut", "longer", "empty", "twice"],
)
@pytest.mark.parametrize("run", [0, 3, 5])
def test_changed_curves_are_refused(place: Workplace, run: int, damage: Callable[[bytes], bytes]) -> None:
    """Curves that are not what their record says: an error that names the file and both digests; no tables."""
    path = place.path(run, "curves.csv")
    path.write_bytes(damage(path.read_bytes()))
    message = place.refused()
    assert message.startswith(f"{path}: sha256 is ")
    assert place.record(run)["files"]["curves.csv"] in message
    assert f"Delete {path.parent}" in message
    assert not place.folder.exists()


def test_missing_curves_are_refused(place: Workplace) -> None:
    """Curves that are gone are named too."""
    path = place.path(1, "curves.csv")
    path.unlink()
    assert place.refused().startswith(f"{path}: sha256 is no such file")


def test_curves_of_another_run_are_refused(place: Workplace) -> None:
    """Two runs' curves in each other's place are noticed."""
    one, other = (place.path(run, "curves.csv") for run in (0, 1))
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert place.refused().startswith(f"{one}: ")


def test_a_refusal_leaves_the_old_tables(place: Workplace) -> None:
    """Tables from before the damage stay as they were, whole."""
    before = place.collect()
    path = place.path(5, "curves.csv")
    path.write_bytes(flip(path.read_bytes()))
    place.refused()
    assert {name: (place.folder / name).read_bytes() for name in before} == before


def test_the_record_of_another_run_is_refused(place: Workplace) -> None:
    """A record copied from another seed's folder: an error that names the file and both runs."""
    shutil.copy(place.path(0), place.path(1))
    message = place.refused()
    assert message.startswith(f"{place.path(1)}: is the record of '{place.runs[0]}'")
    assert f"Delete {place.path(1).parent}" in message


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b'"run"', b"5", b"\xff\xfe", b'{"runs": 1}', b"garbage"],
    ids=ascii,
)
def test_a_record_that_is_none_is_refused(place: Workplace, content: bytes) -> None:
    """Empty, cut, foreign and undecodable records are named, with what to do."""
    place.path(2).write_bytes(content)
    message = place.refused()
    assert message.startswith(f"{place.path(2)}: cannot be read as a run's record")
    assert f"Delete {place.path(2).parent}" in message


def test_a_missing_record_is_refused(place: Workplace) -> None:
    """A run that was not trained is named by its record's path."""
    place.path(3).unlink()
    assert place.refused().startswith(f"{place.path(3)}: cannot be read as a run's record (FileNotFoundError")
    shutil.rmtree(place.path(0).parent)
    assert place.refused().startswith(f"{place.path(0)}: cannot be read as a run's record (FileNotFoundError")


@pytest.mark.parametrize("key", ["data", "final", "code", "files", "diverged_at"])
def test_a_record_without_one_of_its_parts_is_refused(place: Workplace, key: str) -> None:
    """A record that lacks something the tables need is named like one that cannot be read."""
    place.path(2).write_text(json.dumps({name: value for name, value in place.record(2).items() if name != key}))
    assert str(place.path(2)) in place.refused()


def test_a_record_of_another_schema_is_refused(place: Workplace) -> None:
    """A record as another version of this package would write it is not read as one of this version."""
    place.path(2).write_text(json.dumps(place.record(2) | {"schema": 0}))
    assert place.refused().startswith(f"{place.path(2)}: has schema version 0, expected 2.")


def test_a_changed_number_in_a_record_is_refused(place: Workplace) -> None:
    """A digit of a result that changed on the disk is noticed, as it is in every other file of the run."""
    text = place.path(2).read_text()
    accuracy = f'"accuracy": {place.record(2)["final"]["validation"]["accuracy"]}'
    assert accuracy in text
    place.path(2).write_text(text.replace(accuracy, '"accuracy": 0.99'))
    assert str(place.path(2)) in place.refused()


def test_runs_on_different_images_are_not_compared(place: Workplace) -> None:
    """One run on other images of the same name: an error that names it and the one it differs from."""
    place.rewrite(3, data={"name": "generated", "digest": "0" * 64})
    message = place.refused()
    assert place.runs[0] in message
    assert place.runs[3] in message
    assert "were trained on different generated images, so they cannot be compared" in message


def test_runs_on_different_data_sets_are_collected_together(place: Workplace) -> None:
    """A study may use two data sets: each has its own digest."""
    before = pd.read_csv(io.BytesIO(place.collect()["runs.csv"]))
    place.rewrite(3, data={"name": "cifar10", "digest": "0" * 64})
    after = pd.read_csv(io.BytesIO(place.collect()["runs.csv"]))
    assert list(after["data"]) == ["generated"] * 3 + ["cifar10"] + ["generated"] * 2
    assert after.drop(columns="data").equals(before.drop(columns="data"))


def test_other_runs_in_the_folder_do_not_matter(place: Workplace) -> None:
    """Only the study's own runs are read: what else lies below results/runs may be anything."""
    before = place.collect()
    stranger = place.results / "runs/tiny/8-8_bn_he_lambda0_seed1_00000000"
    stranger.mkdir()
    (stranger / "run.json").write_text("garbage")
    assert place.collect() == before


def test_an_unknown_study_is_a_mistake_in_the_configuration(place: Workplace) -> None:
    """A study that is not configured is answered with those that are."""
    with pytest.raises(ConfigError, match="'tinny' is not a study"):
        collect(place.configuration, "tinny", results=place.results)
