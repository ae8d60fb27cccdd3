"""The error of numerical gradients against their step."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bnlab.figures.style import BLACK, GREEN, GREY, ORANGE, PURPLE, THICK, new_figure
from bnlab.formatting import batch_norm_words, error

HEIGHT = 3.6
"""Inches."""
METHODS = {"complex": (GREEN, 3.5), "forward": (ORANGE, THICK), "central": (PURPLE, THICK)}
"""Colours and line widths. Drawn in this order: for large steps the complex step lies beneath central differences."""
LABELS = {
    "forward\ndifference": (2e-9, 3e-4, "left"),
    "central\ndifference": (1.5e-9, 3e-9, "right"),
    "complex step": (1e-15, 8e-16, "center"),
}
SLOPES = {"∝ h": (3e-4, 4e-3), "∝ h²": (6e-5, 1e-12), "∝ 1/h": (3e-13, 1.5e-4)}
"""Words, and where they stand: step, error."""
UNIT = 2.0**-53
"""Half the distance from 1 to the next number."""
ALTERNATIVE = "Charts of the error of numerical gradients against their step."
"""What a screen reader says in its place."""


def draw(table: pd.DataFrame, data: str) -> Figure:
    """A panel without and one with batch normalization; `table` is step_sizes.csv."""
    figure, canvas = new_figure(HEIGHT, data)
    panels = canvas.subplots(1, 2, sharex=True, sharey=True)
    for axes, batch_norm in zip(panels, (False, True), strict=True):
        _draw_panel(axes, table[table["batch_norm"] == batch_norm])
        axes.set_title(batch_norm_words(batch_norm).capitalize())
    panels[0].set_ylabel("Relative error of the gradient")
    canvas.supxlabel("Step h", fontsize=9)
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for method, (colour, width) in METHODS.items():
        line = table[(table["method"] == method) & (table["error"] > 0)]
        axes.plot(line["step"], line["error"], "o-", color=colour, linewidth=width, markersize=2.5)
    central = table[table["method"] == "central"]
    best = central.loc[central["error"].idxmin()]
    axes.plot(best["step"], best["error"], "o", color=PURPLE, markersize=9, fillstyle="none")
    axes.annotate(
        f"h ≈ {best['step']:.0e}".replace("e-0", "e-"), (best["step"], best["error"]),
        xytext=(-9, 0), textcoords="offset points", ha="right", va="center",
    )  # fmt: skip
    for words, (step, height, alignment) in LABELS.items():
        axes.text(step, height, words, ha=alignment, va="bottom", linespacing=1.1)
    for words, position in SLOPES.items():
        axes.text(*position, words, color=GREY, ha="center")
    axes.axhline(UNIT, color=BLACK, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.text(table["step"].max(), UNIT / 1.5, "rounding unit", ha="right", va="top", color=GREY)
    axes.set_ylim(1e-17, 1)
    axes.xaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_major_locator(LogLocator(numticks=9))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def caption(table: pd.DataFrame) -> str:
    """The figure's caption; `table` is step_sizes.csv."""
    forward, central = (_best(table, method) for method in ("forward", "central"))
    finest = table[table["method"] == "complex"].groupby("batch_norm", sort=False).last()
    return (
        "Relative error of a small network's whole gradient by three methods against their step h. A difference has "
        "two errors. Truncation, what Taylor's series leaves out, falls with h for forward differences and with h² for "
        "central ones. Rounding, the digits that are lost when two nearly equal costs are subtracted, is divided by h "
        f"and rises as 1/h. The best of both is an error of {central} for central differences (rings) and of {forward} "
        "for forward ones. The complex step, Im J(θ + ih) / h, has the truncation of the central difference but "
        f"subtracts nothing: h can be as small as {finest['step'].iloc[0]:.0e}, where its error is "
        f"{_range(finest['error'])}. No ReLU switches at any of these steps."
    )


def _best(table: pd.DataFrame, method: str) -> str:
    return _range(table[table["method"] == method].groupby("batch_norm")["error"].min())


def _range(errors: pd.Series) -> str:
    low, high = error(errors.min()), error(errors.max())
    return low if low == high else f"{low} to {high}"
