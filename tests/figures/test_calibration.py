"""The figure of calibration.csv: what it shows of which rows."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from bnlab.errors import IntegrityError
from bnlab.figures.calibration import NOTHING, draw, draw_calibration
from bnlab.figures.style import BLUE, ORANGE

SEEN = {"at_0.25": 0.1, "at_0.5": 0.3, "at_1": 0.8, "at_2": 1.0}


def row(rule, kind, rate=0.04, *, part="all", resampled=(0.01, 0.09), **seen):
    """A row of calibration.csv."""
    return {
        "rule": rule, "kind": kind, "part": part, "cells": 9, "trials": 50, "undecided": 0, "false_alarms": 2,
        "rate": rate, "low": rate / 2, "high": 2 * rate, "low_resampled": resampled[0], "high_resampled": resampled[1],
    } | dict.fromkeys(SEEN, math.nan) | seen  # fmt: skip


ROWS = [
    row("number", "test accuracy", **SEEN),
    row("number", "test accuracy", 0.5, part="3 layers", **SEEN),
    row("number", "validation accuracy, own split", 0.06, **SEEN | {"at_1": 0.4}),
    row("number", "test cost", **SEEN),
    row("number", "training cost, own split", math.nan),
    row("direction", "test accuracy", resampled=(math.nan, math.nan)),
]


def panels(rows):
    """The three panels of the figure."""
    return draw(pd.DataFrame(rows)).axes


def lines(panel, colour):
    """The horizontal positions of the lines of that colour that are as wide as a mean's."""
    return [
        line.get_xdata().tolist()
        for line in panel.lines
        if to_rgba(line.get_color()) == to_rgba(colour) and line.get_linestyle() == "-"
    ]


def test_every_rule_has_its_rows():
    """Under its name, from top to bottom; neither parts of a kind nor kinds of which nothing is decided."""
    rates, *_ = panels(ROWS)
    labels = [label.get_text() for label in rates.get_yticklabels()]
    assert labels == [
        "Number", "test accuracy", "validation accuracy, own split", "test cost", "Direction", "test accuracy",
    ]  # fmt: skip
    assert (np.diff(rates.get_yticks()) < 0).all()
    bold = [label.get_text() for label in rates.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["Number", "Direction"]


def test_rates_are_shown_with_both_intervals():
    """In percent; the nominal rate is a line across all rows."""
    rates, *_ = panels(ROWS)
    dots = [line.get_xdata()[0] for line in rates.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([4, 6, 4, 4])
    assert lines(rates, BLUE)[:2] == [pytest.approx([2, 8]), pytest.approx([3, 12])]
    assert lines(rates, ORANGE)[0] == pytest.approx([1, 9])
    assert [line.get_xdata() for line in rates.lines if line.get_linestyle() == "--"] == [[pytest.approx(5)] * 2]
    assert rates.get_xlabel() == "False alarms (%)"


def test_power_is_shown_against_the_shift():
    """Accuracies and costs apart, from the false alarms on; the others of the table have no power."""
    _, accuracies, costs = panels(ROWS)
    legends = [[text.get_text() for text in panel.get_legend().get_texts()] for panel in (accuracies, costs)]
    assert legends == [["test accuracy", "validation accuracy, own split"], ["test cost"]]
    curve = accuracies.lines[1]
    assert curve.get_xdata().tolist() == [0, 0.25, 0.5, 1, 2]
    assert curve.get_ydata().tolist() == pytest.approx([6, 10, 30, 40, 100])
    assert (accuracies.get_xlabel(), costs.get_xlabel()) == ("Shift (points)", "Shift (%)")


def test_the_figure_is_made_of_the_table(tmp_path):
    """The same bytes every time, in both formats; without the table, the error says how to make it."""
    with pytest.raises(IntegrityError, match=r"calibration\.csv: no such file"):
        draw_calibration(results=tmp_path)
    tables = tmp_path / "tables"
    tables.mkdir()
    pd.DataFrame(ROWS).to_csv(tables / "calibration.csv", index=False)
    written = []
    for _ in range(2):
        draw_calibration(results=tmp_path)
        written.append([(tables / f"calibration.{ending}").read_bytes() for ending in ("svg", "png")])
    assert written[0] == written[1]


def test_what_there_is_nothing_of_is_said():
    """In the panel of numbers that no cell is of, and alone where no rule could be tried."""
    *_, accuracies, others = panels([row("number", "test accuracy", **SEEN)])
    assert accuracies.lines and not accuracies.texts
    assert [text.get_text() for text in others.texts] == ["No number of this kind was tried."]
    (alone,) = panels([row("number", "test accuracy", math.nan)])
    assert [text.get_text() for text in alone.texts] == [NOTHING]
