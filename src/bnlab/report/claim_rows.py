"""Claims of the reports on the page: what a report says, beside what was found, the outcome and the flags."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import pandas as pd

from bnlab.claims.choices import TURNED
from bnlab.claims.outcomes import DIFFERENCES, FAILED, GRADIENTS, NOT_COMPARABLE, REPRODUCED, SETTINGS, WHOLE, unit_of
from bnlab.config.claims import is_accuracy
from bnlab.formatting import percent, percent_and_sd, points, points_and_sd, short_error
from bnlab.report.run_list import LinkGroup, link_groups
from bnlab.runs.spec import RunSpec

NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?"

PLAIN = {
    "rises": "total rise of the training cost along its curve",
    "swing": "validation accuracy at the ends of cycles minus at the top learning rate",
    "loss_swing": "validation loss at the top learning rate minus at the ends of cycles",
    "gap": "training minus validation accuracy",
    "test_gain": "gain in test accuracy from batch normalization",
    "validation_gain": "gain in validation accuracy from batch normalization",
    "validation_loss_rise": "rise of the validation loss above its lowest, as a share of that",
}
"""What measures are, whose names do not say it."""

SINGLY = 60
"""A claim with more runs than this counts them."""


@dataclass(frozen=True)
class ClaimRow:
    """One claim, by its number in its report's ledger.

    `tone` is the class that colours its outcome; `flags` are small words beside it.  shift: the smallest that its
    comparison sees four times out of five; margins: other outcomes that it would have with half or twice the margin;
    open: what the report leaves open, where the reason does not say so.  table: the number of the table on its report's
    page that shows its values one by one.  runs: those that the page lists; of more than `SINGLY`, those of a whole
    search, only how many there are `together`.  copied: whether it is a setting that agrees, as it was taken from the
    report.
    """

    number: int
    anchor: str
    reason_anchor: str
    report: str
    where: str
    text: str
    quantity: str
    reported: str
    ours: str
    interval: str
    shift: str
    outcome: str
    flags: list[str]
    failed: bool
    tone: str
    reason: str
    margins: str
    open: str
    variants: str
    table: int | None
    runs: list[LinkGroup]
    together: int
    copied: bool


def claim_rows(
    claims: pd.DataFrame, known: Mapping[str, RunSpec], tables: Mapping[str | None, int] | None = None
) -> list[ClaimRow]:
    """One row per row of claims.csv.

    known: the runs that the page lists, by name.  tables: the numbers of the tables beside published ones, by the
    latter's name.
    """
    return [_row(claim, known, tables or {}) for _, claim in claims.iterrows()]


def said_once(rows: Iterable[ClaimRow]) -> list[ClaimRow]:
    """The same rows, of which the first entry of a table alone says what there is to say of all."""
    seen: set[tuple[str, str]] = set()
    shortened = []
    for row in rows:
        own, mark, whole = row.reason.partition(WHOLE)
        shortened.append(replace(row, reason=own) if mark and (row.report, whole) in seen else row)
        seen.add((row.report, whole))
    return shortened


def claim_anchor(claim: str) -> str:
    """The id of a claim's row on its report's page: report.claim, or report.claim.entry of a table's entry."""
    return "claim-" + re.sub(r"[^A-Za-z0-9._-]", "-", claim.replace("/", ".").replace("[", ".").rstrip("]"))


def _row(claim: pd.Series, known: Mapping[str, RunSpec], tables: Mapping[str | None, int]) -> ClaimRow:
    runs = claim["runs"].split()
    outcome, anchor = claim["outcome"], claim_anchor(claim["id"])
    return ClaimRow(
        number=claim["number"],
        anchor=anchor,
        reason_anchor=f"reason-{anchor.removeprefix('claim-')}",
        report=claim["report"],
        where=claim["where"],
        text=claim["text"],
        quantity=_quantity(claim),
        reported=_reported(claim) + _read_to(claim),
        ours=_ours(claim),
        interval=_interval(claim),
        shift=_shift(claim),
        outcome=outcome,
        flags=claim["flags"].lower().split(),
        failed=outcome in FAILED,
        tone="held" if outcome == REPRODUCED else "failed" if outcome in FAILED else "which",
        reason=claim["reason"],
        margins=_margins(claim),
        open="" if outcome == NOT_COMPARABLE else claim["open"],
        variants=claim["variants"],
        table=tables.get(claim["table"]),
        runs=[] if len(runs) > SINGLY else link_groups([run for run in runs if run in known], known),
        together=len(runs) if len(runs) > SINGLY else 0,
        copied=claim["group"] == SETTINGS and outcome == REPRODUCED,
    )


