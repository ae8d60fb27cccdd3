"""What was found: one sentence per comparison, computed from the tables."""

import math
from dataclasses import dataclass

import pandas as pd

from bnlab.analysis.intervals import LEVEL, POWER
from bnlab.analysis.learning import loss_of_learning
from bnlab.analysis.pairs import SETTING
from bnlab.analysis.power import POINTS, pairs_needed
from bnlab.analysis.rank import best_first
from bnlab.claims.numbers import FEWEST
from bnlab.formatting import (
    batch_norm_words,
    count,
    initialization_words,
    learning_rate_words,
    network_words,
    percent,
    points,
    short_number,
    weight_decay_words,
)
from bnlab.report.inputs import Inputs
from bnlab.runs.spec import Protocol

SEARCHED = ["learning_rate", "weight_decay"]
"""What a search chooses on validation images."""


@dataclass(frozen=True)
class Finding:
    """What the tables say about `subject`."""

    subject: str
    sentence: str


def findings(inputs: Inputs, experiment: str) -> list[Finding]:
    """The findings of one experiment: the best learning rates and weight decays of a search, else the gains."""
    cells = inputs.cells[inputs.cells["experiment"] == experiment]
    if any(cells[column].nunique() > 1 for column in SEARCHED):
        return _best(cells, inputs.protocol_of(experiment))
    return _gains(cells, inputs.pairs[inputs.pairs["experiment"] == experiment], idle(inputs))


def idle(inputs: Inputs) -> frozenset[str]:
    """The runs that finish and never start to learn: their loss at the end is still that of a guess."""
    runs = inputs.runs
    return frozenset(runs.loc[runs["training_loss"] >= _loss_of_learning(inputs), "run"])


def learnt(inputs: Inputs) -> frozenset[str]:
    """The runs that finish and have started to learn."""
    runs = inputs.runs
    return frozenset(runs.loc[runs["training_loss"] < _loss_of_learning(inputs), "run"])


def _loss_of_learning(inputs: Inputs) -> pd.Series:
    """For each run, by the number of classes of its data."""
    classes = {name: protocol.data.classes for name, protocol in inputs.protocols.items()}
    return inputs.runs["protocol"].map(lambda name: loss_of_learning(classes[name]))


def _gains(cells: pd.DataFrame, pairs: pd.DataFrame, idle: frozenset[str]) -> list[Finding]:
    found = []
    for _, setting in cells.groupby(SETTING, sort=False):
        first = setting.iloc[0]
        words = [network_words(first["network"], first["layers"])]
        if cells["initialization"].nunique() > 1:
            words.append(initialization_words(first["initialization"]))
        own = pairs.merge(setting[SETTING].drop_duplicates(), on=SETTING)
        tests, validations = (own[own["metric"] == f"{part}_accuracy"] for part in ("test", "validation"))
        sentences = [_accuracies(setting, idle), *(_gain(pair) for _, pair in tests.iterrows())]
        sentences += [_validation_gain(pair) for _, pair in validations.iterrows() if pair["n"] > 1]
        found.append(Finding(", ".join(words), " ".join(sentences)))
    return found


def _accuracies(cells: pd.DataFrame, idle: frozenset[str]) -> str:
    """Test accuracy is 53.60 % with batch normalization and 53.16 % without (mean of 3 seeds each)."""
    cells = cells.sort_values("batch_norm", ascending=False)
    parts = [(_accuracy(cell), _seeds(cell, idle)) for _, cell in cells.iterrows()]
    if len({seeds for _, seeds in parts}) == 1:
        seeds = _seeds(cells.iloc[0], idle, each=" each" if len(parts) > 1 else "")
        return f"Test accuracy is {' and '.join(accuracy for accuracy, _ in parts)} ({seeds})."
    return f"Test accuracy is {' and '.join(f'{accuracy} ({seeds})' for accuracy, seeds in parts)}."


def _accuracy(cell: pd.Series) -> str:
    value = f"{percent(cell['test_accuracy_mean'])} %" if cell["n"] else "unknown"
    return f"{value} {batch_norm_words(cell['batch_norm'])}"


