"""Claims of the reports on the page: what a report says, beside what was found and the verdict."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from bnlab.claims.rules import DIFFERENCES, FAILED, REPRODUCED, VERDICTS, unit_of
from bnlab.formatting import percent, percent_and_sd, points, points_and_sd, short_error
from bnlab.report.run_list import LinkGroup, link_groups
from bnlab.runs.spec import RunSpec

NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"

SINGLY = 60
"""A claim with more runs than this counts them."""


@dataclass(frozen=True)
class ClaimRow:
    """One claim. `tone` is the class that colours its verdict; `elsewhere` counts runs that the page does not list.

    `together` counts the runs of a claim that has too many to link each, those of a whole search. `address` is where it
    stands on its report's page, seen from the folder of all pages.
    """

    anchor: str
    address: str
    report: str
    where: str
    text: str
    quantity: str
    reported: str
    ours: str
    interval: str
    verdict: str
    tone: str
    reason: str
    variants: str
    runs: list[LinkGroup]
    elsewhere: int
    together: int


def claim_rows(claims: pd.DataFrame, known: dict[str, RunSpec]) -> list[ClaimRow]:
    """One row per row of claims.csv; `known` are the runs that the page lists, by name."""
    return [_row(claim, known) for _, claim in claims.iterrows()]


def verdict_counts(claims: pd.DataFrame) -> list[tuple[str, int]]:
    """How many claims met each verdict, in the order of `VERDICTS`, those that none met left out."""
    found = claims["verdict"].value_counts()
    return [(verdict, int(found[verdict])) for verdict in VERDICTS if verdict in found]


def claim_anchor(claim: str) -> str:
    """The id of a claim's row on its report's page."""
    return "claim-" + re.sub(r"[^A-Za-z0-9._-]+", "-", claim).strip("-")


def _row(claim: pd.Series, known: dict[str, RunSpec]) -> ClaimRow:
    runs = claim["runs"].split()
    verdict, anchor = claim["verdict"], claim_anchor(claim["id"])
    # Published gradients stand in the reported checks' tables, not in rows of their own.
    place = "reported_checks" if claim["kind"] == "gradient" else anchor
    return ClaimRow(
        anchor=anchor,
        address=f"{claim['report']}/page.html#{place}",
        report=claim["report"],
        where=claim["where"],
        text=claim["text"],
        quantity=_quantity(claim),
        reported=_reported(claim),
        ours=_ours(claim),
        interval=_interval(claim),
        verdict=verdict,
        tone="held" if verdict == REPRODUCED else "failed" if verdict in FAILED else "which",
        reason=claim["reason"],
        variants=claim["variants"],
        runs=[] if len(runs) > SINGLY else link_groups([run for run in runs if run in known], known),
        elsewhere=sum(run not in known for run in runs),
        together=len(runs) if len(runs) > SINGLY else 0,
    )


def _quantity(claim: pd.Series) -> str:
    """What was compared, where a claim's words leave that open."""
    words = claim["metric"].replace("_", " ")
    if claim["kind"] == "gradient":
        table, array = claim["table"], claim["array"]
        return f"{words} of {array}, {table.replace('_', ' ')}".capitalize().replace(array.lower(), array)
    if words in claim["text"].lower() or claim["kind"] in ("setting", "best"):
        return ""
    return f"Difference in {words}" if claim["kind"] in DIFFERENCES else words.capitalize()


def _reported(claim: pd.Series) -> str:
    """What the report prints, with all its digits: 52.9 % where it prints .529."""
    unit, printed = unit_of(claim["kind"], claim["metric"]), claim["reported"]
    if unit == "error" and printed:
        return short_error(float(printed))
    if unit not in ("%", "points") or not re.fullmatch(f"{NUMBER}( to {NUMBER})?", printed):
        return _minus(printed)
    return _minus(f"{re.sub(NUMBER, _hundredfold, printed)} {unit}")


def _hundredfold(number: re.Match[str]) -> str:
    return f"{Decimal(number[0]).scaleb(2):f}"


def _ours(claim: pd.Series) -> str:
    """Our mean, with its standard deviation where there is one."""
    mean, sd = claim["ours_mean"], claim["ours_sd"]
    if pd.isna(mean):
        return ""
    match unit_of(claim["kind"], claim["metric"]):
        case "setting":
            return _minus(f"{mean:.4g}")
        case "error":
            return short_error(mean)
        case "points":
            return f"{points_and_sd(mean, sd)} points"
        case "%":
            return f"{percent_and_sd(mean, sd)} %"
    deviation = "" if pd.isna(sd) else f" ± {sd:.{_decimals(claim)}f}"
    return _plain(claim, mean) + deviation


def _interval(claim: pd.Series) -> str:
    """The interval that decided; for a best setting, that of a difference of accuracies."""
    low, high = claim["low"], claim["high"]
    if pd.isna(low) or pd.isna(high):
        return ""
    match unit_of(claim["kind"], claim["metric"]):
        case "setting" | "points":
            return f"{points(low)} to {points(high)} points"
        case "error":
            return f"{short_error(low)} to {short_error(high)}"
        case "%":
            return f"{percent(low)} to {percent(high)} %"
    return f"{_plain(claim, low)} to {_plain(claim, high)}"


def _plain(claim: pd.Series, value: float) -> str:
    sign = "+" if claim["kind"] in DIFFERENCES else ""
    return _minus(f"{value:{sign}.{_decimals(claim)}f}")


def _decimals(claim: pd.Series) -> int:
    """How many decimals to show: three, or as many as the report prints."""
    printed = re.fullmatch(r"-?\d*\.(\d+)", claim["reported"])
    return max(3, len(printed[1]) if printed else 0)


def _minus(text: str) -> str:
    """The text with a minus sign where a number is negative."""
    return re.sub(r"(?<![\w.])-(?=[\d.])", "−", text)


def of_claims(claims: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """The rows of these claims, in that order; the id of an item stands for all its entries."""
    return pd.concat([claims[(claims["id"] == one) | (claims["item"] == one)] for one in ids])
