"""Which classes are taken for which without batch normalization, and what it changes."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bnlab.analysis.intervals import LEVEL, mean_interval
from bnlab.analysis.pairs import SETTING, setting_words
from bnlab.figures.panels import head_row
from bnlab.figures.style import BLACK, COLOUR, new_figure
from bnlab.formatting import count, percent
from bnlab.runs.spec import Protocol

CELL = ["label", "predicted"]
PANEL, REST = 4.0, 0.9
"""Heights in inches: a row of panels, and the colour bars."""
LEGIBLE = 12
"""With more classes than these, neither cells hold a number nor axes all names."""
SIGNED = LinearSegmentedColormap.from_list("signed", [COLOUR[False], "white", COLOUR[True]])
ALTERNATIVE = (
    "Two tables of classes against predicted classes, as heat maps: how often each is taken for each without batch "
    "normalization, and what batch normalization changes."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, confusions: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each pair of classes, means over the pairs of runs that both finished.

    without and with: the share of the test images of a class, `label`, that are taken for `predicted`.  difference:
    with minus without, from low to high in Student's interval at the level that so many cells ask for (Bonferroni).
    """
    shares = confusions.assign(
        share=confusions["images"] / confusions.groupby(["run", "label"])["images"].transform("sum")
    )
    joined = runs[["run", *SETTING, "batch_norm", "seed"]].merge(shares, on="run")
    rows = []
    for setting, part in joined.groupby(SETTING, sort=False):
        of_pairs = part.pivot_table(index="seed", columns=["batch_norm", *CELL], values="share", sort=False)
        of_pairs = of_pairs.dropna()
        if of_pairs.empty or not {True, False} <= {*of_pairs.columns.get_level_values(0)}:
            continue
        with_norm, without = of_pairs[True], of_pairs[False]
        level = 1 - (1 - LEVEL) / without.shape[1]
        for cell in without:
            difference = with_norm[cell] - without[cell]
            low, high = mean_interval(difference, level=level)
            rows.append(
                dict(zip([*SETTING, *CELL], (*setting, *cell), strict=True))
                | {"pairs": len(of_pairs), "without": without[cell].mean(), "with": with_norm[cell].mean()}
                | {"difference": difference.mean(), "low": low, "high": high}
            )
    return pd.DataFrame(rows, columns=[*SETTING, *CELL, "pairs", "without", "with", "difference", "low", "high"])


def draw(runs: pd.DataFrame, confusions: pd.DataFrame, protocol: Protocol) -> Figure:
    """Two heat maps per network (and per initialization, learning rate and weight decay, where they vary)."""
    table = data(runs, confusions, protocol)
    settings = [setting for _, setting in table.groupby(SETTING, sort=False)]
    figure, canvas = new_figure(max(1, len(settings)) * PANEL + REST, protocol.data.name)
    if not settings:
        canvas.text(0.5, 0.5, "no pair finished", ha="center")
        return figure
    axes = canvas.subplots(len(settings), 2, squeeze=False, sharex=True, sharey=True)
    shares, differences = 100 * table["without"].max(), 100 * table["difference"].abs().max() or 1.0
    for row, setting in zip(axes, settings, strict=True):
        left = _draw_panel(row[0], setting, "without", cmap="Greys", vmin=0, vmax=shares)
        right = _draw_panel(row[1], setting, "difference", cmap=SIGNED, vmin=-differences, vmax=differences)
        row[0].set_ylabel("Class of the test images")
        titles = ["without batch normalization", "with minus without"]
        head_row(row, setting_words(setting.iloc[0], table), titles)
    for column, mesh, words in zip(
        axes.T, (left, right), ("Share of the class (%)", "Difference (points)"), strict=True
    ):
        column[-1].set_xlabel("Predicted class")
        canvas.colorbar(mesh, ax=column, orientation="horizontal", label=words, aspect=30)
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    sentences = [
        (
            "Left, the share of each class's test images (rows) that networks without batch normalization assign to "
            "each class (columns), mean over runs; the diagonal is correct."
        ),
        "Right, what batch normalization changes: blue is more often with it, orange less often.",
    ]
    for _, setting in table.groupby(SETTING, sort=False):
        alone = len(setting) == len(table)
        words = "" if alone else f"{setting_words(setting.iloc[0], table)}: "
        sentences.append(words + _found(setting))
    return " ".join(sentences)


def _found(setting: pd.DataFrame) -> str:
    """The commonest mistake, and how many cells are known to differ."""
    wrong = setting[setting["label"] != setting["predicted"]]
    worst = wrong.loc[wrong["without"].idxmax()]
    pairs, settled = int(setting["pairs"].iloc[0]), int(_settled(setting).sum())
    mistake = (
        f"The commonest mistake is {worst['label']} taken for {worst['predicted']}: {percent(worst['without'])} % of "
        f"the images labelled {worst['label']} without batch normalization, {percent(worst['with'])} % with it."
    )
    if pairs < 2:
        return f"{mistake} A single pair of runs gives no interval."
    marked = ", those with a number on the right," if setting["predicted"].nunique() <= LEGIBLE else ""
    return (
        f"{mistake} In {settled} of {len(setting)} cells{marked} the change is more than chance: the interval over "
        f"{count(pairs, 'pair')} of runs excludes zero, at {100 * LEVEL:.0f} % for all cells together."
    )


def _settled(table: pd.DataFrame) -> "pd.Series[bool]":
    """Where the interval leaves zero out."""
    return (table["low"] > 0) | (table["high"] < 0)


def _draw_panel(axes: Axes, table: pd.DataFrame, column: str, **look: Any) -> QuadMesh:
    """One heat map in percent or points, the first class on top; with numbers where cells are few."""
    labels, predicted = (table[name].unique().tolist() for name in CELL)  # of a class without test images, no row
    values = 100 * table[column].to_numpy().reshape(len(labels), len(predicted))
    mesh = axes.pcolormesh(values, edgecolors="white", linewidth=0.3, **look)
    shown = np.ones(values.shape, bool) if column == "without" else _settled(table).to_numpy().reshape(values.shape)
    if len(predicted) <= LEGIBLE:
        for row, place in zip(*shown.nonzero(), strict=True):
            value = values[row, place]
            dark = abs(value) > 0.6 * look["vmax"]
            words = f"{value:.0f}" if column == "without" else f"{value:.1f}".replace("-", "−")
            axes.text(
                place + 0.5, row + 0.5, words, ha="center", va="center", fontsize=8, color="white" if dark else BLACK
            )
        axes.set_xticks([place + 0.5 for place in range(len(predicted))], predicted, rotation=90)
        axes.set_yticks([place + 0.5 for place in range(len(labels))], labels)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    axes.tick_params(length=0)
    axes.set_ylim(len(labels), 0)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    return mesh
