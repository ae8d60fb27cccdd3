"""All runs as data that the page of runs loads: what each is, what came out, and its curves."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bnlab.config.studies import Configuration
from bnlab.formatting import initialization_words, learning_rate_words, network_words, short_number
from bnlab.report.inputs import Inputs
from bnlab.runs.spec import RunSpec

SETTINGS = ("protocol", "network", "batch_norm", "initialization", "learning_rate", "weight_decay", "start")
"""What is written once for all runs that share it."""
CURVES = ("probe_loss", "validation_loss", "probe_cost", "validation_cost", "probe_accuracy", "validation_accuracy")


def runs_script(inputs: Mapping[str, Inputs]) -> str:
    """A script that hands over a row per run: its experiments, its settings, then seed, accuracies and name.

    Experiments and settings are places in lists of them. Accuracies are in percent.
    """
    places: list[tuple[str, str]] = []
    levels: dict[str, list[str]] = {name: [] for name in SETTINGS}
    rows: dict[str, list[Any]] = {}
    for study, one in inputs.items():
        table = one.runs.set_index("run")
        for experiment in one.study.experiments:
            for spec in experiment.runs:
                name = one.name_of(spec)
                if name in table.index:
                    rows.setdefault(name, [[], *_row(name, spec, table.loc[name], levels)])[0].append(len(places))
            places.append((study, experiment.id))
    content = {"places": places, "settings": SETTINGS, "levels": levels, "rows": [*rows.values()]}
    return f"bnlab.runs({_json(content)});\n"


def _row(name: str, spec: RunSpec, run: pd.Series, levels: dict[str, list[str]]) -> list[Any]:
    words = {
        "protocol": run["protocol"],
        "network": network_words(run["network"], run["layers"]),
        "batch_norm": "with" if run["batch_norm"] else "without",
        "initialization": initialization_words(run["initialization"]),
        "learning_rate": learning_rate_words(run["learning_rate"]),
        "weight_decay": short_number(run["weight_decay"]),
        "start": "warm" if spec.warm_start else "fresh",
    }
    settings = []
    for setting, word in words.items():
        if word not in levels[setting]:
            levels[setting].append(word)
        settings.append(levels[setting].index(word))
    diverged = None if pd.isna(run["diverged_at"]) else int(run["diverged_at"])
    results = [_rounded(100 * run[f"{part}_accuracy"], 2) for part in ("training", "validation", "test")]
    return [*settings, int(run["seed"]), *results, diverged, name]


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
