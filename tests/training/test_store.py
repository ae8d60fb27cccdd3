"""A stored run is whole, or it is not there; and what was changed afterwards is found."""

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.errors import IntegrityError, StorageError
from bnlab.runs.names import run_name
from bnlab.runs.record import read_record, sealed, verify_run
from bnlab.training import store
from bnlab.training.job import perform_run

HASHED = ["curves.csv", "model.npz", "test_predictions.npz"]
FILES = sorted([*HASHED, "run.json", "timing.json"])


@pytest.fixture(scope="module")
def stored(prepared: Path, tmp_path_factory: pytest.TempPathFactory, tiny: SimpleNamespace) -> Path:
    """The folder of a stored run, which no test changes."""
    results = tmp_path_factory.mktemp("stored")
    for name in ("data", "splits"):
        (results / name).symlink_to(prepared / name)
    perform_run(tiny.spec(), tiny.protocol(), results=results)
    return results / "runs" / run_name(tiny.spec(), tiny.protocol())


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    """A copy of the stored run, to be damaged."""
    return Path(shutil.copytree(stored, tmp_path / "copy" / stored.parent.name / stored.name))


@given(file=st.sampled_from(HASHED), place=st.integers(0, 2**30), change=st.integers(1, 255))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_found(stored: Path, folder: Path, file: str, place: int, change: int) -> None:
    """In the curves, the model and the test predictions; the message names the file and what to do."""
    content = bytearray((stored / file).read_bytes())
    content[place % len(content)] ^= change
    (folder / file).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{file}: sha256 is \w{{64}}, but (?s:.*)Delete {folder} and repeat"):
        verify_run(folder)
    (folder / file).write_bytes((stored / file).read_bytes())
    verify_run(folder)


@pytest.mark.parametrize("file", HASHED)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "longer"])
def test_a_missing_or_cut_file_is_found(folder: Path, file: str, damage: str) -> None:
    """A file that is gone, empty, shorter or longer is no longer what the record says."""
    path, content = folder / file, (folder / file).read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut": content[:-1], "longer": content + b"\n"}[damage])
    with pytest.raises(IntegrityError, match=file):
        verify_run(folder)


def test_timing_is_not_part_of_the_result(folder: Path) -> None:
    """timing.json may change or go."""
    (folder / "timing.json").unlink()
    verify_run(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b'{"schema": 1}', b'"schema"', b"\xff", b"[" * 100_000]
)
def test_what_is_no_record_is_refused(folder: Path, content: bytes) -> None:
    """Empty, cut and foreign records are told from a valid one, with what to do."""
    (folder / "run.json").write_bytes(content)
    for read in (read_record, verify_run):
        with pytest.raises(IntegrityError, match=rf"run.json: cannot be read (?s:.*)Delete {folder} and repeat"):
            read(folder)


def test_a_missing_record_is_told(folder: Path) -> None:
    """Without its record there is no run."""
    (folder / "run.json").unlink()
    with pytest.raises(IntegrityError, match=r"run.json: cannot be read"):
        read_record(folder)


def test_another_schema_is_told(folder: Path) -> None:
    """A record of another version of the project says which version it is."""
    record = json.loads((folder / "run.json").read_text()) | {"schema": 0}
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(IntegrityError, match="has schema version 0, expected 2"):
        read_record(folder)


@pytest.mark.parametrize(
    "edit",
    [
        lambda record: record["final"]["validation"].update(accuracy=0.99),
        lambda record: record["spec"].update(weight_decay=0.1),
        lambda record: record.update(code="0" * 16),
        lambda record: record["files"].clear(),
        lambda record: record["files"].pop("model.npz"),
        lambda record: record.pop("files"),
        lambda record: record.update(more=1),
    ],
    ids=["accuracy", "weight decay", "code", "no files", "a file less", "no list of files", "more"],
)
def test_a_changed_record_is_found(folder: Path, edit: Any) -> None:
    """The numbers that tables are made of are in the record itself, which has a digest of its own."""
    record = json.loads((folder / "run.json").read_text())
    edit(record)
    (folder / "run.json").write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    with pytest.raises(IntegrityError, match=r"run.json: was changed after it was written"):
        verify_run(folder)


