"""From wherever a data set comes from to verified arrays on disk."""

import os
from pathlib import Path

from bnlab.data.arrays import Arrays
from bnlab.data.generate import generate
from bnlab.data.obtain import obtain
from bnlab.data.prepared import store
from bnlab.errors import ConfigError, DataError
from bnlab.runs.datasets import DATA_SETS

VARIABLE = "BNLAB_CIFAR10"
"""The environment variable that can name a local copy, a folder or an archive."""


def prepare(data: str, local: Path | None, *, results: Path) -> None:
    """Store a data set decoded, below results/data.  local: a copy of CIFAR-10 that the user named, if any.

    Raises ConfigError when there is no such data set, DataError when it cannot be obtained or is not what it should be.
    """
    if data not in DATA_SETS:
        raise ConfigError(f"'{data}' is not a data set. Expected {' or '.join(DATA_SETS)}.")
    arrays, source = (generate(), "generated data") if data == "generated" else _cifar10(local)
    folder = results / "data" / data
    found, expected = arrays.digest, DATA_SETS[data].digest
    if found != expected:
        raise DataError(
            f"{source}: the content's digest is {found}, but src/bnlab/runs/datasets.py expects {expected}."
        )
    store(folder, data, arrays)
    print(f"Prepared {folder} from {source}.")


def _cifar10(local: Path | None) -> tuple[Arrays, str]:
    named_by = "configuration key cifar10"
    if local is None and os.environ.get(VARIABLE):
        local, named_by = Path(os.environ[VARIABLE]), f"environment variable {VARIABLE}"
    return obtain(None if local is None else local.expanduser(), named_by)
