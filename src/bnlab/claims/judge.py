"""The ledger: every claim of a report joined with its evidence, and given its outcome."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.analysis.spread import Noise, Spread
from bnlab.claims.best import judge_best
from bnlab.claims.choices import FACTORS, choice_of, scaled, undecided_if_turned
from bnlab.claims.differences import combined, judge_direction, judge_equal, judge_order, judge_throughout, margin_of
from bnlab.claims.evidence import START, Evidence
from bnlab.claims.family import family
from bnlab.claims.gradients import judge_gradients
from bnlab.claims.levels import judge_level
from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import SEARCHED, TIED, Claim, Interpretation, Pair, studies_of
from bnlab.claims.numbers import NOTHING, judge_best_of, judge_in_state, judge_number, judge_start, printed_range
from bnlab.claims.orders import judge_increase, judge_magnitude
from bnlab.claims.outcomes import (
    FLAGS,
    GROUPS,
    INCONCLUSIVE,
    OUTCOMES,
    REPRODUCED,
    Finding,
    is_gain,
    unit_of,
    written,
)
from bnlab.claims.readings import decide, flags_of
from bnlab.claims.settings import judge_setting, setting_value
from bnlab.config.studies import Configuration
from bnlab.fingerprint import code_fingerprint

COMPUTED = ("printed_low", "printed_high", "ours_mean", "ours_sd", "low", "high", "detectable")
"""The columns that are rounded."""
NONE = (math.nan, math.nan)
"""No interval."""


def write_claims(configuration: Configuration, report: str, *, results: Path) -> None:
    """Write results/tables/claims/<report>.csv, and print which test results were opened and by which rules judged.

    Reads runs.csv, curves.csv and test.csv of every study that a claim names, and the reported checks' draws.
    """
    claims = load_claims(configuration, [report])
    print(f"rules: bnlab.claims.judge, code {code_fingerprint('bnlab.claims.judge')}")
    evidence = Evidence(configuration, studies_of(claims), results=results)
    judged = [(claim, _judged(claim, evidence)) for claim in claims]
    tables = [(claim, readings) for claim, readings in judged if claim.entry and claim.kind == "number"]
    whole = {
        claim.item: _whole_table([one for other, one in tables if other.item == claim.item]) for claim, _ in tables
    }
    table = pd.DataFrame([ledger_row(claim, one, evidence, whole.get(claim.item, "")) for claim, one in judged])
    rounded = {name: [_six_digits(value) for value in table[name]] for name in COMPUTED}
    write_csv(results / "tables" / "claims" / f"{report}.csv", table.assign(**rounded))


def join_claims(folder: Path, *, results: Path) -> None:
    """Write results/tables/claims.csv, the ledgers of all reports of `folder`.

    Beside it claims_summary.csv, their counts, and family.csv, how many false alarms to expect among so many.
    """
    parts = []
    for report in claimed_reports(folder):
        path = results / "tables" / "claims" / f"{report}.csv"
        parts.append(read_table(path, dtype=str, keep_default_na=False))
    ledger = pd.concat(parts)
    write_csv(results / "tables" / "claims.csv", ledger)
    write_csv(results / "tables" / "claims_summary.csv", summary(ledger))
    write_csv(results / "tables" / "family.csv", family(ledger))


def summary(ledger: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each report and group have each outcome and each flag; then the same of all reports.

    Groups are not added up: most gradient checks and settings agree because they were copied from the report.
    """
    both = pd.concat([ledger, ledger.assign(report="all")])
    counts = [
        {"report": report, "group": group}
        | {word: int((claims["outcome"] == word).sum()) for word in OUTCOMES}
        | {"total": len(claims)}
        | {flag: int(claims["flags"].str.contains(flag).sum()) for flag in FLAGS}
        for (report, group), claims in both.groupby(["report", "group"])
    ]
    reports, groups = list(dict.fromkeys(both["report"])), list(dict.fromkeys(GROUPS.values()))
    counts.sort(key=lambda row: (reports.index(row["report"]), groups.index(row["group"])))
    return pd.DataFrame(counts, columns=["report", "group", *OUTCOMES, "total", *FLAGS])


Rule = Callable[[Claim, Interpretation, Evidence], Finding]
Readings = Mapping[str, Finding]
"""The findings of a claim's readings by label, the main one first; none if no run can test it."""
MAIN = ""
"""The label of the main reading."""


def _judged(claim: Claim, evidence: Evidence) -> Readings:
    if (rule := _RULES.get(claim.kind)) is None:
        return {}
    return {
        reading.label: undecided_if_turned(claim, partial(_of_reading, rule, reading, evidence))
        for reading in claim.interpretations
    }


def _of_reading(rule: Rule, reading: Interpretation, evidence: Evidence, claim: Claim) -> Finding:
    return rule(claim, reading, evidence)


def _whole_table(entries: Sequence[Readings]) -> str:
    """How many entries of a table each reading reproduces: readings that share them out fit the table no better."""
    counts = {label: sum(one[label].outcome == REPRODUCED for one in entries) for label in entries[0]}
    others = "".join(f"; {number} by '{label}'" for label, number in counts.items() if label != MAIN)
    return f" Of the table's {len(entries)} entries {counts[MAIN]} are reproduced as read here{others}."