def _seeds(cell: pd.Series, idle: frozenset[str], each: str = "") -> str:
    """Mean of 5 seeds from 10.00 to 29.61 %, of which 2 never start to learn; 1 run diverged.

    each: what follows the seeds where the words are about several cells.
    """
    if not cell["n"]:
        return f"{count(cell['diverged'], 'run')} diverged{each}"
    words = ("one seed" if cell["n"] == 1 else f"mean of {cell['n']} seeds") + each
    still = len(idle.intersection(cell["runs"].split()))
    if still == cell["n"]:
        words += ", which never starts to learn" if still == 1 else ", none of which starts to learn"
    elif still:
        low, high = (percent(cell[f"test_accuracy_{end}"]) for end in ("min", "max"))
        words += f" from {low} to {high} %, of which {still} never start{'s' if still == 1 else ''} to learn"
    return words + (f"; {count(cell['diverged'], 'run')} diverged" if cell["diverged"] else "")


def _gain(pair: pd.Series) -> str:
    gain = f"Batch normalization changes it by {points(pair['gain_mean'])} percentage points"
    if math.isnan(pair["ci_low"]):
        return f"{gain}; a single pair of runs gives no interval."
    includes = pair["ci_low"] <= 0 <= pair["ci_high"]
    sign = "includes zero: these seeds do not settle the sign" if includes else "excludes zero"
    interval = f"the {100 * LEVEL:.0f} % interval, {points(pair['ci_low'])} to {points(pair['ci_high'])}"
    return f"{gain}; {interval}, {sign}.{_needed(pair)}"


def _validation_gain(pair: pd.Series) -> str:
    """The same on other images: how far a gain hangs on those of the test set."""
    ends = f"{points(pair['ci_low'])} to {points(pair['ci_high'])}"
    return f"On validation images it is {points(pair['gain_mean'])} points ({ends})."


def _needed(pair: pd.Series) -> str:
    """How many such pairs see the smallest difference that is called one, where their spread is known well enough."""
    if pair["n"] <= FEWEST or not pair["gain_sd"] > 0:
        return ""
    pairs = pairs_needed(pair["gain_sd"], POINTS)
    gain = f"a true gain of {100 * POINTS:g} points in test accuracy in {100 * POWER:.0f} % of cases"
    return f" To detect {gain} takes {count(pairs, 'such pair')}."


def _best(cells: pd.DataFrame, protocol: Protocol) -> list[Finding]:
    if not protocol.validation:
        return []
    found = []
    for (network, layers, initialization, batch_norm), searched in cells.groupby(
        ["network", "layers", "initialization", "batch_norm"], sort=False
    ):
        words = [network_words(network, layers)]
        if cells["initialization"].nunique() > 1:
            words.append(initialization_words(initialization))
        words.append(batch_norm_words(batch_norm))
        found.append(Finding(", ".join(words), _best_sentence(searched, protocol)))
    return found


def _best_sentence(searched: pd.DataFrame, protocol: Protocol) -> str:
    """Of 8 values, λ = 0.001 has the highest validation accuracy: 54.10 % (test accuracy 53.82 %). ..."""
    varying = [column for column in SEARCHED if searched[column].nunique() > 1]
    finished = best_first(searched[searched["n"] > 0], "validation_accuracy_mean")
    if finished.empty:
        return "Every run diverged."
    best, worst = finished.iloc[0], finished.iloc[-1]
    accuracy = best["validation_accuracy_mean"]
    noise = math.sqrt(accuracy * (1 - accuracy) / protocol.validation)
    close = finished[finished["validation_accuracy_mean"] >= accuracy - noise].iloc[1:]
    sentence = (
        f"Of {len(searched)} {'values' if len(varying) == 1 else 'settings'}, {_values(best, varying)} has the highest "
        "validation accuracy: "
        f"{percent(accuracy)} % (test accuracy {percent(best['test_accuracy_mean'])} %). The lowest is "
        f"{percent(worst['validation_accuracy_mean'])} % at {_values(worst, varying)}."
    )
    images = f"{protocol.validation:,} images"
    margin = f"one standard error of the best ({percent(noise)} points, that of an accuracy on {images})"
    if close.empty:
        sentence += f" No other is within {margin}."
    elif varying == ["weight_decay"]:
        sentence += (
            f" Within {margin}: λ = {', '.join(short_number(value) for value in sorted(close['weight_decay']))}."
        )
    else:
        sentence += f" Within {margin}: {count(len(close), 'other')}."
    diverged = searched["diverged"].sum()
    return sentence + (f" {count(diverged, 'run')} diverged." if diverged else "")


def _values(cell: pd.Series, columns: list[str]) -> str:
    words = {"learning_rate": f"η = {learning_rate_words(cell['learning_rate'])}"}
    words["weight_decay"] = weight_decay_words(cell["weight_decay"])
    return ", ".join(words[column] for column in columns)
