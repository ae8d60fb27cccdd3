"""Many claims at once: how many false alarms a report leaves to expect, and whether its numbers lean to one side."""

import math
from typing import Any

import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.claims.outcomes import FAILED, REPRODUCED, RESULTS


def family(ledger: pd.DataFrame) -> pd.DataFrame:
    """One row per report, in the order of `ledger`, whose columns are those of claims.csv.

    decided: measured results that our runs bear out or speak against.  expected_false: against how many of them they
    would speak if all were true.  found_not_reproduced: against how many they do.  probability: of as many or more, if
    all were true.  above, below: accuracies printed above and below the mean of our runs; those that it may have been
    before it was rounded or cut off are neither.  sign_p: of an exact two-sided sign test of the two, empty where there
    are none.  Both probabilities take rows for independent, and rows that share runs are not.
    """
    return pd.DataFrame([_row(str(report), claims) for report, claims in ledger.groupby("report", sort=False)])


def _row(report: str, claims: pd.DataFrame) -> dict[str, Any]:
    results = claims[claims["group"] == RESULTS]
    decided = int(results["outcome"].isin([REPRODUCED, *FAILED]).sum())
    found = int(results["outcome"].isin(FAILED).sum())
    above, below = _sides(results)
    return {
        "report": report,
        "decided": decided,
        "expected_false": (1 - LEVEL) * decided,
        "found_not_reproduced": found,
        "probability": _at_least(found, decided, 1 - LEVEL),
        "above": above,
        "below": below,
        "sign_p": min(1.0, 2 * _at_least(max(above, below), above + below, 0.5)) if above + below else math.nan,
    }


def _sides(results: pd.DataFrame) -> tuple[int, int]:
    """How many accuracies are printed above and below our means."""
    above = below = 0
    numbers = results[(results["kind"] == "number") & results["metric"].str.endswith("accuracy")]
    columns = (pd.to_numeric(numbers[name]) for name in ("printed_low", "printed_high", "ours_mean"))
    for low, high, mean in zip(*columns, strict=True):
        above += low > mean
        below += high < mean
    return above, below


def _at_least(count: int, of: int, probability: float) -> float:
    """The probability of that many or more among `of` independent events."""
    return math.fsum(math.comb(of, k) * probability**k * (1 - probability) ** (of - k) for k in range(count, of + 1))
