"""When a network starts to learn."""

import math

import pandas as pd


def loss_of_learning(classes: int) -> float:
    """Below this loss, 1 % below that of a guess, a network has started to learn; its cost can be above for long."""
    return 0.99 * math.log(classes)


def epochs_until_learning(curves: pd.DataFrame, classes: int) -> "pd.Series[float]":
    """The epoch of a run's first point at which it has learnt, by run; runs that never do are left out."""
    return curves[curves["probe_loss"] < loss_of_learning(classes)].groupby("run")["epoch"].min()
