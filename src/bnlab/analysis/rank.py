"""Rank the settings of a search by their validation accuracy. Test results are never read here."""

from pathlib import Path

import pandas as pd

from bnlab.config.rankings import Ranked, ranking_path, store_ranking
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError
from bnlab.runs.record import read_record

SETTING = ["learning_rate", "weight_decay"]


def rank(configuration: Configuration, study: str, experiment: str, *, results: Path) -> list[Ranked]:
    """Write results/studies/<study>/rankings/<experiment>.json: settings by mean final validation accuracy, best first.

    Equal means: the larger weight decay first. Settings of which every run diverged are left out. Raises
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
    ranking = [
        Ranked(None if pd.isna(rate) else float(rate), float(decay), float(cell["accuracy"].mean()), len(cell))
        for (rate, decay), cell in table.groupby(SETTING, dropna=False)
    ]
    ranking.sort(key=lambda ranked: (-ranked.validation_accuracy, -ranked.weight_decay))
    store_ranking(ranking_path(study, experiment, results=results), ranking, runs=list(runs))
    return ranking
