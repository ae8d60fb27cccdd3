"""What the page says about each experiment, ready for the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bnlab.analysis.pairs import SETTING
from bnlab.analysis.read import NAMES, read_table
from bnlab.config.experiments import Experiment
from bnlab.figures.draw import KINDS, TEST_KINDS
from bnlab.formatting import initialization_words, learning_rate_words, network_words, short_number
from bnlab.report.claim_rows import ClaimRow, claim_rows
from bnlab.report.findings import Finding, findings
from bnlab.report.inputs import Inputs
from bnlab.report.run_list import LinkGroup, link_groups
from bnlab.report.svg import Drawing

HEADINGS = {"network": "Network", "initialization": "Initialization", "learning_rate": "η", "weight_decay": "λ"}
ON_PAPER = 6
"""A table of more rows is for screens: its figure shows them."""


@dataclass(frozen=True)
class FigureView:
    """A figure and its words. `command` and `source` are what draws it, and from what."""

    number: int
    kind: str
    command: str
    source: str
    drawing: Drawing
    caption: str


@dataclass(frozen=True)
class RowGroup:
    """Rows of a table that share the settings that vary in it, each with the runs behind it."""

    settings: list[str]
    rows: list[tuple[Any, list[LinkGroup]]]


@dataclass(frozen=True)
class Section:
    """One experiment on the page, where its id is `anchor`.

    is_aside: whether it is another reading of a report, of which paper has the sentences alone.  is_long: whether paper
    leaves its table out.
    """

    anchor: str
    experiment: Experiment
    generated: bool
    claims_number: int | None
    claims: list[ClaimRow]
    findings: list[Finding]
    figures: list[FigureView]
    headings: list[str]
    shared: str
    cells_number: int
    cells: list[RowGroup]
    is_aside: bool
    is_long: bool
    pairs_number: int | None
    pairs: list[RowGroup]


def section(
    inputs: Inputs,
    experiment: Experiment,
    figure_numbers: Iterator[int],
    table_numbers: Iterator[int],
    *,
    prefix: str = "",
) -> Section:
    """Gather one experiment's findings, figures and tables, numbering the latter on.

    prefix: begins the ids of a page that shows experiments of several studies.
    """
    cells = inputs.cells[inputs.cells["experiment"] == experiment.id]
    pairs = inputs.pairs[inputs.pairs["experiment"] == experiment.id]
    varying = [column for column in HEADINGS if cells[column].nunique() > 1]
    scheduled = (cells["learning_rate"] == "scheduled").all()
    shared = [column for column in HEADINGS if column not in varying and not (column == "learning_rate" and scheduled)]
    claims = inputs.claims[inputs.claims["experiment"] == experiment.id]
    is_aside = len(inputs.claims) > 0 and len(claims) == 0
    return Section(
        anchor=f"experiment-{prefix}{experiment.id}",
        experiment=experiment,
        generated=inputs.protocol_of(experiment.id).data.name == "generated",
        claims_number=next(table_numbers) if len(claims) else None,
        claims=claim_rows(claims, inputs.specs),
        findings=findings(inputs, experiment.id),
        figures=[_figure(inputs, experiment, kind, next(figure_numbers), prefix) for kind in experiment.figures],
        headings=[HEADINGS[column] for column in varying],
        shared=", ".join(_shared_words(cells.iloc[0], column) for column in shared),
        cells_number=next(table_numbers),
        cells=[
            _group(cell, varying, [(row, row["runs"]) for _, row in rows.iterrows()], inputs)
            for cell, rows in _by_setting(cells)
        ],
        is_aside=is_aside,
        is_long=len(cells) > ON_PAPER or is_aside,
        pairs_number=next(table_numbers) if len(pairs) else None,
        pairs=[
            _group(pair, varying, [({row["metric"]: row for _, row in rows.iterrows()}, pair["runs"])], inputs)
            for pair, rows in _by_setting(pairs)
        ],
    )


def _by_setting(table: pd.DataFrame) -> list[tuple[pd.Series, pd.DataFrame]]:
    return [(rows.iloc[0], rows) for _, rows in table.groupby(SETTING, sort=False)]


def _group(setting: pd.Series, varying: list[str], records: list[tuple[Any, str]], inputs: Inputs) -> RowGroup:
    rows = [(record, link_groups(runs.split(), inputs.specs)) for record, runs in records]
    return RowGroup([_words(setting, column) for column in varying], rows)


def _words(setting: pd.Series, column: str) -> str:
    if column == "network":
        return network_words(setting["network"], setting["layers"])
    if column == "initialization":
        return initialization_words(setting["initialization"])
    if column == "learning_rate":
        return learning_rate_words(setting["learning_rate"])
    return short_number(setting["weight_decay"])


def _shared_words(setting: pd.Series, column: str) -> str:
    words = _words(setting, column)
    return f"{HEADINGS[column]} = {words}" if column in ("learning_rate", "weight_decay") else words


def _figure(inputs: Inputs, experiment: Experiment, kind: str, number: int, prefix: str) -> FigureView:
    name = f"{experiment.id}_{kind}"
    path = inputs.figures / f"{name}.svg"
    module = (KINDS | TEST_KINDS)[kind]
    caption = module.caption(inputs.protocol_of(experiment.id), read_table(path.with_suffix(".csv"), dtype=NAMES))
    drawing = Drawing(path, f"figure-{prefix}{name}", module.ALTERNATIVE)
    if kind in TEST_KINDS:
        return FigureView(number, kind, "test-figure", "the stored predictions on test images", drawing, caption)
    return FigureView(number, kind, "figure", "runs.csv and curves.csv", drawing, caption)
