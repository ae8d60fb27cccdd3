"""From the runs of a study to two tidy tables. Test predictions stay closed (see `test_results`)."""

from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.config.studies import Configuration
from bnlab.errors import IntegrityError
from bnlab.files import write_text
from bnlab.runs.names import initialization_text, learning_rate_text, network_text
from bnlab.runs.record import CURVES, read_record, verify_file
from bnlab.runs.spec import RunSpec


def collect(configuration: Configuration, study: str, *, results: Path) -> None:
    """Write runs.csv, a row per run with its final evaluations, and curves.csv, a row per curve point.

    Both below results/studies/<study>. Raises IntegrityError when a run's files are missing or are not what its record
    says, or when runs were trained on different images of one name.
    """
    runs = configuration.names(configuration.study(study).runs)
    records = {name: read_record(results / "runs" / name) for name in runs}
    _check_images(records)
    rows = [run_row(name, run, records[name]) for name, run in runs.items()]
    curves = [_read_curves(results / "runs" / name, records[name]).assign(run=name) for name in runs]
    folder = results / "studies" / study
    write_csv(folder / "runs.csv", pd.DataFrame(rows))
    table = pd.concat(curves)
    write_csv(folder / "curves.csv", table[["run", *table.columns.drop("run")]])


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, floats with all their digits."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _read_curves(folder: Path, record: dict[str, Any]) -> pd.DataFrame:
    verify_file(folder / CURVES, record)
    return pd.read_csv(folder / CURVES)


def run_row(name: str, run: RunSpec, record: dict[str, Any]) -> dict[str, Any]:
    """A run's row in runs.csv."""
    final = record["final"] or {}
    return {
        "run": name,
        "protocol": run.protocol,
        "data": record["data"]["name"],
        "network": network_text(run.hidden),
        "layers": len(run.hidden) + 1,
        "batch_norm": run.batch_norm,
        "initialization": initialization_text(run.initialization),
        "learning_rate": learning_rate_text(run.learning_rate),
        "weight_decay": run.weight_decay,
        "seed": run.seed,
        "diverged_at": record["diverged_at"],
    } | {
        f"{part}_{metric}": final.get(part, {}).get(metric)
        for part in ("training", "validation")
        for metric in ("loss", "cost", "accuracy")
    }


def _check_images(records: dict[str, dict[str, Any]]) -> None:
    """Numbers that are compared must come, by data set, from the same images."""
    seen: dict[str, tuple[str, str]] = {}
    for name, record in records.items():
        data, digest = record["data"]["name"], record["data"]["digest"]
        first_name, first_digest = seen.setdefault(data, (name, digest))
        if digest != first_digest:
            raise IntegrityError(
                f"{first_name} and {name} were trained on different {data} images, so they cannot be compared. "
                "Run `snakemake --cores 8` again; it retrains what is out of date."
            )
