"""Measured rows as files."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from bnlab.files import write_text

Row = dict[str, object]


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """One line per row, under the first row's keys."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_csv(path: Path) -> list[dict[str, str]]:
    """What `write_csv` wrote, as texts."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table whose first line is its head; all columns but the first hold numbers."""
    head, *body = lines
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ruler, *body))
