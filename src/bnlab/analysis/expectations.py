"""A study's own checks of its numbers: a value outside is a finding to look into, not an error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.pairs import paired
from bnlab.analysis.read import NAMES, read_table
from bnlab.config.studies import Expectation, Study
from bnlab.errors import CheckFailedError
from bnlab.runs.names import initialization_text, network_text


def check_expectations(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row per expectation: the interval, the range found, n, whether it holds, and the runs.

    runs: a row per run of each experiment, with its test results. An expectation that meets no finished run
    does not hold.
    """
    columns = ["text", "metric", "of", "low", "high", "found_min", "found_max", "n", "holds", "runs"]
    return pd.DataFrame([_check(expectation, runs) for expectation in study.expectations], columns=columns)


def print_expectations(study: str, *, results: Path) -> None:
    """Print how each expectation of a finished study turned out. Raises CheckFailedError unless all hold."""
    path = results / "studies" / study / "expectations.csv"
    table = read_table(path, dtype=NAMES)
    for found in table.itertuples():
        verdict = "holds " if found.holds else "FAILED"
        between = f"{found.low:g} to {found.high:g}, found {found.found_min:g} to {found.found_max:g}"
        print(f"{verdict} {found.text}: {between}")
    if not table["holds"].all():
        raise CheckFailedError(f"not every expectation of study '{study}' holds (see FAILED above).")


def _check(expectation: Expectation, runs: pd.DataFrame) -> dict[str, object]:
    chosen = runs[_matches(expectation, runs)]
    values, names = _values(expectation.metric, chosen)
    n = len(values)
    found = pd.Series([values.mean()]) if expectation.of == "mean" else values
    return {
        "text": expectation.text,
        "metric": expectation.metric,
        "of": expectation.of,
        "low": expectation.low,
        "high": expectation.high,
        "found_min": found.min(),
        "found_max": found.max(),
        "n": n,
        "holds": n > 0 and bool(found.between(expectation.low, expectation.high).all()),
        "runs": " ".join(names),
    }


def _matches(expectation: Expectation, runs: pd.DataFrame) -> pd.Series:
    matches = pd.Series(True, index=runs.index)
    spelling: dict[str, Callable[[Any], Any]] = {"network": network_text, "initialization": initialization_text}
    for key, value in expectation.cells.items():
        matches &= runs[key] == (spelling[key](value) if key in spelling else value)
    return matches


def _values(metric: str, runs: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    if metric != "gain":
        finished = runs.dropna(subset=[metric])
        return finished[metric], list(finished["run"])
    pairs = paired(runs, "test_accuracy")
    return pairs["gain"], [*pairs["run_bn"], *pairs["run_plain"]]
