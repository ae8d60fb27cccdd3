"""The ledger: every claim of a report joined with its evidence, and given its outcome."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.claims.evidence import Evidence
from bnlab.claims.family import family
from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import Claim, studies_of
from bnlab.claims.outcomes import FLAGS, GROUPS, OUTCOMES, REPRODUCED, WHOLE
from bnlab.claims.rows import MAIN, Readings, ledger_row
from bnlab.claims.rules import RULES, judge_reading
from bnlab.config.studies import Configuration
from bnlab.fingerprint import code_fingerprint


def write_claims(configuration: Configuration, report: str, *, results: Path) -> None:
    """Write results/tables/claims/<report>.csv, and print which test results were opened and by which rules judged.

    Reads runs.csv, curves.csv and test.csv of every study that a claim names, and the reported checks' draws.
    """
    claims = load_claims(configuration, [report])
    print(f"rules: bnlab.claims.judge, code {code_fingerprint('bnlab.claims.judge')}")
    evidence = Evidence(configuration, studies_of(claims), results=results)
    judged = [(claim, _judged(claim, evidence)) for claim in claims]
    tables = [(claim, readings) for claim, readings in judged if claim.entry and claim.kind == "number" and readings]
    whole = {
        claim.item: _whole_table([one for other, one in tables if other.item == claim.item]) for claim, _ in tables
    }
    table = pd.DataFrame([ledger_row(claim, one, evidence, whole.get(claim.item, "")) for claim, one in judged])
    write_csv(results / "tables" / "claims" / f"{report}.csv", table)


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


def _judged(claim: Claim, evidence: Evidence) -> Readings:
    if claim.kind not in RULES or claim.not_testable:
        return {}
    return {reading.label: judge_reading(claim, reading, evidence) for reading in claim.interpretations}


def _whole_table(entries: Sequence[Readings]) -> str:
    """How many entries of a table each reading reproduces: readings that share them out fit the table no better."""
    counts = {label: sum(one[label].outcome == REPRODUCED for one in entries) for label in entries[0]}
    others = "".join(f"; {number} by '{label}'" for label, number in counts.items() if label != MAIN)
    back = f"{counts[MAIN]} {'is' if counts[MAIN] == 1 else 'are'} reproduced"
    return f"{WHOLE}{len(entries)} entries {back} as read here{others}." if len(entries) > 1 else ""
