"""Claims of the reports on the page: what a report says, beside what was found and the verdict."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from bnlab.formatting import percent, percent_and_sd, points, points_and_sd, short_error
from bnlab.report.run_list import LinkGroup, link_groups
from bnlab.runs.spec import RunSpec

GOOD, BAD = {"REPRODUCED"}, {"NOT REPRODUCED", "CONTRADICTED"}
DIFFERENCES = {"direction", "equal"}
"""The kinds that are about differences between pairs of runs."""
NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
VERDICTS = ["REPRODUCED", "NOT REPRODUCED", "CONTRADICTED", "INCONCLUSIVE", "NOT COMPARABLE", "INCONSISTENT"]

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
        tone="held" if verdict in GOOD else "failed" if verdict in BAD else "which",
        reason=claim["reason"],
        variants=claim["variants"],
        runs=[] if len(runs) > SINGLY else link_groups([run for run in runs if run in known], known),
        elsewhere=sum(run not in known for run in runs),
        together=len(runs) if len(runs) > SINGLY else 0,
    )


def _unit(claim: pd.Series) -> str:
    """How a claim's numbers are written: as a setting, an error, in points, in percent, or as they are."""
    metric = claim["metric"]
    if claim["kind"] in ("setting", "best"):
        return "setting"
    if claim["kind"] == "gradient":
        return "error"
    if metric == "gain" or (claim["kind"] in DIFFERENCES and metric.endswith("accuracy")):
        return "points"
    return "%" if metric.endswith("accuracy") else ""


def _quantity(claim: pd.Series) -> str:
    """What was compared, where a claim's words leave that open."""
    words = claim["metric"].replace("_", " ")
    if published := re.search(r"\[(\w+)\.\w+\.(\w+)\]$", claim["id"]):
        table, array = published.groups()
        return f"{words} of {array}, {table.replace('_', ' ')}".capitalize().replace(array.lower(), array)
    if words in claim["text"].lower() or claim["kind"] in ("setting", "best"):
        return ""
    return f"Difference in {words}" if claim["kind"] in DIFFERENCES else words.capitalize()


def _reported(claim: pd.Series) -> str:
    """What the report prints, with all its digits: 52.9 % where it prints .529."""
    unit, printed = _unit(claim), claim["reported"]
    if unit == "error" and printed:
        return short_error(float(printed))
    if unit not in ("%", "points") or not re.fullmatch(f"{NUMBER}( to {NUMBER})?", printed):
        return _minus(printed)
    return _minus(f"{re.sub(NUMBER, _hundredfold, printed)} {unit}")


def _hundredfold(number: re.Match[str]) -> str:
    return f"{Decimal(number[0]).scaleb(2):f}"


def _ours(claim: pd.Series) -> str:
    """Our mean, ± standard deviation where there is one."""
    mean, sd = claim["ours_mean"], claim["ours_sd"]
    if pd.isna(mean):
        return ""
    match _unit(claim):
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
    """The interval that decided. That of a best setting is of a difference of accuracies."""
    low, high = claim["low"], claim["high"]
    if pd.isna(low) or pd.isna(high):
        return ""
    match _unit(claim):
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
    """Three, or as many as the report prints."""
    printed = re.fullmatch(r"-?\d*\.(\d+)", claim["reported"])
    return max(3, len(printed[1]) if printed else 0)


def _minus(text: str) -> str:
    """The text with a minus sign where a number is negative."""
    return re.sub(r"(?<![\w.])-(?=[\d.])", "−", text)


def of_claims(claims: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """The rows of these claims, in that order; an id without brackets stands for all its entries."""
    base = claims["id"].str.replace(r"\[.*\]$", "", regex=True)
    return pd.concat([claims[(claims["id"] == one) | (base == one)] for one in ids])
