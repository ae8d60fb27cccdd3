"""The errors that different causes leave, array by array, and the published ones."""

import itertools
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bnlab.analysis.relative_errors import LARGE
from bnlab.figures.style import BLACK, BLUE, GREY, VERMILLION, new_figure
from bnlab.formatting import array_words, measure_words, network_words
from bnlab.runs.names import network_text

COLOURS = (GREY, BLUE, VERMILLION)
"""Colours of the causes, in the order of the reported check."""
LANE, ROW, REST = 0.22, 0.34, 1.5
"""Distance of the causes within an array's row (of 1), inches of such a row, and of legend and labels."""


def draw(reported_check: Mapping[str, Any], rows: pd.DataFrame, data: str) -> Figure:
    """A row of panels per published table, a column per measure; only arrays whose published error is large.

    rows: the comparisons of the reported check (gradients/<data>/<reported check>.csv), whose cases name causes.
    """
    causes = list(dict.fromkeys(case["cause"] for case in reported_check["cases"] if "cause" in case))
    cases = [case for case in reported_check["cases"] if "cause" in case]
    tables = list(dict.fromkeys(case["published"] for case in cases))
    measures = cases[0]["measures"]
    errors = {table: _large_errors(reported_check["published"][table]) for table in tables}
    heights = [len(errors[table]) + 1 for table in tables]
    figure, canvas = new_figure(ROW * sum(heights) + REST, data)
    axes = canvas.subplots(len(tables), len(measures), sharex=True, sharey="row", squeeze=False, height_ratios=heights)
    for panels, table in zip(axes, tables, strict=True):
        compared = [case for case in cases if case["published"] == table]
        for panel, measure in zip(panels, measures, strict=True):
            for case in compared:
                chosen = rows[(rows["case"] == case["id"]) & (rows["measure"] == measure)]
                _draw_dots(panel, chosen, list(errors[table]), causes.index(case["cause"]), len(causes))
            for place, value in enumerate(errors[table].values()):
                panel.plot([value, value], [place - 0.42, place + 0.42], color=BLACK, linewidth=1.5, zorder=1)
                panel.plot(value, place - 0.42, "v", color=BLACK, markersize=5)
            panel.set_xlim(-0.03, 1.15)
            panel.grid(visible=False, axis="y")
        panels[0].set_yticks(range(len(errors[table])), [f"${array_words(array)}$" for array in errors[table]])
        panels[0].set_ylim(len(errors[table]) - 0.4, -0.6)
        pad = 18 if table == tables[0] else 6  # the formulas stand below the first title
        panels[0].set_title(_network(compared[0]), loc="left", fontweight="bold", pad=pad)
    for panel, measure in zip(axes[0], measures, strict=True):
        panel.annotate(measure_words(measure), (0, 1), (0, 4), "axes fraction", textcoords="offset points")
    canvas.supxlabel("Relative error of the array", fontsize=9)
    canvas.legend(handles=_legend(causes), loc="outside upper left", ncols=2)
    return figure


def _network(case: Mapping[str, Any]) -> str:
    hidden = case["network"]["hidden"]
    return network_words(network_text(hidden), len(hidden) + 1)


def _large_errors(table: Mapping[str, Any]) -> dict[str, float]:
    return {array: value for array, value in table["values"]["relative_error"].items() if value > LARGE}


def _draw_dots(panel: Axes, rows: pd.DataFrame, arrays: list[str], lane: int, lanes: int) -> None:
    rows = rows[rows["array"].isin(arrays)]
    places = rows["array"].map(arrays.index) + LANE * (lane - (lanes - 1) / 2)
    panel.plot(
        rows["value"], places, "o", color=COLOURS[lane % len(COLOURS)], markersize=3, alpha=0.5, markeredgewidth=0
    )


def _legend(causes: list[str]) -> list[Line2D]:
    dots = [
        Line2D([], [], color=colour, linewidth=0, marker="o", markersize=4, label=cause)
        for colour, cause in zip(itertools.cycle(COLOURS), causes, strict=False)
    ]
    return [*dots, Line2D([], [], color=BLACK, linewidth=0, marker="v", markersize=5, label="published")]
