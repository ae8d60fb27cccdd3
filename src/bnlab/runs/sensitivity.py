"""What was found when a run was trained again from parameters that are moved by one rounding."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bnlab.errors import IntegrityError
from bnlab.files import write_json


@dataclass(frozen=True)
class Trial:
    """What came of one training from moved parameters, beside the stored run.

    difference: the largest of a parameter at the end, relative to the largest parameter.  changed: test images of which
    another class is predicted.  accuracy: on the test set, None when the training diverged.
    """

    difference: float
    changed: int
    accuracy: float | None


def sensitivity_path(results: Path, run: str) -> Path:
    """Where the trials of a run are stored."""
    return results / "sensitivity" / f"{run}.json"


def store_trials(path: Path, trials: Sequence[Trial]) -> None:
    """Write trials atomically."""
    write_json(path, {"trials": [asdict(trial) for trial in trials]})


def read_trials(path: Path) -> list[Trial]:
    """What `store_trials` wrote. Raises IntegrityError when it cannot be read."""
    try:
        return [Trial(**trial) for trial in json.loads(path.read_bytes())["trials"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"{path}: cannot be read ({error}). Make it: snakemake --cores 8 {path}") from error
