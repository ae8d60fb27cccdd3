"""Reading what other commands wrote: whatever is missing or damaged, the error names the command that makes it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.errors import IntegrityError

NAMES = {"network": str}
"""The types of columns that look like numbers and are none: "50" is the name of a network."""


def read_table(path: Path, **options: Any) -> pd.DataFrame:
    """A CSV file; options: those of `pd.read_csv`. Raises IntegrityError when it is missing or damaged."""
    try:
        found: pd.DataFrame = pd.read_csv(path, **options)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise _refused(path, error) from error
    return found


def read_json(path: Path) -> Mapping[str, Any]:
    """The object in a JSON file. Raises IntegrityError when it is missing or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error
    if not isinstance(content, dict):
        raise _refused(path, ValueError("no JSON object"))
    return content


def read_text(path: Path) -> str:
    """A text, UTF-8. Raises IntegrityError when it is missing or damaged."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: Exception) -> IntegrityError:
    make = f"snakemake --cores 8 {path.as_posix()}"
    if isinstance(error, FileNotFoundError):
        return IntegrityError(f"{path}: no such file. Make it: {make}")
    reason = error.strerror if isinstance(error, OSError) else error
    return IntegrityError(f"{path}: cannot be read ({reason}). Delete it and make it again: {make}")
