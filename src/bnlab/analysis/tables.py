"""A study's runs summarized over seeds: cells, pairs with and without batch normalization, expectations."""

from pathlib import Path

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.expectations import check_expectations
from bnlab.analysis.intervals import mean_interval, summary
from bnlab.analysis.pairs import PAIR, SETTING, paired
from bnlab.analysis.read import NAMES, read_table
from bnlab.config.studies import Configuration, Study
from bnlab.errors import IntegrityError
from bnlab.files import write_text
from bnlab.formatting import learning_rate_words, percent_and_sd, points

CELL = ["experiment", *SETTING, "batch_norm"]
METRICS = ["training_accuracy", "validation_accuracy", "test_accuracy", "validation_loss"]


def write_tables(configuration: Configuration, study: str, *, results: Path) -> None:
    """Read runs.csv and test.csv below results/studies/<study>; write cells, pairs (CSV and Markdown), expectations."""
    folder = results / "studies" / study
    runs = read_table(folder / "runs.csv", dtype=NAMES)
    test = read_table(folder / "test.csv")
    runs = runs.merge(test, on="run", validate="1:1")
    runs = by_experiment(configuration, configuration.study(study), runs)
    cells, pairs = cell_table(runs), pair_table(runs)
    write_csv(folder / "cells.csv", cells)
    write_csv(folder / "pairs.csv", pairs)
    write_csv(folder / "expectations.csv", check_expectations(configuration.study(study), runs))
    write_text(folder / "cells.md", _cells_markdown(cells))
    write_text(folder / "pairs.md", _pairs_markdown(pairs))


def by_experiment(configuration: Configuration, study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of each experiment in turn, with its id in the column `experiment`; a shared run comes again."""
    parts = []
    for experiment in study.experiments:
        names = list(configuration.names(experiment.runs))
        if missing := set(names) - set(runs["run"]):
            raise IntegrityError(
                f"runs.csv and test.csv of study '{study.key}' lack {min(missing)}. Make them again: "
                f"python -m bnlab collect {study.key}; python -m bnlab test-results {study.key}"
            )
        parts.append(runs.set_index("run").loc[names].reset_index().assign(experiment=experiment.id))
    return pd.concat(parts, ignore_index=True)


def cell_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per cell of the grid, over its seeds. Diverged runs are counted, not averaged."""
    rows = []
    for key, group in runs.groupby(CELL, sort=False):
        finished = group[group["diverged_at"].isna()]
        row = dict(zip(CELL, key, strict=True)) | {"n": len(finished), "diverged": len(group) - len(finished)}
        for metric in METRICS:
            row |= {f"{metric}_{name}": value for name, value in summary(finished[metric]).items()}
        rows.append(row | {"runs": " ".join(group["run"])})
    return pd.DataFrame(rows)


def pair_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Per cell and metric the paired gain from batch normalization, with Student's 95 % interval."""
    rows = []
    for metric in ("test_accuracy", "validation_accuracy"):
        for key, group in paired(runs, metric).groupby(PAIR, sort=False):
            low, high = mean_interval(group["gain"])
            gain = {f"gain_{name}": value for name, value in summary(group["gain"]).items()}
            rows.append(
                dict(zip(PAIR, key, strict=True))
                | {"metric": metric, "n": len(group), **gain, "ci_low": low, "ci_high": high}
                | {"runs": " ".join([*group["run_bn"], *group["run_plain"]])}
            )
    return pd.DataFrame(rows, columns=[*PAIR, "metric", "n", *_GAIN, "ci_low", "ci_high", "runs"])


_GAIN = [f"gain_{name}" for name in ("mean", "sd", "min", "max")]


def _cells_markdown(cells: pd.DataFrame) -> str:
    header = [
        "Experiment",
        "Network",
        "BN",
        "Initialization",
        "η",
        "λ",
        "Training %",
        "Validation %",
        "Test %",
        "Seeds",
    ]
    rows = [
        [
            row.experiment,
            row.network,
            "with" if row.batch_norm else "without",
            row.initialization,
            learning_rate_words(row.learning_rate),
            f"{row.weight_decay:g}",
            *(percent_and_sd(getattr(row, f"{m}_mean"), getattr(row, f"{m}_sd")) for m in METRICS[:3]),
            f"{row.n}" + (f" ({row.diverged} diverged)" if row.diverged else ""),
        ]
        for row in cells.itertuples()
    ]
    return _markdown(header, rows)


def _pairs_markdown(pairs: pd.DataFrame) -> str:
    header = [
        "Experiment",
        "Network",
        "Initialization",
        "η",
        "λ",
        "Metric",
        "BN - no BN, points",
        "95 % interval",
        "Pairs",
    ]
    rows = [
        [
            row.experiment,
            row.network,
            row.initialization,
            learning_rate_words(row.learning_rate),
            f"{row.weight_decay:g}",
            row.metric.replace("_", " "),
            points(row.gain_mean),
            f"{points(row.ci_low)} to {points(row.ci_high)}" if row.n > 1 else "one pair",
            str(row.n),
        ]
        for row in pairs.itertuples()
    ]
    return _markdown(header, rows)


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
