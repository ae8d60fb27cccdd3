"""Final validation accuracy over learning rate and weight decay, as heat maps."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from bnlab.analysis.rank import best_first
from bnlab.figures.captions import any_diverged
from bnlab.figures.style import BLACK, GREY, new_figure
from bnlab.figures.tables import ends
from bnlab.formatting import batch_norm_words, initialization_words, network_words, short_number
from bnlab.runs.spec import Protocol

COLUMNS = 2
PANEL, REST = 3.0, 0.5
"""Heights in inches: a row of heat maps with its title and axis, and the colour bar."""
RING = 9
ALTERNATIVE = "Heat maps of the final validation accuracy over learning rate and weight decay."
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each run, with its final validation accuracy."""
    return ends(runs, ["validation_accuracy"])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A heat map per network, initialization and value of batch_norm: means over seeds, the best ringed.

    The curves play no part.
    """
    panels = [panel for _, panel in runs.groupby(["network", "initialization", "batch_norm"], sort=False)]
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, canvas = new_figure(rows * PANEL + REST, protocol.data.name)
    axes = canvas.subplots(rows, columns, squeeze=False)
    finished = 100 * runs.loc[runs["diverged_at"].isna(), "validation_accuracy"]
    low, high = (finished.min(), finished.max()) if len(finished) else (0.0, 100.0)
    for place, panel in zip(axes.flat, panels, strict=False):
        mesh = _draw_panel(place, panel, low, high)
        first = panel.iloc[0]
        place.set_title(
            f"{network_words(first['network'], first['layers'])}, {initialization_words(first['initialization'])},\n"
            f"{batch_norm_words(first['batch_norm'])}"
        )
    for place in axes.flat[len(panels) :]:
        place.set_visible(False)
    canvas.colorbar(mesh, ax=axes, orientation="horizontal", label="Final validation accuracy (%)", aspect=40)
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    mean = ", mean over seeds," if table["seed"].nunique() > 1 else ""
    sentences = [
        (
            f"Accuracy on the {protocol.validation:,} validation images after the last update{mean} for every "
            "learning rate η, constant during training, and weight decay λ. Rings mark the highest."
        ),
        *(["Crosses mark settings at which a run diverged."] if any_diverged(table) else []),
    ]
    return " ".join(sentences)


def _draw_panel(axes: Axes, runs: pd.DataFrame, low: float, high: float) -> QuadMesh:
    """One heat map, a cell for every pair of values, whatever their distances."""
    runs = runs.assign(
        rate=runs["learning_rate"].str.removeprefix("eta").astype(float), accuracy=100 * runs["validation_accuracy"]
    )
    table = runs.pivot_table(index="weight_decay", columns="rate", values="accuracy", dropna=False)
    mesh = axes.pcolormesh(np.ma.masked_invalid(table.to_numpy()), cmap="cividis", vmin=low, vmax=high)
    cells = table.melt(ignore_index=False, value_name="accuracy").dropna().reset_index()
    if len(cells):
        best = best_first(cells, "accuracy").iloc[0]
        row, column = table.index.get_loc(best["weight_decay"]), table.columns.get_loc(best["rate"])
        axes.plot(column + 0.5, row + 0.5, "o", markersize=RING, fillstyle="none", color=BLACK, markeredgewidth=1.5)
    for _, run in runs[runs["diverged_at"].notna()].iterrows():
        place = (table.columns.get_loc(run["rate"]) + 0.5, table.index.get_loc(run["weight_decay"]) + 0.5)
        axes.plot(*place, "x", color=GREY)
    _label(axes.set_xticks, list(table.columns))
    _label(axes.set_yticks, list(table.index))
    axes.set_xlabel("Learning rate η")
    axes.set_ylabel("Weight decay λ")
    axes.grid(visible=False)
    return mesh


def _label(set_ticks: object, values: list[float]) -> None:
    """Label every value where a few are, else some five of them, evenly."""
    step = math.ceil(len(values) / 5)
    chosen = range(0, len(values), step)
    set_ticks([place + 0.5 for place in chosen], [short_number(values[place]) for place in chosen])  # type: ignore[operator]
