"""Training curves: per network loss, cost and accuracy, with and without batch normalization."""

import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.pairs import SETTING, setting_words
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
from bnlab.figures.style import new_figure
from bnlab.figures.tables import along
from bnlab.runs.spec import Protocol

METRICS = {"loss": "Loss", "cost": "Cost (loss + λ Σ W²)", "accuracy": "Accuracy (%)"}
ROW, STRIP, REST = 1.95, 0.3, 0.95
"""Heights in inches: a row of panels, the learning rate, and legend and labels."""
ALTERNATIVE = "Line charts of loss, cost and accuracy against the update, with and without batch normalization."
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row for each point of each run's curves."""
    parts = ("probe", "validation") if protocol.validation else ("probe",)
    return along(runs, curves, [f"{part}_{metric}" for part in parts for metric in METRICS])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A row of three panels per network (and per initialization, learning rate and weight decay, where they vary)."""
    curves, validates = with_runs(curves, runs), protocol.validation > 0
    settings = [setting for _, setting in runs.groupby(SETTING, sort=False)]
    rows = len(settings)
    figure, canvas = new_figure(rows * ROW + STRIP + REST, protocol.data.name)
    axes = canvas.subplots(rows + 1, 3, sharex=True, squeeze=False, height_ratios=[*[ROW - 0.35] * rows, STRIP])
    for row, setting in zip(axes[:-1], settings, strict=True):
        chosen = curves[curves["run"].isin(setting["run"])]
        for panel, metric in zip(row, METRICS, strict=True):
            draw_lines(panel, chosen, f"probe_{metric}", dashed=validates)
            if validates:
                draw_lines(panel, chosen, f"validation_{metric}")
            mark_diverged(panel, setting)
        head_row(row, setting_words(setting.iloc[0], runs), METRICS.values())
    for column, metric in zip(axes[:-1].T, METRICS, strict=True):
        shown = [f"probe_{metric}", *([f"validation_{metric}"] if validates else [])]
        limit_to_finished(column, curves, shown)
    draw_learning_rates(axes[-1], protocol, runs)
    canvas.supxlabel(updates_label(protocol), fontsize=9)
    add_legend(canvas, legend_handles(runs, parts=validates))
    return figure


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    images = f"{probe_words(protocol, protocol.training)} training images"
    if protocol.validation:
        images = f"{probe_words(protocol, protocol.validation)} validation images (solid) and on {images} (dashed)"
    sentences = [
        f"Loss, cost and accuracy during training, evaluated {protocol.curve_points} times on {images}.",
        *line_sentences(table),
        "The loss before the first update can lie above the panel.",
        RATE_STRIP,
    ]
    return " ".join(sentences)
