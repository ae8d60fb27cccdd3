"""The best weight decay of every network that was searched, and the values that are as good."""

import math
from dataclasses import dataclass

import pandas as pd

from bnlab.analysis.rank import best_first
from bnlab.formatting import initialization_words, learning_rate_words, network_words, short_number
from bnlab.report.inputs import Inputs
from bnlab.report.run_list import LinkGroup, link_groups

NETWORK = ["network", "layers", "initialization", "learning_rate", "batch_norm"]


@dataclass(frozen=True)
class SearchRow:
    """One searched network. best: by mean validation accuracy; chosen: the largest value within a standard error.

    tried: of how many values a run finished; ties: those within one binomial standard error of the best's validation
    accuracy, as a range. `cell` is the chosen value's row of cells.csv.
    """

    study: str
    experiment: str
    network: str
    batch_norm: bool
    tried: int
    best: str
    ties: str
    chosen: str
    cell: pd.Series
    runs: list[LinkGroup]


def search_rows(inputs: Inputs, experiment: str) -> list[SearchRow]:
    """One row per network, initialization, learning rate and value of batch_norm of a search of the weight decay."""
    cells = inputs.cells[(inputs.cells["experiment"] == experiment) & (inputs.cells["n"] > 0)]
    images = inputs.protocol_of(experiment).validation
    rows = []
    for (network, layers, initialization, rate, batch_norm), searched in cells.groupby(NETWORK, sort=False):
        searched = searched.sort_values("weight_decay")
        best = best_first(searched, "validation_accuracy_mean").iloc[0]
        accuracy = best["validation_accuracy_mean"]
        error = math.sqrt(accuracy * (1 - accuracy) / images)
        ties = searched[searched["validation_accuracy_mean"] >= accuracy - error]
        chosen = ties.iloc[-1]
        words = [network_words(network, layers), initialization_words(initialization)]
        words += [] if rate == "scheduled" else [f"η = {learning_rate_words(rate)}"]
        first, last = (short_number(ties.iloc[place]["weight_decay"]) for place in (0, -1))
        rows.append(
            SearchRow(
                study=inputs.study.key,
                experiment=experiment,
                network=", ".join(words),
                batch_norm=batch_norm,
                tried=len(searched),
                best=short_number(best["weight_decay"]),
                ties=first if len(ties) == 1 else f"{first} to {last} ({len(ties)})",
                chosen=short_number(chosen["weight_decay"]),
                cell=chosen,
                runs=link_groups(chosen["runs"].split(), inputs.specs),
            )
        )
    return rows
