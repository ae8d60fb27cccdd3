"""The answer at a glance: every printed accuracy beside ours, and how many claims of each kind came to what."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bnlab.figures.style import BLACK, GREEN, GREY, LIGHT_GREY, ORANGE, new_figure, say

FOREST, NONE, BARS = 2.75, 0.9, 1.15
"""Inches of the accuracies, legend included, of none, and of the bars."""
FARTHEST, NUMBERED = 8.0, 6
"""Points from ours where the axis ends; what lies beyond stands at its end, with its number if not too many do."""
BETWEEN_REPORTS, BESIDE, NARROWEST = 0.8, 1.2, 8.6
"""In places of marks: the gap between reports, that at both sides of a question, and the width that its label needs."""
RED = "#A61B1B"
LOOKS = {
    "REPRODUCED": (GREEN, "o"),
    "NOT REPRODUCED": (RED, "X"),
    "CONTRADICTED": (BLACK, "s"),
    "INCONCLUSIVE": (GREY, "v"),
    "NOT COMPARABLE": (ORANGE, "D"),
    "NOT TESTABLE": (LIGHT_GREY, "P"),
}
"""Colour and mark of each outcome, which no colour blindness takes for one another."""
DARK = (RED, BLACK, GREY)
"""Colours on which letters are white."""
ALTERNATIVE = (
    "Above, marks for all printed accuracies, by question and report: how far each lies from the mean of our runs, on "
    "the interval that decides. Below, bars of how many claims of each kind came to what."
)
"""What a screen reader says in its place."""


def draw(accuracies: pd.DataFrame, summary: pd.DataFrame, *, generated: bool) -> Figure:
    """Draw both parts.

    accuracies: a row per number, with question, report, reported, ours, low, high and outcome, fractions; in order.
    summary: claims_summary.csv.  generated: whether the images were.
    """
    height = NONE if accuracies.empty else FOREST
    figure, canvas = new_figure(height + BARS, "generated" if generated else "")
    upper, lower = canvas.subfigures(2, 1, squeeze=False, height_ratios=[height, BARS])[:, 0]
    if accuracies.empty:
        say(upper.subplots(), "No claim is an accuracy in print.")
    else:
        _draw_forest(upper.subplots(), accuracies)
    _draw_bars(lower.subplots(), summary[summary["report"] == "all"])
    shown = [outcome for outcome in LOOKS if summary[outcome].sum()]
    handles = [
        Line2D([], [], color=LOOKS[one][0], marker=LOOKS[one][1], markersize=5, linewidth=0, label=one.lower())
        for one in shown
    ]
    upper.legend(handles=handles, loc="outside upper left", ncols=3, handletextpad=0.3, columnspacing=1.2)
    return figure


def _draw_forest(axes: Axes, table: pd.DataFrame) -> None:
    table, edges = _placed(table)
    for ends in ("low", "high", "reported"):
        table[ends] = 100 * (table[ends] - table["ours"])
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.vlines(table["place"], table["low"], table["high"], color=LIGHT_GREY, linewidth=3.2)
    for outcome, rows in table.groupby("outcome"):
        colour, marker = LOOKS[str(outcome)]
        held = rows["reported"].clip(-FARTHEST, FARTHEST)
        axes.plot(rows["place"], held, marker, color=colour, markersize=3.6, clip_on=False)
    beyond = table[table["reported"].abs() > FARTHEST]
    for _, far in beyond.iterrows() if len(beyond) <= NUMBERED else ():
        axes.annotate(
            f"{far['reported']:+.1f}".replace("-", "−"), (far["place"], FARTHEST * (1 if far["reported"] > 0 else -1)),
            xytext=(5, 0), textcoords="offset points", va="center", fontsize=8,
        )  # fmt: skip
    named = table.groupby(["question", "report"], sort=False)["place"].mean()
    axes.set_xticks(named.tolist(), [str(report) for _, report in named.index], rotation=90, fontsize=8)
    axes.tick_params(axis="x", length=0)
    for question, rows in table.groupby("question", sort=False):
        middle = (rows["place"].min() + rows["place"].max()) / 2
        axes.annotate(
            str(question).replace(" ", "\n"), (middle, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", fontweight="bold", fontsize=8, linespacing=1.0,
        )  # fmt: skip
    for edge in edges[1:-1]:
        axes.axvline(edge, color=LIGHT_GREY, linewidth=0.8)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(-FARTHEST, FARTHEST)
    axes.set_ylabel("Reported minus ours (points)")
    axes.grid(visible=False, axis="x")


def _placed(table: pd.DataFrame) -> tuple[pd.DataFrame, list[float]]:
    """The rows with their places from left to right, and where each question begins, and the last one ends."""
    edges, parts = [0.0], []
    for _, rows in table.groupby("question", sort=False):
        gaps = BETWEEN_REPORTS * (rows["report"] != rows["report"].shift(fill_value=rows["report"].iloc[0])).cumsum()
        offsets = np.arange(len(rows)) + gaps
        width = offsets.iloc[-1] + 2 * BESIDE
        first = edges[-1] + BESIDE + max(0.0, NARROWEST - width) / 2
        parts.append(rows.assign(place=first + offsets))
        edges.append(edges[-1] + max(width, NARROWEST))
    return pd.concat(parts), edges


def _draw_bars(axes: Axes, summary: pd.DataFrame) -> None:
    """A bar per kind of claim, all of one length, with the numbers of claims in it."""
    for place, (_, row) in enumerate(summary.iterrows()):
        left = 0.0
        for outcome, (colour, _) in LOOKS.items():
            share = 100 * row[outcome] / row["total"]
            if not share:
                continue
            axes.barh(place, share, left=left, color=colour, height=0.72, edgecolor="white", linewidth=0.8)
            axes.annotate(
                str(row[outcome]), (left + share / 2, place), ha="center", va="center", fontsize=8,
                color="white" if colour in DARK else BLACK,
            )  # fmt: skip
            left += share
    kinds = [f"{row['group']} ({row['total']})" for _, row in summary.iterrows()]
    axes.set_yticks(range(len(summary)), kinds)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("Claims of a kind (%)")
    axes.grid(visible=False)
