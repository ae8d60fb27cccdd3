"""The figures about gradients on the images of one data set, with their words."""

from collections.abc import Iterator
from dataclasses import dataclass

from bnlab.analysis.read import read_table
from bnlab.figures.draw import GRADIENT_KINDS
from bnlab.report.inputs import Inputs
from bnlab.report.svg import Drawing


@dataclass(frozen=True)
class GradientFigure:
    """A figure about gradients; `kind` is what the command line calls it."""

    number: int
    kind: str
    drawing: Drawing
    caption: str


def gradient_figures(inputs: Inputs, data: str, figure_numbers: Iterator[int]) -> list[GradientFigure]:
    """Error against step, and images learnt perfectly, on the images of `data`; numbered on."""
    found = []
    for name, kind in GRADIENT_KINDS.items():
        path = inputs.checks / data / f"{name}.svg"
        drawing = Drawing(path, f"figure-gradients-{data}-{name}", kind.ALTERNATIVE)
        caption = kind.caption(read_table(path.with_suffix(".csv")))
        found.append(GradientFigure(next(figure_numbers), name, drawing, caption))
    return found
