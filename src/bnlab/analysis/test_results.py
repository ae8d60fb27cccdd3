"""The only door to test results: opened for the final tables, by nothing that selects, searches, tunes or stops."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.config.studies import Configuration
from bnlab.runs.record import TEST, read_record, verify_file


def collect_test_results(configuration: Configuration, study: str, *, results: Path) -> None:
    """Write results/studies/<study>/test.csv: run, test_loss, test_cost, test_accuracy, predictions.

    The last is the sha256 of the predicted classes in order, uint8; all are empty for diverged runs.

    Raises IntegrityError when a file is missing or is not what its run's record says.
    """
    rows = []
    for name in configuration.names(configuration.study(study).runs):
        arrays = test_arrays(results / "runs" / name)
        rows.append(
            {"run": name}
            | {
                f"test_{metric}": float(arrays[metric]) if metric in arrays else None
                for metric in ("loss", "cost", "accuracy")
            }
            | {"predictions": _digest(arrays["predictions"])}
        )
    write_csv(results / "studies" / study / "test.csv", pd.DataFrame(rows))


def test_arrays(folder: Path) -> dict[str, npt.NDArray[Any]]:
    """A run's results on the test set: `predictions`, uint8 (n,), empty if it diverged, else loss, cost and accuracy.

    Raises IntegrityError when the file is missing or is not what the run's record says.
    """
    path = folder / TEST
    verify_file(path, read_record(folder))
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _digest(predictions: npt.NDArray[np.uint8]) -> str | None:
    return hashlib.sha256(predictions.tobytes()).hexdigest() if len(predictions) else None
