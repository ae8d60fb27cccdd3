"""One run from its name to its stored result."""

import csv
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bnlab.data.arrays import Arrays
from bnlab.data.generate import generate
from bnlab.data.prepared import open_prepared, open_test, store
from bnlab.data.splits import store_split
from bnlab.errors import IntegrityError
from bnlab.fingerprint import code_fingerprint
from bnlab.runs.datasets import DataSet
from bnlab.runs.names import run_name, split_name
from bnlab.runs.record import verify_run
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.training import job
from bnlab.training.job import perform_run

FILES = ["curves.csv", "model.npz", "run.json", "test_predictions.npz", "timing.json"]


def refuse(constant: str) -> None:
    """Raise at what JSON does not know."""
    raise AssertionError(f"{constant} is not JSON")


def record_of(folder: Path) -> dict[str, Any]:
    """A run's record, read as strict JSON."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)
    return record


def performed(results: Path, spec: RunSpec, protocol: Protocol) -> Path:
    """The folder of a run that was just performed."""
    perform_run(spec, protocol, results=results)
    return results / "runs" / run_name(spec, protocol)


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, read without pickles."""
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


@contextmanager
def other_data(results: Path, arrays: Arrays) -> Iterator[DataSet]:
    """Put another data set in the place of the shared one."""
    shared = (results / "data").readlink()
    (results / "data").unlink()
    store(results / "data" / "miniature", "miniature", arrays)
    yield DataSet("miniature", "miniature", arrays.digest, 300, 3072, 10)
    shutil.rmtree(results / "data")
    (results / "data").symlink_to(shared)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_run_is_stored_and_verifies(results: Path, tiny: SimpleNamespace, batch_norm: bool) -> None:
    """Below the run's name lie the five files and nothing else; the record says what it should."""
    folder = performed(results, tiny.spec(batch_norm=batch_norm), tiny.protocol())
    assert sorted(path.name for path in folder.iterdir()) == FILES
    record = record_of(folder)
    assert verify_run(folder) == {key: value for key, value in record.items() if key != "digest"}
    assert record["files"].keys() == {"curves.csv", "model.npz", "test_predictions.npz"}


def test_the_record_says_what_was_run(results: Path, tiny: SimpleNamespace) -> None:
    """Name, spec, protocol, data, code and environment, from which the run can be repeated."""
    spec, protocol = tiny.spec(), tiny.protocol()
    record = record_of(performed(results, spec, protocol))
    assert record["run"] == run_name(spec, protocol)
    assert RunSpec(**record["spec"] | {"hidden": tuple(record["spec"]["hidden"])}) == spec
    assert Protocol.model_validate(record["protocol"] | {"data": protocol.data}) == protocol
    digest = open_prepared(results / "data" / "miniature").digest
    assert record["data"] == {"name": "miniature", "digest": digest}
    assert record["code"] == code_fingerprint("bnlab.training.job")
    assert record["probe"] == "the first 50 rows of the split's training and validation parts"
    assert record["diverged_at"] is None
    environment = record["environment"]
    assert (environment["python"], environment["numpy"]) == (platform.python_version(), np.__version__)
    assert environment["machine"] == platform.machine()
    assert environment["blas"]


