"""What is read off the curves of runs: the best of them, when learning starts, how rough they are."""

import pandas as pd

from bnlab.analysis.learning import epochs_until_learning


def along_curves(curves: pd.DataFrame, classes: int) -> pd.DataFrame:
    """One row per run, indexed by it. All are trained on images of so many classes.

    The columns: best_training_accuracy and best_validation_accuracy, the highest; epochs_until_learning, the epoch of
    the first point where it has learnt, NaN if there is none; epoch_of_lowest_validation_cost; validation_loss_rise, by
    what share of it the validation loss ends above its lowest; rises, all rises of the training cost from one point to
    the next together; swing, by how much the validation accuracy at the ends of cycles is above that at the tops of the
    learning rate, on average, and loss_swing, by how much the validation loss is below it there; NaN where it is
    constant.
    """
    curves = curves.sort_values(["run", "update"])
    validated = curves.dropna(subset="validation_cost")
    by_run = curves.groupby("run")
    steps = by_run["probe_cost"].diff()
    losses = by_run["validation_loss"]
    return pd.DataFrame(
        {
            "best_training_accuracy": by_run["probe_accuracy"].max(),
            "best_validation_accuracy": by_run["validation_accuracy"].max(),
            "epochs_until_learning": epochs_until_learning(curves, classes),
            "epoch_of_lowest_validation_cost": validated.loc[
                validated.groupby("run")["validation_cost"].idxmin(), ["run", "epoch"]
            ].set_index("run")["epoch"],
            "validation_loss_rise": losses.last() / losses.min() - 1,
            "rises": steps.clip(lower=0).groupby(curves["run"]).sum(),
            "swing": -_at_tops(curves, "validation_accuracy"),
            "loss_swing": _at_tops(curves, "validation_loss"),
        }
    )


def _at_tops(curves: pd.DataFrame, column: str) -> "pd.Series[float]":
    """The mean at the tops of the learning rate less that at the ends of cycles, by run."""
    later = curves[curves["update"] > 0]
    rates = later.groupby("run")["learning_rate"]
    low, high = rates.transform("min"), rates.transform("max")
    changing = low < high
    ends, tops = (
        later[changing & (later["learning_rate"] == rate)].groupby("run")[column].mean() for rate in (low, high)
    )
    return tops - ends
