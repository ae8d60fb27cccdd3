"""How far the outcomes can be trusted: the rules tried on ourselves, and what many claims at once leave to expect."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.read import read_table
from bnlab.claims.calibration import ALL
from bnlab.figures.calibration import NOTHING
from bnlab.formatting import count, short_error
from bnlab.report.svg import Drawing

ALTERNATIVE = "How often each rule errs when it is tried on our own runs, and how often it sees shifts."
SEEN = "at_"
"""Begins the columns that say how often a shift is seen; its size, in points or percent, ends them."""


@dataclass(frozen=True)
class Trust:
    """rules: the rows of calibration.csv about whole kinds; shifts: the sizes whose columns `at_<size>` they have.

    reports: rows of family.csv; sentences: what both say.
    """

    rules: list[pd.Series]
    shifts: list[str]
    reports: list[pd.Series]
    drawing: Drawing
    sentences: list[str]


def read_trust(results: Path) -> Trust:
    """Read calibration.csv, its figure and family.csv below results/tables."""
    tables = results / "tables"
    rules, reports = read_table(tables / "calibration.csv"), read_table(tables / "family.csv")
    rules = rules[rules["part"] == ALL]
    return Trust(
        rules=[row for _, row in rules.iterrows()],
        shifts=[column.removeprefix(SEEN) for column in rules if column.startswith(SEEN)],
        reports=[row for _, row in reports.iterrows()],
        drawing=Drawing(tables / "calibration.svg", "figure-calibration", ALTERNATIVE),
        sentences=[_false_alarms(rules), *_expected(reports), *_leaning(reports)],
    )


def probability(value: float) -> str:
    """A probability, or a dash where there is none."""
    return "–" if math.isnan(value) else short_error(value)


def _false_alarms(rules: pd.DataFrame) -> str:
    """Whether the rates of false alarms are the nominal one, and which are not, by the wider of both intervals."""
    nominal, rated = 1 - LEVEL, rules[rules["rate"].notna()]
    if rated.empty:
        return NOTHING
    above = rated[rated[["low", "low_resampled"]].min(axis=1) > nominal]
    below = rated[rated[["high", "high_resampled"]].max(axis=1) < nominal]
    held = len(rated) - len(above) - len(below)
    return (
        f"False alarms should come in {100 * nominal:.0f} % of trials or fewer. Of the rates of "
        f"{count(len(rated), 'rule')}, {held} {'agrees' if held == 1 else 'agree'} with that, {len(below)} "
        f"{'is' if len(below) == 1 else 'are'} lower, and too high: {_named(above)}."
    )


def _named(rules: pd.DataFrame) -> str:
    return ", ".join(f"{row['rule']} ({row['kind']})" for _, row in rules.iterrows()) or "none"


def _expected(reports: pd.DataFrame) -> Iterator[str]:
    """How many measured results would fail if all were true, where our runs decide on any."""
    decided, expected, found = (reports[name].sum() for name in ("decided", "expected_false", "found_not_reproduced"))
    if decided:
        yield (
            f"Our runs decide on {count(decided, 'measured result')}. Even if all were true, about {expected:.1f} "
            f"would fail by chance; {found} {'does' if found == 1 else 'do'}."
        )


def _leaning(reports: pd.DataFrame) -> Iterator[str]:
    """The reports whose accuracies lie to one side of ours more often than chance would have it."""
    for _, row in reports[reports["sign_p"] < 1 - LEVEL].iterrows():
        side = "above" if row["above"] > row["below"] else "below"
        yield (
            f"{row['report']} prints {row[side]} of {row['above'] + row['below']} accuracies {side} the means of our "
            f"runs (sign test, p = {row['sign_p']:.2g})."
        )
