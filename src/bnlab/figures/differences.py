"""What batch normalization changes along the training: differences between twins, on validation images."""

from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bnlab.analysis.intervals import LEVEL, mean_interval
from bnlab.analysis.pairs import SETTING, paired, setting_words
from bnlab.figures.captions import RATE_STRIP, probe_words
from bnlab.figures.panels import draw_learning_rates, head_row, updates_label, with_gaps
from bnlab.figures.style import BLACK, BLUE, GREY, THICK, THIN, new_figure
from bnlab.runs.spec import Protocol

METRICS = {"loss": "Difference of loss", "accuracy": "Difference of accuracy (points)"}
ROW, STRIP, REST = 2.2, 0.3, 0.8
"""Heights in inches: a row of panels, the learning rate, and legend and labels."""
MEAN = "mean"
"""What stands for the seed in rows of means."""
ALTERNATIVE = (
    "Line charts of the differences of validation loss and accuracy, with minus without batch normalization, against "
    "the update."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row per point of every pair and, where there are several, of their mean with its interval.

    The columns: those of SETTING; seed, or "mean"; update and epoch; loss and accuracy, with minus without; of means,
    the ends of their intervals. A pair of which a run diverged has one row, without a point.
    """
    keys = [*SETTING, "seed"]
    finished = paired(runs, "validation_accuracy")[[*keys, "run_bn", "run_plain"]]
    columns = ["update", "epoch", *(f"validation_{metric}" for metric in METRICS)]
    joined = (
        runs[keys]
        .drop_duplicates()
        .merge(finished, how="left", on=keys)
        .merge(curves[columns].assign(run_bn=curves["run"]), how="left", on="run_bn")
        .merge(
            curves[columns].assign(run_plain=curves["run"]),
            how="left",
            on=["run_plain", "update", "epoch"],
            suffixes=("_bn", "_plain"),
        )
    )
    single = joined[[*keys, "update", "epoch"]].assign(
        **{metric: joined[f"validation_{metric}_bn"] - joined[f"validation_{metric}_plain"] for metric in METRICS}
    )
    return pd.concat([single, _means(single)], ignore_index=True)


def _means(single: pd.DataFrame) -> pd.DataFrame:
    rows = []
    point = [*SETTING, "update", "epoch"]
    for key, values in single.groupby(point, sort=False):
        if len(values) > 1:
            row = dict(zip(point, key, strict=True)) | {"seed": MEAN}
            for metric in METRICS:
                low, high = mean_interval(values[metric])
                row |= {metric: values[metric].mean(), f"{metric}_low": low, f"{metric}_high": high}
            rows.append(row)
    ends = [f"{metric}_{end}" for metric in METRICS for end in ("low", "high")]
    return pd.DataFrame(rows, columns=[*single.columns, *ends])


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A row per network (and per initialization, learning rate and weight decay, where they vary): loss, accuracy."""
    table = data(runs, curves, protocol)
    settings = [setting for _, setting in runs.groupby(SETTING, sort=False)]
    rows = len(settings)
    figure, canvas = new_figure(rows * ROW + STRIP + REST, protocol.data.name)
    axes = canvas.subplots(rows + 1, 2, sharex=True, squeeze=False, height_ratios=[*[ROW - 0.35] * rows, STRIP])
    for row, setting in zip(axes[:-1], settings, strict=True):
        of_setting = table.merge(setting[SETTING].drop_duplicates(), on=SETTING)
        for panel, metric in zip(row, METRICS, strict=True):
            _draw_panel(panel, of_setting, metric, 100 if metric == "accuracy" else 1)
        head_row(row, f"{setting_words(setting.iloc[0], runs)}: with minus without batch norm.", METRICS.values())
    draw_learning_rates(axes[-1], protocol, runs)
    canvas.supxlabel(updates_label(protocol), fontsize=9)
    handles = _handles(several=(table["seed"] == MEAN).any())
    canvas.legend(handles=handles, loc="outside upper left", ncols=3, columnspacing=1.6, borderaxespad=0.2)
    return figure


def _draw_panel(panel: Axes, table: pd.DataFrame, metric: str, scale: int) -> None:
    single, mean = table[table["seed"] != MEAN].dropna(subset="update"), table[table["seed"] == MEAN]
    panel.axhline(0, color=BLACK, linewidth=0.8)
    if single.empty:
        panel.annotate("no pair finished", (0.5, 0.6), xycoords="axes fraction", ha="center")
        return
    lines = with_gaps(single, "seed", metric)
    looks: dict[str, Any] = {"color": BLUE, "linewidth": THICK} if mean.empty else {"color": GREY, "linewidth": THIN}
    panel.plot(lines["update"], scale * lines[metric], alpha=1 if mean.empty else 0.5, **looks)
    low, high = (scale * mean[f"{metric}_{end}"].astype(float) for end in ("low", "high"))
    panel.fill_between(mean["update"].astype(float), low, high, color=BLUE, alpha=0.35, linewidth=0, zorder=3)
    panel.plot(mean["update"], scale * mean[metric], color=BLUE, linewidth=THICK, zorder=4)
    panel.set_ylim(*(scale * end for end in _limits(single, metric)))


def _limits(single: pd.DataFrame, metric: str) -> tuple[float, float]:
    """What a panel shows: before the first update the difference can be several times any later one."""
    later = single.loc[single["update"] > 0, metric]
    lowest, highest = min(later.min(), 0.0), max(later.max(), 0.0)
    margin = 0.05 * (highest - lowest) or 0.05
    return lowest - margin, highest + margin


def _handles(*, several: bool) -> list[Artist]:
    if not several:
        return [Line2D([], [], color=BLUE, linewidth=THICK, label="the pair")]
    return [
        Line2D([], [], color=BLUE, linewidth=THICK, label="mean over pairs"),
        Patch(color=BLUE, alpha=0.35, linewidth=0, label=f"its {100 * LEVEL:.0f} % interval"),
        Line2D([], [], color=GREY, linewidth=THIN, label="single pairs"),
    ]


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    means = (
        f"Thick lines are means over pairs with Student's {100 * LEVEL:.0f} % interval of each point alone, thin lines "
        "single pairs."
    )
    sentences = [
        (
            f"Loss and accuracy on {probe_words(protocol, protocol.validation)} validation images during training, "
            "with minus without batch normalization. The two runs of a pair share their seed and every other setting; "
            "the loss is better with it where the line is below zero, the accuracy where it is above."
        ),
        *([means] if (table["seed"] == MEAN).any() else []),
        *(["Pairs of which a run diverged are left out."] if table["update"].isna().any() else []),
        "The difference before the first update can lie outside the panel, and so can parts of the interval."
        if _reaches_out(table)
        else "The difference before the first update can lie outside the panel.",
        RATE_STRIP,
    ]
    return " ".join(sentences)


def _reaches_out(table: pd.DataFrame) -> bool:
    """Whether an interval after the first update is wider than its panel."""
    for _, rows in table.groupby(SETTING, sort=False):
        single, mean = rows[rows["seed"] != MEAN].dropna(subset="update"), rows[rows["seed"] == MEAN]
        mean = mean[mean["update"] > 0]
        for metric in METRICS:
            low, high = _limits(single, metric)
            if (mean[f"{metric}_low"] < low).any() or (mean[f"{metric}_high"] > high).any():
                return True
    return False
