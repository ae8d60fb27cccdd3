"""Differences of twins along the training: what is subtracted, which pairs count, and what is said of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bnlab.analysis.intervals import mean_interval
from bnlab.config.studies import load_configuration
from bnlab.errors import ConfigError
from bnlab.figures import differences
from bnlab.figures.style import THICK, THIN
from tests.figures.test_draw import UPDATES, Workplace, workplace


def table_of(made: Workplace) -> pd.DataFrame:
    """The figure's data."""
    return differences.data(made.table("runs.csv"), made.table("curves.csv"), made.configuration.protocols["small"])


def caption_of(made: Workplace) -> str:
    """Its caption, from its file."""
    made.draw("differences")
    return differences.caption(made.configuration.protocols["small"], made.table("figures/grid_differences.csv"))


def ends_of(made: Workplace, metric: str) -> pd.Series:
    """Each run's last validation value, by whether it is normalized and its seed."""
    runs = made.table("runs.csv").set_index("run")
    return made.table("curves.csv").groupby("run")[metric].last().groupby([runs["batch_norm"], runs["seed"]]).first()


def test_the_run_without_is_subtracted_from_its_twin(tmp_path: Path) -> None:
    """Of every seed at every point; the mean and its interval are those of the pairs."""
    made = workplace(tmp_path, seeds=3)
    table = table_of(made)
    last = table[table["update"] == UPDATES[-1]].set_index("seed")
    ends = ends_of(made, "validation_loss")
    gains = [ends[True, seed] - ends[False, seed] for seed in (1, 2, 3)]
    assert last["loss"].tolist() == pytest.approx([*gains, np.mean(gains)])
    assert last.loc["mean", ["loss_low", "loss_high"]].tolist() == pytest.approx(mean_interval(gains))
    assert last.loc[[1, 2, 3], "loss_low"].isna().all()


def test_a_mean_a_band_and_a_line_of_zero(tmp_path: Path) -> None:
    """Each panel has all three beside the single pairs, accuracies in points."""
    made = workplace(tmp_path)
    runs, curves = made.table("runs.csv"), made.table("curves.csv")
    normalized = curves["run"].isin(runs.loc[runs["batch_norm"], "run"])
    curves.loc[normalized, "validation_accuracy"] += 0.03
    figure = differences.draw(runs, curves, made.configuration.protocols["small"])
    zero, single, mean = figure.axes[1].lines
    assert set(np.asarray(zero.get_ydata())) == {0}
    assert (single.get_linewidth(), mean.get_linewidth()) == (THIN, THICK)
    assert np.asarray(mean.get_ydata()).tolist() == pytest.approx([3.0] * len(UPDATES))
    assert len(figure.axes[1].collections) == 1
    low, high = figure.axes[1].get_ylim()
    assert low < 0
    assert high > 3


def test_a_single_pair_has_neither_mean_nor_band(tmp_path: Path) -> None:
    """Its line is the thick one, and nothing speaks of means."""
    made = workplace(tmp_path, seeds=1)
    svg, _ = made.draw("differences")
    assert b"mean" not in svg
    assert "mean" not in caption_of(made)


def test_a_pair_of_which_one_diverged_is_left_out(tmp_path: Path) -> None:
    """It has a row without a point, the caption says so, and the mean is of the others."""
    whole, short = workplace(tmp_path / "a", seeds=3), workplace(tmp_path / "b", seeds=3, diverged=(0,))
    assert "diverged" not in caption_of(whole)
    assert "Pairs of which a run diverged are left out." in caption_of(short)
    table = table_of(short)
    assert table[table["update"].isna()]["seed"].tolist() == [1]
    last = table[table["update"] == UPDATES[-1]].set_index("seed")["accuracy"]
    assert last["mean"] == pytest.approx(last[[2, 3]].mean())


def test_no_pair_at_all_is_said(tmp_path: Path) -> None:
    """Where every pair lost a run, the panels say that, and are drawn."""
    made = workplace(tmp_path, diverged=(0, 1, 2, 3))
    assert b"no pair finished" in made.draw("differences")[0]


@pytest.mark.parametrize("batch_norm", [[False], [True]])
def test_half_of_the_twins_is_refused(tmp_path: Path, batch_norm: list[bool]) -> None:
    """A study that asks for the figure without both networks learns so before anything is trained."""
    kept: dict[str, Any] = {"batch_norm": batch_norm, "figures": ["differences"]}
    with pytest.raises(ConfigError, match=r"figures: found differences, which needs batch_norm: \[false, true\]"):
        workplace(tmp_path, **kept)
    assert load_configuration(workplace(tmp_path / "both", figures=["differences"]).results.parent / "config")
