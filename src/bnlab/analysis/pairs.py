"""Twins: two runs that share everything but batch normalization."""

import pandas as pd

from bnlab.formatting import initialization_words, learning_rate_words, network_words, weight_decay_words

SETTING = ["network", "layers", "initialization", "learning_rate", "weight_decay"]
"""What tells an experiment's cells apart, batch normalization aside: what twins share beside their seed."""
PAIR = ["experiment", *SETTING]


def setting_words(run: pd.Series, runs: pd.DataFrame) -> str:
    """A run's network, and those of its initialization, learning rate and weight decay that vary among `runs`."""
    words = [network_words(run["network"], run["layers"])]
    if runs["initialization"].nunique() > 1:
        words.append(initialization_words(run["initialization"]))
    if runs["learning_rate"].nunique() > 1:
        words.append(f"η {learning_rate_words(run['learning_rate'])}")
    if runs["weight_decay"].nunique() > 1:
        words.append(weight_decay_words(run["weight_decay"]))
    return ", ".join(words)


def paired(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Twins that share everything but batch normalization: one row each with `gain`, the metric's difference.

    A pair counts when both of its runs finished. The runs of one experiment need no column that names it.
    """
    finished = runs[runs["diverged_at"].isna()]
    on = [*(column for column in PAIR if column in runs), "seed"]
    columns = [*on, "run", metric]
    with_norm, without = (finished.loc[finished["batch_norm"] == bn, columns] for bn in (True, False))
    pairs = with_norm.merge(without, on=on, suffixes=("_bn", "_plain"), validate="1:1")
    return pairs.assign(gain=pairs[f"{metric}_bn"] - pairs[f"{metric}_plain"])
