"""Claims of the reports on the page: what a report says, beside what was found and the verdict."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from bnlab.analysis.wording import short_number
from bnlab.report.links import LinkGroup, link_groups
from bnlab.report.numerals import loss_and_sd, percent, percent_and_sd, points, points_and_sd
from bnlab.spec import RunSpec

GOOD, BAD = {"REPRODUCED"}, {"NOT REPRODUCED", "CONTRADICTED"}
VERDICTS = ["REPRODUCED", "NOT REPRODUCED", "CONTRADICTED", "INCONCLUSIVE", "NOT COMPARABLE", "INCONSISTENT"]


@dataclass(frozen=True)
class ClaimRow:
    """One claim. `tone` is the class that colours its verdict; `elsewhere` counts runs that the page does not list."""

    anchor: str
    report: str
    where: str
    text: str
    reported: str
    ours: str
    interval: str
    verdict: str
    tone: str
    reason: str
    variants: str
    runs: list[LinkGroup]
    elsewhere: int


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
    verdict = claim["verdict"]
    return ClaimRow(
        anchor=claim_anchor(claim["id"]),
        report=claim["report"],
        where=claim["where"],
        text=claim["text"],
        reported=_reported(claim["metric"], claim["reported"]),
        ours=_ours(claim),
        interval=_interval(claim["metric"], claim["low"], claim["high"]),
        verdict=verdict,
        tone="held" if verdict in GOOD else "failed" if verdict in BAD else "which",
        reason=claim["reason"],
        variants=claim["variants"],
        runs=link_groups([run for run in runs if run in known], known),
        elsewhere=sum(run not in known for run in runs),
    )


def _is_accuracy(metric: str) -> bool:
    return metric.endswith("accuracy")


def _reported(metric: str, printed: str) -> str:
    """What the report prints, with all its digits: 52.9 % where it prints .529."""
    if not (_is_accuracy(metric) or metric == "gain") or not re.fullmatch(r"-?[0-9.]+", printed):
        return printed
    return f"{Decimal(printed).scaleb(2):f} {'points' if metric == 'gain' else '%'}"


def _ours(claim: pd.Series) -> str:
    mean, sd, metric = claim["ours_mean"], claim["ours_sd"], claim["metric"]
    if pd.isna(mean):
        return ""
    if _is_accuracy(metric):
        return f"{percent_and_sd(mean, sd)} %"
    if metric == "gain":
        return f"{points_and_sd(mean, sd)} points"
    if claim["kind"] in ("setting", "best"):
        return short_number(mean)
    return loss_and_sd(mean, sd)


def _interval(metric: str, low: float, high: float) -> str:
    if pd.isna(low) or pd.isna(high):
        return ""
    if _is_accuracy(metric):
        return f"{percent(low)} to {percent(high)}"
    if metric == "gain":
        return f"{points(low)} to {points(high)}"
    return f"{low:.3g} to {high:.3g}".replace("-", "−")


def of_claims(claims: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """The rows of these claims, in that order; an id without brackets stands for all its entries."""
    base = claims["id"].str.replace(r"\[.*\]$", "", regex=True)
    return pd.concat([claims[(claims["id"] == one) | (base == one)] for one in ids])
