"""From the runs of a study to two tidy tables. Test predictions stay closed (see `heldout`)."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.errors import IntegrityError
from bnlab.files import sha256, write_text
from bnlab.spec import RunSpec, initialization_text, network_text
from bnlab.study import Configuration


def collect(configuration: Configuration, study: str, *, results: Path) -> None:
    """Write runs.csv, a row per run with its final evaluations, and curves.csv, a row per curve point.

    Both below results/studies/<study>. Raises IntegrityError when a run's files are missing or not what its record
    vouches for, or when runs were trained on different data or by different code.
    """
    runs = configuration.names(configuration.study(study).runs)
    records = {name: read_record(results / "runs" / name, name) for name in runs}
    _check_uniform(records)
    rows = [_run_row(name, run, records[name]) for name, run in runs.items()]
    curves = [read_vouched_curves(results / "runs" / name, records[name]).assign(run=name) for name in runs]
    folder = results / "studies" / study
    write_csv(folder / "runs.csv", pd.DataFrame(rows))
    table = pd.concat(curves)
    write_csv(folder / "curves.csv", table[["run", *table.columns.drop("run")]])


def read_record(folder: Path, name: str) -> dict[str, Any]:
    """The record (run.json) of the run `name`. Raises IntegrityError when it cannot be read or names another run."""
    path = folder / "run.json"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = record["run"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"{path}: cannot be read as a run's record ({error!r}). {_again(folder)}") from error
    if found != name:
        raise IntegrityError(f"{path}: is the record of '{found}', expected '{name}'. {_again(folder)}")
    return record


def check_vouched(path: Path, record: dict[str, Any]) -> None:
    """Raise IntegrityError unless the file's content is what the run's record says."""
    found = sha256(path) if path.is_file() else "no such file"
    if found != record["files"][path.name]:
        raise IntegrityError(
            f"{path}: sha256 is {found}, but run.json says {record['files'][path.name]}. {_again(path.parent)}"
        )


def read_vouched_curves(folder: Path, record: dict[str, Any]) -> pd.DataFrame:
    """A run's curves, checked against its record."""
    check_vouched(folder / "curves.csv", record)
    return pd.read_csv(folder / "curves.csv")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, floats with all their digits."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _run_row(name: str, run: RunSpec, record: dict[str, Any]) -> dict[str, Any]:
    final = record["final"] or {}
    return {
        "run": name,
        "protocol": run.protocol,
        "data": record["data"]["name"],
        "network": network_text(run.hidden),
        "layers": len(run.hidden) + 1,
        "batch_norm": run.batch_norm,
        "initialization": initialization_text(run.initialization),
        "weight_decay": run.weight_decay,
        "seed": run.seed,
        "diverged_at": record["diverged_at"],
    } | {
        f"{part}_{metric}": final.get(part, {}).get(metric)
        for part in ("training", "validation")
        for metric in ("loss", "cost", "accuracy")
    }


def _check_uniform(records: dict[str, dict[str, Any]]) -> None:
    """Numbers that are compared must come from the same arithmetic and, by data set, the same images."""
    first: dict[str, tuple[str, tuple[str, str]]] = {}
    for name, record in records.items():
        data, origin = record["data"]["name"], (record["data"]["digest"], record["code"])
        first_name, first_origin = first.setdefault(data, (name, origin))
        if origin != first_origin:
            raise IntegrityError(
                f"{first_name} and {name} were made from different images or by different code, so they cannot be "
                "compared. Run `snakemake --cores 8` again; it retrains what is out of date."
            )


def _again(folder: Path) -> str:
    return f"Delete {folder} and repeat the command that needed it."
