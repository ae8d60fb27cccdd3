"""The stored result of one run: a folder whose record is written last and holds the digests of the rest.

    run.json               spec, protocol, data digest, code fingerprint, versions, outcome, hashes of all
    curves.csv             loss, cost and accuracy on the probe and the validation part, learning rate, batch loss
    model.npz              the last parameters and moving averages
    test_predictions.npz   predicted classes, loss and accuracy on the test set, in a file of their own: nothing
                           that selects, searches, tunes or stops may open it
    timing.json            seconds and memory, no part of the result

Equal runs have equal bytes in all but timing.json.
"""

import csv
import io
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_info

from bnlab.errors import StorageError
from bnlab.files import atomic, sha256, write_json, write_text
from bnlab.runs.record import CURVES, MODEL, RECORD, TEST, TIMING, sealed
from bnlab.training.evaluate import Evaluation
from bnlab.training.recorder import CurvePoint
from bnlab.training.train import Training


def store_run(
    folder: Path,
    training: Training,
    *,
    identity: dict[str, Any],
    final: dict[str, Evaluation] | None,
    test: tuple[Evaluation, npt.NDArray[np.uint8]] | None,
    timing: dict[str, float],
) -> None:
    """Write one run's result into `folder`, file by file, each atomic, the record last.

    identity: what was run (spec, protocol, data, code), stored as it is.  final: evaluations by name, None when
    the run diverged; then test is None too and no test prediction is stored.
    """
    try:
        (folder / RECORD).unlink(missing_ok=True)  # an old record must not stand beside new files
    except OSError as error:
        raise StorageError(f"{folder / RECORD}: cannot be replaced ({error.strerror}).") from error
    write_text(folder / CURVES, _curves_csv(training.curves))
    with atomic(folder / MODEL) as file:
        np.savez(file, allow_pickle=False, **_model_arrays(training))
    with atomic(folder / TEST) as file:
        np.savez(file, allow_pickle=False, **_test_arrays(test))
    write_json(folder / TIMING, timing)
    outcome = {
        "environment": environment(),
        "diverged_at": training.diverged_at,
        "final": None if final is None else {name: asdict(value) for name, value in final.items()},
        "files": {name: sha256(folder / name) for name in (CURVES, MODEL, TEST)},
    }
    write_json(folder / RECORD, sealed(identity | outcome))


def environment() -> dict[str, str]:
    """Versions and kernels that a number's last digits can depend on."""
    # NumPy's own comes first; SciPy may have loaded another since.
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"][:1]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "blas": ", ".join(f"{pool['internal_api']} {pool['version']} {pool.get('architecture')}" for pool in blas),
    }


def _curves_csv(curves: list[CurvePoint]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    metrics = ("loss", "cost", "accuracy")
    writer.writerow(
        ["update", "epoch", "learning_rate", "batch_loss"]
        + [f"{part}_{metric}" for part in ("probe", "validation") for metric in metrics]
    )
    for point in curves:
        evaluations = [getattr(part, metric, None) for part in (point.probe, point.validation) for metric in metrics]
        writer.writerow([point.update, point.epoch, point.learning_rate, point.batch_loss, *evaluations])
    return text.getvalue()


def _model_arrays(training: Training) -> dict[str, npt.NDArray[Any]]:
    statistics = training.statistics
    return dict(training.parameters.named()) | {
        f"{name}{i}": array
        for name, arrays in (("mean", statistics.mean), ("variance", statistics.variance))
        for i, array in enumerate(arrays, start=1)
    }


def _test_arrays(test: tuple[Evaluation, npt.NDArray[np.uint8]] | None) -> dict[str, npt.NDArray[Any]]:
    if test is None:
        return {"predictions": np.empty(0, np.uint8)}
    evaluation, predictions = test
    return {"predictions": predictions} | {name: np.array(v) for name, v in asdict(evaluation).items()}
