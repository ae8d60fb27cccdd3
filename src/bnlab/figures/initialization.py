"""Validation curves side by side for every initialization, with chance level."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnlab.figures.captions import RATE_STRIP, line_sentences, probe_words
from bnlab.figures.panels import (
    add_legend,
    draw_learning_rates,
    draw_lines,
    head_row,
    legend_handles,
    limit_to_finished,
    mark_diverged,
    updates_label,
    with_runs,
)
from bnlab.figures.style import BLACK, new_figure
from bnlab.figures.tables import along
from bnlab.formatting import initialization_words, learning_rate_words, network_words, weight_decay_words
from bnlab.runs.spec import Protocol

METRICS = {"loss": "Validation loss", "accuracy": "Validation accuracy (%)"}
ROW, STRIP, REST = 1.8, 0.3, 0.8
"""Heights in inches: a row of panels, the learning rate, and legend and labels."""
ALTERNATIVE = (
    "Line charts of validation loss and accuracy against the update, a column per initialization, "
    "with and without batch normalization."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each point of each run's validation curves."""
    return along(runs, curves, [f"validation_{metric}" for metric in METRICS])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A column per initialization; per network and weight decay a row of losses and a row of accuracies."""
    curves, chance = with_runs(curves, runs), _chance(protocol)
    initializations = runs["initialization"].unique()
    settings = [setting for _, setting in runs.groupby(["network", "learning_rate", "weight_decay"], sort=False)]
    rows = len(settings) * len(METRICS)
    figure, canvas = new_figure(rows * ROW + STRIP + REST, protocol.data.name)
    axes = canvas.subplots(
        rows + 1,
        len(initializations),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[*[ROW - 0.35] * rows, STRIP],
    )
    blocks = axes[:-1].reshape(len(settings), len(METRICS), len(initializations))
    for setting, block in zip(settings, blocks, strict=True):
        head_row(
            block[0],
            _block_words(setting.iloc[0], runs),
            [initialization_words(initialization) for initialization in initializations],
        )
        for row, metric in zip(block, METRICS, strict=True):
            row[0].set_ylabel(METRICS[metric])
            _label_chance(row[0], metric, chance[metric])
            for panel, (_, cells) in zip(row, setting.groupby("initialization", sort=False), strict=True):
                panel.axhline(chance[metric], color=BLACK, linewidth=0.8, linestyle=(0, (1, 2)))
                draw_lines(panel, curves[curves["run"].isin(cells["run"])], f"validation_{metric}")
                mark_diverged(panel, cells)
    for row, metric in zip(axes[:-1], [*METRICS] * len(settings), strict=True):
        limit_to_finished(row, curves, [f"validation_{metric}"], show=[chance[metric]])
    draw_learning_rates(axes[-1], protocol, runs)
    canvas.supxlabel(updates_label(protocol), fontsize=9)
    add_legend(canvas, legend_handles(runs, parts=False))
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    classes, chance = protocol.data.classes, _chance(protocol)
    sentences = [
        (
            f"Loss and accuracy on {probe_words(protocol, protocol.validation)} validation images during training, by "
            "initialization; "
            "σ is the standard deviation of every initial weight."
        ),
        *line_sentences(table),
        (
            f"Chance is what equal probabilities for all {classes} classes give: a loss of ln {classes} ≈ "
            f"{chance['loss']:.2f} and an accuracy of {chance['accuracy']:.3g} %."
        ),
        RATE_STRIP,
    ]
    return " ".join(sentences)


def _block_words(run: pd.Series, runs: pd.DataFrame) -> str:
    """What the runs of a block share."""
    words = [network_words(run["network"], run["layers"]), weight_decay_words(run["weight_decay"])]
    if runs["learning_rate"].nunique() > 1:
        words.insert(1, f"η {learning_rate_words(run['learning_rate'])}")
    return ", ".join(words)


def _chance(protocol: Protocol) -> dict[str, float]:
    """What equal probabilities for all classes give."""
    classes = protocol.data.classes
    return {"loss": math.log(classes), "accuracy": 100 / classes}


def _label_chance(axes: Axes, metric: str, chance: float) -> None:
    """Name the line of chance at its right end, on the side where networks that learn go."""
    side = {"loss": "top", "accuracy": "bottom"}[metric]
    axes.annotate(
        "chance",
        (1, chance),
        xycoords=axes.get_yaxis_transform(),
        xytext=(-2, -2 if side == "top" else 2),
        textcoords="offset points",
        ha="right",
        va=side,
    )
