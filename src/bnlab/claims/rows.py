"""A claim's row of the ledger."""

import math
from collections.abc import Mapping
from typing import Any

from bnlab.claims.evidence import Evidence
from bnlab.claims.model import Claim, Interpretation
from bnlab.claims.numbers import printed_range
from bnlab.claims.outcomes import GROUPS, INCONCLUSIVE, Finding, unit_of, written
from bnlab.claims.readings import decide, flags_of

Readings = Mapping[str, Finding]
"""The findings of a claim's readings by label, the main one first; none if no run can test it."""
MAIN = ""
"""The label of the main reading."""


def ledger_row(claim: Claim, readings: Readings, evidence: Evidence, whole: str) -> dict[str, Any]:
    """The claim's row of the ledger. whole: what is said of the table that it is an entry of."""
    found, variants = readings.get(MAIN), {label: one for label, one in readings.items() if label != MAIN}
    outcome, reason = decide(claim, found, variants)
    runs = [run for cell in evidence.cells(claim.main) for run in cell.runs]
    shown = found or Finding(INCONCLUSIVE, "")
    study, experiment = _place(claim)
    metric = _metric_of(claim, claim.main)
    printed_low, printed_high = _printed(claim) if claim.kind == "number" else (math.nan, math.nan)
    return {
        "id": claim.id,
        "report": claim.report,
        "study": study,
        "experiment": experiment,
        "where": claim.where,
        "kind": claim.kind,
        "group": GROUPS[claim.kind],
        "text": claim.text,
        "metric": metric,
        "reported": claim.reported or _expected(claim),
        "printed_low": _six_digits(printed_low),
        "printed_high": _six_digits(printed_high),
        "ours_mean": _six_digits(shown.mean),
        "ours_sd": _six_digits(shown.sd),
        "n": shown.n,
        "diverged": len({run for run in runs if evidence.diverged(run)}),
        "low": _six_digits(shown.low),
        "high": _six_digits(shown.high),
        "detectable": _six_digits(shown.detectable),
        "measured": " ".join(str(_six_digits(value)) for value in shown.measured),
        "outcome": outcome,
        "flags": " ".join(flags_of(claim)),
        "at_half_margin": shown.at_half,
        "at_twice_margin": shown.at_twice,
        "reason": reason + whole,
        "variants": "; ".join(
            _variant_words(claim.kind, _metric_of(claim, reading), reading.label, variants[reading.label])
            for reading in claim.variants
            if reading.label in variants
        ),
        "open": ", ".join(claim.open),
        "note": claim.note,
        "runs": " ".join(dict.fromkeys(evidence.name(run) for run in runs)),
        "item": claim.item,
        "table": claim.table,
    }


def _printed(claim: Claim) -> tuple[float, float]:
    return printed_range(claim.reported, truncated=claim.truncated, read_to=claim.read_to)


def _expected(claim: Claim) -> str:
    """What a claim in words says about the numbers: > 0, = 0, or where they lie."""
    match claim.kind:
        case "direction":
            return "> 0"
        case "equal":
            return "= 0"
        case "level":
            assert claim.between is not None
            low, high = claim.between
            return f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
    return ""


def _metric_of(claim: Claim, reading: Interpretation) -> str:
    """What a reading's numbers are of: a metric, that of its pairs if all share it, an axis or a setting."""
    of_pairs = {pair.metric for pair in reading.pairs}
    return claim.axis or claim.setting or (of_pairs.pop() if len(of_pairs) == 1 else reading.metric)


def _place(claim: Claim) -> tuple[str, str]:
    """Study and experiment of the claim's first cell in its report's own study: the section that shows the claim.

    If the claim has cells only in another study, that study and no experiment; if it has no cells, neither.
    """
    for one in claim.main.selections:
        if one.study == claim.study:
            return one.study, one.experiment
    return (claim.main.selections[0].study if claim.main.selections else ""), ""


def _variant_words(kind: str, metric: str, label: str, found: Finding) -> str:
    unit = unit_of(kind, metric)
    unit = f" {unit}" if unit in ("%", "points") else ""
    known = [] if math.isnan(found.mean) else [f"{written(found.mean, metric, digits=4)}{unit}"]
    known += [f"n = {found.n}"] if found.n else []
    return f"{label}: {', '.join(known) or 'nothing finished'} [{found.outcome.lower()}]"


def _six_digits(value: float) -> float:
    """Round to six digits: more than anything here is known to, and the same on every machine."""
    return float(f"{value:.6g}")
