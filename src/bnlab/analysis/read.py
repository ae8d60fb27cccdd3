"""Reading the tables that other commands wrote."""

from pathlib import Path

import pandas as pd

from bnlab.errors import IntegrityError


def read_table(path: Path, command: str) -> pd.DataFrame:
    """A CSV file. Raises IntegrityError, which names the command that makes it, when it is missing."""
    if not path.is_file():
        raise IntegrityError(f"{path}: no such file. Make it: {command}")
    return pd.read_csv(path, dtype={"network": str})  # "50" is the name of a network, not a number