def test_the_curves_are_those_of_the_training(results: Path, tiny: SimpleNamespace) -> None:
    """The CSV reads back as the curve points of the training, every float to its last bit."""
    spec, protocol = tiny.spec(), tiny.protocol(curve_points=4)  # at updates whose learning rate has many digits
    training = perform_run(spec, protocol, results=results)
    with (results / "runs" / run_name(spec, protocol) / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == protocol.curve_points
    for row, point in zip(rows, training.curves, strict=True):
        expected = {key: value for key, value in asdict(point).items() if not isinstance(value, dict)}
        for part in ("probe", "validation"):
            expected |= {f"{part}_{metric}": value for metric, value in asdict(getattr(point, part)).items()}
        assert {key: float(value) for key, value in row.items()} == expected
        assert row["update"] == str(point.update)


def test_the_model_is_that_of_the_training(results: Path, tiny: SimpleNamespace) -> None:
    """Parameters and moving averages are stored under their names, to the last bit."""
    spec, protocol = tiny.spec(), tiny.protocol()
    training = perform_run(spec, protocol, results=results)
    model = arrays_of(results / "runs" / run_name(spec, protocol) / "model.npz")
    statistics = training.statistics
    expected = dict(training.parameters.named()) | {
        "mean1": statistics.mean[0], "mean2": statistics.mean[1],
        "variance1": statistics.variance[0], "variance2": statistics.variance[1],
    }  # fmt: skip
    assert model.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(model[name], array)


def test_the_stored_model_gives_the_stored_numbers(results: Path, tiny: SimpleNamespace) -> None:
    """From model.npz and the data alone, in plain formulas: final evaluations and every test prediction."""
    spec, protocol = tiny.spec(), tiny.protocol()
    folder = performed(results, spec, protocol)
    model, record, split = arrays_of(folder / "model.npz"), record_of(folder), tiny.split

    def evaluate(images: np.ndarray, labels: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
        h = (images - split.mean) / split.std
        for i in (1, 2):
            s = h @ model[f"W{i}"] + model[f"b{i}"]
            s_hat = (s - model[f"mean{i}"]) / np.sqrt(model[f"variance{i}"] + protocol.bn_epsilon)
            h = np.maximum(model[f"gamma{i}"] * s_hat + model[f"beta{i}"], 0)
        scores = h @ model["W3"] + model["b3"]
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -log_p[np.arange(len(labels)), labels].mean()
        cost = loss + spec.weight_decay * sum((model[f"W{i}"] ** 2).sum() for i in (1, 2, 3))
        correct = scores.argmax(axis=1) == labels
        return {"loss": loss, "cost": cost, "accuracy": correct.mean()}, scores.argmax(axis=1)

    for part, rows in (("training", split.training), ("validation", split.validation)):
        expected, _ = evaluate(tiny.images[rows], tiny.labels[rows])
        assert record["final"][part] == pytest.approx(expected, rel=1e-9)
    images, labels = open_test(results / "data" / "miniature")
    expected, predictions = evaluate(images, labels)
    test = arrays_of(folder / "test_predictions.npz")
    np.testing.assert_array_equal(test["predictions"], predictions)
    assert test["predictions"].dtype == np.uint8
    assert {metric: float(test[metric]) for metric in ("loss", "cost", "accuracy")} == pytest.approx(expected, rel=1e-9)
    assert test.keys() == {"predictions", "loss", "cost", "accuracy"}


def test_the_final_validation_is_the_last_curve_point(results: Path, tiny: SimpleNamespace) -> None:
    """Both evaluate the same network on the same images."""
    spec, protocol = tiny.spec(), tiny.protocol()
    training = perform_run(spec, protocol, results=results)
    record = record_of(results / "runs" / run_name(spec, protocol))
    assert record["final"]["validation"] == asdict(training.curves[-1].validation)
    assert training.curves[-1].update == protocol.schedule.updates


def test_running_again_gives_the_same_bytes(prepared: Path, tmp_path: Path, tiny: SimpleNamespace) -> None:
    """All files but timing.json, in another folder, over an older result, and in another order of runs."""
    folders = []
    for place, seeds in (("one", (1, 2)), ("two", (2, 1, 1))):
        results = tmp_path / place
        results.mkdir()
        for name in ("data", "splits"):
            (results / name).symlink_to(prepared / name)
        folders.append({seed: performed(results, tiny.spec(seed=seed), tiny.protocol()) for seed in seeds})
    for seed in (1, 2):
        first, second = (folder[seed] for folder in folders)
        for name in set(FILES) - {"timing.json"}:
            assert (first / name).read_bytes() == (second / name).read_bytes()
    assert (folders[0][1] / "model.npz").read_bytes() != (folders[0][2] / "model.npz").read_bytes()


def test_another_process_gives_the_same_bytes(results: Path, tiny: SimpleNamespace) -> None:
    """With another hash seed, locale, time zone and working folder the result does not change."""
    code = (
        "import json, sys; from pathlib import Path; from bnlab.training.job import perform_run; "
        "from bnlab.runs.datasets import DataSet; from bnlab.runs.spec import Protocol, RunSpec; "
        "spec, protocol, results, data = map(json.loads, sys.argv[1:]); "
        "protocol['data'] = DataSet(**data); "
        "spec['hidden'] = tuple(spec['hidden']); "
        "perform_run(RunSpec(**spec), Protocol.model_validate(protocol), results=Path(results))"
    )
    data = asdict(tiny.protocol().data)
    values = (asdict(tiny.spec()), tiny.protocol().model_dump(), str(results), data)
    fixed = {"PYTHONPATH": str(Path(job.__file__).parents[2])}
    folder = results / "runs" / run_name(tiny.spec(), tiny.protocol())
    contents = []
    for place, environment in (
        (results, {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}),
        (results.parent, {"PYTHONHASHSEED": "2", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}),
    ):
        command = [sys.executable, "-c", code, *map(json.dumps, values)]
        subprocess.run(command, check=True, env=os.environ | fixed | environment, cwd=place)
        contents.append({name: (folder / name).read_bytes() for name in FILES})
    assert {name for name in FILES if contents[0][name] != contents[1][name]} == {"timing.json"}


def test_timing_is_told_apart_from_the_result(results: Path, tiny: SimpleNamespace) -> None:
    """timing.json holds seconds and memory, and no other file mentions either."""
    folder = performed(results, tiny.spec(), tiny.protocol())
    timing = json.loads((folder / "timing.json").read_text())
    assert timing.keys() == {"training_seconds", "total_seconds", "peak_memory_mb"}
    assert 0 < timing["training_seconds"] <= timing["total_seconds"]
    assert "timing.json" not in record_of(folder)["files"]
    assert "seconds" not in (folder / "run.json").read_text()


def test_the_test_set_informs_nothing(results: Path, tiny: SimpleNamespace) -> None:
    """With other test images and labels, curves, model and final evaluations stay equal to the last bit."""
    spec, protocol = tiny.spec(), tiny.protocol()
    folder = performed(results, spec, protocol)
    first = {name: (folder / name).read_bytes() for name in FILES}
    arrays = generate(training=300, test=100)
    inverted = replace(arrays, test_images=255 - arrays.test_images, test_labels=9 - arrays.test_labels)
    with other_data(results, inverted) as data:
        other = performed(results, spec, tiny.protocol(data=data))
    assert other != folder  # other images are another run
    changed = {name for name in FILES if (other / name).read_bytes() != first[name]}
    assert changed == {"run.json", "test_predictions.npz", "timing.json"}
    before, after = json.loads(first["run.json"]), record_of(other)
    assert {key for key in before if before[key] != after[key]} == {"run", "data", "files", "digest"}


def test_other_images_than_the_name_says_are_refused(results: Path, tiny: SimpleNamespace) -> None:
    """The run's name digests the images: a data set of another content is not trained on."""
    with other_data(results, generate(training=301, test=100)):  # noqa: SIM117 (its end must come after the error)
        with pytest.raises(IntegrityError, match=r"other images (?s:.*)python -m bnlab prepare miniature"):
            perform_run(tiny.spec(), tiny.protocol(), results=results)
    assert not (results / "runs").exists()


def test_the_test_set_is_opened_after_training(
    results: Path, tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, when the last update is done; by a run that diverged, never."""
    events = []

    def noted(function: Any) -> Any:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            events.append(function.__name__)
            return result

        return wrapper

    for name in ("train", "open_test"):
        monkeypatch.setattr(job, name, noted(getattr(job, name)))
    perform_run(tiny.spec(), tiny.protocol(), results=results)
    assert events == ["train", "open_test"]
    diverging = tiny.protocol(minimum=1e3, maximum=1e3)
    perform_run(tiny.spec(hidden=(10,) * 4, batch_norm=False), diverging, results=results)
    assert events == ["train", "open_test", "train"]


@pytest.mark.parametrize("hidden", [(12, 10), (10,) * 8])
def test_divergence_is_stored_as_a_result(results: Path, tiny: SimpleNamespace, hidden: tuple[int, ...]) -> None:
    """The record, strict JSON, tells the update and has no final evaluation; no prediction is stored; all verifies."""
    spec = tiny.spec(hidden=hidden, batch_norm=False, weight_decay=0.1)
    protocol = tiny.protocol(minimum=1e3, maximum=1e3, curve_points=33)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        training = perform_run(spec, protocol, results=results)
    folder = results / "runs" / run_name(spec, protocol)
    record = record_of(folder)
    assert record["diverged_at"] == training.diverged_at
    assert 0 < record["diverged_at"] < 32
    assert record["final"] is None
    test = arrays_of(folder / "test_predictions.npz")
    assert test.keys() == {"predictions"}
    assert test["predictions"].shape == (0,)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    verify_run(folder)
    with (folder / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["update"]) for row in rows] == list(range(record["diverged_at"]))
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())


def test_without_data_the_next_command_is_told(results: Path, tiny: SimpleNamespace) -> None:
    """Missing prepared data is an integrity error with what to type; nothing is stored."""
    (results / "data").unlink()
    with pytest.raises(IntegrityError, match=r"manifest.json: found no file(?s:.*)python -m bnlab prepare"):
        perform_run(tiny.spec(), tiny.protocol(), results=results)
    assert not (results / "runs").exists()


def test_without_a_split_the_next_command_is_told(results: Path, tiny: SimpleNamespace) -> None:
    """Missing splits as well; the command names the very split."""
    with pytest.raises(IntegrityError, match=r"python -m bnlab split miniature_260-40_random-seed3_per-pixel`"):
        perform_run(tiny.spec(seed=3), tiny.protocol(), results=results)
    assert not (results / "runs").exists()


def test_damaged_data_is_noticed_before_training(results: Path, tiny: SimpleNamespace) -> None:
    """A data set that was cut off is refused, the test part included."""
    with other_data(results, generate(training=300, test=100)):
        path = results / "data" / "miniature" / "test_labels.npy"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(IntegrityError, match=r"test_labels.npy"):
            perform_run(tiny.spec(), tiny.protocol(), results=results)
    assert not (results / "runs").exists()


def test_single_precision_runs_too(results: Path, tiny: SimpleNamespace) -> None:
    """A float32 protocol is another run, stored in float32, with nearly the numbers of its twin."""
    folders = [
        performed(results, tiny.spec(), tiny.protocol(precision=precision)) for precision in ("float32", "float64")
    ]
    assert folders[0] != folders[1]
    assert {array.dtype for array in arrays_of(folders[0] / "model.npz").values()} == {np.dtype(np.float32)}
    single, double = (record_of(folder)["final"]["validation"]["loss"] for folder in folders)
    assert single == pytest.approx(double, rel=1e-3)
    assert single != double


@pytest.mark.parametrize(
    ("batch_norm", "correct", "cost"),
    [
        (True, {"training": 219, "validation": 8, "test": 27}, 2.66323394),
        (False, {"training": 221, "validation": 7, "test": 21}, 2.81019988),
    ],
)
def test_golden_runs(
    results: Path, tiny: SimpleNamespace, batch_norm: bool, correct: dict[str, int], cost: float
) -> None:
    """Numbers of right predictions, the same on every CPU; they change with any change of the arithmetic."""
    spec = tiny.spec(batch_norm=batch_norm, hidden=(20, 20))
    folder = performed(results, spec, tiny.protocol(minimum=1e-5, maximum=0.02, step=50, cycles=2))
    final = record_of(folder)["final"]
    _, labels = open_test(results / "data" / "miniature")
    found = {
        "training": round(260 * final["training"]["accuracy"]),
        "validation": round(40 * final["validation"]["accuracy"]),
        "test": int(np.sum(arrays_of(folder / "test_predictions.npz")["predictions"] == labels)),
    }
    assert found == correct
    assert final["validation"]["cost"] == pytest.approx(cost, rel=1e-6)


def test_without_a_validation_part_nothing_is_said_of_one(results: Path, tiny: SimpleNamespace) -> None:
    """Its columns of the curves are empty, and its final evaluation is not there; the test set is still looked at."""
    protocol = tiny.protocol(training=300, validation=0)
    split = tiny.split_of(protocol)
    (results / "splits").unlink()
    store_split(results / "splits" / f"{split_name(protocol, 1)}.npz", split)
    folder = performed(results, tiny.spec(), protocol)
    assert set(record_of(folder)["final"]) == {"training"}
    with (folder / "curves.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["validation_accuracy"] for row in rows} == {""}
    assert all(0 <= float(row["probe_accuracy"]) <= 1 for row in rows)
    assert len(arrays_of(folder / "test_predictions.npz")["predictions"]) == 100
