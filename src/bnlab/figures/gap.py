"""How much better networks do on the images that they were trained on, against the weight decay λ."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bnlab.figures.captions import any_diverged
from bnlab.figures.style import BLACK, COLOUR, GREY, THICK, new_figure
from bnlab.figures.tables import ends
from bnlab.figures.weight_decay import PANELS, mark_diverged, panel_words, positions, set_weight_decays
from bnlab.formatting import batch_norm_words, points, weight_decay_words
from bnlab.runs.spec import Protocol

GAPS = {
    "accuracy_gap": "Accuracy: training minus validation (points)",
    "loss_gap": "Loss: validation minus training",
}
HEIGHT = 2.9
"""Inches: panels with their legend."""
DOT = 3.5
ALTERNATIVE = (
    "Charts of the gap between training and validation images, in accuracy and in loss, against the weight decay, with "
    "and without batch normalization."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each run, with how much better it ends on training images, in accuracy and in loss."""
    gaps = {
        "accuracy_gap": runs["training_accuracy"] - runs["validation_accuracy"],
        "loss_gap": runs["validation_loss"] - runs["training_loss"],
    }
    return ends(runs.assign(**gaps), list(GAPS))


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """Two panels per network, initialization and learning rate: the gap in accuracy and that in loss."""
    table = data(runs, curves, protocol)
    table = table.assign(accuracy_gap=100 * table["accuracy_gap"], position=positions(table["weight_decay"]))
    settings = [setting for _, setting in table.groupby(PANELS, sort=False)]
    figure, canvas = new_figure(len(settings) * HEIGHT, protocol.data.name)
    parts = canvas.subfigures(len(settings), 1, squeeze=False)[:, 0]
    for part, setting in zip(parts, settings, strict=True):
        panels = part.subplots(1, 2)
        for axes, gap in zip(panels, GAPS, strict=True):
            axes.axhline(0, color=BLACK, linewidth=0.8)
            handles = [_draw_series(axes, series, gap) for _, series in setting.groupby("batch_norm")]
            axes.set_title(GAPS[gap])
            set_weight_decays(axes, table)
        mark_diverged(panels[0], setting)
        if any_diverged(setting):
            handles.insert(0, Line2D([], [], color=GREY, linewidth=0, marker="x", label="diverged"))
        words = panel_words(setting.iloc[0])
        legend = part.legend(
            handles=handles[::-1], title=words, loc="outside upper left", ncols=3, alignment="left", columnspacing=1.6
        )
        legend.get_title().set_fontweight("bold")
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    lines = "Points are runs, lines join their means over seeds." if table["seed"].nunique() > 1 else "Points are runs."
    sentences = [
        (
            f"How much better networks do on the {protocol.training:,} images that they were trained on than on the "
            f"{protocol.validation:,} validation images, after the last update: the larger the gap, the more they have "
            "learnt by heart."
        ),
        lines,
        *_from_least_to_most(table),
        *(["Crosses mark values of λ at which a run diverged."] if any_diverged(table) else []),
        *(["λ = 0 has no place on this axis and stands apart."] if (table["weight_decay"] == 0).any() else []),
    ]
    return " ".join(sentences)


def _from_least_to_most(table: pd.DataFrame) -> list[str]:
    """The mean gaps at both ends of the axis, if it is about one network."""
    gaps = table.groupby([*PANELS, "batch_norm", "weight_decay"])["accuracy_gap"].mean().dropna()
    parts = []
    for (*_, batch_norm), means in gaps.groupby(level=[0, 1, 2, 3]):
        least, most = (weight_decay_words(means.index[i][-1]) for i in (0, -1))
        parts.append(
            f"{batch_norm_words(bool(batch_norm))} it is {points(means.iloc[0])} points at {least} and "
            f"{points(means.iloc[-1])} at {most}"
        )
    alone = gaps.reset_index()[PANELS].drop_duplicates().shape[0] == 1
    return [f"The mean gap in accuracy: {'; '.join(parts)}."] if alone else []


def _draw_series(axes: Axes, runs: pd.DataFrame, gap: str) -> Line2D:
    """Points and the line of means of one value of batch_norm; returns the legend's entry."""
    batch_norm = bool(runs["batch_norm"].iloc[0])
    colour = COLOUR[batch_norm]
    axes.plot(runs["position"], runs[gap], "o", color=colour, markersize=DOT)
    means = runs.groupby(["weight_decay", "position"])[gap].mean().dropna().reset_index()
    # λ = 0 stands apart, unconnected: no distance on this axis leads to it.
    connected = means[means["weight_decay"] > 0]
    axes.plot(connected["position"], connected[gap], color=colour, linewidth=THICK)
    return Line2D([], [], color=colour, linewidth=THICK, marker="o", markersize=DOT, label=batch_norm_words(batch_norm))
