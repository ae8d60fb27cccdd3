"""Where the pages are, and the numbers at the head of each, for the console."""

from collections.abc import Mapping
from pathlib import Path

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.pairs import setting_words
from bnlab.analysis.read import NAMES, read_table
from bnlab.config.studies import Configuration
from bnlab.formatting import count, points
from bnlab.report.counts import headline

GAINS = 3
"""How many of a study's gains are shown."""


def headlines(configuration: Configuration, pages: Mapping[str, str], *, results: Path) -> list[str]:
    """The absolute path of each study's page, to be opened, and below it a few lines on what was found."""
    lines = []
    for study, page in pages.items():
        lines.append(f"Open {Path(page).absolute()}")
        found = _claims(results) if study == "synthesis" else _gains(configuration, study, results)
        lines += [f"  {line}" for line in found]
    return lines


def _claims(results: Path) -> list[str]:
    return list(headline(read_table(results / "tables" / "claims_summary.csv")))


def _gains(configuration: Configuration, study: str, results: Path) -> list[str]:
    """What batch normalization gains in the study's first experiment that compares, and how its expectations fare."""
    folder = results / "studies" / study
    pairs = read_table(folder / "pairs.csv", dtype=NAMES)
    pairs = pairs[pairs["metric"] == "test_accuracy"]
    first = pairs[pairs["experiment"] == pairs["experiment"].iloc[0]] if len(pairs) else pairs
    lines = []
    for _, pair in first.head(GAINS).iterrows():
        ends = f"{points(pair['ci_low'])} to {points(pair['ci_high'])}"
        interval = f"{100 * LEVEL:.0f} % interval {ends}, " if pair["n"] > 1 else ""
        lines.append(
            f"{setting_words(pair, first)}: batch normalization changes test accuracy by "
            f"{points(pair['gain_mean'])} points ({interval}{count(pair['n'], 'pair')})"
        )
    if configuration.study(study).expectations:
        holds = read_table(folder / "expectations.csv", dtype=NAMES)["holds"]
        lines.append(f"{holds.sum()} of {count(len(holds), 'expectation')} hold")
    return lines