def ledger_row(claim: Claim, readings: Readings, evidence: Evidence, whole: str) -> dict[str, Any]:
    """The claim's row of the ledger. whole: what is said of the table that it is an entry of."""
    found, variants = readings.get(MAIN), {label: one for label, one in readings.items() if label != MAIN}
    outcome, reason = decide(claim, found, variants)
    runs = [run for cell in evidence.cells(claim.main) for run in cell.runs]
    shown = found or Finding(INCONCLUSIVE, "")
    study, experiment = _place(claim)
    metric = _metric_of(claim, claim.main)
    half, twice = _other_margins(claim, evidence)
    printed_low, printed_high = printed_range(claim.reported, **_printing(claim)) if claim.kind == "number" else NONE
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
        "printed_low": printed_low,
        "printed_high": printed_high,
        "ours_mean": shown.mean,
        "ours_sd": shown.sd,
        "n": shown.n,
        "diverged": len({run for run in runs if evidence.diverged(run)}),
        "low": shown.low,
        "high": shown.high,
        "detectable": shown.detectable,
        "measured": " ".join(str(_six_digits(value)) for value in shown.measured),
        "outcome": outcome,
        "flags": " ".join(flags_of(claim)),
        "at_half_margin": half,
        "at_twice_margin": twice,
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


# --- each kind's rule meets the evidence of one interpretation ------------------------------------------------------


class _Printing(TypedDict):
    truncated: bool
    read_to: float


def _printing(claim: Claim) -> _Printing:
    return _Printing(truncated=claim.truncated, read_to=claim.read_to)


def _number(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    metric, cut = interpretation.metric, _printing(claim)
    cells = evidence.cells(interpretation)
    if is_gain(metric):
        gains = [*evidence.gains(cells, metric).values()]
        return judge_number(claim.reported, gains, _total(evidence.noise_of_gain(cells, metric)), metric=metric, **cut)
    extra = evidence.variance_of_split(cells, metric) if claim.other_split else 0.0
    if interpretation.best_of is not None:
        return judge_best_of(
            claim.reported,
            evidence.candidates(cells, metric),
            evidence.noise_of_search(cells, metric),
            metric=metric,
            best_of=interpretation.best_of,
            rank=claim.rank,
            **cut,
            extra_variance=extra,
        )
    (cell,) = cells
    values, idle = evidence.values(cell, metric), evidence.idle(cell)
    if not values:
        return NOTHING
    if metric == START:
        return judge_start(claim.reported, [*values.values()], **cut)
    if idle:
        started = [value for seed, value in values.items() if seed not in idle]
        resting = [value for seed, value in values.items() if seed in idle]
        return judge_in_state(claim.reported, started, resting, metric=metric, **cut)
    spread = _total(evidence.noise(cell, metric))
    own = [*values.values()]
    return judge_number(claim.reported, own, spread, metric=metric, **cut, extra_variance=extra)


def _total(noise: Noise | None) -> Spread | None:
    return noise.total if noise else None


def _gradient(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    reported_check, rows = evidence.reported_check(interpretation.reported_check)
    return judge_gradients(reported_check, rows, claim.table)


def _magnitude(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    low, high = map(float, claim.reported.split(" to "))
    rows = evidence.reported_check(interpretation.reported_check)[1]
    return judge_magnitude(rows[rows["case"] == interpretation.case], low, high)


def _increase(_: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    rows = evidence.reported_check(interpretation.reported_check)[1]
    return judge_increase(rows[rows["case"] == interpretation.case])


def _difference(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    """A direction or none, of all pairs."""
    pairs = interpretation.pairs
    return combined([_of_pair(claim, pair, evidence, comparisons=len(pairs)) for pair in pairs])


def _of_pair(claim: Claim, pair: Pair, evidence: Evidence, *, comparisons: int) -> Finding:
    metric = pair.metric
    if claim.throughout:
        return judge_throughout(evidence.differences_along(pair), metric=metric, comparisons=comparisons)
    greater, smaller = evidence.sides(pair)
    if metric == START:
        return judge_order(greater, smaller, comparisons=comparisons)
    differences = [greater[seed] - smaller[seed] for seed in sorted(greater.keys() & smaller.keys())]
    margin = claim.margin_factor * margin_of(metric, [*greater.values(), *smaller.values()])
    rule = judge_equal if claim.kind == "equal" else judge_direction
    return rule(differences, margin, metric=metric, comparisons=comparisons)


def _level(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    assert claim.between is not None
    metric = interpretation.metric
    cells = [[*evidence.values(cell, metric).values()] for cell in evidence.cells(interpretation)]
    return judge_level(cells, *claim.between, metric=metric)


def _best(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    cells, metric = evidence.cells(interpretation), interpretation.metric
    noise = evidence.noise_of_search(cells, metric)
    reported = [float(one) for one in claim.reported.split(TIED)]
    return judge_best(reported, evidence.candidates(cells, metric), noise, axis=SEARCHED.index(claim.axis))


def _setting(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    ours = setting_value(claim.setting, evidence.cells(interpretation), evidence.configuration)
    return judge_setting(claim.reported, ours, truncated=claim.truncated)


_RULES: Mapping[str, Rule] = {
    "number": _number,
    "gradient": _gradient,
    "magnitude": _magnitude,
    "increase": _increase,
    "direction": _difference,
    "equal": _difference,
    "level": _level,
    "best": _best,
    "setting": _setting,
}
"""The rule of each kind; claims in words that no run can test have none."""


def _other_margins(claim: Claim, evidence: Evidence) -> tuple[str, str]:
    """The outcomes of the main reading with half and with twice of what is our choice."""
    if not choice_of(claim):
        return "", ""
    half, twice = (_RULES[claim.kind](scaled(claim, factor), claim.main, evidence).outcome for factor in FACTORS)
    return half, twice


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
