"""Tables for terminals, for spreadsheets and for programs."""

import json
import math
import sys

import pandas as pd
from rich.console import Console
from rich.table import Table

FORMATS = ("table", "csv", "json")


def write_table(table: pd.DataFrame, how: str) -> None:
    """Print a table in one of FORMATS; on a terminal it is as wide as that, elsewhere as wide as it needs."""
    if how == "csv":
        sys.stdout.write(table.to_csv(index=False, lineterminator="\n"))
        return
    if how == "json":
        rows = json.loads(table.to_json(orient="records"))
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in table.columns:
        number = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        shown.add_column(str(name), justify="right" if number else "left", overflow="fold")
    for row in table.itertuples(index=False):
        shown.add_row(*map(cell, row))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)
    console.print(shown, soft_wrap=not sys.stdout.isatty())


def cell(value: object) -> str:
    """A value as people read it: four digits, a dash for what is not there."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
