"""The sentences of the first page: what the runs answer, with every number filled in from their tables."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.rank import best_first
from bnlab.claims.outcomes import FAILED, INCONSISTENT, REPRODUCED, RESULTS, STATEMENTS
from bnlab.config.synthesis import Answer, Synthesis
from bnlab.formatting import (
    batch_norm_words,
    count,
    initialization_words,
    network_words,
    percent,
    points,
    weight_decay_words,
)
from bnlab.report.findings import learnt
from bnlab.report.inputs import Inputs
from bnlab.runs.names import network_text


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
    several = pairs["initialization"].nunique() > 1
    parts = []
    for pair in pairs.itertuples():
        start = f" with {initialization_words(pair.initialization)}" if several else ""
        unsettled = "sign not settled, " if pair.ci_low <= 0 <= pair.ci_high else ""
        interval = (
            f"{100 * LEVEL:.0f} % interval {points(pair.ci_low)} to {points(pair.ci_high)}, {unsettled}"
            if pair.n > 1
            else ""
        )
        parts.append(
            f"by {points(pair.gain_mean)} points{start} ({interval}{count(pair.n, 'seed')} with and without it)"
        )
    if not parts:
        return "No pair of runs says what batch normalization changes."
    network = network_words(pairs["network"].iloc[0], pairs["layers"].iloc[0])
    return f"In a network of {network} batch normalization changes test accuracy {_listed(parts)}."


def _starts(answer: Answer, inputs: Inputs) -> str:
    """How many runs learn at all, by initialization, without and with batch normalization."""
    cells, started = _of(answer, inputs.cells), learnt(inputs)
    parts = []
    for initialization, group in cells.groupby("initialization", sort=False):
        runs = [cell.runs.split() for cell in group.sort_values("batch_norm").itertuples()]
        learn = " and ".join(f"{sum(run in started for run in own)} of {len(own)}" for own in runs)
        parts.append(f"{learn} with {initialization_words(str(initialization))}")
    kinds = " and ".join(("with" if one else "without") for one in sorted(cells["batch_norm"].unique()))
    return (
        f"Runs that start to learn at all, {kinds} batch normalization, by the standard deviation σ of their initial "
        f"weights: {'; '.join(parts)}."
    )


def _best(answer: Answer, inputs: Inputs) -> str:
    cells = _of(answer, inputs.cells)
    parts = []
    for batch_norm, searched in cells.groupby("batch_norm", sort=False):
        finished = best_first(searched[searched["n"] > 0], "validation_accuracy_mean")
        if finished.empty:
            continue
        best, tests = finished.iloc[0], finished["test_accuracy_mean"]
        words = f"{weight_decay_words(best['weight_decay'])} {batch_norm_words(bool(batch_norm))}"
        spread = f"{percent(tests.min())} to {percent(tests.max())} % over all values"
        parts.append(f"{words} (test accuracy {percent(best['test_accuracy_mean'])} %; {spread})")
    if not parts:
        return "Every run of the search for a weight decay diverged."
    return f"Of {cells['weight_decay'].nunique()} weight decays the validation accuracy is highest at {_listed(parts)}."


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
    concern = "concerns" if at_odds.sum() == 1 else "concern"
    return (
        f"Of {len(said)} measured results and statements, {_are(back)} reproduced, {_are(len(failed))} not, and "
        f"{_are(len(said) - back - len(failed))} undecided or not testable. Of those that are not, {elsewhere.sum()} "
        f"would be reproduced under another reading of the report, {at_odds.sum()} {concern} points where it "
        f"contradicts itself, its code or its log, and for {rest} nothing that was tried explains it."
    )


def _are(n: int) -> str:
    return f"{n} {'is' if n == 1 else 'are'}"


def _of(answer: Answer, table: pd.DataFrame) -> pd.DataFrame:
    chosen = table[table["experiment"] == answer.experiment]
    return chosen if answer.network is None else chosen[chosen["network"] == network_text(answer.network)]


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


_SENTENCES = {"gain": _gain, "starts": _starts, "best": _best}
