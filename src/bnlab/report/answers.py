"""The sentences of the first page: what the runs answer, with every number filled in from their tables."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.pairs import SETTING
from bnlab.analysis.rank import best_first
from bnlab.claims.outcomes import FAILED, INCONSISTENT, REPRODUCED, RESULTS, STATEMENTS
from bnlab.config.synthesis import Answer, Synthesis
from bnlab.formatting import (
    batch_norm_words,
    count,
    initialization_words,
    learning_rate_words,
    network_words,
    percent,
    points,
    weight_decay_words,
)
from bnlab.report.findings import learnt
from bnlab.report.inputs import Inputs
from bnlab.runs.names import network_text

NETWORK = ["network", "layers"]


def answers(synthesis: Synthesis, inputs: Mapping[str, Inputs], claims: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """For each question that has an answer its id and its sentence; at the end, without id, what did not come back.

    inputs: by study.  claims: the ledger.
    """
    for question in synthesis.questions:
        if question.answer is not None:
            yield question.id, _SENTENCES[question.answer.kind](question.answer, inputs[question.answer.study])
    yield "", what_failed(claims)


def _gain(answer: Answer, inputs: Inputs) -> str:
    pairs = _of(answer, inputs.pairs)
    pairs = pairs[pairs["metric"] == "test_accuracy"]
    networks: list[str] = []
    for (network, layers), own in pairs.groupby(NETWORK, sort=False):
        parts = []
        for _, pair in own.iterrows():
            unsettled = "sign not settled, " if pair["ci_low"] <= 0 <= pair["ci_high"] else ""
            interval = (
                f"{100 * LEVEL:.0f} % interval {points(pair['ci_low'])} to {points(pair['ci_high'])}, {unsettled}"
                if pair["n"] > 1
                else ""
            )
            gain = f"by {points(pair['gain_mean'])} points{_which(pair, pairs)}"
            parts.append(f"{gain} ({interval}{count(pair['n'], 'seed')} with and without it)")
        changes = "" if networks else "batch normalization changes test accuracy "
        networks.append(f"in a network of {network_words(network, layers)} {changes}{_listed(parts)}")
    if not networks:
        return "No pair of runs says what batch normalization changes."
    sentence = "; ".join(networks)
    return f"{sentence[0].upper()}{sentence[1:]}."


def gains(synthesis: Synthesis, inputs: Mapping[str, Inputs]) -> Iterator[str]:
    """What batch normalization changes in the networks of each question, from the least to the most, in a sentence."""
    parts = []
    for question in synthesis.questions:
        if question.answer is not None and question.answer.kind == "gain":
            pairs = _of(question.answer, inputs[question.answer.study].pairs)
            means = pairs.loc[pairs["metric"] == "test_accuracy", "gain_mean"].dropna()
            ends = dict.fromkeys(points(mean) for mean in (means.min(), means.max()) if len(means))
            parts += [f"{question.label} by {' to '.join(ends)} points"] if ends else []
    if parts:
        yield f"Batch normalization changes the test accuracy of {_listed(parts)}."


def _starts(answer: Answer, inputs: Inputs) -> str:
    """How many runs learn at all, by initialization, without and with batch normalization."""
    cells, started = _of(answer, inputs.cells), learnt(inputs)
    several = cells["network"].nunique() > 1
    parts, network = [], ""
    for _, group in cells.groupby(SETTING, sort=False):
        first = group.iloc[0]
        runs = [cell.runs.split() for cell in group.sort_values("batch_norm").itertuples()]
        learn = " and ".join(f"{sum(run in started for run in own)} of {len(own)}" for own in runs)
        network = f" of {network_words(first['network'], first['layers'])}"
        which = _which(first, cells, "initialization")
        parts.append(f"{learn}{which}{f' in a network{network}' if several else ''}")
    named = "" if several else network
    kinds = " and ".join(("with" if one else "without") for one in sorted(cells["batch_norm"].unique()))
    return (
        f"Whether a network{named} starts to learn at all can hang on the standard deviation σ of its initial weights. "
        f"Runs that do, {kinds} batch normalization: {'; '.join(parts)}."
    )


def _best(answer: Answer, inputs: Inputs) -> str:
    cells = _of(answer, inputs.cells)
    several = cells["network"].nunique() > 1
    parts = []
    for _, searched in cells.groupby([*NETWORK, "initialization", "learning_rate", "batch_norm"], sort=False):
        finished = best_first(searched[searched["n"] > 0], "validation_accuracy_mean")
        if finished.empty:
            continue
        best, tests = finished.iloc[0], finished["test_accuracy_mean"]
        words = f"{weight_decay_words(best['weight_decay'])} {batch_norm_words(bool(best['batch_norm']))}"
        network = f" in a network of {network_words(best['network'], best['layers'])}" if several else ""
        which = _which(best, cells.assign(weight_decay=0.0)).replace(" with ", ", ", 1)
        spread = f"{percent(tests.min())} to {percent(tests.max())} % over all values"
        accuracy = f"test accuracy {percent(best['test_accuracy_mean'])} %"
        parts.append(f"{words}{which}{network} ({accuracy}; {spread})")
    if not parts:
        return "Every run of the search for a weight decay diverged."
    return f"Of {cells['weight_decay'].nunique()} weight decays the validation accuracy is highest at {_listed(parts)}."


def _which(setting: pd.Series, among: pd.DataFrame, *always: str) -> str:
    """Initialization, learning rate and weight decay, those that vary among these settings and those always named."""
    words = {
        "initialization": initialization_words(setting["initialization"]),
        "learning_rate": f"η = {learning_rate_words(setting['learning_rate'])}",
        "weight_decay": weight_decay_words(setting["weight_decay"]),
    }
    named = [words[column] for column in words if column in always or among[column].nunique() > 1]
    return f" with {', '.join(named)}" if named else ""


def what_failed(claims: pd.DataFrame) -> str:
    """How many results and statements our runs speak against, and what is known of why."""
    said = claims[claims["group"].isin([RESULTS, STATEMENTS])]
    failed = said[said["outcome"].isin(FAILED)]
    if failed.empty:
        return "No measured result and no statement of the reports is spoken against by these runs."
    elsewhere = failed["variants"].str.contains("[reproduced]", regex=False)
    at_odds = failed["flags"].str.contains(INCONSISTENT) & ~elsewhere
    rest = len(failed) - elsewhere.sum() - at_odds.sum()
    back = (said["outcome"] == REPRODUCED).sum()
    concern, remain = ("concerns" if at_odds.sum() == 1 else "concern"), ("remains" if rest == 1 else "remain")
    return (
        f"Of {len(said)} measured results and statements, {_are(back)} reproduced, {_are(len(failed))} not, and "
        f"{_are(len(said) - back - len(failed))} undecided or not testable. Of the {len(failed)}, {elsewhere.sum()} "
        f"would be reproduced under another reading of the report, {at_odds.sum()} {concern} points where a report "
        f"contradicts itself, its code or its log, and {rest} {remain} unexplained."
    )


def _are(n: int) -> str:
    return f"{n} {'is' if n == 1 else 'are'}"


def _of(answer: Answer, table: pd.DataFrame) -> pd.DataFrame:
    chosen = table[table["experiment"] == answer.experiment]
    return chosen if answer.network is None else chosen[chosen["network"] == network_text(answer.network)]


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


_SENTENCES = {"gain": _gain, "starts": _starts, "best": _best}
