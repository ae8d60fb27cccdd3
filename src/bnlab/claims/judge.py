"""The ledger: every claim of a report joined with the runs that it is about, and given its verdict."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.intervals import Spread, binomial_variance, pooled_spread
from bnlab.analysis.reported_checks import AT_KINKS, FITS, FITS_NOT, RELATIVE, read_rows, reported_check_table
from bnlab.claims.evidence import Tables, read_tables
from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import Cell, Claim, Interpretation, Pair, Selection, setting_value, studies_of
from bnlab.claims.rules import (
    INCONCLUSIVE,
    REPRODUCED,
    VERDICTS,
    Circumstances,
    Finding,
    combined,
    decide,
    is_accuracy,
    judge_best,
    judge_best_of,
    judge_direction,
    judge_equal,
    judge_gradient,
    judge_level,
    judge_number,
    judge_setting,
    margin_of,
    written,
)
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import Configuration
from bnlab.errors import IntegrityError
from bnlab.fingerprint import code_fingerprint
from bnlab.formatting import metric_words
from bnlab.runs.spec import RunSpec

COLUMNS = [
    "id", "report", "row", "study", "experiment", "where", "kind", "text", "metric", "reported", "ours_mean", "ours_sd",
    "n", "diverged", "low", "high", "verdict", "reason", "variants", "open", "note", "runs",
]  # fmt: skip
NUMBERS = {"number", "gradient", "best", "setting"}
"""The kinds whose claims print a number; the others are in words."""
DATA = "cifar10"

_FITTING = [FITS, AT_KINKS, FITS_NOT]
"""What fits without kinks comes first."""

Values = dict[int, float]
"""A metric of a cell's finished runs, by seed."""


def write_claims(configuration: Configuration, report: str, *, results: Path) -> None:
    """Write results/tables/claims/<report>.csv, and print which test results were opened and by which rules judged.

    Reads runs.csv, curves.csv and test.csv of every study that a claim names, and the reported checks' draws.
    """
    claims = load_claims(configuration, [report])
    print(f"rules: bnlab.claims.judge, code {code_fingerprint('bnlab.claims.judge')}")
    tables = {study: read_tables(configuration, study, results=results) for study in studies_of(claims)}
    ledger = _Ledger(configuration, tables, results)
    rows = [ledger.row(claim) for claim in claims]
    write_csv(results / "tables" / "claims" / f"{report}.csv", _rounded(pd.DataFrame(rows, columns=COLUMNS)))


def join_claims(folder: Path, *, results: Path) -> None:
    """Write results/tables/claims.csv, the ledgers of all reports of `folder`, and claims_summary.csv, their counts."""
    parts = []
    for report in claimed_reports(folder):
        path = results / "tables" / "claims" / f"{report}.csv"
        if not path.is_file():
            raise IntegrityError(f"{path}: no such file. Make it: python -m bnlab claims {report}")
        parts.append(pd.read_csv(path, dtype=str, keep_default_na=False))
    ledger = pd.concat(parts, ignore_index=True)
    write_csv(results / "tables" / "claims.csv", ledger)
    write_csv(results / "tables" / "claims_summary.csv", summary(ledger))


