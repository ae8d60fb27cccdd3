"""The files of a stored run, and whether they are there and made by the present code."""

import json
from pathlib import Path

RECORD, CURVES, MODEL, TEST, TIMING = (
    "run.json",
    "curves.csv",
    "model.npz",
    "test_predictions.npz",
    "timing.json",
)
RESULT = (RECORD, CURVES, MODEL, TEST)


def is_current(folder: Path, *, code: str) -> bool:
    """Whether a run's result is complete and was made by the trainer with the fingerprint `code`.

    Its spec, protocol and data need no check: the folder's name digests them. Contents are not rehashed here;
    whoever reads a file does that.
    """
    if not all((folder / name).is_file() for name in RESULT):
        return False
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return bool(record["code"] == code)
    except (OSError, ValueError, TypeError, KeyError):
        return False
