"""The gap between training and validation images: its sign, its means, and what is said of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bnlab.figures import gap
from bnlab.figures.style import COLOUR, THICK
from tests.figures.test_draw import Workplace, workplace


def apart(made: Workplace, points: float = 3.0) -> pd.DataFrame:
    """The runs, so many points better on training images, twice as many with batch normalization; losses by 0.1."""
    runs = made.table("runs.csv")
    better = points / 100 * (1 + runs["batch_norm"])
    return runs.assign(
        training_accuracy=runs["validation_accuracy"] + better, training_loss=runs["validation_loss"] - 0.1
    )


def test_gaps_are_above_zero_where_training_images_do_better(tmp_path: Path) -> None:
    """In accuracy as in loss, in fractions, a row for each run."""
    made = workplace(tmp_path, weight_decay=[0, 0.1])
    table = gap.data(apart(made), made.table("curves.csv"), made.configuration.protocols["small"])
    assert table["accuracy_gap"].tolist() == pytest.approx([0.03 * (1 + one) for one in table["batch_norm"]])
    assert table["loss_gap"].tolist() == pytest.approx([0.1] * 8)


def test_lines_join_means_in_points(tmp_path: Path) -> None:
    """A line for each value of batch_norm, over the positive weight decays alone; dots are runs."""
    made = workplace(tmp_path, weight_decay=[0, 1e-3, 0.1])
    runs = apart(made)
    runs.loc[runs["seed"] == 2, "training_accuracy"] += 0.01
    figure = gap.draw(runs, made.table("curves.csv"), made.configuration.protocols["small"])
    lines = {
        line.get_color(): line
        for line in figure.axes[0].lines
        if line.get_linewidth() == THICK and line.get_marker() == "None"
    }
    assert np.asarray(lines[COLOUR[True]].get_ydata()).tolist() == pytest.approx([6.5, 6.5])
    assert np.asarray(lines[COLOUR[False]].get_ydata()).tolist() == pytest.approx([3.5, 3.5])
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sorted(np.size(line.get_xdata()) for line in dots) == [6, 6]


def test_the_caption_says_both_ends(tmp_path: Path) -> None:
    """The mean gaps at the smallest and the largest weight decay, from the figure's data; of one network alone."""
    made = workplace(tmp_path, weight_decay=[0, 0.1])
    runs, protocol = apart(made), made.configuration.protocols["small"]
    runs.loc[runs["weight_decay"] == 0.1, "training_accuracy"] -= 0.02
    table = gap.data(runs, made.table("curves.csv"), protocol)
    ends = (
        "without batch normalization it is +3.00 points at λ = 0 and +1.00 at λ = 0.1; with batch normalization it is "
    )
    assert ends in gap.caption(protocol, table)
    assert "The mean gap" not in gap.caption(protocol, pd.concat([table, table.assign(network="9")]))


def test_diverged_runs_have_no_gap(tmp_path: Path) -> None:
    """They are crossed, explained, and left out of means."""
    made = workplace(tmp_path, weight_decay=[1e-3, 0.1], diverged=(0,))
    runs, protocol = apart(made), made.configuration.protocols["small"]
    table = gap.data(runs, made.table("curves.csv"), protocol)
    assert table["accuracy_gap"].isna().sum() == 1
    assert "Crosses mark" in gap.caption(protocol, table)
    assert "it is +3.00 points" in gap.caption(protocol, table)
    made.draw("gap")
