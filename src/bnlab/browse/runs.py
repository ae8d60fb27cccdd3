"""Runs as a table: of each, what tells it from the others, and how it ended."""

from collections.abc import Sequence

import pandas as pd

from bnlab.browse.choose import columns, ordered, where
from bnlab.browse.frames import SETTINGS, load_runs
from bnlab.browse.output import write_table

OUTCOMES = ["state", "validation_accuracy", "test_accuracy", "diverged_at", "seconds"]


def print_runs(study: str | None, *, conditions: Sequence[str], sort: str | None, chosen: str | None, how: str) -> None:
    """Print the runs of a study, or of all, for which the conditions hold; by default their settings that vary.

    In a table a run goes by the digest at the end of its name, which `bnlab show` knows too. Raises ConfigError for a
    study, a column or a condition that is none.
    """
    table = ordered(where(load_runs(study), conditions), sort)
    if table.empty and how == "table":
        print("No run meets that.")
        return
    found = columns(table, chosen)
    if found is None:
        found = _telling(table)
        if how == "table":
            # The settings stand beside it, and a line is to fit on a screen.
            found = found.assign(run=found["run"].str.rsplit("_", n=1).str[-1])
            found = found.set_axis([str(name).replace("_", " ") for name in found], axis="columns")
    write_table(found, how)


def _telling(table: pd.DataFrame) -> pd.DataFrame:
    """The run's name, the settings in which the rows differ, and the outcomes that any of them has."""
    settings = [name for name in SETTINGS if table[name].nunique(dropna=False) > 1]
    outcomes = [name for name in OUTCOMES if table[name].notna().any()]
    return table[["run", *settings, *outcomes]]
