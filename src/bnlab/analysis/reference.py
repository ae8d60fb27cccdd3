"""The reference result in docs/reference: kept from one run of everything, and compared with any other."""

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.errors import CheckFailedError, IntegrityError
from bnlab.files import atomic, write_json, write_text
from bnlab.paths import present_commit
from bnlab.runs.record import TIMING, read_record
from bnlab.runs.sensitivity import read_trials, sensitivity_path

TABLES = ("claims.csv", "claims_summary.csv")
BESIDE = ("family.csv", "calibration.csv", "calibration.png", "answer.png")
"""What says how far the tables can be trusted, and the figure that shows them at one look."""
PREDICTIONS, PROVENANCE, README = "predictions.csv", "provenance.json", "README.md"
SENSITIVE = "sensitivity.csv"
"""The runs of which rounding changes predictions, with the lowest and highest test accuracy of what was tried."""
DIVERGED = "diverged"
"""Stands in place of the predictions that a diverged run does not have."""
RELATIVE = 1e-9
"""The relative difference between numbers that is tolerated: more than the kernels of other CPUs cause."""
OWN = {
    "ours_mean", "ours_sd", "n", "diverged", "low", "high", "detectable", "measured",
    "at_half_margin", "at_twice_margin", "reason", "variants",
}  # fmt: skip
"""What a claim has from its runs; all else, outcome and flags included, it says on every CPU."""
BORROWED = {"low", "high", "detectable", "reason"}
"""What a claim has from cells alike as well, whose spread its interval takes in."""
SIMULATED = {"ours_mean", "ours_sd"}
"""What a claim about a search takes from a simulation with that spread."""
TRIED = {"variants", "reason"}
"""What a claim has from other readings, whose runs are of its study and not among its own."""
ERRORS = "gradient checks"
"""The group of claims whose numbers are errors of rounding."""


