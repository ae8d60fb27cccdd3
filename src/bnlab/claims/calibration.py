"""How often the rules of the ledger err, tried on ourselves, and what they can see (docs/calibration.md)."""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.intervals import LEVEL, share_interval
from bnlab.claims.evidence import Evidence
from bnlab.claims.load import load_claims
from bnlab.claims.model import SEARCHED, Cell, place_of, studies_of
from bnlab.claims.trials import (
    SEED,
    SHIFTS,
    Group,
    Search,
    Trial,
    best_of_trials,
    best_setting_trials,
    direction_trials,
    equal_trials,
    number_trials,
)
from bnlab.config.claims import is_accuracy
from bnlab.config.studies import Configuration
from bnlab.formatting import batch_norm_words

METRICS = (
    "test_accuracy", "validation_accuracy", "best_validation_accuracy", "test_cost", "validation_cost", "training_cost",
)  # fmt: skip
"""What most printed numbers are values of."""
SEARCH_METRIC = "validation_accuracy"
SMALLEST_SEARCH = 5
"""How many candidates make a search."""
ALL = "all"
"""The part of a kind that is the whole of it."""
RESAMPLES = 2000
"""How often trials are drawn anew for an interval."""

NUMBER, BEST_OF, BEST, DIRECTION, EQUAL = "number", "best of a search", "best setting", "direction", "no difference"
_OF_CELLS: Mapping[str, Callable[[Group], Iterable[Trial]]] = {
    NUMBER: number_trials,
    DIRECTION: direction_trials,
    EQUAL: equal_trials,
}
_OF_SEARCHES: Mapping[str, Callable[[Search], Iterable[Trial]]] = {BEST_OF: best_of_trials, BEST: best_setting_trials}
RULES = (NUMBER, BEST_OF, BEST, DIRECTION, EQUAL)
"""The rules that are tried, in the order of the table."""

_Entry = tuple[Hashable, Hashable, Trial]  # a trial after its cell or search, and what makes it depend on others
_Filed = dict[tuple[str, str, str], list[_Entry]]


def write_calibration(configuration: Configuration, *, results: Path) -> None:
    """Write results/tables/calibration.csv: the rules tried on all runs that claims are about."""
    evidence = Evidence(configuration, studies_of(load_claims(configuration)), results=results)
    write_csv(results / "tables" / "calibration.csv", calibration_table(groups_of(evidence), searches_of(evidence)))


def calibration_table(groups: Iterable[Group], searches: Iterable[Search]) -> pd.DataFrame:
    """A row per rule and kind of metric; of numbers, also one per depth, and one with and without normalization.

    The columns: rule, kind, part of the cells; cells (or searches); trials; undecided, the trials in which the rule
    knows too little to decide anything; false_alarms; rate, their share of the other trials; low, high, the exact
    interval of that share if trials were independent; low_resampled, high_resampled, its interval when what makes
    trials depend on each other is drawn anew; and at_0.25 and so on, the share of trials in which the rule notices such
    a shift (of `SHIFTS`), empty where that was not tried.
    """
    filed: _Filed = {}
    for number, group in enumerate(groups):
        for rule, trials_of in _OF_CELLS.items():
            if rule == NUMBER or is_accuracy(group.metric):
                _file(filed, rule, group, number, trials_of(group))
    for number, search in enumerate(searches):
        for rule, trials_of_search in _OF_SEARCHES.items():
            _file(filed, rule, search.group, number, trials_of_search(search))
    kinds = list(dict.fromkeys(kind for _, kind, _ in filed))
    keys = sorted(filed, key=lambda key: (RULES.index(key[0]), kinds.index(key[1]), key[2] != ALL, key[2]))
    rows = [{"rule": rule, "kind": kind, "part": part} | _row(filed[rule, kind, part]) for rule, kind, part in keys]
    return pd.DataFrame(rows, columns=["rule", "kind", "part", *_row([])]).round(4)


