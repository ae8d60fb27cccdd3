"""What the ledger knows of a study's runs: final and test results, and what is read off their curves."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.config.studies import Configuration
from bnlab.errors import IntegrityError
from bnlab.runs.spec import RunSpec

LEARNING = 0.99 * math.log(10)
"""Below this cost, 1 % below that of a guess, a network has started to learn."""


@dataclass(frozen=True)
class Tables:
    """A study's runs, with final and test results and what is read off their curves, indexed by their `names`."""

    runs: pd.DataFrame
    names: Mapping[RunSpec, str]

    def row(self, run: RunSpec) -> Mapping[str, Any]:
        """All that is known of a run."""
        found: Mapping[str, Any] = self.runs.loc[self.names[run]]
        return found


def read_tables(configuration: Configuration, study: str, *, results: Path) -> Tables:
    """Read a study's tables; print the digest of its test results. Raises IntegrityError when they lack a run."""
    folder = results / "studies" / study
    for name, command in (("runs.csv", "collect"), ("curves.csv", "collect"), ("test.csv", "test-results")):
        if not (folder / name).is_file():
            raise IntegrityError(f"{folder / name}: no such file. Make it: python -m bnlab {command} {study}")
    print(f"{folder / 'test.csv'}: sha256 {hashlib.sha256((folder / 'test.csv').read_bytes()).hexdigest()}")
    runs = pd.read_csv(folder / "runs.csv", dtype={"network": str})
    runs = runs.merge(pd.read_csv(folder / "test.csv"), on="run", validate="1:1").set_index("run")
    runs = runs.join(_along_curves(pd.read_csv(folder / "curves.csv")))
    names = {run: configuration.name(run) for run in configuration.study(study).runs}
    if missing := set(names.values()) - set(runs.index):
        raise IntegrityError(
            f"runs.csv and test.csv of study '{study}' lack {min(missing)}. Make them again: "
            f"python -m bnlab collect {study}; python -m bnlab test-results {study}"
        )
    return Tables(runs, names)


def _along_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Per run: the highest accuracies along its curve, and the epoch of the first point where it has learnt."""
    by_run = curves.groupby("run", sort=False)
    return pd.DataFrame(
        {
            "best_training_accuracy": by_run["probe_accuracy"].max(),
            "best_validation_accuracy": by_run["validation_accuracy"].max(),
            "epochs_until_learning": curves[curves["probe_cost"] < LEARNING].groupby("run")["epoch"].min(),
        }
    )
