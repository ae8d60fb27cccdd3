"""What is read off the curves of runs: the best of them, when learning starts, how rough they are."""

import math

import pandas as pd

from bnlab.runs.datasets import CIFAR10


def loss_of_learning(classes: int) -> float:
    """Below this loss, 1 % below that of a guess, a network has started to learn; its cost can be above for long."""
    return 0.99 * math.log(classes)


LEARNING = loss_of_learning(CIFAR10.classes)
"""Of the runs that claims are about."""


def along_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """One row per run, indexed by it.

    The columns: best_training_accuracy and best_validation_accuracy, the highest; epochs_until_learning, the epoch of
    the first point where it has learnt, NaN if there is none; epoch_of_lowest_validation_cost; rises, all rises of the
    training cost from one point to the next together; swing, by how much the validation accuracy at the ends of cycles
    is above that at the tops of the learning rate, on average, NaN where it is constant.
    """
    curves = curves.sort_values(["run", "update"])
    by_run = curves.groupby("run")
    steps = by_run["probe_cost"].diff()
    return pd.DataFrame(
        {
            "best_training_accuracy": by_run["probe_accuracy"].max(),
            "best_validation_accuracy": by_run["validation_accuracy"].max(),
            "epochs_until_learning": curves[curves["probe_loss"] < LEARNING].groupby("run")["epoch"].min(),
            "epoch_of_lowest_validation_cost": curves.loc[
                by_run["validation_cost"].idxmin().dropna().astype(int), ["run", "epoch"]
            ].set_index("run")["epoch"],
            "rises": steps.clip(lower=0).groupby(curves["run"]).sum(),
            "swing": _swing(curves),
        }
    )


def _swing(curves: pd.DataFrame) -> "pd.Series[float]":
    later = curves[curves["update"] > 0]
    rates = later.groupby("run")["learning_rate"]
    low, high = rates.transform("min"), rates.transform("max")
    changing = low < high
    ends, tops = (
        later[changing & (later["learning_rate"] == rate)].groupby("run")["validation_accuracy"].mean()
        for rate in (low, high)
    )
    return ends - tops
