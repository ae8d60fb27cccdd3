"""The data of figures: rows of a study's tables, and what tells them apart."""

from collections.abc import Sequence

import pandas as pd

from bnlab.analysis.pairs import SETTING

RUN = [*SETTING, "batch_norm", "seed", "diverged_at"]
"""What tells an experiment's runs apart, and the update at which one diverged."""


def ends(runs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A row for each run, with these columns of runs.csv."""
    return runs[[*RUN, *columns]]


def along(runs: pd.DataFrame, curves: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A row for each point of each run's curve, with these columns of curves.csv.

    A run without a curve, because it diverged at once, has one row.
    """
    points = curves[["run", "update", "epoch", *columns]]
    return runs[["run", *RUN]].merge(points, how="left", on="run", validate="1:m").drop(columns="run")