def _quantity(claim: pd.Series) -> str:
    """What was compared, where a claim's words leave that open."""
    words = PLAIN.get(claim["metric"], claim["metric"].replace("_", " "))
    if words in claim["text"].lower() or claim["kind"] in ("setting", "best"):
        return ""
    return f"Difference in {words}" if claim["kind"] in DIFFERENCES else words.capitalize()


def _unit(claim: pd.Series) -> str:
    """The unit of a claim's numbers; all that is said of gradients is about errors."""
    return "error" if claim["group"] == GRADIENTS else unit_of(claim["kind"], claim["metric"])


def _reported(claim: pd.Series) -> str:
    """What the report prints, with all its digits: 52.9 % where it prints .529."""
    unit, printed = _unit(claim), claim["reported"]
    if unit not in ("error", "%", "points") or not re.fullmatch(f"{NUMBER}( to {NUMBER}| or more)?", printed):
        return _minus(printed)
    if unit == "error":
        return re.sub(NUMBER, lambda number: short_error(float(number[0])), printed)
    hundredfold, more, _ = re.sub(NUMBER, _hundredfold, printed).partition(" or more")
    return _minus(f"{hundredfold} {unit}{more}")


def _read_to(claim: pd.Series) -> str:
    """How closely a number could be read off a figure, where that is not what its last digit says."""
    width, decimals = claim["printed_high"] - claim["printed_low"], len(claim["reported"].partition(".")[2])
    if claim["kind"] != "number" or not width > 1.01 * 10.0**-decimals:
        return ""
    return f" (± {width / 2 * (100 if is_accuracy(claim['metric']) else 1):g})"


def _hundredfold(number: re.Match[str]) -> str:
    return f"{Decimal(number[0]).scaleb(2):f}"


def _ours(claim: pd.Series) -> str:
    """Our mean, with its standard deviation where there is one."""
    mean, sd = claim["ours_mean"], claim["ours_sd"]
    if pd.isna(mean):
        return _plain(claim, claim["low"]) if math.isinf(claim["low"]) else ""
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
    """The interval that decided; for a best setting, that of a difference of accuracies."""
    low, high = claim["low"], claim["high"]
    if pd.isna(low) or pd.isna(high) or math.isinf(low):
        return ""
    match _unit(claim):
        case "setting" | "points":
            return f"{points(low)} to {points(high)} points"
        case "error":
            return f"{short_error(low)} to {short_error(high)}"
        case "%":
            return f"{percent(low)} to {percent(high)} %"
    return f"{_plain(claim, low)} to {_plain(claim, high)}"


def _shift(claim: pd.Series) -> str:
    """The smallest shift that the comparison sees four times out of five, with its unit."""
    smallest = claim["detectable"]
    if pd.isna(smallest):
        return ""
    return f"{percent(smallest)} points" if is_accuracy(claim["metric"]) else f"{smallest:.{_decimals(claim)}f}"


def _margins(claim: pd.Series) -> str:
    """The outcomes with half and twice the margin, or a bound that is our choice, where one differs.

    They are of the main reading.
    """
    half, twice = claim["at_half_margin"], claim["at_twice_margin"]
    if half == twice or TURNED in claim["reason"]:
        return ""
    what = {"level": "bound", "number": "distance from the figure"}.get(claim["kind"], "margin")
    return f"With half the {what} {half.lower()}, with twice the {what} {twice.lower()}."


def _plain(claim: pd.Series, value: float) -> str:
    if math.isinf(value):
        return "never"  # a run that does not start to learn within the training
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
