"""What stands under each kind of figure, and what is read out in its place."""

from dataclasses import dataclass

import pandas as pd

from bnlab.runs.spec import Protocol


@dataclass(frozen=True)
class FigureWords:
    """A figure's caption, and the text for readers who cannot see it."""

    caption: str
    alternative: str


def figure_words(kind: str, protocol: Protocol, runs: pd.DataFrame) -> FigureWords:
    """The words for a figure of that kind, drawn from these rows of runs.csv."""
    sentences = {"curves": _curves, "grid": _grid, "initialization": _initialization, "weight_decay": _weight_decay}
    return FigureWords(" ".join(sentences[kind](protocol, runs)), _ALTERNATIVES[kind])


def _curves(protocol: Protocol, runs: pd.DataFrame) -> list[str]:
    return [
        (
            f"Loss, cost and accuracy during training, evaluated {protocol.curve_points} times on "
            f"{_probe(protocol, protocol.validation)} validation images (solid) and on "
            f"{_probe(protocol, protocol.training)} training images (dashed)."
        ),
        *_lines(runs),
        "The loss before the first update can lie above the panel.",
        _STRIP,
    ]


def _grid(protocol: Protocol, runs: pd.DataFrame) -> list[str]:
    mean = ", mean over seeds," if runs["seed"].nunique() > 1 else ""
    return [
        (
            f"Accuracy on the {protocol.validation:,} validation images after the last update{mean} for every "
            "learning rate η, constant during training, and weight decay λ. Rings mark the highest."
        ),
        *(["Crosses mark settings at which a run diverged."] if _diverged(runs) else []),
    ]


def _initialization(protocol: Protocol, runs: pd.DataFrame) -> list[str]:
    return [
        (
            f"Loss and accuracy on {_probe(protocol, protocol.validation)} validation images during training, by "
            "initialization; "
            "σ is the standard deviation of every initial weight."
        ),
        *_lines(runs),
        "Chance is what equal probabilities for all ten classes give: a loss of ln 10 ≈ 2.30 and an accuracy of 10 %.",
        _STRIP,
    ]


def _weight_decay(protocol: Protocol, runs: pd.DataFrame) -> list[str]:
    return [
        f"Accuracy on the {protocol.validation:,} validation images after the last update against the weight decay λ.",
        "Points are runs, lines join their means over seeds, and rings mark the highest means."
        if runs["seed"].nunique() > 1
        else "Points are runs, and rings mark the highest.",
        "The panel on the right enlarges the best five percentage points of the one on the left.",
        *(["Crosses mark values of λ at which a run diverged."] if _diverged(runs) else []),
        *(["λ = 0 has no place on this axis and stands apart."] if (runs["weight_decay"] == 0).any() else []),
    ]


def _probe(protocol: Protocol, images: int) -> str:
    """How many images of a part of that size the curves are evaluated on: the first 1,500, or all."""
    return f"all {images:,}" if protocol.probe >= images else f"the first {protocol.probe:,} of {images:,}"


def _lines(runs: pd.DataFrame) -> list[str]:
    sentences = []
    if runs["seed"].nunique() > 1:
        sentences.append("Thick lines are means over seeds, thin lines single seeds.")
    if _diverged(runs):
        sentences.append("Crosses mark the updates at which runs diverged; these runs count in no mean.")
    return sentences


def _diverged(runs: pd.DataFrame) -> bool:
    return bool(runs["diverged_at"].notna().any())


_STRIP = "The strips at the bottom show the learning rate."
_ALTERNATIVES = {
    "grid": "Heat maps of the final validation accuracy over learning rate and weight decay.",
    "curves": "Line charts of loss, cost and accuracy against the update, with and without batch normalization.",
    "initialization": "Line charts of validation loss and accuracy against the update, a column per initialization, "
    "with and without batch normalization.",
    "weight_decay": "Charts of the final validation accuracy against the weight decay, with and without batch "
    "normalization.",
}
