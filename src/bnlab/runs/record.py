"""The files of a stored run: their names, and the record that says what they must hold."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnlab.errors import IntegrityError
from bnlab.files import sha256

SCHEMA = 2
RECORD, CURVES, MODEL, TEST, TIMING = (
    "run.json",
    "curves.csv",
    "model.npz",
    "test_predictions.npz",
    "timing.json",
)
RESULT = (RECORD, CURVES, MODEL, TEST)


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its schema version and, in `digest`, the sha256 of all the rest."""
    content = {**record, "schema": SCHEMA}
    return content | {"digest": _digest(content)}


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder` (.../<protocol>/<run>).

    Raises IntegrityError when it is missing, is not as it was sealed, or is another run's.
    """
    path = folder / RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        schema, digest = record["schema"], record.pop("digest")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{path}: cannot be read as a run's record ({error!r}). {_hint(folder)}") from error
    if schema != SCHEMA:
        raise IntegrityError(f"{path}: has schema version {schema}, expected {SCHEMA}. {_hint(folder)}")
    if digest != _digest(record):
        raise IntegrityError(f"{path}: was changed after it was written. {_hint(folder)}")
    if record["run"] != f"{folder.parent.name}/{folder.name}":
        raise IntegrityError(f"{path}: is the record of '{record['run']}', which has another folder. {_hint(folder)}")
    return record


def verify_file(path: Path, record: Mapping[str, Any]) -> None:
    """Raise IntegrityError unless the file's content is what its run's record says."""
    found = sha256(path) if path.is_file() else "no such file"
    expected = record["files"][path.name]
    if found != expected:
        raise IntegrityError(f"{path}: sha256 is {found}, but run.json says {expected}. {_hint(path.parent)}")


def verify_run(folder: Path) -> dict[str, Any]:
    """The record of a run whose files have been rehashed. Raises IntegrityError at the first difference."""
    record = read_record(folder)
    for name in record["files"]:
        verify_file(folder / name, record)
    return record


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _hint(folder: Path) -> str:
    return f"Delete {folder} and repeat the command that needed it."
