"""The figures about gradients on the images of one data set, with their words."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from bnlab.formatting import batch_norm_words, error
from bnlab.report.inputs import Inputs
from bnlab.report.svg import inline_svg


@dataclass(frozen=True)
class GradientFigure:
    """A figure about gradients; `kind` is what the command line calls it."""

    number: int
    kind: str
    anchor: str
    svg: str
    caption: str


def gradient_figures(inputs: Inputs, data: str, figure_numbers: Iterator[int]) -> list[GradientFigure]:
    """Error against step, and images learnt by heart, on the images of `data`; numbered on."""
    words = {
        "step_sizes": (_step_sizes, "Charts of the error of numerical gradients against their step."),
        "overfit": (_overfit, "Line chart of the loss of a few images that networks learn by heart."),
    }
    found = []
    for kind, (caption, alternative) in words.items():
        path, anchor = inputs.checks / data / f"{kind}.svg", f"figure-gradients-{data}-{kind}"
        svg = inline_svg(path, prefix=anchor, label=alternative)
        table = pd.read_csv(path.with_suffix(".csv"))
        found.append(GradientFigure(next(figure_numbers), kind, anchor, svg, caption(table)))
    return found


def _step_sizes(table: pd.DataFrame) -> str:
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


def _overfit(table: pd.DataFrame) -> str:
    last = table[table["update"] == table["update"].max()]
    learnt, stuck = last[last["loss"] < 1], last[last["loss"] >= 1]
    sentences = [
        (
            f"Loss of the first {table['images'].iloc[0]} training images while networks with (blue) and without "
            f"(orange) batch normalization follow its gradient for {table['update'].max():,} updates, all images in "
            "one batch, without weight decay; dashed lines are the shallower networks."
        ),
        "A right gradient learns a few images by heart.",
    ]
    if len(learnt):
        sentences.append(
            f"From about ln 10 ≈ 2.30, the loss of equal probabilities, {len(learnt)} of {len(last)} networks come to "
            f"{learnt['loss'].max():.2g} or less."
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
