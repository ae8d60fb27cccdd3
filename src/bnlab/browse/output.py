"""Tables for terminals, for spreadsheets and for programs."""

import json
import math
import sys

import pandas as pd
from rich.console import Console
from rich.table import Table

FORMATS = ("table", "csv", "json")
MOST = 500
"""The rows of a table that rich draws: it measures every cell, which takes seconds for thousands."""


def write_table(table: pd.DataFrame, how: str) -> None:
    """Print a table in one of FORMATS; on a terminal it is as wide as that, elsewhere as wide as it needs."""
    if how == "csv":
        sys.stdout.write(table.to_csv(index=False, lineterminator="\n"))
        return
    if how == "json":
        rows = json.loads(table.to_json(orient="records"))
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if len(table) <= MOST:
        _draw(table)
    else:
        print(table.map(cell).to_string(index=False))


def _draw(table: pd.DataFrame) -> None:
    cells = [list(map(cell, table[name])) for name in table.columns]
    shown, least = Table(box=None, pad_edge=False, header_style="bold"), 0
    for name, column in zip(table.columns, cells, strict=True):
        width = max(map(len, [*str(name).split(), *column]))
        least += width + 2
        number = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        shown.add_column(str(name), justify="right" if number else "left", min_width=width)
    for row in zip(*cells, strict=True):
        shown.add_row(*row)
    # Where a terminal is not wide enough, its own way to break lines is better than cells in pieces.
    width = max(least, Console().width) if sys.stdout.isatty() else 10_000
    console = Console(highlight=False, width=width)
    with console.capture() as drawn:  # of a pipe that is closed, rich would make an error of its own
        console.print(shown, soft_wrap=True)
    sys.stdout.write(drawn.get())


def cell(value: object) -> str:
    """A value as people read it: four digits, a dash for what is not there."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
