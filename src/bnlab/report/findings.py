"""What was found: one sentence per comparison, computed from the tables."""

import math
from dataclasses import dataclass

import pandas as pd

from bnlab.analysis.pairs import SETTING
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

CHANCE = 0.1
"""The accuracy of ten equally probable classes."""
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
    pairs = inputs.pairs[(inputs.pairs["experiment"] == experiment) & (inputs.pairs["metric"] == "test_accuracy")]
    return _gains(cells, pairs)


def _gains(cells: pd.DataFrame, pairs: pd.DataFrame) -> list[Finding]:
    found = []
    for _, setting in cells.groupby(SETTING, sort=False):
        first = setting.iloc[0]
        words = [network_words(first["network"], first["layers"])]
        if cells["initialization"].nunique() > 1:
            words.append(initialization_words(first["initialization"]))
        pair = pairs.merge(setting[SETTING].drop_duplicates(), on=SETTING)
        sentences = [_accuracies(setting), *(_gain(gain) for _, gain in pair.iterrows())]
        found.append(Finding(", ".join(words), " ".join(sentences)))
    return found


def _accuracies(cells: pd.DataFrame) -> str:
    """Test accuracy is 53.60 % with batch normalization and 53.16 % without (mean of 3 seeds each)."""
    cells = cells.sort_values("batch_norm", ascending=False)
    parts = [(_accuracy(cell), _seeds(cell)) for _, cell in cells.iterrows()]
    if len({seeds for _, seeds in parts}) == 1:
        each = " each" if len(parts) > 1 else ""
        return f"Test accuracy is {' and '.join(accuracy for accuracy, _ in parts)} ({parts[0][1]}{each})."
    return f"Test accuracy is {' and '.join(f'{accuracy} ({seeds})' for accuracy, seeds in parts)}."


def _accuracy(cell: pd.Series) -> str:
    value = f"{percent(cell['test_accuracy_mean'])} %" if cell["n"] else "unknown"
    chance = ", about chance," if cell["test_accuracy_mean"] < 1.2 * CHANCE else ""
    return f"{value}{chance} {batch_norm_words(cell['batch_norm'])}"


def _seeds(cell: pd.Series) -> str:
    if not cell["n"]:
        return f"{count(cell['diverged'], 'run')} diverged"
    of = "one seed" if cell["n"] == 1 else f"mean of {cell['n']} seeds"
    return of + (f"; {count(cell['diverged'], 'run')} diverged" if cell["diverged"] else "")


def _gain(pair: pd.Series) -> str:
    gain = f"Batch normalization changes it by {points(pair['gain_mean'])} percentage points"
    if math.isnan(pair["ci_low"]):
        return f"{gain}; a single pair of runs gives no interval."
    includes = pair["ci_low"] <= 0 <= pair["ci_high"]
    verdict = "includes zero: these seeds do not settle the sign" if includes else "excludes zero"
    return f"{gain}; the 95 % interval, {points(pair['ci_low'])} to {points(pair['ci_high'])}, {verdict}."


def _best(cells: pd.DataFrame, protocol: Protocol) -> list[Finding]:
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
    finished = searched[searched["n"] > 0].sort_values(["validation_accuracy_mean", "weight_decay"])
    if finished.empty:
        return "Every run diverged."
    best, worst = finished.iloc[-1], finished.iloc[0]
    accuracy = best["validation_accuracy_mean"]
    noise = math.sqrt(accuracy * (1 - accuracy) / protocol.validation)
    close = finished[finished["validation_accuracy_mean"] >= accuracy - noise].iloc[:-1]
    sentence = (
        f"Of {len(searched)} values, {_values(best, varying)} has the highest validation accuracy: "
        f"{percent(accuracy)} % (test accuracy {percent(best['test_accuracy_mean'])} %). The lowest is "
        f"{percent(worst['validation_accuracy_mean'])} % at {_values(worst, varying)}."
    )
    margin = f"one standard error ({percent(noise)} points over {protocol.validation:,} images) of the best"
    if close.empty:
        sentence += f" No other is within {margin}."
    elif varying == ["weight_decay"]:
        sentence += f" Within {margin}: {', '.join(short_number(value) for value in sorted(close['weight_decay']))}."
    else:
        sentence += f" Within {margin}: {len(close)} others."
    diverged = searched["diverged"].sum()
    return sentence + (f" {count(diverged, 'run')} diverged." if diverged else "")


def _values(cell: pd.Series, columns: list[str]) -> str:
    words = {"learning_rate": f"η = {learning_rate_words(cell['learning_rate'])}"}
    words["weight_decay"] = weight_decay_words(cell["weight_decay"])
    return ", ".join(words[column] for column in columns)
