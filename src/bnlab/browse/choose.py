"""Choosing rows, columns and an order, as they are asked for on a command line."""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from bnlab.errors import ConfigError

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def where(table: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """The rows for which all conditions hold, such as `batch_norm=true` or `validation_accuracy>=0.5`.

    Raises ConfigError for what is no condition, and for a column that there is not.
    """
    for condition in conditions:
        parts = re.fullmatch(r"(\w+)(!=|>=|<=|=|>|<)(.*)", condition)
        if parts is None:
            raise ConfigError(
                f"--where: found '{condition}', expected COLUMN=VALUE, or one of {', '.join(_COMPARISONS)}."
            )
        name, comparison, text = parts.groups()
        column = _column(table, name, "--where")
        table = table[_compared(column, comparison, text, condition)]
    return table


def ordered(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """By a column, upwards, or downwards where its name begins with a minus. Raises ConfigError as `where` does."""
    if by is None:
        return table
    _column(table, by.removeprefix("-"), "--sort")
    return table.sort_values(by.removeprefix("-"), ascending=not by.startswith("-"), kind="stable")


def columns(table: pd.DataFrame, names: str | None) -> pd.DataFrame | None:
    """The columns with these names, which commas separate; None without names. Raises ConfigError as `where` does."""
    if names is None:
        return None
    chosen = [name.strip() for name in names.split(",")]
    for name in chosen:
        _column(table, name, "--columns")
    return table[chosen]


def _column(table: pd.DataFrame, name: str, option: str) -> pd.Series:
    if name not in table.columns:
        raise ConfigError(f"{option}: found '{name}', expected one of {', '.join(table.columns)}.")
    return table[name]


def _compared(column: pd.Series, comparison: str, text: str, condition: str) -> pd.Series:
    compare = _COMPARISONS[comparison]
    if pd.api.types.is_bool_dtype(column):
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"--where: found '{condition}', expected true or false.")
        return compare(column, text.lower() == "true")
    if pd.api.types.is_numeric_dtype(column):
        try:
            return compare(column, float(text))
        except ValueError as error:
            raise ConfigError(f"--where: found '{condition}', expected a number.") from error
    return compare(column.astype(str), text)
