"""Final validation accuracy against the weight decay λ."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from bnlab.analysis.rank import best_first
from bnlab.figures.captions import any_diverged
from bnlab.figures.style import COLOUR, GREY, THICK, new_figure
from bnlab.figures.tables import ends
from bnlab.formatting import batch_norm_words, initialization_words, learning_rate_words, network_words, short_number
from bnlab.runs.spec import Protocol

PANELS = ["network", "initialization", "learning_rate"]
"""What is not drawn together."""
HEIGHT = 3.2
"""Inches: panels with their legend."""
CLOSE_UP = 5
"""Percentage points: where weight decay matters most, a few points hide below a collapse of many."""
DOT, RING = 3.5, 10
"""Marker sizes of a run and of the best mean."""
ALTERNATIVE = "Charts of the final validation accuracy against the weight decay, with and without batch normalization."
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each run, with its final validation accuracy."""
    return ends(runs, ["validation_accuracy"])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """Two panels per network, initialization and learning rate: all accuracies, and a close-up of the best.

    The curves play no part.
    """
    runs = runs.assign(accuracy=100 * runs["validation_accuracy"], position=positions(runs["weight_decay"]))
    settings = [setting for _, setting in runs.groupby(PANELS, sort=False)]
    figure, canvas = new_figure(len(settings) * HEIGHT, protocol.data.name)
    parts = canvas.subfigures(len(settings), 1, squeeze=False)[:, 0]
    for part, setting in zip(parts, settings, strict=True):
        whole, close_up = part.subplots(1, 2)
        for axes in (whole, close_up):
            handles = [_draw_series(axes, series) for _, series in setting.groupby("batch_norm")]
            set_weight_decays(axes, runs)
        mark_diverged(whole, setting)
        whole.set_ylabel("Final validation accuracy (%)")
        whole.set_title("All values")
        close_up.set_title(f"The best {CLOSE_UP} percentage points")
        best = setting["accuracy"].max()
        if not math.isnan(best):
            close_up.set_ylim(best - CLOSE_UP, best + CLOSE_UP / 10)
        legend = part.legend(
            handles=handles[::-1] + _keys(setting),
            title=panel_words(setting.iloc[0]),
            loc="outside upper left",
            ncols=2,
            alignment="left",
        )
        legend.get_title().set_fontweight("bold")
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    sentences = [
        f"Accuracy on the {protocol.validation:,} validation images after the last update against the weight decay λ.",
        "Points are runs, lines join their means over seeds, and rings mark the highest means."
        if table["seed"].nunique() > 1
        else "Points are runs, and rings mark the highest.",
        "The panel on the right enlarges the best five percentage points of the one on the left.",
        *(["Crosses mark values of λ at which a run diverged."] if any_diverged(table) else []),
        *(["λ = 0 has no place on this axis and stands apart."] if (table["weight_decay"] == 0).any() else []),
    ]
    return " ".join(sentences)


def panel_words(run: pd.Series) -> str:
    """What runs of one of `PANELS` share."""
    words = [network_words(run["network"], run["layers"]), initialization_words(run["initialization"])]
    if run["learning_rate"] != "scheduled":
        words.append(f"η = {learning_rate_words(run['learning_rate'])}")
    return ", ".join(words)


def positions(weight_decays: pd.Series) -> pd.Series:
    """Places on a logarithmic axis: every λ at its value, and 0, which has none, a decade below the smallest."""
    positive = weight_decays[weight_decays > 0]
    return weight_decays.where(weight_decays > 0, positive.min() / 10 if len(positive) else 1.0)


def _draw_series(axes: Axes, runs: pd.DataFrame) -> Line2D:
    """Points, the line of means and the ring of one value of batch_norm; returns the legend's entry."""
    batch_norm = bool(runs["batch_norm"].iloc[0])
    colour, label = COLOUR[batch_norm], batch_norm_words(batch_norm)
    finished = runs[runs["diverged_at"].isna()]
    axes.plot(finished["position"], finished["accuracy"], "o", color=colour, markersize=DOT)
    means = finished.groupby(["weight_decay", "position"])["accuracy"].mean().reset_index()
    # λ = 0 stands apart, unconnected: no distance on this axis leads to it.
    connected = means[means["weight_decay"] > 0]
    axes.plot(connected["position"], connected["accuracy"], color=colour, linewidth=THICK)
    if len(means):
        best = best_first(means, "accuracy").iloc[0]
        axes.plot(best["position"], best["accuracy"], "o", markersize=RING, color=colour, fillstyle="none")
        label += f" (best: λ = {short_number(best['weight_decay'])})"
    return Line2D([], [], color=colour, linewidth=THICK, marker="o", markersize=DOT, label=label)


def mark_diverged(axes: Axes, runs: pd.DataFrame) -> None:
    """A cross near the lower edge at every λ with a run that diverged; runs: with their `positions`, so named."""
    for batch_norm, part in runs[runs["diverged_at"].notna()].groupby("batch_norm"):
        places = part["position"].unique()
        axes.plot(
            places,
            [0.10 if batch_norm else 0.04] * len(places),
            "x",
            color=COLOUR[bool(batch_norm)],
            transform=axes.get_xaxis_transform(),
        )


def _keys(runs: pd.DataFrame) -> list[Line2D]:
    """Legend entries that explain the marks."""
    several = runs.groupby(["batch_norm", "weight_decay"]).size().max() > 1
    best = "best mean" if several else "best"
    keys = [Line2D([], [], color=GREY, linewidth=0, marker="o", markersize=RING, fillstyle="none", label=best)]
    if runs["diverged_at"].notna().any():
        keys.append(Line2D([], [], color=GREY, linewidth=0, marker="x", label="diverged"))
    return keys


def set_weight_decays(axes: Axes, runs: pd.DataFrame) -> None:
    """A logarithmic axis with labelled decades, and a place of its own for λ = 0; runs: as `mark_diverged` has them."""
    axes.set_xscale("log")
    axes.set_xlabel("Weight decay λ")
    values = sorted(set(runs.loc[runs["weight_decay"] > 0, "weight_decay"]))
    ticks = _ticks(values)
    zero = runs.loc[runs["weight_decay"] == 0, "position"].unique().tolist()
    axes.set_xticks([*zero, *ticks], [*["0"] * len(zero), *ticks.values()])
    axes.xaxis.set_minor_locator(NullLocator())


def _ticks(values: list[float]) -> dict[float, str]:
    """The ticks: decades among the values, ten at most, or some four of the values where these span fewer than two."""
    if not values:
        return {}
    low, high = math.ceil(math.log10(values[0]) - 1e-9), math.floor(math.log10(values[-1]) + 1e-9)
    if high <= low:
        return {value: short_number(value) for value in values[:: math.ceil(len(values) / 4)]}
    apart = math.ceil((high - low + 1) / 10)
    return {10.0**power: f"$10^{{{power}}}$" for power in range(low, high + 1, apart)}