def _file(filed: _Filed, rule: str, group: Group, number: int, trials: Iterable[Trial]) -> None:
    """Put trials under all keys that they belong to.

    Those of a seed that draws its images depend on each other, whatever their cell; else, those of a cell do.
    """
    parts = (ALL, f"{group.layers} layers", batch_norm_words(group.batch_norm)) if rule == NUMBER else (ALL,)
    for trial in trials:
        cell = (number, trial.cell)
        cluster = trial.seed if group.own_split and trial.seed else cell
        for part in parts:
            filed.setdefault((rule, group.kind, part), []).append((cell, cluster, trial))


def _row(filed: Sequence[_Entry]) -> dict[str, Any]:
    decided = [(cluster, trial) for _, cluster, trial in filed if trial.decided]
    alarms = sum(trial.alarm for _, trial in decided)
    low, high = share_interval(alarms, len(decided)) if decided else (math.nan, math.nan)
    low_resampled, high_resampled = _resampled(decided)
    seen = np.array([trial.seen for _, trial in decided if trial.seen])
    return {
        "cells": len({cell for cell, *_ in filed}),
        "trials": len(filed),
        "undecided": len(filed) - len(decided),
        "false_alarms": alarms,
        "rate": alarms / len(decided) if decided else math.nan,
        "low": low,
        "high": high,
        "low_resampled": low_resampled,
        "high_resampled": high_resampled,
    } | {f"at_{shift:g}": seen[:, i].mean() if len(seen) else math.nan for i, shift in enumerate(SHIFTS)}


def _resampled(decided: Sequence[tuple[Hashable, Trial]]) -> tuple[float, float]:
    """The interval of the rate of false alarms when whole clusters are drawn anew, with replacement."""
    clusters: dict[Hashable, list[bool]] = {}
    for cluster, trial in decided:
        clusters.setdefault(cluster, []).append(trial.alarm)
    if len(clusters) < 2:
        return math.nan, math.nan
    counts = np.array([[sum(alarms), len(alarms)] for alarms in clusters.values()])
    times = np.random.default_rng(SEED).multinomial(len(counts), [1 / len(counts)] * len(counts), RESAMPLES)
    alarms, trials = (times @ counts).T
    low, high = np.quantile(alarms / trials, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


# --- from our runs --------------------------------------------------------------------------------------------------


def groups_of(evidence: Evidence) -> Iterator[Group]:
    """All cells in groups of such as are alike, for each of `METRICS`."""
    for metric in METRICS:
        for _, cells, variance in evidence.groups(metric):
            yield _group(evidence, metric, cells, variance)


def searches_of(evidence: Evidence) -> Iterator[Search]:
    """Searches along one axis: of each protocol's cells that differ in nothing else, those with the most runs."""
    for _, cells, variance in evidence.groups(SEARCH_METRIC):
        group = _group(evidence, SEARCH_METRIC, cells, variance)
        places = [place_of(cell.setting) for cell in cells]
        for axis in range(len(SEARCHED)):
            lines: dict[str, dict[float, list[int]]] = {}
            for i, cell in enumerate(cells):
                if len(group.cells[i]) > 1:
                    lines.setdefault(cell.setting.protocol, {}).setdefault(places[i][1 - axis], []).append(i)
            for parallel in lines.values():
                members = max(parallel.values(), key=lambda line: sum(len(group.cells[i]) for i in line))
                if len(members) >= SMALLEST_SEARCH:
                    yield Search(group, tuple(members), tuple(places[i] for i in members), axis)


def _group(evidence: Evidence, metric: str, cells: Sequence[Cell], variance: float | None) -> Group:
    run = cells[0].setting
    return Group(
        metric,
        own_split=not metric.startswith("test") and evidence.configuration.protocols[run.protocol].split == "random",
        layers=len(run.hidden) + 1,
        batch_norm=run.batch_norm,
        cells=tuple(evidence.values(cell, metric) for cell in cells),
        variance=variance,
    )
