"""How the gain from batch normalization settles as pairs are added, and how many pairs it takes to see half a point."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bnlab.analysis.intervals import LEVEL, POWER, mean_interval, sd_interval
from bnlab.analysis.pairs import SETTING, paired, setting_words
from bnlab.analysis.power import POINTS, pairs_needed, power
from bnlab.figures.panels import head_row
from bnlab.figures.style import BLACK, BLUE, GREY, THICK, new_figure
from bnlab.formatting import count, percent
from bnlab.runs.spec import Protocol

ROW, REST = 2.5, 0.3
"""Heights in inches: a row of panels, and their labels."""
SMOOTH = 60
"""Numbers of pairs, evenly spaced, for which the power is computed."""
SETTLED = 4
"""With fewer pairs an interval is so wide that no other could be read beside it."""
ROUNDING = 1e-9
ALTERNATIVE = (
    "Line charts against the number of pairs: the mean gain in validation accuracy with its interval, and the "
    "probability to see a gain of half a point."
)
"""What a screen reader says in its place."""


def data(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A row per number of pairs.

    The columns: those of SETTING; pairs; of the first so many of ours, in the order of their seeds, the mean gain in
    validation accuracy and its interval; sd, of all our pairs, and its interval; power, the probability to see POINTS
    with pairs of that sd, and with those of either end (power_low, for the larger sd, and power_high). Columns of what
    is not known, as for a single pair, are empty.
    """
    rows = [row for setting, gains in _gains(runs) for row in _rows(setting, gains)]
    return pd.DataFrame(rows, columns=[*SETTING, *_MEAN, *_SD, *_POWER])


_MEAN = ["pairs", "gain_mean", "gain_low", "gain_high"]
_SD = ["sd", "sd_low", "sd_high"]
_POWER = ["power", "power_low", "power_high"]


def _gains(runs: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.Series]]:
    """Each setting with the gains of its pairs, in the order of their seeds."""
    for key, pairs in paired(runs, "validation_accuracy").groupby(SETTING, sort=False):
        yield dict(zip(SETTING, key, strict=True)), pairs.sort_values("seed")["gain"]


def _rows(setting: dict[str, Any], gains: pd.Series) -> Iterator[dict[str, Any]]:
    sd = float(gains.std(ddof=1))
    # Equal gains differ by rounding, and no accuracy by less than one image.
    deviations = (sd, *sd_interval(sd, len(gains))) if sd > ROUNDING else ()
    for pairs in _numbers(len(gains), deviations):
        row = setting | {"pairs": pairs}
        if pairs <= len(gains):
            row |= dict(zip(_MEAN[1:], (gains[:pairs].mean(), *mean_interval(gains[:pairs])), strict=True))
        if deviations:
            row |= dict(zip(_SD, deviations, strict=True))
        if deviations and pairs > 1:
            low, high = (power(pairs, one, POINTS) for one in (deviations[2], deviations[1]))
            row |= dict(zip(_POWER, (power(pairs, sd, POINTS), low, high), strict=True))
        yield row


def _numbers(ours: int, deviations: tuple[float, ...]) -> list[int]:
    """Numbers of pairs: all that we have, what each deviation needs, and more between, to twice what ours needs."""
    needed = [pairs_needed(sd, POINTS) for sd in deviations]
    between = np.linspace(2, max(ours, 2 * needed[0]), SMOOTH).round().astype(int).tolist() if needed else []
    return sorted({*range(1, ours + 1), *needed, *between})


def draw(runs: pd.DataFrame, curves: pd.DataFrame, protocol: Protocol) -> Figure:
    """A row per network (and per initialization, learning rate and weight decay, where they vary)."""
    table = data(runs, curves, protocol)
    settings = [setting for _, setting in runs.groupby(SETTING, sort=False)]
    figure, canvas = new_figure(len(settings) * ROW + REST, protocol.data.name)
    axes = canvas.subplots(len(settings), 2, squeeze=False)
    titles = ("Mean gain in validation accuracy (points)", f"Probability of detecting {100 * POINTS:g} points (%)")
    for row, setting in zip(axes, settings, strict=True):
        of_setting = table.merge(setting[SETTING].drop_duplicates(), on=SETTING)
        _draw_mean(row[0], of_setting[of_setting["gain_mean"].notna()])
        _draw_power(row[1], of_setting[of_setting["power"].notna()])
        for panel in row:
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        head_row(row, setting_words(setting.iloc[0], runs), titles)
    canvas.supxlabel("Pairs of runs, with and without batch normalization", fontsize=9)
    return figure


