# ruff: noqa: INP001
"""Draw the two figures of docs/batch_norm_backward.md: python docs/figures/bn_backward_figures.py [FOLDER]."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnlab.figures.style import BLACK, BLUE, GREY, LIGHT_GREY, VERMILLION, WIDTH, house_style

GREEN = "#009E73"
DIRECT, MEAN, VARIANCE = BLACK, BLUE, VERMILLION
NODES = {
    "s": (0.06, 0.5, "$s$"),
    "mean": (0.30, 0.82, r"$\mu$"),
    "variance": (0.30, 0.18, "$v$"),
    "s_hat": (0.62, 0.5, r"$\hat s$"),
    "s_tilde": (0.80, 0.5, r"$\tilde s$"),
    "gamma": (0.755, 0.18, r"$\gamma$"),
    "beta": (0.845, 0.18, r"$\beta$"),
    "h": (0.96, 0.5, "$h$"),
}
"""Name: place (fractions of the figure) and symbol of every node."""


def arrow(
    axes: Axes,
    start: tuple[float, ...],
    end: tuple[float, ...],
    colour: str,
    *,
    width: float = 1.5,
    dashed: bool = False,
) -> None:
    """An arrow from one point to another."""
    style = {"arrowstyle": "-|>,head_width=0.22,head_length=0.45", "color": colour, "lw": width}
    style |= {"shrinkA": 0, "shrinkB": 0, "ls": "--" if dashed else "-"}
    axes.annotate("", end, start, arrowprops=style)


def edge(axes: Axes, start: str, end: str, colour: str, *, dashed: bool = False) -> None:
    """An arrow between the circles of two nodes."""
    a, b = np.array(NODES[start][:2]), np.array(NODES[end][:2])
    size = np.array([WIDTH, 2.6])  # circles are round in inches, not in fractions
    unit = (b - a) * size / np.linalg.norm((b - a) * size) / size
    arrow(axes, a + 0.2 * unit, b - 0.21 * unit, colour, dashed=dashed)


def graph() -> Figure:
    """The computation graph, with the local derivative at every edge between s and s_hat."""
    figure = Figure(figsize=(WIDTH, 2.6))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")
    for x, y, symbol in NODES.values():
        axes.plot(x, y, "o", ms=27, mfc="white", mec=GREY, mew=0.9)
        axes.text(x, y, symbol, ha="center", va="center", fontsize=13)
    edge(axes, "s", "s_hat", DIRECT)
    for start, end in (("s", "mean"), ("mean", "s_hat")):
        edge(axes, start, end, MEAN)
    for start, end in (("s", "variance"), ("variance", "s_hat")):
        edge(axes, start, end, VARIANCE)
    edge(axes, "mean", "variance", GREY, dashed=True)
    for start, end in (("s_hat", "s_tilde"), ("gamma", "s_tilde"), ("beta", "s_tilde"), ("s_tilde", "h")):
        edge(axes, start, end, GREY)
    labels = [
        (0.16, 0.55, "$r$", DIRECT, "center"),
        (0.165, 0.71, "$1/n$", MEAN, "right"),
        (0.475, 0.71, "$-r$", MEAN, "left"),
        (0.165, 0.28, r"$2(s_i-\mu)/n$", VARIANCE, "right"),
        (0.475, 0.27, r"$-\frac{1}{2}\,r^2\,\hat s_j$", VARIANCE, "left"),
        (0.312, 0.62, "$0$", GREY, "left"),
        (0.88, 0.57, "ReLU", GREY, "center"),
    ]
    for x, y, text, colour, side in labels:
        axes.text(x, y, text, color=colour, ha=side, va="center", fontsize=10)
    axes.text(0.44, 0.55, "direct", color=DIRECT, ha="center", va="center")
    axes.text(0.30, 0.955, "through the mean", color=MEAN, ha="center", va="center")
    axes.text(0.30, 0.04, "through the variance", color=VARIANCE, ha="center", va="center")
    return figure


def space(axes: Axes) -> None:
    """A batch of three seen as a space: g, its components along 1 and s_hat, and what remains."""
    view = np.array([[0.92, 0.50, 0.0], [-0.20, 0.36, 1.0]])  # from (along 1, along s_hat, remainder) to paper
    origin, along_one, along_s_hat = np.zeros(3), np.array([0.75, 0, 0]), np.array([0.75, 1.0, 0])
    g = np.array([0.75, 1.0, 0.95])

    def paper(point: np.ndarray) -> tuple[float, ...]:
        return tuple(view @ point)

    corners = np.array([[-0.25, -0.3, 0], [1.6, -0.3, 0], [1.6, 1.75, 0], [-0.25, 1.75, 0]])
    axes.fill(*(view @ corners.T), color="#F3F3F3", zorder=0)
    arrow(axes, (0, 0), paper(np.array([1.45, 0, 0])), GREY, width=0.9)
    arrow(axes, (0, 0), paper(np.array([0, 1.6, 0])), GREY, width=0.9)
    arrow(axes, (0, 0), paper(along_one), MEAN)
    arrow(axes, paper(along_one), paper(along_s_hat), VARIANCE)
    arrow(axes, paper(along_s_hat), paper(g), GREEN, width=2.2)
    arrow(axes, (0, 0), paper(0.97 * g), BLACK)
    axes.plot(*(view @ np.array([origin, along_s_hat]).T), color=GREY, lw=0.7, ls=":")
    foot, up = 0.88 * along_s_hat, np.array([0, 0, 0.13])
    corner = np.array([foot, foot + up, along_s_hat + up])
    axes.plot(*(view @ corner.T), color=GREY, lw=0.7)
    words = [
        (np.array([1.52, 0, 0]), "$\\mathbf{1}$", GREY, "left", "center"),
        (np.array([0, 1.67, 0]), r"$\hat s$", GREY, "left", "bottom"),
        (np.array([0.40, 0, -0.05]), r"$\overline{g}\,\mathbf{1}$", MEAN, "right", "top"),
        (np.array([0.85, 0.45, -0.02]), r"$\overline{g\hat s}\,\hat s$", VARIANCE, "left", "top"),
        (np.array([0.35, 0.5, 0.62]), "$g$", BLACK, "right", "bottom"),
        (np.array([0.80, 1.0, 0.55]), r"$g_s\,/\,(\gamma r)$", GREEN, "left", "center"),
    ]
    for place, text, colour, side, height in words:
        axes.text(*paper(place), text, color=colour, ha=side, va=height, fontsize=11)
    axes.set_aspect("equal")
    axes.set(xlim=(-0.55, 2.6), ylim=(-0.62, 1.45))
    axes.axis("off")
    axes.set_title("As vectors (a batch of three)")


def line(axes: Axes) -> None:
    """A batch as points: what remains of g are the residuals of its least-squares line over s_hat."""
    s = np.array([-1.7, -1.3, -1.0, -0.7, -0.3, 0.0, 0.3, 0.6, 1.0, 1.3, 1.8])
    off = np.array([0.5, -0.7, 0.35, -0.2, -0.45, 0.9, 0.2, -0.75, 0.5, -0.5, 0.25])
    s_hat = (s - s.mean()) / s.std()
    g = 0.4 + 0.5 * s_hat + off
    mean, slope = g.mean(), (g * s_hat).mean()
    ends = np.array([-2.1, 2.1])
    axes.axhline(0, color=LIGHT_GREY, lw=0.8)
    axes.axhline(mean, color=MEAN)
    axes.plot(ends, mean + slope * ends, color=VARIANCE)
    axes.vlines(s_hat, mean + slope * s_hat, g, color=GREEN, lw=2)
    axes.plot(s_hat, g, "o", color=BLACK, ms=3.5)
    longest = np.argmax(off)
    axes.text(-2.15, mean + 0.06, r"mean $\overline{g}$", color=MEAN, ha="left", va="bottom")
    axes.text(2.2, mean + slope * 2.1 - 0.12, r"slope $\overline{g\hat s}$", color=VARIANCE, ha="left", va="center")
    axes.text(
        s_hat[longest] - 0.08, g[longest], r"$g_s\,/\,(\gamma r)$", color=GREEN, ha="right", va="center", fontsize=11
    )
    axes.set(xlabel=r"$\hat s_i$", ylabel="$g_i$", xlim=(-2.2, 2.2), xticks=range(-2, 3), yticks=range(-1, 3))
    axes.grid(visible=False)
    axes.set_title("As points (one per sample)")


def projection() -> Figure:
    """The compact formula as two pictures."""
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    space(left)
    line(right)
    return figure


def main(folder: Path) -> None:
    """Write bn_backward_graph.svg and bn_backward_projection.svg; equal figures give equal bytes."""
    with house_style():
        for figure, name in ((graph(), "graph"), (projection(), "projection")):
            figure.savefig(folder / f"bn_backward_{name}.svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
