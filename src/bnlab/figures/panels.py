"""What the figures of training curves share: lines of seeds and their mean, limits, the learning rate, legends."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from bnlab.figures.style import BLACK, COLOUR, GREY, LIGHT_GREY, THICK, THIN
from bnlab.formatting import batch_norm_words, short_number
from bnlab.runs.spec import Protocol
from bnlab.training.setup import learning_rate

DASHES = (0, (2.5, 1.5))
"""The line style of training; validation is solid."""
HEAD = 19
"""Points from a panel to the line over its title."""


def with_runs(curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Curve points with what their run is, accuracies in percent."""
    joined = curves.merge(runs[["run", "batch_norm", "diverged_at"]], on="run", validate="m:1")
    accuracies = [column for column in joined.columns if column.endswith("_accuracy")]
    return joined.assign(**{column: 100 * joined[column] for column in accuracies})


def head_row(row: Iterable[Axes], head: str, titles: Iterable[str]) -> None:
    """A bold line over a row of panels, and under it a title for every panel."""
    for panel, title in zip(row, titles, strict=True):
        panel.set_title(f"\n{title}")
        if head:
            line = panel.annotate(
                head, (0, 1), (0, HEAD), xycoords="axes fraction", textcoords="offset points", fontweight="bold"
            )
            # It may reach over the next panel, whose place the layout would otherwise move.
            line.set_in_layout(False)
            head = ""


def draw_lines(axes: Axes, curves: pd.DataFrame, column: str, *, dashed: bool = False) -> None:
    """Per value of batch_norm a thick mean of the runs that finished and, unless dashed, a thin line per seed."""
    for batch_norm, part in curves.groupby("batch_norm"):
        colour = COLOUR[bool(batch_norm)]
        finished = part[part["diverged_at"].isna()]
        if not dashed and (part["run"].nunique() > 1 or finished.empty):
            seeds = with_gaps(part, "run", column)
            axes.plot(seeds["update"], seeds[column], color=colour, linewidth=THIN, alpha=0.4)
        mean = finished.groupby("update")[column].mean()
        axes.plot(mean.index, mean, color=colour, linewidth=THICK, linestyle=DASHES if dashed else "solid")


def with_gaps(curves: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """Lines, one per value of `by`, with a gap after each: many lines drawn as one with gaps make a smaller file."""
    return curves.groupby(by)[["update", column]].apply(lambda line: line.reindex([*line.index, -1]))


def mark_diverged(axes: Axes, runs: pd.DataFrame) -> None:
    """A cross at the upper edge over the update at which a run diverged: its last values lie far outside."""
    for batch_norm, part in runs.groupby("batch_norm"):
        places = part["diverged_at"].dropna()
        axes.plot(
            places,
            [0.96 if batch_norm else 0.88] * len(places),
            "x",
            color=COLOUR[bool(batch_norm)],
            transform=axes.get_xaxis_transform(),
        )


def limit_to_finished(
    panels: Iterable[Axes], curves: pd.DataFrame, columns: list[str], *, show: Sequence[float] = ()
) -> None:
    """Give the panels the range of the finished runs' values and of those in `show`.

    A run that diverges must not set it, nor must the loss before the first update, which can be several times any
    later one.
    """
    finished = curves[curves["diverged_at"].isna()]
    if finished.empty:
        return
    low = min([finished[columns].min(axis=None), *show])
    high = max([finished.loc[finished["update"] > 0, columns].max(axis=None), *show])
    margin = 0.05 * (high - low) or 0.05
    for panel in panels:
        panel.set_ylim(low - margin, high + margin)


def draw_learning_rates(strips: Sequence[Axes], protocol: Protocol, runs: pd.DataFrame) -> None:
    """Below every column of panels, a strip that shows the learning rates of the runs; and the x-axis."""
    schedule, epoch = protocol.schedule, protocol.training // protocol.batch_size
    ends = np.arange(0, schedule.updates + 1, 2 * schedule.step)
    # Straight lines from corner to corner; a decay is a step at every epoch's end.
    steps = np.arange(epoch, schedule.updates, epoch) if schedule.decay < 1 else np.empty(0, int)
    updates = np.unique(np.concatenate([np.arange(0, schedule.updates + 1, schedule.step), steps - 1, steps]))
    rates = [[rate(update) for update in updates.tolist()] for rate in
             (learning_rate(schedule, own, epoch=epoch) for own in constant_rates(runs))]  # fmt: skip
    highest = max(map(max, rates))
    for strip in strips:
        for rate in rates:
            strip.fill_between(updates, 0, rate, color=LIGHT_GREY, linewidth=0)
            strip.plot(updates, rate, color=GREY, linewidth=THIN)
        strip.set_ylim(0, 1.15 * highest)
        strip.set_yticks([highest], [""])
        strip.grid(visible=False, axis="y")
        strip.set_xlim(0, schedule.updates)
        # A tick at the end of every cycle, where there is room.
        strip.xaxis.set_major_locator(FixedLocator(ends.tolist()) if schedule.cycles <= 2 else MaxNLocator(2))
        strip.xaxis.set_major_formatter(FuncFormatter(lambda update, _: f"{update:,.0f}"))
    strips[0].set_yticks([highest], [short_number(float(f"{highest:.3g}"))])
    strips[0].set_title("Learning rate", loc="left", pad=2)


def constant_rates(runs: pd.DataFrame) -> list[float | None]:
    """The different constant learning rates among runs, None for the schedule's."""
    return [None if text == "scheduled" else float(text.removeprefix("eta")) for text in runs["learning_rate"].unique()]


def updates_label(protocol: Protocol) -> str:
    """The label of an axis of updates, which says how many make an epoch."""
    return f"Update ({protocol.training // protocol.batch_size:,} updates = 1 epoch)"


def legend_handles(runs: pd.DataFrame, *, parts: bool) -> list[Line2D]:
    """A legend's entries. parts: whether training and validation are told apart by dashes."""
    handles = [
        Line2D([], [], color=COLOUR[batch_norm], linewidth=2.5, label=batch_norm_words(batch_norm))
        for batch_norm in sorted(runs["batch_norm"].unique(), reverse=True)
    ]
    if parts:
        handles.append(Line2D([], [], color=BLACK, linewidth=THICK, label="validation"))
        handles.append(Line2D([], [], color=BLACK, linewidth=THICK, linestyle=DASHES, label="training"))
    if runs["seed"].nunique() > 1:
        handles.append(Line2D([], [], color=GREY, linewidth=THICK, label="mean over seeds"))
        handles.append(Line2D([], [], color=GREY, linewidth=THIN, label="single seeds"))
    if runs["diverged_at"].notna().any():
        handles.append(Line2D([], [], color=GREY, linewidth=0, marker="x", label="diverged"))
    return handles


def add_legend(figure: FigureBase, handles: list[Line2D]) -> None:
    """A legend above all panels, in two rows at most."""
    columns = max(2, math.ceil(len(handles) / 2))
    figure.legend(handles=handles, loc="outside upper left", ncols=columns, columnspacing=1.6, borderaxespad=0.2)
