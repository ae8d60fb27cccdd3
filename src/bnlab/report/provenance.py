"""The list of all runs: what each is, what came out, and how to make it again."""

from dataclasses import dataclass

import pandas as pd

from bnlab.analysis.wording import (
    batch_norm_words,
    initialization_words,
    network_words,
    weight_decay_words,
)
from bnlab.experiments import Experiment
from bnlab.report.inputs import Inputs
from bnlab.report.links import anchor_of


@dataclass(frozen=True)
class RunEntry:
    """A run of the list. One that diverged has no accuracies (NaN)."""

    name: str
    anchor: str
    words: str
    validation_accuracy: float
    test_accuracy: float
    diverged_at: int | None


def run_entries(inputs: Inputs) -> list[tuple[Experiment, list[RunEntry]]]:
    """By experiment, the runs that no earlier experiment has listed."""
    entries = {row["run"]: _entry(row) for _, row in inputs.runs.iterrows()}
    listed = []
    for experiment in inputs.study.experiments:
        names = [inputs.name_of(spec) for spec in experiment.runs]
        own = [entries.pop(name) for name in names if name in entries]
        listed.append((experiment, own))
    return listed


def _entry(row: pd.Series) -> RunEntry:
    words = [
        network_words(row["network"], row["layers"]),
        batch_norm_words(row["batch_norm"]),
        initialization_words(row["initialization"]),
        weight_decay_words(row["weight_decay"]),
        f"seed {row['seed']}",
    ]
    return RunEntry(
        name=row["run"],
        anchor=anchor_of(row["run"]),
        words=", ".join(words),
        validation_accuracy=row["validation_accuracy"],
        test_accuracy=row["test_accuracy"],
        diverged_at=None if pd.isna(row["diverged_at"]) else int(row["diverged_at"]),
    )
