"""Training curves: per network loss, cost and accuracy, with and without batch normalization."""

import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.pairs import SETTING
from bnlab.figures.panels import (
    add_legend,
    draw_learning_rates,
    draw_lines,
    head_row,
    legend_handles,
    limit_to_finished,
    mark_diverged,
    setting_words,
    updates_label,
    with_runs,
)
from bnlab.figures.style import new_figure
from bnlab.runs.spec import Protocol

METRICS = {"loss": "Loss", "cost": "Cost (loss + λ Σ W²)", "accuracy": "Accuracy (%)"}
ROW, STRIP, REST = 1.95, 0.3, 0.95
"""Heights in inches: a row of panels, the learning rate, and legend and labels."""


def draw_curves(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A row of three panels per network (and per initialization, learning rate and weight decay, where they vary)."""
    curves = with_runs(curves, runs)
    settings = [setting for _, setting in runs.groupby(SETTING, sort=False)]
    rows = len(settings)
    figure, canvas = new_figure(rows * ROW + STRIP + REST, protocol.data)
    axes = canvas.subplots(rows + 1, 3, sharex=True, squeeze=False, height_ratios=[*[ROW - 0.35] * rows, STRIP])
    for row, setting in zip(axes[:-1], settings, strict=True):
        chosen = curves[curves["run"].isin(setting["run"])]
        for panel, metric in zip(row, METRICS, strict=True):
            draw_lines(panel, chosen, f"probe_{metric}", dashed=True)
            draw_lines(panel, chosen, f"validation_{metric}")
            mark_diverged(panel, setting)
        head_row(row, setting_words(setting.iloc[0], runs), METRICS.values())
    for column, metric in zip(axes[:-1].T, METRICS, strict=True):
        limit_to_finished(column, curves, [f"probe_{metric}", f"validation_{metric}"])
    draw_learning_rates(axes[-1], protocol, runs)
    canvas.supxlabel(updates_label(protocol), fontsize=9)
    add_legend(canvas, legend_handles(runs, parts=True))
    return figure
