"""Sentences that captions of several figures share."""

import pandas as pd

from bnlab.runs.spec import Protocol

RATE_STRIP = "The strips at the bottom show the learning rate."


def probe_words(protocol: Protocol, images: int) -> str:
    """How many images of a part of that size the curves are evaluated on: the first 1,500 of 5,000, or all."""
    return f"all {images:,}" if protocol.probe >= images else f"the first {protocol.probe:,} of {images:,}"


def line_sentences(runs: pd.DataFrame) -> list[str]:
    """Sentences that explain thick lines, thin lines and crosses where there are any; runs: rows of runs.csv."""
    sentences = []
    if runs["seed"].nunique() > 1:
        sentences.append("Thick lines are means over seeds, thin lines single seeds.")
    if any_diverged(runs):
        sentences.append("Crosses mark the updates at which runs diverged; these runs count in no mean.")
    return sentences


def any_diverged(runs: pd.DataFrame) -> bool:
    """Whether a run diverged."""
    return bool(runs["diverged_at"].notna().any())
