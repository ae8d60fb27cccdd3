"""Confusions with and without batch normalization: what is averaged, what counts as settled, and what is said of it."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from bnlab.errors import ConfigError, IntegrityError
from bnlab.figures import confusion
from bnlab.figures.draw import KINDS, write_figure
from bnlab.figures.style import COLOUR
from bnlab.report.test_figures import draw_test_figure
from tests.figures.test_draw import Workplace, workplace

CLASSES = ["cat", "dog"]


def counted(made: Workplace, gains: Sequence[float] = (11, 12, 13)) -> pd.DataFrame:
    """Of 100 images of each class each run has 60 cats and 70 dogs right, and normalized ones more cats, by seed."""
    tables = []
    for _, run in made.table("runs.csv").iterrows():
        if pd.isna(run["diverged_at"]):
            more = gains[run["seed"] - 1] if run["batch_norm"] else 0
            cells = {"label": np.repeat(CLASSES, 2), "predicted": CLASSES * 2, "images": [60 + more, 40 - more, 30, 70]}
            tables.append(pd.DataFrame({"run": run["run"]} | cells))
    return pd.concat(tables)


def table_of(made: Workplace, confusions: pd.DataFrame) -> pd.DataFrame:
    """The figure's data."""
    return confusion.data(made.table("runs.csv"), confusions, made.configuration.protocols["small"])


def test_a_class_without_test_images_has_no_row(tmp_path: Path) -> None:
    """Networks can take others for it all the same."""
    made = workplace(tmp_path, seeds=3)
    confusions = counted(made)
    confusions.loc[confusions["label"] == "dog", "images"] = 0
    table = table_of(made, confusions)
    assert set(table["label"]) == {"cat"} and set(table["predicted"]) == {*CLASSES}
    assert confusion.draw(made.table("runs.csv"), confusions, made.configuration.protocols["small"]).axes


def test_pairs_of_which_one_always_diverged_are_none(tmp_path: Path) -> None:
    """Seed 1 without, seed 2 with batch normalization: no seed has both."""
    made = workplace(tmp_path, diverged=(0, 3))
    runs = made.table("runs.csv")
    gone = runs[runs["diverged_at"].notna()]
    assert len(gone) == 2 and gone["seed"].nunique() == gone["batch_norm"].nunique() == 2
    assert table_of(made, counted(made)).empty


def test_shares_are_of_the_images_of_a_class(tmp_path: Path) -> None:
    """Means over twins, without and with, in fractions; their difference has an interval."""
    made = workplace(tmp_path, seeds=3)
    table = table_of(made, counted(made)).set_index(["label", "predicted"])
    assert table.loc["cat", "without"].tolist() == pytest.approx([0.6, 0.4])
    assert table.loc["cat", "with"].tolist() == pytest.approx([0.72, 0.28])
    assert table.loc["cat", "difference"].tolist() == pytest.approx([0.12, -0.12])
    assert table.loc[("dog", "cat"), ["without", "with", "difference"]].tolist() == pytest.approx([0.3, 0.3, 0])
    assert set(table["pairs"]) == {3}


def test_many_cells_ask_for_more(tmp_path: Path) -> None:
    """The interval is at 95 % for all four cells together, so each at 98.75 %."""
    made = workplace(tmp_path, seeds=3)
    cell = table_of(made, counted(made)).iloc[0]
    p = 1 - 0.05 / 4 / 2  # Student's quantile with two degrees of freedom has a formula
    half = (2 * p - 1) / math.sqrt(2 * p * (1 - p)) * 0.01 / math.sqrt(3)
    assert (cell["low"], cell["high"]) == pytest.approx((0.12 - half, 0.12 + half))


def test_only_twins_that_both_finished_count(tmp_path: Path) -> None:
    """A run whose twin diverged is left out of either side; a figure without twins says that there are none."""
    made = workplace(tmp_path, seeds=2, diverged=(0,))
    assert set(table_of(made, counted(made))["pairs"]) == {1}
    alone = workplace(tmp_path / "alone", batch_norm=[True])
    protocol = alone.configuration.protocols["small"]
    assert "commonest" not in confusion.caption(protocol, table_of(alone, counted(alone)))
    figure = confusion.draw(alone.table("runs.csv"), counted(alone), protocol)
    assert [text.get_text() for text in figure.texts] == ["no pair finished"]


def test_numbers_stand_where_the_seeds_settle_the_sign(tmp_path: Path) -> None:
    """Every share on the left, in percent; on the right, changes in points whose interval leaves zero out.

    The first class is on top, and blue is more often with batch normalization.
    """
    made = workplace(tmp_path, seeds=3)
    runs, protocol = made.table("runs.csv"), made.configuration.protocols["small"]
    left, right, *_ = confusion.draw(runs, counted(made), protocol).axes
    assert [text.get_text() for text in left.texts if text.get_fontweight() != "bold"] == ["60", "40", "30", "70"]
    assert [text.get_text() for text in right.texts] == ["12.0", "−12.0"]
    assert [label.get_text() for label in left.get_yticklabels()] == CLASSES
    assert left.get_ylim() == (2, 0)
    mesh = right.collections[0]
    assert mesh.cmap(mesh.norm(12))[:3] == pytest.approx(to_rgb(COLOUR[True]), abs=0.01)
    unsettled = confusion.draw(runs, counted(made, gains=(-20, 0, 20)), protocol)
    assert len(unsettled.axes[1].texts) == 0


def test_the_caption_names_the_commonest_mistake(tmp_path: Path) -> None:
    """With both shares, and says in how many cells there is a change; from the file of its data."""
    made = workplace(tmp_path, seeds=3)
    protocol = made.configuration.protocols["small"]
    write_figure(confusion, made.table("runs.csv"), counted(made), protocol, made.folder / "figures" / "x")
    words = confusion.caption(protocol, made.table("figures/x.csv"))
    assert "cat taken for dog: 40.00 % of the images labelled cat without batch normalization, 28.00 % with it" in words
    assert "In 2 of 4 cells" in words and "3 pairs of runs" in words


def test_test_results_have_a_command_of_their_own(tmp_path: Path) -> None:
    """The figure is none of those that are drawn without them, whose kinds its command refuses."""
    made = workplace(tmp_path)
    assert "confusion" not in KINDS
    with pytest.raises(ConfigError, match="'curves' is not a figure of test results"):
        draw_test_figure(made.configuration, "tiny", "grid", "curves", results=made.results)
    with pytest.raises(IntegrityError, match=r"manifest\.json: no such file"):
        draw_test_figure(made.configuration, "tiny", "grid", "confusion", results=made.results)
