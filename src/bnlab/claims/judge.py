"""The ledger: every claim of a report joined with its evidence, and given its verdict."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.analysis.reported_checks import AT_KINKS, FITS, FITS_NOT, RELATIVE
from bnlab.claims.evidence import Evidence, Values
from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import Claim, Interpretation, setting_value, studies_of
from bnlab.claims.rules import (
    INCONCLUSIVE,
    REPRODUCED,
    VERDICTS,
    Circumstances,
    Finding,
    combined,
    decide,
    judge_best,
    judge_best_of,
    judge_direction,
    judge_equal,
    judge_gradient,
    judge_level,
    judge_number,
    judge_setting,
    margin_of,
    unit_of,
    written,
)
from bnlab.config.studies import Configuration
from bnlab.fingerprint import code_fingerprint
from bnlab.formatting import measure_words

NUMBERS = {"number", "gradient", "best", "setting"}
"""The kinds whose claims print a number; the others are in words."""
COMPUTED = ("ours_mean", "ours_sd", "low", "high")
"""The columns that are rounded."""


def write_claims(configuration: Configuration, report: str, *, results: Path) -> None:
    """Write results/tables/claims/<report>.csv, and print which test results were opened and by which rules judged.

    Reads runs.csv, curves.csv and test.csv of every study that a claim names, and the reported checks' draws.
    """
    claims = load_claims(configuration, [report])
    print(f"rules: bnlab.claims.judge, code {code_fingerprint('bnlab.claims.judge')}")
    evidence = Evidence(configuration, studies_of(claims), results=results)
    table = pd.DataFrame([ledger_row(claim, evidence) for claim in claims])
    rounded = {name: [_six_digits(value) for value in table[name]] for name in COMPUTED}
    write_csv(results / "tables" / "claims" / f"{report}.csv", table.assign(**rounded))


def join_claims(folder: Path, *, results: Path) -> None:
    """Write results/tables/claims.csv, the ledgers of all reports of `folder`, and claims_summary.csv, their counts."""
    parts = []
    for report in claimed_reports(folder):
        path = results / "tables" / "claims" / f"{report}.csv"
        parts.append(read_table(path, dtype=str, keep_default_na=False))
    ledger = pd.concat(parts)
    write_csv(results / "tables" / "claims.csv", ledger)
    write_csv(results / "tables" / "claims_summary.csv", summary(ledger))


def summary(ledger: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each report, numbers and words apart, met each verdict; then the same of all reports."""
    named = ledger.assign(claims=["numbers" if kind in NUMBERS else "words" for kind in ledger["kind"]])
    both = pd.concat([named, named.assign(report="all")])
    counts = [
        {"report": report, "claims": claims, **{word: int((group["verdict"] == word).sum()) for word in VERDICTS}}
        | {"total": len(group)}
        for (report, claims), group in both.groupby(["report", "claims"])
    ]
    reports = list(dict.fromkeys(both["report"]))
    counts.sort(key=lambda row: (reports.index(row["report"]), row["claims"]))
    return pd.DataFrame(counts, columns=["report", "claims", *VERDICTS, "total"])


