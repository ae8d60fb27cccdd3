"""The house style of all figures, and the one way to save them."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bnlab.files import atomic, write_text
from bnlab.formatting import GENERATED_NOTE

# Okabe and Ito's palette: told apart under every common colour blindness.
BLUE, VERMILLION, GREY, LIGHT_GREY, BLACK = "#0072B2", "#D55E00", "#6E6E6E", "#D9D9D9", "#1A1A1A"
ORANGE, PURPLE, GREEN = "#E69F00", "#CC79A7", "#009E73"
COLOUR = {True: BLUE, False: VERMILLION}
"""Colours of networks with (True) and without (False) batch normalization."""

WIDTH = 6.9
"""Inches: the text width of an A4 page, so that nine points are printed as nine points."""

NOTE_HEIGHT = 0.42
"""Inches of the note about generated data."""

THICK, THIN = 1.5, 0.6
"""Line widths of a mean and of a single seed."""

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.edgecolor": GREY,
    "axes.labelcolor": BLACK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#EBEBEB",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": BLACK,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "path",
    "svg.hashsalt": "bnlab",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, whatever a user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        yield


def new_figure(height: float, data: str) -> tuple[Figure, FigureBase]:
    """Make an empty figure; return it and the part to draw on, which is `height` inches high.

    If the images were generated, a note above that part says so, whatever is drawn.
    """
    note = NOTE_HEIGHT if data == "generated" else 0
    figure = Figure(figsize=(WIDTH, height + note), layout=ConstrainedLayoutEngine(wspace=0.06))
    if not note:
        return figure, figure
    top, canvas = figure.subfigures(2, 1, squeeze=False, height_ratios=[note, height])[:, 0]
    top.text(
        0.5,
        0.5,
        GENERATED_NOTE,
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        bbox={"boxstyle": "square,pad=0.4", "facecolor": "#FFF3C4", "edgecolor": BLACK, "linewidth": 0.7},
    )
    return figure, canvas


def say(axes: Axes, words: str) -> None:
    """Words in the middle of a panel that has nothing else to show."""
    axes.set_axis_off()
    axes.annotate(words, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=GREY)


def save(figure: Figure, path: Path) -> None:
    """Write path.svg and path.png; equal figures give equal bytes."""
    svg = io.StringIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    write_text(path.with_name(f"{path.name}.svg"), _rounded(svg.getvalue()))
    with atomic(path.with_name(f"{path.name}.png")) as file:
        figure.savefig(file, format="png", dpi=200, metadata={"Software": None})


def _rounded(svg: str) -> str:
    """Path coordinates to a hundredth of a point: no eye sees more, and the file is a third smaller."""
    return re.sub(
        r' d="[^"]*"',
        lambda path: re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path[0]),
        svg,
    )
