"""The loss of a few images that are learnt perfectly."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnlab.figures.style import COLOUR, GREY, THICK, new_figure
from bnlab.formatting import batch_norm_words

HEIGHT = 3.6
"""Height of the figure in inches."""
LABEL_GAP = 0.065
"""Distance between the middles of two labels, as a fraction of the axes' height."""
DASHES = {True: (0, (4, 1.5)), False: "solid"}
"""Line styles of the shallower networks and of the deepest."""
ALTERNATIVE = "Line chart of the loss of a few images that networks learn perfectly."
"""What a screen reader says in its place."""


def draw(table: pd.DataFrame, data: str) -> Figure:
    """The loss against the update, a line per network; `table` is overfit.csv."""
    figure, canvas = new_figure(HEIGHT, data)
    axes = canvas.subplots()
    axes.set_yscale("log")
    deepest, last = table["layers"].max(), table["update"].max()
    ends = []
    for (_, batch_norm), line in table.groupby(["network", "batch_norm"], sort=False):
        layers, colour, style = (
            line["layers"].iloc[0],
            COLOUR[bool(batch_norm)],
            DASHES[line["layers"].iloc[0] < deepest],
        )
        axes.plot(line["update"], line["loss"], color=colour, linewidth=THICK, linestyle=style)
        end = line["loss"].iloc[-1]
        ends.append((end, f"{layers} layers {'with' if batch_norm else 'without'} batch norm.: {end:.2g}", colour))
    classes = table["classes"].iloc[0]
    axes.axhline(math.log(classes), color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.annotate(
        f"ln {classes}", (0, math.log(classes)), xycoords=axes.get_yaxis_transform(), xytext=(-4, 0),
        textcoords="offset points", ha="right", va="center", color=GREY,
    )  # fmt: skip
    axes.set_xlim(0, last)
    axes.set_xlabel("Update")
    axes.set_ylabel(f"Loss of the {table['images'].iloc[0]} images")
    ends.sort()
    for (_, words, colour), place in zip(ends, _places(axes, [end for end, *_ in ends]), strict=True):
        axes.annotate(
            words, (1, place), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
            va="center", color=colour, annotation_clip=False,
        )  # fmt: skip
    return figure


def _places(axes: Axes, losses: list[float]) -> list[float]:
    """Heights of the labels, as fractions of the axes': where the lines end, moved up until none overlap."""
    places: list[float] = []
    for loss in losses:
        height = axes.transAxes.inverted().transform(axes.transData.transform((0, loss)))[1]
        places.append(max(height, places[-1] + LABEL_GAP) if places else height)
    return places


def caption(table: pd.DataFrame) -> str:
    """The figure's caption; `table` is overfit.csv."""
    last = table[table["update"] == table["update"].max()]
    classes = table["classes"].iloc[0]
    learnt, stuck = last[last["loss"] < 1], last[last["loss"] >= 1]
    sentences = [
        (
            f"Loss of the first {table['images'].iloc[0]} training images while networks with (blue) and without "
            f"(orange) batch normalization follow its gradient for {table['update'].max():,} updates, all images in "
            "one batch, without weight decay; dashed lines are the shallower networks."
        ),
        "A right gradient learns a few images perfectly.",
    ]
    if len(learnt):
        sentences.append(
            f"From about ln {classes} ≈ {math.log(classes):.2f}, the loss of equal probabilities, {len(learnt)} of "
            f"{len(last)} networks come to {learnt['loss'].max():.2g} or less."
        )
    sentences += [
        f"The one of {row.layers} layers {batch_norm_words(row.batch_norm)} stays at {row.loss:.3f}"
        + (f": {_DEAD.format(100 * row.active)}" if row.active < 0.05 else ".")
        for row in stuck.itertuples()
    ]
    return " ".join(sentences)


_DEAD = (
    "the ReLUs of one of its layers have died, on for {:.1f} % of its units and images, and what gradient passes "
    "there, however right, moves little."
)
