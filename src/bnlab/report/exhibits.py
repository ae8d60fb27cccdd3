"""The reports' own gradient checks on the page: one table per published table, ours below what was published."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.exhibits import (
    AT_KINKS,
    FITS,
    FITS_NOT,
    RELATIVE,
    exhibit_table,
    published,
    read_rows,
    rival_words,
)
from bnlab.analysis.wording import metric_words
from bnlab.exhibit_settings import has_rivals
from bnlab.report.embed import inline_svg
from bnlab.report.numerals import short

ALTERNATIVE = "Dots of relative errors per parameter array, a panel per formula, by cause, with the published values."
MARKS = {"": "", FITS: "✓", AT_KINKS: "(✓)", FITS_NOT: "✗"}


SYMBOLS = {"W": "W", "b": "b", "gamma": "γ", "beta": "β"}


@dataclass(frozen=True)
class ArrayName:
    """A parameter array, for example γ of layer 1."""

    symbol: str
    layer: int


@dataclass(frozen=True)
class Cell:
    """A number, its range over draws where there are several, and how it stands to the published one.

    smooth: the number without crossed entries, where there are any; crossed: how many of how many.
    """

    value: str
    spread: tuple[str, str] | None = None
    smooth: str = ""
    crossed: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class ExhibitRow:
    """A metric of one case, or the published values; `cells` follows the table's arrays."""

    case: str
    metric: str
    published: bool
    cells: list[Cell | None]


@dataclass(frozen=True)
class ExhibitTable:
    """The cases that are compared with one published table, or with none."""

    number: int
    title: str
    arrays: list[ArrayName]
    rows: list[ExhibitRow]
    draws: str


@dataclass(frozen=True)
class ExhibitView:
    """One exhibit on the page."""

    key: str
    data: str
    exhibit: Mapping[str, Any]
    tables: list[ExhibitTable]
    words: list[str]
    figure_number: int | None
    svg: str

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        return f"exhibit-{self.data}-{self.key}"


def exhibit_view(
    key: str,
    exhibit: Mapping[str, Any],
    folder: Path,
    *,
    figure_numbers: Iterator[int],
    table_numbers: Iterator[int],
) -> ExhibitView:
    """Arrange the comparisons in <folder>/<key>.csv, and the figure beside it where causes are compared."""
    rows = read_rows(folder / f"{key}.csv")
    table = exhibit_table(exhibit, rows)
    groups: dict[str | None, list[Mapping[str, Any]]] = {}
    for case in exhibit["cases"]:
        groups.setdefault(case.get("published"), []).append(case)
    rivals = has_rivals(exhibit)
    return ExhibitView(
        key=key,
        data=folder.name,
        exhibit=exhibit,
        tables=[_table(exhibit, place, cases, table, next(table_numbers)) for place, cases in groups.items()],
        words=rival_words(exhibit, rows, table) if rivals else [],
        figure_number=next(figure_numbers) if rivals else None,
        svg=inline_svg(folder / f"{key}.svg", prefix=f"figure-{folder.name}-{key}", label=ALTERNATIVE)
        if rivals
        else "",
    )


def _table(
    exhibit: Mapping[str, Any], name: str | None, cases: list[Mapping[str, Any]], table: pd.DataFrame, number: int
) -> ExhibitTable:
    chosen = table[table["case"].isin([case["id"] for case in cases])]
    found = {(row["case"], row["metric"], row["array"]): row for _, row in chosen.iterrows()}
    arrays = sorted(set(chosen["array"]), key=_array_order)
    rows = []
    shown: list[str] = []
    for case in cases:
        for metric in [*case["metrics"], "complex_step"]:
            cells = [_cell(found.get((case["id"], metric, array))) for array in arrays]
            if not any(cells):
                continue
            label = "relative error" if metric in RELATIVE else metric_words(metric)
            values = [published(exhibit, case, metric, array) for array in arrays]
            if label not in shown and any(value is not None for value in values):
                rows.append(ExhibitRow("published", label, published=True, cells=[_plain(value) for value in values]))
                shown.append(label)
            rows.append(
                ExhibitRow(
                    "ours" if len(cases) == 1 else case["title"], metric_words(metric), published=False, cells=cells
                )
            )
    place = exhibit["published"][name]["place"] if name else "no numbers published"
    draws = sorted({case["draws"] for case in cases})
    return ExhibitTable(
        number=number,
        title=f"{place}; {cases[0]['title']}" if len(cases) == 1 else place,
        arrays=[_array_name(array) for array in arrays],
        rows=rows,
        draws=" or ".join(map(str, draws)),
    )


def _plain(value: float | None) -> Cell | None:
    return None if value is None else Cell(short(value))


def _cell(row: pd.Series | None) -> Cell | None:
    if row is None:
        return None
    crossed = bool(row["crossed"]) and row["metric"] != "complex_step"
    return Cell(
        short(row["median"]),
        spread=(short(row["low"]), short(row["high"])) if row["draws"] > 1 else None,
        smooth="" if not crossed or pd.isna(row["smooth_median"]) else short(row["smooth_median"]),
        crossed=f"{row['crossed']:,} of {row['entries']:,}" if crossed else "",
        verdict=MARKS[row["verdict"]],
    )


def _array_name(name: str) -> ArrayName:
    """The symbol and the layer of an array, gamma1 for example."""
    kind, layer = _parts(name)
    return ArrayName(SYMBOLS[kind], layer)


def _array_order(name: str) -> tuple[int, int]:
    """The key by which columns are sorted: all W, then all b, then all γ and β."""
    kind, layer = _parts(name)
    return list(SYMBOLS).index(kind), layer


def _parts(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"([A-Za-z]+)(\d+)", name)
    assert match is not None, name
    return match[1], int(match[2])
