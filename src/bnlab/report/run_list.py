"""Every run on a page, what came out of it, how to make it again, and the links that lead to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from bnlab.config.experiments import Experiment
from bnlab.formatting import (
    batch_norm_words,
    initialization_words,
    learning_rate_words,
    network_words,
    weight_decay_words,
)
from bnlab.report.inputs import Inputs
from bnlab.runs.spec import RunSpec


@dataclass(frozen=True)
class RunLink:
    """A link to a run's entry, labelled with its seed."""

    name: str
    seed: int
    anchor: str


@dataclass(frozen=True)
class LinkGroup:
    """Links to runs that are all with, or all without, batch normalization."""

    batch_norm: bool
    links: tuple[RunLink, ...]


def anchor_of(run: str) -> str:
    """The id of a run's entry."""
    return f"run-{run.replace('/', '-')}"


def link_groups(names: Iterable[str], known: Mapping[str, RunSpec]) -> list[LinkGroup]:
    """Links to these runs, those without batch normalization first; `known` are the study's runs by name."""
    names = list(names)
    groups = []
    for batch_norm in (False, True):
        links = tuple(
            RunLink(name, known[name].seed, anchor_of(name)) for name in names if known[name].batch_norm == batch_norm
        )
        if links:
            groups.append(LinkGroup(batch_norm, links))
    return groups


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
    """The entries of each experiment in turn; a run that an earlier experiment has listed is not listed again."""
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
        *([] if row["learning_rate"] == "scheduled" else [f"η = {learning_rate_words(row['learning_rate'])}"]),
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
