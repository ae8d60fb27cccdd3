"""The reference result in docs/reference: kept from one run of everything, and compared with any other."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.errors import CheckFailedError, IntegrityError
from bnlab.files import atomic, write_json, write_text
from bnlab.runs.record import TIMING, read_record

TABLES = ("claims.csv", "claims_summary.csv")
PREDICTIONS, PROVENANCE, README = "predictions.csv", "provenance.json", "README.md"
DIVERGED = "diverged"
"""Stands in place of the predictions that a diverged run does not have."""
RELATIVE = 1e-9
"""The relative difference between numbers that is tolerated: more than the kernels of other CPUs cause."""


def keep_reference(folder: Path, *, results: Path) -> None:
    """Replace `folder`, but for its README, by the ledger, the synthesis, its figures and all runs' predictions.

    Provenance (commit, time, versions, seconds) stands beside and is never compared. Raises IntegrityError when
    something is missing below `results`, and StorageError when the disk refuses: `folder` is then as it was.
    """
    copied = _copied(results)
    if missing := [path for path in copied.values() if not path.is_file()]:
        raise IntegrityError(f"{missing[0]}: no such file. Make everything first: snakemake --cores 8")
    predictions = _predictions(results)
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
    """Print how the results differ from the reference. Raises CheckFailedError unless only bytes of files do."""
    content, files = differences(folder, results=results)
    for line in (*content, *files):
        print(line)
    if content:
        raise CheckFailedError(f"{len(content)} numbers, verdicts or predictions differ from {folder}.")
    print(
        f"Every number, verdict and prediction is that of {folder}"
        + (f"; {len(files)} files have other bytes (other kernels or versions?)." if files else ", and every byte.")
    )


def differences(folder: Path, *, results: Path) -> tuple[list[str], list[str]]:
    """How the results differ from the reference: in numbers, verdicts and predictions; and in bytes of files.

    The content must never differ; bytes may, on a CPU with other kernels or with other versions of libraries. Raises
    IntegrityError when there is nothing to compare with.
    """
    if not (folder / PREDICTIONS).is_file():
        raise IntegrityError(f"{folder / PREDICTIONS}: no such file: there is no reference result.")
    content = list(_prediction_differences(folder, results))
    for name in TABLES:
        content += _table_differences(folder / name, results / "tables" / name)
    made = {name: path for name, path in _copied(results).items() if path.exists()}
    compared = sorted({path.name for path in folder.iterdir()} - {PREDICTIONS, PROVENANCE, README, *TABLES})
    files = [f"{name}: missing" for name in compared if name not in made]
    files += [
        f"{name}: other bytes"
        for name in compared
        if name in made and made[name].read_bytes() != (folder / name).read_bytes()
    ]
    return content, files


def compared(results: Path) -> list[Path]:
    """The results that a reference is kept from and compared with, there or not."""
    return [*_copied(results).values(), *_tested(results)]


def _tested(results: Path) -> list[Path]:
    return sorted((results / "studies").glob("*/test.csv"))


def _copied(results: Path) -> dict[str, Path]:
    """The files that are copied unchanged, by their names in the reference."""
    figures = sorted((results / "studies").glob("*/figures/*.png"))
    return (
        {name: results / "tables" / name for name in TABLES}
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


def _prediction_differences(folder: Path, results: Path) -> Iterator[str]:
    expected = pd.read_csv(folder / PREDICTIONS)
    joined = expected.merge(_predictions(results), on="run", how="left", suffixes=("", "_found"), indicator=True)
    columns = ["run", "_merge", "test_accuracy", "test_accuracy_found", "predictions", "predictions_found"]
    for run, origin, accuracy, accuracy_found, digest, digest_found in joined[columns].to_numpy():
        if origin == "left_only":
            yield f"{run}: not among the collected runs"
        elif digest != digest_found:
            yield f"{run}: other predictions, test accuracy {accuracy_found} instead of {accuracy}"


def _table_differences(expected_path: Path, found_path: Path) -> list[str]:
    expected, found = pd.read_csv(expected_path), read_table(found_path)
    if list(expected.columns) != list(found.columns) or len(expected) != len(found):
        return [f"{found_path.name}: other columns or rows"]
    differing = []
    for column in expected.columns:
        left, right = expected[column], found[column]
        if pd.api.types.is_float_dtype(left) and pd.api.types.is_float_dtype(right):
            same = np.isclose(left, right, rtol=RELATIVE, atol=0, equal_nan=True)
        else:
            same = (left == right) | (left.isna() & right.isna())
        differing += [
            f"{found_path.name}, {expected.iloc[row, 0]}, {column}: {right[row]} instead of {left[row]}"
            for row in np.flatnonzero(~np.asarray(same, dtype=bool))
        ]
    return differing


def _provenance(runs: pd.Series, results: Path) -> dict[str, Any]:
    folders = [results / "runs" / run for run in runs]
    timings = [json.loads((folder / TIMING).read_text(encoding="utf-8")) for folder in folders]
    environments = [read_record(folder)["environment"] for folder in folders]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return {
        "commit": commit.stdout.strip() or None,
        "kept": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": len(folders),
        "core_minutes_of_training": round(sum(timing["total_seconds"] for timing in timings) / 60, 1),
        "environments": [dict(items) for items in sorted({tuple(sorted(one.items())) for one in environments})],
    }
