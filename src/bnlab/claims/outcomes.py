"""What a claim can come to, and the words in which a reason puts numbers (docs/claims.md).

Accuracies are fractions, written in percent and points.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bnlab.config.claims import is_accuracy

REPRODUCED = "REPRODUCED"
NOT_REPRODUCED = "NOT REPRODUCED"
CONTRADICTED = "CONTRADICTED"
INCONCLUSIVE = "INCONCLUSIVE"
NOT_COMPARABLE = "NOT COMPARABLE"
NOT_TESTABLE = "NOT TESTABLE"
OUTCOMES = (REPRODUCED, NOT_REPRODUCED, CONTRADICTED, INCONCLUSIVE, NOT_COMPARABLE, NOT_TESTABLE)
FAILED = (NOT_REPRODUCED, CONTRADICTED)
"""Outcomes of claims that our runs speak against."""

OPEN, INCONSISTENT = "OPEN", "INCONSISTENT"
FLAGS = (OPEN, INCONSISTENT)
"""What is said of a claim beside its outcome: the report leaves something open, or contradicts itself, code or log."""

RESULTS, STATEMENTS, GRADIENTS, SETTINGS = "measured results", "statements", "gradient checks", "settings"
GROUPS = {
    "number": RESULTS, "best": RESULTS,
    "direction": STATEMENTS, "equal": STATEMENTS, "level": STATEMENTS, "words": STATEMENTS,
    "gradient": GRADIENTS, "magnitude": GRADIENTS, "increase": GRADIENTS,
    "setting": SETTINGS,
}  # fmt: skip
"""What a kind of claim is counted among. Counts of different groups are never added."""
WHOLE = " Of the table's "
"""At the end of each entry's reason begins with it what is said of a table as a whole."""
DIFFERENCES = ("direction", "equal")
"""The kinds of claims about differences between pairs of runs."""


@dataclass(frozen=True)
class Finding:
    """What a rule says of one interpretation: the outcome and why; of what was found, mean, sd, n and an interval.

    low, high: the interval that decided.  detectable: the smallest shift of the truth that this comparison would have
    seen four times out of five, NaN where a rule has none.  measured: what mean and sd are of, where they are of runs.
    at_half, at_twice: the outcomes with half and with twice of what is our choice, empty where nothing is.
    """

    outcome: str
    reason: str
    mean: float = math.nan
    sd: float = math.nan
    n: int = 0
    low: float = math.nan
    high: float = math.nan
    detectable: float = math.nan
    measured: tuple[float, ...] = ()
    at_half: str = ""
    at_twice: str = ""


def summary_of(values: Sequence[float]) -> Finding:
    """Mean, standard deviation and number of some values, as yet inconclusive."""
    mean = float(np.mean(values)) if len(values) else math.nan
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Finding(INCONCLUSIVE, "", mean, sd, len(values), measured=tuple(values))


def written(value: float, metric: str = "", *, digits: int = 3) -> str:
    """A metric's value, or an accuracy's percentage, to so many significant digits."""
    return f"{100 * value if is_accuracy(metric) else value:.{digits}g}"


def difference(value: float, metric: str) -> str:
    """A difference of two values of a metric, with its unit."""
    number = written(value, metric)
    return f"{number} point{'' if number == '1' else 's'}" if is_accuracy(metric) else number


def unit_of(kind: str, metric: str) -> str:
    """The unit of a claim's numbers: "setting", "error", "points", "%", or none."""
    if kind in ("setting", "best"):
        return "setting"
    if GROUPS.get(kind) == GRADIENTS:
        return "error"
    if not is_accuracy(metric):
        return ""
    return "%" if metric.endswith("accuracy") and kind not in DIFFERENCES else "points"
