"""Rank the settings of a search by their validation accuracy. Test results are never read here."""

from pathlib import Path

import numpy as np
import pandas as pd

from bnlab.config.rankings import Ranked, ranking_path, store_ranking
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError
from bnlab.runs.record import read_record

SETTING = ["learning_rate", "weight_decay"]
DIGITS = 9
"""To how many decimals accuracies are equal: means of the same ones differ by rounding."""


def best_first(settings: pd.DataFrame, accuracy: str) -> pd.DataFrame:
    """The rows of `settings` by that column, best first; of equals the larger `weight_decay` first, then as they stand.

    Every choice between settings is made here, so that all agree on which of two equals is the best.
    """
    return settings.iloc[np.lexsort((-settings["weight_decay"], -settings[accuracy].round(DIGITS)))]


def rank(configuration: Configuration, study: str, experiment: str, *, results: Path) -> list[Ranked]:
    """Write results/studies/<study>/rankings/<experiment>.json: settings by mean final validation accuracy, best first.

    Equal means: as in `best_first`. Settings of which every run diverged are left out. Raises
    IntegrityError when a run's record is missing or damaged, ConfigError when no run finished.
    """
    runs = configuration.names(configuration.study(study).experiment(experiment).runs)
    rows = []
    for name, run in runs.items():
        final = read_record(results / "runs" / name)["final"]
        if final is not None:
            rows.append((run.learning_rate, run.weight_decay, final["validation"]["accuracy"]))
    if not rows:
        raise ConfigError(f"study '{study}', experiment '{experiment}': every run diverged, so none is best.")
    table = pd.DataFrame(rows, columns=[*SETTING, "accuracy"])
    means = table.groupby(SETTING, dropna=False)["accuracy"].agg(["mean", "size"]).reset_index()
    columns = [*SETTING, "mean", "size"]
    ranking = [
        Ranked(None if pd.isna(rate) else float(rate), float(decay), float(mean), int(size))
        for rate, decay, mean, size in best_first(means, "mean")[columns].itertuples(index=False)
    ]
    store_ranking(ranking_path(study, experiment, results=results), ranking, runs=list(runs))
    return ranking
