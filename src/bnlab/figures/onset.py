"""Where networks end against when they start to learn."""

import math
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bnlab.analysis.learning import epochs_until_learning, loss_of_learning
from bnlab.analysis.pairs import SETTING, setting_words
from bnlab.figures.style import BLACK, COLOUR, GREY, LIGHT_GREY, new_figure
from bnlab.figures.tables import ends
from bnlab.formatting import batch_norm_words, count, initialization_words
from bnlab.runs.spec import Protocol

COLUMNS = 3
ROW, REST = 2.4, 0.5
"""Heights in inches: a row of panels, and legend and label."""
LETTERS = 28
"""How many letters of a title a panel has room for."""
STRIP = 0.36
"""Width of the strip of runs that never start, as a share of the training."""
MARKS = {True: "o", False: "^"}
ALTERNATIVE = (
    "Scatter plots of the final validation accuracy against the epoch in which learning sets in, with and without "
    "batch normalization; runs that never start to learn stand in a strip at the right edge."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each run, with the epoch in which learning sets in, empty if it never does, and its final accuracy."""
    starts = runs["run"].map(epochs_until_learning(curves, protocol.data.classes))
    return ends(runs.assign(epochs_until_learning=starts), ["epochs_until_learning", "validation_accuracy"])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A panel per network, initialization, learning rate and weight decay."""
    table = data(runs, curves, protocol)
    settings = [setting for _, setting in table.groupby(SETTING, sort=False)]
    columns = min(COLUMNS, len(settings))
    rows = math.ceil(len(settings) / columns)
    figure, canvas = new_figure(rows * ROW + REST, protocol.data.name)
    axes = canvas.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel, setting in zip(axes.flat, settings, strict=False):
        _draw_panel(panel, setting, protocol)
        panel.set_title(fill(setting_words(setting.iloc[0], table), LETTERS, break_on_hyphens=False), loc="left")
    for panel in axes.flat[len(settings) :]:
        panel.set_visible(False)
    for panel in axes.flat[max(0, len(settings) - columns) : len(settings)]:
        panel.tick_params(labelbottom=True)  # there is none below
    for row in axes:
        row[0].set_ylabel("Final validation accuracy (%)")
    canvas.supxlabel("Epoch in which learning sets in", fontsize=9)
    canvas.legend(handles=_handles(table), loc="outside upper left", ncols=3, handletextpad=0.3)
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    finished = table[table["diverged_at"].isna()]
    never = [
        f"{idle} of {count(len(rows), 'run')} {batch_norm_words(bool(batch_norm))} from {initialization_words(start)}"
        for (start, batch_norm), rows in finished.groupby(["initialization", "batch_norm"], sort=False)
        if (idle := rows["epochs_until_learning"].isna().sum())
    ]
    guess = math.log(protocol.data.classes)
    sentences = [
        (
            f"Accuracy on the {protocol.validation:,} validation images after the last update against the epoch in "
            "which learning sets in. Every point is a run."
        ),
        (
            f"Learning has set in at the first of {protocol.curve_points} evaluations with a training loss below "
            f"{loss_of_learning(protocol.data.classes):.2f}, 1 % less than that of a guess, "
            f"ln {protocol.data.classes} ≈ {guess:.2f}."
        ),
        f"In the grey strip stand runs that never start within the training: {' and '.join(never)}."
        if never
        else f"All runs{' that finished' if len(finished) < len(table) else ''} start within the training."
        if len(finished)
        else "No run finished.",
        *(["Runs that diverged are left out."] if len(finished) < len(table) else []),
    ]
    return " ".join(sentences)


def _epochs(protocol: Protocol) -> float:
    return protocol.schedule.updates / (protocol.training // protocol.batch_size)


def _draw_panel(axes: Axes, table: pd.DataFrame, protocol: Protocol) -> None:
    last = _epochs(protocol)
    axes.axvspan(last, (1 + STRIP) * last, color=LIGHT_GREY, alpha=0.5, linewidth=0)
    axes.text(
        (1 + STRIP / 2) * last, 0.97, "never", transform=axes.get_xaxis_transform(), ha="center", va="top", color=GREY
    )
    chance = 100 / protocol.data.classes
    axes.axhline(chance, color=BLACK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.annotate("chance", (0, chance), (3, 2), textcoords="offset points", va="bottom")
    for batch_norm, runs in table.groupby("batch_norm"):
        # Side by side in the strip, where they end alike.
        beside = np.linspace(1 + STRIP / 4, 1 + 3 * STRIP / 4, len(runs)) * last
        places = runs["epochs_until_learning"].where(runs["epochs_until_learning"].notna(), beside)
        accuracies = 100 * runs["validation_accuracy"]
        axes.plot(places, accuracies, MARKS[bool(batch_norm)], color=COLOUR[bool(batch_norm)], fillstyle="none")
    axes.set_xticks([tick for tick in MaxNLocator(5).tick_values(0, last) if tick <= last])
    axes.set_xlim(0, (1 + STRIP) * last)


def _handles(table: pd.DataFrame) -> list[Line2D]:
    return [
        Line2D([], [], color=COLOUR[one], marker=MARKS[one], fillstyle="none", linewidth=0, label=batch_norm_words(one))
        for one in sorted(table["batch_norm"].unique().tolist(), reverse=True)
    ]
