"""Twins: two runs that share everything but batch normalization."""

import pandas as pd

SETTING = ["network", "layers", "initialization", "learning_rate", "weight_decay"]
"""What tells an experiment's cells apart, batch normalization aside: what twins share beside their seed."""
PAIR = ["experiment", *SETTING]


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
