"""How often the rules of the ledger err on our own runs, and how often they see a shift."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bnlab.analysis.intervals import LEVEL, POWER
from bnlab.analysis.read import read_table
from bnlab.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    THICK,
    VERMILLION,
    house_style,
    new_figure,
    save,
    say,
)

ROW, AXIS, CURVES = 0.2, 0.9, 3.8
"""Inches of a row of the upper panel, of its legend and axis, and of the lower panels."""
WIDEST = 30
"""Percent where the axis of false alarms ends; an interval that goes on is of very few trials."""
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
"""Colours of the curves of one panel."""
SEEN = "at_"
"""Begins the columns that say how often a shift is seen; its size ends them."""
NOTHING = "No cell has enough runs to try a rule on."
NAME = "calibration"
NUMBER, ALL = "number", "all"
"""The rule whose power is drawn, and the part of a kind that is the whole of it."""


def draw_calibration(*, results: Path) -> None:
    """Write calibration.svg and .png below results/tables, from calibration.csv there."""
    path = results / "tables" / NAME
    with house_style():
        save(draw(read_table(path.with_suffix(".csv"))), path)


def draw(table: pd.DataFrame) -> Figure:
    """The rates of false alarms of all rules; below, how often numbers are seen as different.

    table: calibration.csv.
    """
    rated = table[(table["part"] == ALL) & table["rate"].notna()]
    if rated.empty:
        figure, canvas = new_figure(AXIS, "cifar10")
        say(canvas.subplots(), NOTHING)
        return figure
    height = ROW * (len(rated) + rated["rule"].nunique()) + AXIS
    figure, canvas = new_figure(height + CURVES, "cifar10")
    upper, lower = canvas.subfigures(2, 1, squeeze=False, height_ratios=[height, CURVES])[:, 0]
    _draw_rates(upper.subplots(), rated)
    numbers = rated[rated["rule"] == NUMBER]
    accuracies = numbers["kind"].str.contains("accuracy")
    panels = lower.subplots(1, 2, sharey=True)
    _draw_power(panels[0], numbers[accuracies], "Shift (points)")
    _draw_power(panels[1], numbers[~accuracies], "Shift (%)")
    panels[0].set_ylabel("Numbers not reproduced (%)")
    return figure


def _draw_rates(axes: Axes, table: pd.DataFrame) -> None:
    """Under the name of each rule a row for every kind: the rate and both intervals."""
    place, heads = 0, []
    ticks: dict[int, str] = {}
    for rule, rows in table.groupby("rule", sort=False):
        heads.append(len(ticks))
        ticks[place] = str(rule).capitalize()
        for _, row in rows.iterrows():
            place -= 1
            ticks[place] = row["kind"]
            axes.plot(100 * row[["low", "high"]], [place + 0.1] * 2, color=BLUE, linewidth=THICK)
            axes.plot(100 * row[["low_resampled", "high_resampled"]], [place - 0.15] * 2, color=ORANGE, linewidth=THICK)
            axes.plot(100 * row["rate"], place, "o", color=BLACK, markersize=4)
        place -= 1
    axes.axvline(100 * (1 - LEVEL), **_REFERENCE)
    axes.set_yticks(list(ticks), list(ticks.values()))
    for head in heads:
        axes.get_yticklabels()[head].set_fontweight("bold")
    axes.set_ylim(place + 0.4, 0.6)
    axes.set_xlim(-0.4, WIDEST)
    axes.set_xlabel("False alarms (%)")
    axes.grid(visible=False, axis="y")
    handles = [
        Line2D([], [], color=BLACK, linewidth=0, marker="o", markersize=4, label="rate"),
        Line2D([], [], color=BLUE, linewidth=THICK, label="exact interval"),
        Line2D([], [], color=ORANGE, linewidth=THICK, label="cells or splits resampled"),
    ]
    axes.legend(handles=handles, ncols=3, **_ABOVE)


def _draw_power(axes: Axes, numbers: pd.DataFrame, label: str) -> None:
    """A curve for every kind of number. Where nothing is shifted, these are the false alarms."""
    if numbers.empty:
        say(axes, "No number of this kind was tried.")
        return
    columns = [column for column in numbers if column.startswith(SEEN)]
    shifts = [0.0, *(float(column.removeprefix(SEEN)) for column in columns)]
    for colour, (_, row) in zip(COLOURS, numbers.iterrows(), strict=False):
        seen = 100 * row[["rate", *columns]].astype(float)
        axes.plot(shifts, seen, "o-", color=colour, linewidth=THICK, markersize=3, label=row["kind"])
    axes.axhline(100 * POWER, **_REFERENCE)
    axes.set_xticks(shifts, [f"{shift:g}" for shift in shifts])
    axes.set_ylim(0, 100)
    axes.set_xlabel(label)
    axes.legend(**_ABOVE)


_REFERENCE: Mapping[str, Any] = {"color": GREY, "linewidth": 0.7, "linestyle": (0, (4, 3))}
_ABOVE: Mapping[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "borderpad": 0}