@given(place=st.integers(0, 2**30), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_bit_of_the_record_is_found(stored: Path, folder: Path, place: int, bit: int) -> None:
    """Unless it means nothing, as between two kinds of white space."""
    content = bytearray((stored / "run.json").read_bytes())
    content[place % len(content)] ^= 1 << bit
    (folder / "run.json").write_bytes(content)
    with suppress(IntegrityError):
        assert verify_run(folder) == verify_run(stored)


def test_a_record_belongs_to_its_folder(folder: Path) -> None:
    """A result that was moved under another run's name is refused."""
    other = folder.with_name(folder.name.replace("seed1", "seed2"))
    folder.rename(other)
    with pytest.raises(IntegrityError, match=r"is the record of '.*seed1.*', which has another folder"):
        verify_run(other)


def test_sealing_does_not_depend_on_order() -> None:
    """Equal records have equal digests, whatever order they were filled in."""
    assert sealed({"a": 1, "b": [2]}) == sealed({"b": [2], "a": 1})
    assert sealed({"a": 1})["digest"] != sealed({"a": 2})["digest"]


def test_files_of_another_run_are_found(stored: Path, folder: Path, results: Path, tiny: SimpleNamespace) -> None:
    """A record describes its own files, not a twin's."""
    perform_run(tiny.spec(seed=2), tiny.protocol(), results=results)
    twin = results / "runs" / run_name(tiny.spec(seed=2), tiny.protocol())
    for file in HASHED:
        shutil.copy(twin / file, folder / file)
        with pytest.raises(IntegrityError, match=file):
            verify_run(folder)
        shutil.copy(stored / file, folder / file)
    verify_run(folder)


def store_again(results: Path, tiny: SimpleNamespace) -> Path:
    """Perform the tiny run; return its folder."""
    perform_run(tiny.spec(), tiny.protocol(), results=results)
    return results / "runs" / run_name(tiny.spec(), tiny.protocol())


def test_the_record_is_written_last(results: Path, tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files get their names one by one, the record after all that it describes; an old record goes first."""
    names: list[str] = []
    replace = os.replace

    def recorded(source: Any, target: Any) -> None:
        assert not (Path(target).parent / "run.json").exists()
        names.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", recorded)
    for _ in range(2):
        names.clear()
        store_again(results, tiny)
        assert sorted(names) == FILES
        assert names[-1] == "run.json"


@pytest.mark.parametrize("failing", range(10))
def test_a_full_disk_leaves_no_record(
    results: Path, tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Whichever of the ten flushes to disk fails, an older result no longer has a record, and a retry succeeds."""
    folder = store_again(results, tiny)
    steps = itertools.count()

    def fsync(_: int) -> None:
        if next(steps) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(StorageError, match="No space left on device"):
            store_again(results, tiny)
    # The last flush is of the folder, after the record has its name and everything is there.
    assert (folder / "run.json").exists() == (failing == 9)
    assert sorted(path.name for path in folder.iterdir() if path.name != "run.json") == [*FILES[:2], *FILES[3:]]
    store_again(results, tiny)
    verify_run(folder)


CRASHES = """
import itertools, json, os, shutil, signal, sys
from pathlib import Path
from bnlab.runs.datasets import DataSet
from bnlab.training.job import perform_run
from bnlab.runs.names import run_name
from bnlab.runs.spec import Protocol, RunSpec

spec, protocol, results, data = map(json.loads, sys.argv[1:])
protocol["data"] = DataSet(**data)
spec["hidden"] = tuple(spec["hidden"])
spec, protocol, results = RunSpec(**spec), Protocol.model_validate(protocol), Path(results)
folder = results / "runs" / run_name(spec, protocol)

def killed_at(step):
    steps = itertools.count()
    def dying(call):
        def wrapper(*arguments, **options):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)
        return wrapper
    os.fsync, os.replace = dying(os.fsync), dying(os.replace)

outcomes = []
for step in itertools.count():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("run.json", "curves.csv", "model.npz", "test_predictions.npz", "timing.json"):
        (folder / name).write_text("old")
    if os.fork() == 0:
        killed_at(step)
        perform_run(spec, protocol, results=results)
        os._exit(0)
    _, status = os.wait()
    kept = {path.name: path.read_bytes().hex() for path in folder.iterdir() if not path.name.startswith(".")}
    outcomes.append({"killed": os.WIFSIGNALED(status), "files": kept})
    if os.WIFEXITED(status):
        break
print(json.dumps(outcomes))
"""


def test_a_kill_at_any_step_leaves_no_record(results: Path, tiny: SimpleNamespace) -> None:
    """Killed before any flush or renaming, a run leaves whole files, old or new, and a record only with all of them."""
    data = asdict(tiny.protocol().data)
    arguments = map(json.dumps, (asdict(tiny.spec()), tiny.protocol().model_dump(), str(results), data))
    environment = os.environ | {"PYTHONPATH": str(Path(store.__file__).parents[2])}
    output = subprocess.check_output([sys.executable, "-c", CRASHES, *arguments], env=environment, text=True)
    outcomes = json.loads(output)
    assert [outcome["killed"] for outcome in outcomes] == [True] * 15 + [False]
    old, expected = b"old".hex(), outcomes[-1]["files"]
    assert sorted(expected) == FILES
    assert old not in expected.values()
    seen = set()
    for step, outcome in enumerate(outcomes):
        files = outcome["files"]
        for name in HASHED:
            assert files[name] in {old, expected[name]}
        seen.add(sum(files[name] == expected[name] for name in HASHED))
        # Each of five files is flushed, renamed, and its folder flushed; the record's renaming is step 13.
        assert ("run.json" in files) == (step > 13)
        if "run.json" in files:
            assert {name: files[name] for name in [*HASHED, "run.json"]} == {
                name: expected[name] for name in [*HASHED, "run.json"]
            }
    assert seen == {0, 1, 2, 3}
    verify_run(results / "runs" / run_name(tiny.spec(), tiny.protocol()))  # the last attempt's, not killed


def test_a_record_that_cannot_go_is_a_storage_error(results: Path, tiny: SimpleNamespace) -> None:
    """When the old record cannot be removed (a read-only disk), that is told as other storage errors are."""
    folder = store_again(results, tiny)
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()
    with pytest.raises(StorageError):
        store_again(results, tiny)
