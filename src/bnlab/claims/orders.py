"""The rules of what is said of a gradient check in words (docs/claims.md, rule 7): the order of its errors."""

import math

import pandas as pd

from bnlab.analysis.intervals import mean_interval
from bnlab.analysis.relative_errors import RELATIVE
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Finding
from bnlab.formatting import measure_words, short_error

BELOW, ABOVE = math.sqrt(10), 10
"""An error is of an order of magnitude down to 1/√10 of it, by rounding, and up to the next: 9e-6 is printed e-06."""


def judge_magnitude(rows: pd.DataFrame, low: float, high: float) -> Finding:
    """Whether the errors of all arrays are of the orders from low to high, by one formula for all.

    rows: the draws of one case, a row per draw, array and measure. An array's error is the median of its draws.
    """
    errors = _errors(rows)
    inside = {
        measure: int(((low / BELOW <= column) & (column < high * ABOVE)).sum()) for measure, column in errors.items()
    }
    best = max(inside, key=lambda measure: inside[measure])
    column = errors[best]
    outcome = REPRODUCED if inside[best] == len(column) else NOT_REPRODUCED
    reason = (
        f"{inside[best]} of {len(column)} arrays have errors of that order, {measure_words(str(best))}: "
        f"{short_error(column.min())} to {short_error(column.max())}."
    )
    return Finding(outcome, reason, column.median(), low=column.min(), high=column.max())


def judge_increase(rows: pd.DataFrame) -> Finding:
    """Whether the error of the first layer's weights is above that of the last one's, by every formula."""
    outcomes, words = set(), []
    for measure, part in rows[rows["measure"].isin(RELATIVE)].groupby("measure", sort=False):
        table = part.pivot_table(index="draw", columns="array", values="value")
        weights = sorted((array for array in table if array.startswith("W")), key=lambda array: int(array[1:]))
        logs = (table[weights[0]] / table[weights[-1]]).map(math.log10)
        low, high = mean_interval(logs)
        outcomes.add(REPRODUCED if low > 0 else CONTRADICTED if high < 0 else INCONCLUSIVE)
        words.append(f"{10 ** logs.mean():.2g} times ({measure_words(str(measure))})")
    reason = f"{weights[0]} has {', '.join(words)} the error of {weights[-1]}, over {len(logs)} draws."
    return Finding(outcomes.pop() if len(outcomes) == 1 else INCONCLUSIVE, reason)


def _errors(rows: pd.DataFrame) -> pd.DataFrame:
    """The median error of every array, a row each, by every formula of a relative error."""
    relative = rows[rows["measure"].isin(RELATIVE)]
    return relative.pivot_table(index="array", columns="measure", values="value", aggfunc="median", sort=False)
