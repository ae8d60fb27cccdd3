"""How a gain settles with the number of pairs, and how many of them see half a point."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bnlab.analysis.intervals import mean_interval, sd_interval
from bnlab.analysis.power import POINTS, pairs_needed, power
from bnlab.figures import seeds
from tests.figures.test_draw import Workplace, workplace


def spread_out(tmp_path: Path, n: int = 6, **grid: object) -> tuple[Workplace, list[float]]:
    """A study whose pairs gain differently; and these gains in the order of their seeds."""
    made = workplace(tmp_path, seeds=n, **grid)
    runs = made.table("runs.csv")
    own = 0.003 * np.sin(7.0 * runs["seed"]) * runs["batch_norm"] - 0.045 * runs["batch_norm"]
    runs["validation_accuracy"] += own
    # The order of rows must play no part.
    runs.iloc[::-1].to_csv(made.folder / "runs.csv", index=False)
    one = runs.drop_duplicates(["batch_norm", "seed"])
    by_seed = one.pivot_table(index="seed", columns="batch_norm", values="validation_accuracy")
    return made, (by_seed[True] - by_seed[False]).tolist()


def table_of(made: Workplace) -> pd.DataFrame:
    """The figure's data."""
    return seeds.data(made.table("runs.csv"), made.table("curves.csv"), made.configuration.protocols["small"])


def test_means_are_of_the_first_pairs(tmp_path: Path) -> None:
    """By seed; the interval is Student's, and a single pair has none."""
    made, gains = spread_out(tmp_path)
    table = table_of(made).set_index("pairs")
    assert table.loc[4, "gain_mean"] == pytest.approx(np.mean(gains[:4]))
    assert table.loc[4, ["gain_low", "gain_high"]].tolist() == pytest.approx(mean_interval(gains[:4]))
    assert table.loc[1, ["gain_low", "power"]].isna().all()
    assert table.loc[table.index > 6, "gain_mean"].isna().all()


def test_power_is_that_of_pairs_that_spread_like_all_of_ours(tmp_path: Path) -> None:
    """Between that of the larger and of the smaller deviation that agree with ours."""
    made, gains = spread_out(tmp_path)
    sd = float(np.std(gains, ddof=1))
    low, high = sd_interval(sd, len(gains))
    row = table_of(made).set_index("pairs").loc[3]
    expected = [power(3, one, POINTS) for one in (high, sd, low)]
    assert row[["power_low", "power", "power_high"]].tolist() == pytest.approx(expected)
    assert expected == sorted(expected)


def test_the_answer_is_a_mark_and_a_sentence(tmp_path: Path) -> None:
    """The number of pairs stands beside the point where the power is enough, and in the caption with its range."""
    made, gains = spread_out(tmp_path)
    sd = float(np.std(gains, ddof=1))
    needed, least, most = (pairs_needed(one, POINTS) for one in (sd, *sd_interval(sd, len(gains))))
    protocol = made.configuration.protocols["small"]
    panel = seeds.draw(made.table("runs.csv"), made.table("curves.csv"), protocol).axes[1]
    assert [text.get_text() for text in panel.texts] == [f"{needed} pairs"]
    dot = panel.lines[-1]
    assert (float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) == (needed, 80)
    made.draw("seeds")
    caption = seeds.caption(protocol, made.table("figures/grid_seeds.csv"))
    assert f"in validation accuracy in 80 % of cases takes {needed} pairs: the gains of our 6 pairs" in caption
    assert re.search(rf"; with [\d.]+ it would take {least}, with [\d.]+ {most}\.$", caption)


def test_two_networks_have_an_answer_each(tmp_path: Path) -> None:
    """The caption names them."""
    made, _ = spread_out(tmp_path, networks=[[6, 5], [6]])
    caption = seeds.caption(made.configuration.protocols["small"], table_of(made))
    assert "pairs for 3 layers (6-5): " in caption
    assert "pairs for 2 layers (6): " in caption


def test_pairs_without_spread_give_no_answer(tmp_path: Path) -> None:
    """One pair, or equal ones: the panel says so, and the caption names no number of pairs."""
    for n in (1, 3):
        made = workplace(tmp_path / str(n), seeds=n)
        assert b"no spread to go by" in made.draw("seeds")[0]
        assert "takes" not in seeds.caption(made.configuration.protocols["small"], table_of(made))


def test_no_pair_at_all_is_said(tmp_path: Path) -> None:
    """Where every pair lost a run, the panel says that."""
    assert b"no pair finished" in workplace(tmp_path, diverged=(0, 1, 2, 3)).draw("seeds")[0]