def keep_reference(folder: Path, *, results: Path) -> None:
    """Replace `folder`, but for its README, by the ledger, the synthesis, its figures and all runs' predictions.

    Provenance (commit, time, versions, seconds) stands beside and is never compared. Raises IntegrityError when
    something is missing below `results`, and StorageError when the disk refuses: `folder` is then as it was.
    """
    copied = _copied(results)
    if missing := [path for path in copied.values() if not path.is_file()]:
        raise IntegrityError(f"{missing[0]}: no such file. Make everything first: snakemake --cores 8")
    predictions = _predictions(results)
    sensitive = _sensitive(results, predictions)
    provenance = _provenance(predictions["run"], results)
    new, old = (folder.with_name(f".{folder.name}.{age}") for age in ("new", "old"))
    if old.exists() and not folder.exists():
        old.replace(folder)  # an earlier attempt was killed between the two renames below
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)
    try:
        for name, path in copied.items():
            with atomic(new / name) as file:
                file.write(path.read_bytes())
        write_csv(new / PREDICTIONS, predictions)
        write_csv(new / SENSITIVE, sensitive)
        write_json(new / PROVENANCE, provenance)
        if (folder / README).is_file():
            write_text(new / README, (folder / README).read_text(encoding="utf-8"))
        if folder.exists():
            folder.replace(old)
        new.replace(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def compare_reference(folder: Path, *, results: Path) -> None:
    """Print how the results differ from the reference. Raises CheckFailedError where rounding cannot be the reason."""
    found = differences(folder, results=results)
    for line in (*found.content, *found.rounding, *found.files):
        print(line)
    if found.content:
        raise CheckFailedError(f"{len(found.content)} numbers, outcomes or predictions differ from {folder}.")
    print(
        f"Every number, outcome and prediction is that of {folder}"
        + (f", but for {len(found.rounding)} that rest on runs which rounding decides" if found.rounding else "")
        + (
            f"; {len(found.files)} files have other bytes (other kernels or versions?)."
            if found.files
            else ", and every byte."
        )
    )


@dataclass(frozen=True)
class Differences:
    """Lines about what differs: content, which must never; what rounding may change on another CPU; bytes of files."""

    content: list[str]
    rounding: list[str]
    files: list[str]


def differences(folder: Path, *, results: Path) -> Differences:
    """How the results differ from the reference.

    Predictions of a run that is marked as sensitive may differ within its spread, and so may numbers of claims that
    rest on it or borrow its spread, and of gradient checks, whose numbers are errors of rounding; but no outcome. Bytes
    of files may, on a CPU with other kernels or with other versions of libraries. Raises IntegrityError when
    there is nothing to compare with.
    """
    if not (folder / PREDICTIONS).is_file():
        raise IntegrityError(f"{folder / PREDICTIONS}: no such file: there is no reference result.")
    marked = pd.read_csv(folder / SENSITIVE).set_index("run")
    content, rounding = _prediction_differences(folder, results, marked)
    for name in TABLES:
        of_content, of_rounding = _table_differences(folder / name, results, set(marked.index))
        content, rounding = content + of_content, rounding + of_rounding
    made = {name: path for name, path in _copied(results).items() if path.exists()}
    not_compared = {PREDICTIONS, SENSITIVE, PROVENANCE, README, *TABLES}
    compared = sorted({path.name for path in folder.iterdir()} - not_compared)
    files = [f"{name}: missing" for name in compared if name not in made]
    files += [
        f"{name}: other bytes"
        for name in compared
        if name in made and made[name].read_bytes() != (folder / name).read_bytes()
    ]
    return Differences(content, rounding, files)


def compared(results: Path, studies: Iterable[str]) -> list[Path]:
    """The results that a reference is kept from and compared with, there or not; of these studies, what is there."""
    tested = (results / "studies" / study / "test.csv" for study in studies)
    return [*_copied(results).values(), *(path for path in tested if path.exists())]


def _tested(results: Path) -> list[Path]:
    return sorted((results / "studies").glob("*/test.csv"))


def _copied(results: Path) -> dict[str, Path]:
    """The files that are copied unchanged, by their names in the reference."""
    figures = sorted((results / "studies").glob("*/figures/*.png"))
    return (
        {name: results / "tables" / name for name in (*TABLES, *BESIDE)}
        | {"synthesis.pdf": results / "studies" / "synthesis" / "page.pdf"}
        | {f"{path.parents[1].name}_{path.name}": path for path in figures if path.parents[1].name == "official"}
    )


def _predictions(results: Path) -> pd.DataFrame:
    """One row per run of all collected studies: its test accuracy and the digest of its predictions."""
    tables = [read_table(path) for path in _tested(results)]
    if not tables:
        raise IntegrityError(
            f"{results / 'studies'}: no study has a test.csv. Make everything first: snakemake --cores 8"
        )
    together = pd.concat(tables)[["run", "test_accuracy", "predictions"]].fillna({"predictions": DIVERGED})
    return together.drop_duplicates("run").sort_values("run", ignore_index=True)


def _sensitive(results: Path, predictions: pd.DataFrame) -> pd.DataFrame:
    """One row per run that was tried and whose predictions changed: how far it parted, and its test accuracies."""
    rows = []
    for run, accuracy in predictions[["run", "test_accuracy"]].to_numpy():
        path = sensitivity_path(results, run)
        trials = read_trials(path) if path.exists() else []
        if any(trial.changed for trial in trials):
            accuracies = [accuracy, *(trial.accuracy for trial in trials if trial.accuracy is not None)]
            rows.append(
                {
                    "run": run,
                    "difference": max(trial.difference for trial in trials),
                    "changed": max(trial.changed for trial in trials),
                    "accuracy_low": min(accuracies),
                    "accuracy_high": max(accuracies),
                }
            )
    return pd.DataFrame(rows, columns=["run", "difference", "changed", "accuracy_low", "accuracy_high"])


def _prediction_differences(folder: Path, results: Path, marked: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Lines about runs with other predictions: those that must not have them, and those that may."""
    expected = pd.read_csv(folder / PREDICTIONS)
    joined = expected.merge(_predictions(results), on="run", how="left", suffixes=("", "_found"), indicator=True)
    columns = ["run", "_merge", "test_accuracy", "test_accuracy_found", "predictions", "predictions_found"]
    content: list[str] = []
    rounding: list[str] = []
    for run, origin, accuracy, found, digest, digest_found in joined[columns].to_numpy():
        if origin == "left_only":
            content.append(f"{run}: not among the collected runs")
        elif digest == digest_found:
            continue
        elif run not in marked.index:
            content.append(
                f"{run}: other predictions, test accuracy {found} instead of {accuracy}. Is it rounding? Try: "
                f"python -m bnlab sensitivity {run}"
            )
        else:
            low, high = marked.loc[run, ["accuracy_low", "accuracy_high"]]
            # The trials are a few draws, so the next can lie somewhat outside.
            within = low - (high - low) <= found <= high + (high - low)
            line = f"{run}: other predictions, test accuracy {found}; rounding alone gives {low} to {high}"
            (rounding if within else content).append(line)
    return content, rounding


def _table_differences(expected_path: Path, results: Path, marked: set[str]) -> tuple[list[str], list[str]]:
    """Lines about other values: those that must be equal, and those that rounding may change."""
    expected, found = pd.read_csv(expected_path), read_table(results / "tables" / expected_path.name)
    if list(expected.columns) != list(found.columns) or len(expected) != len(found):
        return [f"{expected_path.name}: other columns or rows"], []
    free = _free(expected, results, marked)
    content: list[str] = []
    rounding: list[str] = []
    for column in expected.columns:
        left, right = expected[column], found[column]
        if pd.api.types.is_float_dtype(left) and pd.api.types.is_float_dtype(right):
            same = np.isclose(left, right, rtol=RELATIVE, atol=0, equal_nan=True)
        else:
            same = (left == right) | (left.isna() & right.isna())
        for row in np.flatnonzero(~np.asarray(same, dtype=bool)):
            line = f"{expected_path.name}, {expected.iloc[row, 0]}, {column}: {right[row]} instead of {left[row]}"
            (rounding if column in free[row] else content).append(line)
    return content, rounding


def _free(claims: pd.DataFrame, results: Path, marked: set[str]) -> list[set[str]]:
    """For each claim the columns that rounding may change: its own numbers, what it borrows, or nothing."""
    tables = {path.parent.name: read_table(path) for path in _tested(results)}
    studies = {study for study, table in tables.items() if not marked.isdisjoint(table["run"])}
    alike = {_alike(run) for run in marked}
    empty = pd.Series("", index=claims.index)
    described = (claims.get(column, empty).fillna("").astype(str) for column in ("group", "study", "runs"))
    free = []
    for group, study, listed in zip(*described, strict=True):
        runs = listed.split()
        columns = set(TRIED) if study in studies else set()
        if group == ERRORS or not marked.isdisjoint(runs):
            columns |= OWN
        if not alike.isdisjoint(map(_alike, runs)):
            columns |= BORROWED
            if len({_cell(run) for run in runs}) > 1:
                columns |= SIMULATED
        free.append(columns)
    return free


def _alike(run: str) -> str:
    """What a run's name shares with those of all cells that inform its spread: network and initialization."""
    return re.sub(r"_(eta|lambda).*", "", run.partition("/")[2])


def _cell(run: str) -> str:
    """What a run's name shares with those of other seeds."""
    return re.sub(r"(_after[0-9a-f]+)?_seed.*", "", run)


def _provenance(runs: pd.Series, results: Path) -> dict[str, Any]:
    folders = [results / "runs" / run for run in runs]
    timings = [json.loads((folder / TIMING).read_text(encoding="utf-8")) for folder in folders]
    environments = [read_record(folder)["environment"] for folder in folders]
    return {
        "commit": present_commit() or None,
        "kept": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": len(folders),
        "core_minutes_of_training": round(sum(timing["total_seconds"] for timing in timings) / 60, 1),
        "environments": [dict(items) for items in sorted({tuple(sorted(one.items())) for one in environments})],
    }