def _draw_mean(axes: Axes, table: pd.DataFrame) -> None:
    if table.empty:
        axes.annotate("no pair finished", (0.5, 0.6), xycoords="axes fraction", ha="center")
        return
    mean, low, high = (100 * table[column] for column in _MEAN[1:])
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.axhline(100 * POINTS, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.fill_between(table["pairs"], low, high, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(table["pairs"], mean, "o-", color=BLUE, linewidth=THICK, markersize=2.5)
    settled = table["pairs"] >= min(SETTLED, table["pairs"].max())
    shown = [*mean[settled], *low[settled].dropna(), *high[settled].dropna(), 0, 100 * POINTS]
    margin = 0.08 * (max(shown) - min(shown))
    axes.set_ylim(min(shown) - margin, max(shown) + margin)
    axes.set_xlim(0, table["pairs"].max() + 0.5)


def _draw_power(axes: Axes, table: pd.DataFrame) -> None:
    if table.empty:
        axes.annotate("no spread to go by", (0.5, 0.6), xycoords="axes fraction", ha="center")
        return
    axes.fill_between(
        table["pairs"], 100 * table["power_low"], 100 * table["power_high"], color=BLUE, alpha=0.25, linewidth=0
    )
    axes.plot(table["pairs"], 100 * table["power"], color=BLUE, linewidth=THICK)
    needed = _needed(table, "power")
    axes.hlines(100 * POWER, 0, needed, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.vlines(needed, 0, 100 * POWER, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(needed, 100 * POWER, "o", color=BLACK, markersize=5)
    axes.annotate(
        count(needed, "pair"), (needed, 0), (5, 8), textcoords="offset points", va="bottom", fontweight="bold"
    )
    axes.set_ylim(0, 102)
    axes.set_xlim(0, 2 * needed)


def _needed(table: pd.DataFrame, column: str) -> int:
    """The fewest pairs in the table with which that power is enough."""
    return int(table.loc[table[column] >= POWER, "pairs"].min())


def caption(protocol: Protocol, table: pd.DataFrame) -> str:
    """The figure's caption; table: its data."""
    if table["gain_mean"].isna().all():
        return "No pair of runs finished."
    level, gain = f"{100 * LEVEL:.0f} %", f"{100 * POINTS:g} points"
    sentences = [
        (
            f"Left: the mean gain in accuracy on the {protocol.validation:,} validation images after one pair of runs, "
            f"two, three and so on, with Student's {level} interval, which for the first few is too wide to be drawn "
            f"in full; dashed, a gain of {gain}. Right: how likely it is to detect a true gain of {gain} (an interval "
            f"above zero) if pairs vary as ours do; the band shows how uncertain that is ({level} interval of their "
            "standard deviation)."
        ),
        *(_answer(rows, table) for _, rows in table[table["power"].notna()].groupby(SETTING, sort=False)),
    ]
    return " ".join(sentences)


def _answer(rows: pd.DataFrame, table: pd.DataFrame) -> str:
    """How many pairs it takes, for one setting."""
    first = rows.iloc[0]
    of = f" for {setting_words(first, table)}" if len(table[SETTING].drop_duplicates()) > 1 else ""
    needed, least, most = (_needed(rows, column) for column in ("power", "power_high", "power_low"))
    ours = rows.loc[rows["gain_mean"].notna(), "pairs"].max()
    low, high = percent(first["sd_low"]), percent(first["sd_high"])
    return (
        f"To detect a true gain of {100 * POINTS:g} points in validation accuracy in {100 * POWER:.0f} % of cases "
        f"takes {count(needed, 'pair')}{of}: the gains of our {ours} pairs have a standard deviation of "
        f"{percent(first['sd'])} points; with {low} it would take {least:,}, with {high} {most:,}."
    )
