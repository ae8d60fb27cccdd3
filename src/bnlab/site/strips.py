"""A claim's numbers drawn small: ours one by one, the interval that decides, and what the report prints."""

import math
import re
from dataclasses import dataclass

import pandas as pd

from bnlab.claims.model import START

WIDTH, MARGIN = 360, 12
"""In units of the drawing; a strip is as wide as its place allows."""
PRINTED = re.compile(r"-?\d*\.?\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Strip:
    """Places from 0 to `WIDTH`.  ours: of each run or pair.  interval: from and to.  printed: of what the report says.

    never: how many runs have no number, since what is measured never happened.  low, high: the values at both ends.
    """

    ours: list[float]
    interval: tuple[float, float] | None
    printed: list[float]
    never: int
    low: float
    high: float
    width: int = WIDTH


def printed_numbers(reported: str) -> list[float]:
    """The numbers in what a report prints: of "1e-9 to 2e-9" both, of "> 0" the bound."""
    return [float(text) for text in PRINTED.findall(reported)]


def strip(claim: pd.Series) -> Strip | None:
    """The strip of a row of claims.csv; None where there is nothing of ours to draw.

    Of a best setting there is none: what decides is an interval of accuracies, and what is printed is no accuracy.
    """
    if claim["kind"] == "best":
        return None
    ours = [float(text) for text in claim["measured"].split()]
    finite = [value for value in ours if math.isfinite(value)]
    printed = printed_numbers(claim["reported"])
    ends = [end for end in (claim["low"], claim["high"]) if math.isfinite(end)]
    if not finite and not ends:
        return None
    least, most = min([*finite, *printed, *ends]), max([*finite, *printed, *ends])
    span = (most - least) or 1.0

    def place(value: float) -> float:
        return float(round(MARGIN + (value - least) / span * (WIDTH - 2 * MARGIN), 1))

    return Strip(
        ours=[place(value) for value in finite],
        interval=(place(ends[0]), place(ends[1])) if len(ends) == 2 else None,
        printed=[place(value) for value in printed],
        never=int(claim["n"]) - len(finite) if claim["metric"] == START and claim["kind"] != "direction" else 0,
        low=least,
        high=most,
    )