def ledger_row(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    """The claim's row of the ledger."""
    rule = _RULES.get(claim.kind)
    found = None if rule is None else rule(claim, claim.main, evidence)
    variants = {} if rule is None else {one.label: rule(claim, one, evidence) for one in claim.variants}
    circumstances = Circumstances(claim.inconsistent, claim.not_comparable, claim.open)
    number = claim.main.metric if claim.kind == "number" else ""
    verdict, reason = decide(found, circumstances, variants, metric=number)
    runs = [(cell, run) for cell in evidence.cells(claim.main) for run in cell.runs]
    shown = found or Finding(INCONCLUSIVE, "")
    study, experiment = _place(claim)
    metric = claim.axis or claim.setting or claim.main.metric
    return {
        "id": claim.id,
        "report": claim.report,
        "study": study,
        "experiment": experiment,
        "where": claim.where,
        "kind": claim.kind,
        "text": claim.text,
        "metric": metric,
        "reported": claim.reported or _expected(claim),
        "ours_mean": shown.mean,
        "ours_sd": shown.sd,
        "n": shown.n,
        "diverged": len({run for cell, run in runs if evidence.diverged(cell, run)}),
        "low": shown.low,
        "high": shown.high,
        "verdict": verdict,
        "reason": reason,
        "variants": "; ".join(_variant_words(claim.kind, metric, label, one) for label, one in variants.items()),
        "open": ", ".join(claim.open),
        "note": claim.note,
        "runs": " ".join(dict.fromkeys(evidence.name(cell, run) for cell, run in runs)),
        "item": claim.item,
        "table": claim.published.table if claim.published else "",
        "array": claim.published.array if claim.published else "",
    }


# --- each kind's rule meets the evidence of one interpretation ------------------------------------------------------


def _number(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    metric, truncated = interpretation.metric, claim.truncated
    cells = evidence.cells(interpretation)
    if metric == "gain":
        gains = [*evidence.gains(cells).values()]
        pooled_gain = evidence.pooled_gain(cells[0])
        return judge_number(claim.reported, gains, pooled_gain, metric=metric, truncated=truncated)
    values = [evidence.values(cell, metric) for cell in cells]
    pooled = evidence.pooled(cells[0], metric)
    extra = evidence.variance_of_split(cells, metric) if claim.other_split else 0.0
    if claim.best_of is not None:
        return judge_best_of(
            claim.reported,
            values,
            pooled,
            metric=metric,
            best_of=claim.best_of,
            rank=claim.rank,
            truncated=truncated,
            extra_variance=extra,
        )
    own = [*values[0].values()]
    return judge_number(claim.reported, own, pooled, metric=metric, truncated=truncated, extra_variance=extra)


def _gradient(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    """Compare the published value with every case and formula; those that fit without kinks come first."""
    assert claim.published is not None
    reported_check, table = evidence.reported_check(interpretation.reported_check)
    cases = {case["id"]: case for case in reported_check["cases"] if case.get("published") == claim.published.table}
    relative = claim.published.quantity == "relative_error"
    asked = table[
        table["case"].isin(cases)
        & (table["array"] == claim.published.array)
        & table["measure"].isin(RELATIVE if relative else [claim.published.quantity])
    ]
    order = [FITS, AT_KINKS, FITS_NOT]
    comparisons = []
    for _, row in asked.sort_values("verdict", key=lambda column: column.map(order.index), kind="stable").iterrows():
        kinks = ", entries at which some ReLU switched included" if row["verdict"] == AT_KINKS else ""
        label = f"{cases[row['case']]['title']}, {measure_words(row['measure'])}{kinks}"
        comparisons.append((label, row["verdict"] != FITS_NOT, row["median"], row["low"], row["high"]))
    return judge_gradient(comparisons)


def _direction(_: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    return combined(
        [
            judge_direction([*evidence.differences(pair)[0].values()], metric=pair.metric)
            for pair in interpretation.pairs
        ]
    )


def _equal(_: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    found = []
    for pair in interpretation.pairs:
        differences, values = evidence.differences(pair)
        found.append(judge_equal([*differences.values()], margin_of(pair.metric, values), metric=pair.metric))
    return combined(found)


def _level(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    assert claim.between is not None
    metric = interpretation.metric
    values = [value for cell in evidence.cells(interpretation) for value in evidence.values(cell, metric).values()]
    return judge_level(values, *claim.between, metric=metric)


def _best(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    settings: dict[float, Values] = {}
    for cell in evidence.cells(interpretation):
        value, accuracies = getattr(cell.setting, claim.axis), evidence.values(cell, interpretation.metric)
        if _mean(accuracies) >= _mean(settings.get(value, {})):
            settings[value] = accuracies
    return judge_best(float(claim.reported), settings)


def _setting(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    ours = setting_value(claim.setting, evidence.cells(interpretation), evidence.configuration)
    return judge_setting(claim.reported, ours, truncated=claim.truncated)


_RULES: Mapping[str, Callable[[Claim, Interpretation, Evidence], Finding]] = {
    "number": _number,
    "gradient": _gradient,
    "direction": _direction,
    "equal": _equal,
    "level": _level,
    "best": _best,
    "setting": _setting,
}
"""The rule of each kind; claims in words that no run can test have none."""


def _mean(values: Values) -> float:
    return sum(values.values()) / len(values) if values else -math.inf


# --- what else a row says -------------------------------------------------------------------------------------------


def _expected(claim: Claim) -> str:
    """What a claim in words says about the numbers: > 0, = 0, or where they lie."""
    match claim.kind:
        case "direction":
            return "> 0"
        case "equal":
            return "= 0"
        case "level":
            assert claim.between is not None
            return f"{claim.between[0]:g} to {claim.between[1]:g}"
    return ""


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
    number = "nothing finished" if math.isnan(found.mean) else f"{written(found.mean, metric, digits=4)}{unit}"
    return f"{label}: {number} [{'reproduces' if found.verdict == REPRODUCED else 'does not reproduce'}]"


def _six_digits(value: float) -> float:
    """Round to six digits: more than anything here is known to, and the same on every machine."""
    return float(f"{value:.6g}")
