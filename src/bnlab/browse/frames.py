"""Results as tidy pandas frames (columns: docs/columns.md)."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.collect import run_row
from bnlab.analysis.read import NAMES, read_table
from bnlab.errors import BnlabError, ConfigError
from bnlab.made.currency import Currency
from bnlab.made.pace import seconds_of
from bnlab.targets import Targets

SETTINGS = ["protocol", "network", "batch_norm", "initialization", "learning_rate", "weight_decay", "seed"]
"""The columns of `load_runs` that say what a run is."""
NUMBERS = ["diverged_at", "seconds"] + [
    f"{part}_{metric}" for part in ("training", "validation") for metric in ("loss", "cost", "accuracy")
]
"""Its columns that can lack values."""


def load_runs(study: str | None = None) -> pd.DataFrame:
    """A row for each run of a study, or of all, stored or not: its settings, its state, its results and its seconds.

    The columns are those of runs.csv, then `state` (done, outdated or missing), `seconds` (of the whole training) and
    test_loss, test_cost and test_accuracy, which are there once the study's test.csv is. Accuracies are fractions; what
    is not known is NaN. Raises ConfigError when there is no such study.
    """
    targets = Targets()
    studies = list(targets.studies) if study is None else [_known(targets, study)]
    currency = Currency(targets)
    named = [targets.configuration.names(targets.studies[one].runs) for one in studies]
    runs = {name: spec for names in named for name, spec in names.items()}
    rows = [
        run_row(name, spec, record) | {"state": state, "seconds": seconds_of(targets.results / "runs" / name)}
        for name, spec in runs.items()
        for state, record in [_stored(currency, name)]
    ]
    tests = [path for one in studies if (path := Path(targets.table(one, "test"))).is_file()]
    tested = pd.concat([pd.read_csv(path) for path in tests]).drop_duplicates("run") if tests else _NO_TESTS
    table = pd.DataFrame(rows).astype(dict.fromkeys(NUMBERS, float))
    return table.merge(tested.drop(columns="predictions"), on="run", how="left")


def load_curves(study: str) -> pd.DataFrame:
    """A row for each point of the curves of a study's runs, as in curves.csv, with the run's settings beside it.

    `learning_rate` is that of the update. Raises ConfigError when there is no such study, IntegrityError when its runs
    have not been joined yet.
    """
    targets = Targets()
    curves = read_table(Path(targets.table(_known(targets, study), "curves")))
    runs = read_table(Path(targets.table(study, "runs")), dtype=NAMES)
    return curves.merge(runs[["run", *SETTINGS]].drop(columns="learning_rate"), on="run")


def load_claims() -> pd.DataFrame:
    """A row for each number or statement of the reports, with its outcome. Raises IntegrityError without a ledger."""
    return read_table(Targets().results / "tables" / "claims.csv")


_NO_TESTS = pd.DataFrame(columns=["run", "test_loss", "test_cost", "test_accuracy", "predictions"])


def _known(targets: Targets, study: str) -> str:
    if study not in targets.studies:
        raise ConfigError(f"'{study}' is no study. config/studies has {', '.join(targets.studies)}.")
    return study


def _stored(currency: Currency, name: str) -> tuple[str, dict[str, Any]]:
    """A run's state and its record; of one that is missing, a record without results."""
    with suppress(BnlabError):  # without a record that is whole, it will be trained again
        return "outdated" if currency.reason("train", name) else "done", currency.record(name)
    data = currency.targets.protocols[name.split("/", maxsplit=1)[0]].data.name
    return "missing", {"final": None, "diverged_at": None, "data": {"name": data}}
