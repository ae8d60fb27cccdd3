"""All runs as data that the page of runs loads: what each is, what came out, and its curves."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bnlab.config.studies import Configuration
from bnlab.formatting import initialization_words, learning_rate_words, network_words
from bnlab.report.inputs import Inputs

SETTINGS = ("study", "experiment", "protocol", "network", "batch_norm", "initialization", "learning_rate")
"""What is written once for all runs that share it."""
CURVES = ("probe_loss", "validation_loss", "probe_cost", "validation_cost", "probe_accuracy", "validation_accuracy")


def runs_script(inputs: Mapping[str, Inputs]) -> str:
    """A script that hands over a row per run: places in lists of settings, then λ, seed, accuracies and name.

    A run that several experiments list is given once, with the first of them. Accuracies are in percent.
    """
    levels: dict[str, list[str]] = {name: [] for name in SETTINGS}
    rows: dict[str, list[Any]] = {}
    for study, one in inputs.items():
        table = one.runs.set_index("run")
        for experiment in one.study.experiments:
            for name in map(one.name_of, experiment.runs):
                if name not in rows and name in table.index:
                    rows[name] = _row(study, experiment.id, name, table.loc[name], levels)
    return f"bnlab.runs({_json({'settings': SETTINGS, 'levels': levels, 'rows': [*rows.values()]})});\n"


def _row(study: str, experiment: str, name: str, run: pd.Series, levels: dict[str, list[str]]) -> list[Any]:
    words = {
        "study": study,
        "experiment": experiment,
        "protocol": run["protocol"],
        "network": network_words(run["network"], run["layers"]),
        "batch_norm": "with" if run["batch_norm"] else "without",
        "initialization": initialization_words(run["initialization"]),
        "learning_rate": learning_rate_words(run["learning_rate"]),
    }
    places = []
    for setting, word in words.items():
        if word not in levels[setting]:
            levels[setting].append(word)
        places.append(levels[setting].index(word))
    diverged = None if pd.isna(run["diverged_at"]) else int(run["diverged_at"])
    results = [_rounded(100 * run[f"{part}_accuracy"], 2) for part in ("training", "validation", "test")]
    return [*places, float(run["weight_decay"]), int(run["seed"]), *results, diverged, name]


def curves_script(configuration: Configuration, one: Inputs, experiment: str, curves: pd.DataFrame) -> str:
    """A script that hands over the curves of an experiment's runs, by name: updates, rates, then `CURVES`.

    curves: the study's curves.csv.
    """
    names = list(configuration.names(one.study.experiment(experiment).runs))
    protocol = one.protocol_of(experiment)
    chosen = curves[curves["run"].isin(set(names))]
    points = {
        str(run): [rows["update"].tolist(), _column(rows["learning_rate"], 6)]
        + [_column(rows[name] * (100 if name.endswith("accuracy") else 1), 4) for name in CURVES]
        for run, rows in chosen.groupby("run", sort=False)
    }
    content = {"epoch": protocol.training // protocol.batch_size, "curves": points}
    return f"bnlab.curves({_json(f'{one.study.key}/{experiment}')}, {_json(content)});\n"


def _column(values: Iterable[float], digits: int) -> list[float | None]:
    return [_rounded(value, digits) for value in values]


def _rounded(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
