"""The reports' own gradient checks on the page: one table per published table, ours below what was published."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.causes import describe_causes
from bnlab.analysis.read import read_table
from bnlab.analysis.relative_errors import RELATIVE
from bnlab.analysis.reported_checks import FITS, FITS_NOT, published, reported_check_table
from bnlab.claims.gradients import judge_gradients
from bnlab.claims.outcomes import REPRODUCED, Finding
from bnlab.config.reported_checks import compares_causes
from bnlab.formatting import measure_words, short_error
from bnlab.report.svg import Drawing

ALTERNATIVE = "Dots of relative errors per parameter array, a panel per formula, by cause, with the published values."
TOGETHER = 4
"""A table of more rows, of three lines each, is for screens: what it comes to as a whole is said below it."""
MARKS = {"": "", FITS: "✓", FITS_NOT: "✗"}
SYMBOLS = {"W": "W", "b": "b", "gamma": "γ", "beta": "β"}


@dataclass(frozen=True)
class ArrayName:
    """A parameter array, for example γ of layer 1."""

    symbol: str
    layer: int


@dataclass(frozen=True)
class Cell:
    """A number, the interval that belongs to it, and whether the published number lies there.

    crossed: how many entries of how many; empty where none is, or all are.  kinks: whether the number is with these.
    other: what it is otherwise.
    """

    value: str
    interval: tuple[str, str] | None = None
    crossed: str = ""
    kinks: bool = True
    other: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class ReportedCheckRow:
    """A measure of one case, or the published values; `cells` follows the table's arrays.

    further: whether it is beside the point of the published table.
    """

    case: str
    measure: str
    published: bool
    further: bool
    cells: list[Cell | None]


@dataclass(frozen=True)
class ReportedCheckTable:
    """The cases that are compared with one published table, or with none; `finding` is of the table as a whole.

    place: where the report has it.
    """

    number: int
    place: str
    title: str
    arrays: list[ArrayName]
    rows: list[ReportedCheckRow]
    draws: str
    finding: Finding | None

    @property
    def is_long(self) -> bool:
        """Whether it has more rows than paper bears."""
        return sum(not row.further for row in self.rows) > TOGETHER

    @property
    def reproduced(self) -> bool:
        """Whether the published table is reproduced."""
        return self.finding is not None and self.finding.outcome == REPRODUCED


@dataclass(frozen=True)
class ReportedCheckView:
    """One reported check on the page."""

    key: str
    data: str
    reported_check: Mapping[str, Any]
    tables: list[ReportedCheckTable]
    words: list[str]
    figure_number: int | None
    drawing: Drawing

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        return f"reported-check-{self.data}-{self.key}"

    @property
    def is_aside(self) -> bool:
        """Whether its published tables are those of another one, beside whose figure paper has no room for its own."""
        return bool(self.reported_check["published_in"] != self.key)


def reported_check_view(
    key: str,
    reported_check: Mapping[str, Any],
    folder: Path,
    *,
    figure_numbers: Iterator[int],
    table_numbers: Iterator[int],
) -> ReportedCheckView:
    """Arrange the comparisons in <folder>/<key>.csv, and the figure beside it where causes are compared."""
    rows = read_table(folder / f"{key}.csv")
    table = reported_check_table(reported_check, rows)
    groups: dict[str | None, list[Mapping[str, Any]]] = {}
    for case in reported_check["cases"]:
        groups.setdefault(case.get("published"), []).append(case)
    drawn = compares_causes(reported_check)
    return ReportedCheckView(
        key=key,
        data=folder.name,
        reported_check=reported_check,
        tables=[
            _table(
                reported_check,
                name,
                cases,
                table,
                number=next(table_numbers),
                finding=judge_gradients(reported_check, rows, name) if name else None,
            )
            for name, cases in groups.items()
        ],
        words=describe_causes(reported_check, rows, table) if drawn else [],
        figure_number=next(figure_numbers) if drawn else None,
        drawing=Drawing(folder / f"{key}.svg", f"figure-{folder.name}-{key}", ALTERNATIVE),
    )


def _table(
    reported_check: Mapping[str, Any],
    name: str | None,
    cases: list[Mapping[str, Any]],
    table: pd.DataFrame,
    *,
    number: int,
    finding: Finding | None,
) -> ReportedCheckTable:
    chosen = table[table["case"].isin([case["id"] for case in cases])]
    found = {(row["case"], row["measure"], row["array"]): row for _, row in chosen.iterrows()}
    arrays = sorted(set(chosen["array"]), key=_array_order)
    rows = []
    shown: list[str] = []
    for case in cases:
        for measure in [*case["measures"], "complex_step"]:
            cells = [_cell(found.get((case["id"], measure, array))) for array in arrays]
            if not any(cells):
                continue
            label = "relative error" if measure in RELATIVE else measure_words(measure)
            values = [published(reported_check, case, measure, array) for array in arrays]
            if label not in shown and any(value is not None for value in values):
                rows.append(
                    ReportedCheckRow(
                        "published", label, published=True, further=False, cells=[_plain(value) for value in values]
                    )
                )
                shown.append(label)
            rows.append(
                ReportedCheckRow(
                    "ours" if len(cases) == 1 else case["title"],
                    measure_words(measure),
                    published=False,
                    further=measure == "complex_step",
                    cells=cells,
                )
            )
    place = reported_check["published"][name]["place"] if name else "no numbers published"
    draws = sorted({case["draws"] for case in cases})
    return ReportedCheckTable(
        number=number,
        place=place,
        title=f"{place}; {cases[0]['title']}" if len(cases) == 1 else place,
        arrays=[_array_name(array) for array in arrays],
        rows=rows,
        draws=" or ".join(map(str, draws)),
        finding=finding,
    )


def _plain(value: float | None) -> Cell | None:
    return None if value is None else Cell(short_error(value))


def _cell(row: pd.Series | None) -> Cell | None:
    if row is None:
        return None
    crossed = bool(row["crossed"]) and not pd.isna(row["other_median"])
    return Cell(
        short_error(row["median"]),
        interval=(short_error(row["low"]), short_error(row["high"])) if row["verdict"] or row["draws"] > 1 else None,
        crossed=f"{row['crossed']:,} of {row['entries']:,}" if crossed else "",
        kinks=row["kinks"],
        other=short_error(row["other_median"]) if crossed else "",
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
