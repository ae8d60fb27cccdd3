"""Accuracy against the start of learning: who starts when, who never does, and what is said of it."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bnlab.figures import onset
from bnlab.figures.style import COLOUR
from tests.figures.test_draw import UPDATES, Workplace, workplace

LAST = 4
"""Epochs of the training."""


def table_of(made: Workplace, curves: pd.DataFrame) -> pd.DataFrame:
    """The figure's data."""
    return onset.data(made.table("runs.csv"), curves, made.configuration.protocols["small"])


def idle(made: Workplace, seed: int) -> pd.DataFrame:
    """The curves, of which those of that seed without batch normalization stay at a guess."""
    runs, curves = made.table("runs.csv"), made.table("curves.csv")
    still = runs.loc[(runs["seed"] == seed) & ~runs["batch_norm"], "run"]
    return curves.assign(probe_loss=curves["probe_loss"].where(~curves["run"].isin(still), math.log(10)))


def test_learning_sets_in_below_the_loss_of_a_guess(tmp_path: Path) -> None:
    """At the first point that is 1 % lower, whatever comes later; never, where none is."""
    made = workplace(tmp_path)
    curves = idle(made, seed=2)
    first = curves["run"] == made.table("runs.csv").loc[0, "run"]
    curves.loc[first, "probe_loss"] = [2.3, 2.29, 2.27, 2.5, 2.0]
    starts = table_of(made, curves)["epochs_until_learning"].tolist()
    assert starts == pytest.approx([UPDATES[2] / 20, math.nan, 1, 1], nan_ok=True)


def test_runs_that_never_start_stand_beyond_the_training(tmp_path: Path) -> None:
    """In a strip after the last epoch, at their accuracy in percent, apart from each other."""
    made = workplace(tmp_path, seeds=3)
    runs = made.table("runs.csv")
    curves = idle(made, seed=2)
    figure = onset.draw(runs, curves, made.configuration.protocols["small"])
    points = {line.get_color(): line for line in figure.axes[0].lines if line.get_linestyle() == "None"}
    plain, places = runs[~runs["batch_norm"]], np.asarray(points[COLOUR[False]].get_xdata())
    assert (places > LAST).tolist() == [False, True, False]
    accuracies = np.asarray(points[COLOUR[False]].get_ydata()).tolist()
    assert accuracies == pytest.approx((100 * plain["validation_accuracy"]).tolist())
    assert max(np.asarray(points[COLOUR[True]].get_xdata())) <= LAST
    assert figure.axes[0].get_xlim()[1] > places.max()
    assert max(figure.axes[0].get_xticks()) == LAST


def test_the_caption_counts_those_that_never_start(tmp_path: Path) -> None:
    """By initialization and batch normalization; where all start, it says that."""
    made = workplace(tmp_path, initialization=[0.1, 1e-3])
    protocol = made.configuration.protocols["small"]
    words = onset.caption(protocol, table_of(made, idle(made, seed=1)))
    assert "never start within the training: 1 of 2 runs without batch normalization from σ = 0.1 and 1 of 2" in words
    assert "below 2.28, 1 % less than that of a guess, ln 10 ≈ 2.30" in words
    assert "All runs start within the training." in onset.caption(protocol, table_of(made, made.table("curves.csv")))


def test_diverged_runs_are_left_out(tmp_path: Path) -> None:
    """They have no accuracy, are not counted, and the caption says so."""
    made = workplace(tmp_path, diverged=(0,))
    words = onset.caption(made.configuration.protocols["small"], table_of(made, idle(made, seed=1)))
    assert "All runs that finished start" in words and "diverged are left out" in words
    made.draw("onset")