def summary(ledger: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each report, numbers and words apart, met each verdict; then the same of all reports."""
    named = ledger.assign(claims=["numbers" if kind in NUMBERS else "words" for kind in ledger["kind"]])
    both = pd.concat([named, named.assign(report="all")])
    counts = [
        {"report": report, "claims": claims, **{word: int((group["verdict"] == word).sum()) for word in VERDICTS}}
        | {"total": len(group)}
        for (report, claims), group in both.groupby(["report", "claims"], sort=False)
    ]
    reports = list(dict.fromkeys(both["report"]))
    counts.sort(key=lambda row: (reports.index(row["report"]), row["claims"]))
    return pd.DataFrame(counts, columns=["report", "claims", *VERDICTS, "total"])


class _Ledger:
    """Judges claims against tables. Nothing is chosen here: a claim names its cells."""

    def __init__(self, configuration: Configuration, tables: Mapping[str, Tables], results: Path) -> None:
        self.configuration = configuration
        self.tables = tables
        self.results = results
        self.reported_check: Callable[[str], tuple[Mapping[str, Any], pd.DataFrame]] = cache(self._reported_check)

    def row(self, claim: Claim) -> dict[str, Any]:
        """The claim's row of the ledger."""
        judge = self._RULES.get(claim.kind)
        found = None if judge is None else judge(self, claim, claim.main)
        variants = {} if judge is None else {one.label: judge(self, claim, one) for one in claim.variants}
        circumstances = Circumstances(claim.inconsistent, claim.not_comparable, claim.open)
        number = claim.main.metric if claim.kind == "number" else ""
        verdict, reason = decide(found, circumstances, variants, metric=number)
        runs = [(cell, run) for cell in self._cells(claim.main) for run in cell.runs]
        shown = found or Finding(INCONCLUSIVE, "")
        study, experiment = _place(claim)
        return {
            "id": claim.id,
            "report": claim.report,
            "row": claim.row,
            "study": study,
            "experiment": experiment,
            "where": claim.where,
            "kind": claim.kind,
            "text": claim.text,
            "metric": _metric(claim),
            "reported": claim.reported or _expected(claim),
            "ours_mean": shown.mean,
            "ours_sd": shown.sd,
            "n": shown.n,
            "diverged": len({run for cell, run in runs if self._diverged(cell, run)}),
            "low": shown.low,
            "high": shown.high,
            "verdict": verdict,
            "reason": reason,
            "variants": "; ".join(_variant_words(claim, label, one) for label, one in variants.items()),
            "open": ", ".join(claim.open),
            "note": claim.note,
            "runs": " ".join(dict.fromkeys(self.tables[cell.study].names[run] for cell, run in runs)),
        }

    def _number(self, claim: Claim, interpretation: Interpretation) -> Finding:
        cells = self._cells(interpretation)
        if interpretation.metric == "gain":
            gains = [*self._gains(cells).values()]
            pooled_gain = self._pooled_gain(cells)
            return judge_number(
                claim.reported, gains, pooled_gain, metric=interpretation.metric, truncated=claim.truncated
            )
        values = [self._values(cell, interpretation.metric) for cell in cells]
        pooled = self._pooled(cells[0], interpretation.metric) if cells else None
        extra = self._extra_variance(claim, interpretation, cells, values)
        if claim.best_of is not None:
            return judge_best_of(
                claim.reported,
                values,
                pooled,
                metric=interpretation.metric,
                best_of=claim.best_of,
                rank=claim.rank,
                truncated=claim.truncated,
                extra_variance=extra,
            )
        own = [*values[0].values()] if values else []
        return judge_number(
            claim.reported, own, pooled, metric=interpretation.metric, truncated=claim.truncated, extra_variance=extra
        )

    def _direction(self, _: Claim, interpretation: Interpretation) -> Finding:
        return combined(
            [
                judge_direction([*self._differences(pair)[0].values()], metric=pair.metric)
                for pair in interpretation.pairs
            ]
        )

    def _equal(self, _: Claim, interpretation: Interpretation) -> Finding:
        found = []
        for pair in interpretation.pairs:
            differences, values = self._differences(pair)
            found.append(judge_equal([*differences.values()], margin_of(pair.metric, values), metric=pair.metric))
        return combined(found)

    def _level(self, claim: Claim, interpretation: Interpretation) -> Finding:
        assert claim.between is not None
        values = [
            value
            for cell in self._cells(interpretation)
            for value in self._values(cell, interpretation.metric).values()
        ]
        return judge_level(values, *claim.between, metric=interpretation.metric)

    def _best(self, claim: Claim, interpretation: Interpretation) -> Finding:
        settings: dict[float, Values] = {}
        for cell in self._cells(interpretation):
            value, accuracies = getattr(cell.setting, claim.axis), self._values(cell, interpretation.metric)
            if _mean(accuracies) >= _mean(settings.get(value, {})):
                settings[value] = accuracies
        return judge_best(float(claim.reported), settings)

    def _setting(self, claim: Claim, interpretation: Interpretation) -> Finding:
        ours = setting_value(claim.setting, self._cells(interpretation), self.configuration)
        return judge_setting(claim.reported, ours, truncated=claim.truncated)

    def _gradient(self, claim: Claim, interpretation: Interpretation) -> Finding:
        """Every case and formula that is compared with the published value."""
        assert claim.published is not None
        reported_check, table = self.reported_check(interpretation.reported_check)
        cases = {case["id"]: case for case in reported_check["cases"] if case.get("published") == claim.published.table}
        relative = claim.published.quantity == "relative_error"
        asked = table[
            table["case"].isin(cases)
            & (table["array"] == claim.published.array)
            & table["metric"].isin(RELATIVE if relative else [claim.published.quantity])
        ]
        best_first = asked.sort_values("verdict", key=lambda column: column.map(_FITTING.index), kind="stable")
        comparisons = []
        for _, row in best_first.iterrows():
            kinks = ", entries at which some ReLU switched included" if row["verdict"] == AT_KINKS else ""
            label = f"{cases[row['case']]['title']}, {metric_words(row['metric'])}{kinks}"
            comparisons.append((label, row["verdict"] != FITS_NOT, row["median"], row["low"], row["high"]))
        return judge_gradient(comparisons)

    _RULES: Mapping[str, Callable[..., Finding]] = {
        "number": _number,
        "gradient": _gradient,
        "direction": _direction,
        "equal": _equal,
        "level": _level,
        "best": _best,
        "setting": _setting,
    }

    def _reported_check(self, name: str) -> tuple[Mapping[str, Any], pd.DataFrame]:
        reported_check = load_reported_check(name, self.configuration.folder)
        return reported_check, reported_check_table(
            reported_check, read_rows(self.results / "gradients" / DATA / f"{name}.csv")
        )

    def _cells(self, interpretation: Interpretation) -> list[Cell]:
        return [cell for one in interpretation.selections for cell in one.cells(self.configuration)]

    def _diverged(self, cell: Cell, run: RunSpec) -> bool:
        return not pd.isna(self.tables[cell.study].row(run)["diverged_at"])

    def _values(self, cell: Cell, metric: str) -> Values:
        """A metric by seed. A run that diverged, or never started to learn, has none."""
        rows = {run.seed: self.tables[cell.study].row(run) for run in cell.runs if not self._diverged(cell, run)}
        return {seed: float(row[metric]) for seed, row in rows.items() if not pd.isna(row[metric])}

    def _differences(self, pair: Pair) -> tuple[Values, list[float]]:
        """Greater minus smaller by seed, and all values of both."""
        greater, smaller = (self._side(one, pair.metric) for one in (pair.greater, pair.smaller))
        shared = sorted(greater.keys() & smaller.keys())
        return {seed: greater[seed] - smaller[seed] for seed in shared}, [*greater.values(), *smaller.values()]

    def _side(self, selection: Selection, metric: str) -> Values:
        cells = selection.cells(self.configuration)
        if metric == "gain":
            return self._gains(cells)
        return self._values(cells[0], metric) if cells else {}

    def _gains(self, cells: Sequence[Cell]) -> Values:
        """Test accuracy with batch normalization less that without, by seed."""
        values = {cell.setting.batch_norm: self._values(cell, "test_accuracy") for cell in cells}
        with_norm, without = values.get(True, {}), values.get(False, {})
        return {seed: with_norm[seed] - without[seed] for seed in sorted(with_norm.keys() & without.keys())}

    def _pooled(self, cell: Cell, metric: str) -> Spread | None:
        """The common spread of all cells of the study that lend the cell theirs."""
        alike = [one for one in self._cells_of(cell.study) if _likeness(one.setting) == _likeness(cell.setting)]
        return pooled_spread([*self._values(one, metric).values()] for one in alike)

    def _pooled_gain(self, cells: Sequence[Cell]) -> Spread | None:
        """The same of gains: the twins, with and without batch normalization, of every cell that is alike."""
        if not cells:
            return None
        twins: dict[tuple[Any, ...], list[Cell]] = {}
        for one in self._cells_of(cells[0].study):
            if _likeness(one.setting, of_twins=True) == _likeness(cells[0].setting, of_twins=True):
                setting = one.setting
                twins.setdefault((setting.protocol, setting.weight_decay, setting.warm_start is None), []).append(one)
        return pooled_spread([*self._gains(pair).values()] for pair in twins.values())

    def _cells_of(self, study: str) -> list[Cell]:
        """Every cell of a study once, whatever experiments share its runs."""
        cells: dict[tuple[Any, ...], list[RunSpec]] = {}
        for run in self.configuration.study(study).runs:
            # Runs that go on from others are one cell: from which they do differs by seed.
            setting = (run.protocol, run.weight_decay, run.warm_start is None)
            cells.setdefault((*setting, *_likeness(run)), []).append(run)
        return [Cell(study, "", tuple(runs)) for runs in cells.values()]

    def _extra_variance(
        self, claim: Claim, interpretation: Interpretation, cells: Sequence[Cell], values: Sequence[Values]
    ) -> float:
        """The binomial variance of a validation accuracy on other images, where our seeds all share theirs."""
        together = [value for own in values for value in own.values()]
        if not claim.other_split or not interpretation.metric.endswith("validation_accuracy") or not together:
            return 0.0
        protocol = self.configuration.protocols[cells[0].setting.protocol]
        if protocol.split == "random":
            return 0.0
        return binomial_variance(sum(together) / len(together), protocol.validation)


def _likeness(run: RunSpec, *, of_twins: bool = False) -> tuple[Any, ...]:
    """What the runs of two cells must share to lend each other their spread: all but weight decay and protocol."""
    alike = (run.hidden, run.initialization, run.learning_rate)
    return alike if of_twins else (run.batch_norm, *alike)


def _mean(values: Values) -> float:
    return sum(values.values()) / len(values) if values else -math.inf


def _expected(claim: Claim) -> str:
    """What a claim in words expects of the numbers."""
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
    """Study and experiment of the claim's first cell in its report's own study, in whose section the claim stands.

    Of a claim that has cells in another study alone, that study, and no experiment; of one without cells, neither.
    """
    for one in claim.main.selections:
        if one.study == claim.study:
            return one.study, one.experiment
    return (claim.main.selections[0].study if claim.main.selections else ""), ""


def _metric(claim: Claim) -> str:
    return claim.axis or claim.setting or claim.main.metric


def _variant_words(claim: Claim, label: str, found: Finding) -> str:
    metric = _metric(claim)
    difference = claim.kind in ("direction", "equal") or metric == "gain"
    unit = "" if not is_accuracy(metric) else " points" if difference else " %"
    number = "nothing finished" if math.isnan(found.mean) else f"{written(found.mean, metric, digits=4)}{unit}"
    return f"{label}: {number} [{'reproduces' if found.verdict == REPRODUCED else 'does not reproduce'}]"


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Six digits of what was computed: more than anything is known to, and the same on every machine."""
    columns: Iterable[str] = ("ours_mean", "ours_sd", "low", "high")
    return table.assign(**{name: [_six(value) for value in table[name]] for name in columns})


def _six(value: float) -> float:
    return value if math.isnan(value) else float(f"{value:.6g}")
