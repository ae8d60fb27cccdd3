"""The rule of a printed number (docs/claims.md, rule 1): whether it lies where one more run of ours would."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from bnlab.analysis.intervals import LEVEL, POWER, detectable_shift, prediction_interval, share_interval
from bnlab.analysis.searches import Candidate, simulated_searches
from bnlab.analysis.spread import Noise, Spread
from bnlab.claims.model import LOWEST_IS_BEST
from bnlab.claims.outcomes import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Finding, difference, summary_of

FEWEST = 8
"""The degrees of freedom that a spread needs to decide anything."""
NOTHING = Finding(NOT_REPRODUCED, "No run of ours finished with such a number.")


def printed_range(reported: str, *, truncated: bool = False, read_to: float = 0.0) -> tuple[float, float]:
    """What a printed number can have been before it was rounded to its last digit, or cut off after it.

    read_to: how far a number that was read off a figure can be from what was drawn; 0 for one that was printed.
    """
    number = Decimal(reported)
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    if read_to:
        return float(number) - read_to, float(number) + read_to
    if truncated:
        low, high = sorted((number, number + unit.copy_sign(number)))
    else:
        low, high = number - unit / 2, number + unit / 2
    return float(low), float(high)


def judge_number(
    reported: str,
    values: Sequence[float],
    spread: Spread | None,
    *,
    metric: str = "",
    truncated: bool = False,
    read_to: float = 0.0,
    extra_variance: float = 0.0,
) -> Finding:
    """The printed number, of a metric, against one more run of ours. spread: of a run around the mean of its cell."""
    if not values:
        return NOTHING
    found = summary_of(values)
    if reason := too_few(spread):
        return replace(found, reason=reason)
    assert spread is not None
    printed = printed_range(reported, truncated=truncated, read_to=read_to)
    interval = prediction_interval(values, spread, extra_variance=extra_variance)
    room = (printed[1] - printed[0]) / 2
    found = replace(found, detectable=detectable_shift(values, spread, extra_variance=extra_variance) + room)
    found = _against(printed, interval, found, _spread_words(spread, metric), metric)
    if found.outcome == REPRODUCED and found.detectable > abs(float(reported)):
        return replace(found, reason=f"{found.reason} One run like ours could not tell it from zero.")
    return found


def judge_best_of(
    reported: str,
    candidates: Sequence[Candidate],
    noise: Noise | None,
    *,
    metric: str = "",
    best_of: int,
    rank: int = 1,
    truncated: bool = False,
    read_to: float = 0.0,
    extra_variance: float = 0.0,
) -> Finding:
    """A number that was selected as the best of `best_of` candidates, or of that rank, against one search like it."""
    finished = [one for one in candidates if one.values]
    if not finished:
        return NOTHING
    values = [value for one in finished for value in one.values.values()]
    if reason := too_few(noise.total if noise else None):
        return replace(summary_of(values), reason=reason)
    assert noise is not None
    searches = simulated_searches(finished, noise, runs=best_of, extra_variance=extra_variance)
    # The best loss or cost is the lowest.
    best_first = np.sort(searches, axis=1)[:, :: 1 if metric in LOWEST_IS_BEST else -1]
    drawn = best_first[:, rank - 1]
    low, high = (float(end) for end in np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    printed = printed_range(reported, truncated=truncated, read_to=read_to)
    power = float(np.quantile(drawn, POWER) - np.quantile(drawn, 0.5))
    found = Finding(
        INCONCLUSIVE, "", float(drawn.mean()), float(drawn.std()), len(values),
        detectable=(high - low) / 2 + power + (printed[1] - printed[0]) / 2,
    )  # fmt: skip
    place = f"number {rank} of {best_of}" if rank > 1 else f"best of {best_of}"
    words = f"{place} in one search, simulated with {_spread_words(noise.total, metric)}"
    return _against(printed, (low, high), found, words, metric)


class States(NamedTuple):
    """Words for values of two states, in which {} is how many of how many."""

    noun: str
    started: str
    idle: str


RUNS = States("runs", "{} runs start to learn", "{} runs never start to learn")
PAIRS = States("pairs", "in {} pairs both runs start to learn", "in {} pairs a run never starts to learn")


def judge_in_state(
    reported: str,
    started: Sequence[float],
    idle: Sequence[float],
    *,
    of: States = RUNS,
    metric: str = "",
    truncated: bool = False,
    read_to: float = 0.0,
) -> Finding:
    """A number of a cell some or all of whose runs never start to learn: judged among the runs of its own state.

    Two states have no common mean, and an interval around one would let any number pass that lies between them.
    of: what the values are of.
    """
    printed = printed_range(reported, truncated=truncated, read_to=read_to)
    states = {of.started: started, of.idle: idle}
    if not started and not idle:
        return NOTHING
    name = min((state for state in states if states[state]), key=lambda state: _distance(printed, states[state]))
    values, every = states[name], len(started) + len(idle)
    low, high = share_interval(len(values), every)
    words = f"{name.format(f'{len(values)} of {every}')} ({100 * low:.0f} to {100 * high:.0f} %)"
    found = replace(summary_of(values), low=min(values), high=max(values))
    if printed[0] <= max(values) and printed[1] >= min(values):
        return replace(found, outcome=REPRODUCED, reason=f"It lies among the {of.noun} of one state: {words}.")
    if len(values) - 1 < FEWEST:
        return replace(found, reason=f"It lies outside the few {of.noun} of the nearer state: {words}.")
    spread = Spread(found.sd, len(values) - 1)
    return _against(printed, prediction_interval(values, spread), found, f"the state nearer to it: {words}", metric)


def judge_start(reported: str, starts: Sequence[float], *, truncated: bool = False, read_to: float = 0.0) -> Finding:
    """The epoch at which learning starts; infinite where it did not within the training.

    One run of theirs started when they say. If next to none of ours has by then, or next to all have before, that is
    not one like ours. Judged by ranks, as a run that does not start has no epoch.
    """
    printed = printed_range(reported, truncated=truncated, read_to=read_to)
    finite = [start for start in starts if math.isfinite(start)]
    found = replace(summary_of(finite), n=len(starts), low=min(starts), high=max(starts))
    earlier = sum(start < printed[0] for start in starts)
    later = sum(start > printed[1] for start in starts)
    words = f"{earlier} of {len(starts)} runs start before, {later} later or not within the training"
    if earlier < len(starts) and later < len(starts):
        return replace(found, outcome=REPRODUCED, reason=f"It lies among the starts of our runs: {words}.")
    # One more run lies beyond all of n like it, above or below, with a chance of 2 / (n + 1).
    if 2 / (len(starts) + 1) <= 1 - LEVEL:
        return replace(found, outcome=NOT_REPRODUCED, reason=f"All of our runs lie on one side: {words}.")
    if len(finite) == len(starts) > FEWEST and found.sd > 0 and min(starts) > 0:
        spread = Spread(float(np.std(np.log(starts), ddof=1)), len(starts) - 1)
        low, high = (math.exp(end) for end in prediction_interval([math.log(start) for start in starts], spread))
        return _against(printed, (low, high), found, f"of logarithms; {words}", "")
    need = math.ceil(2 / (1 - LEVEL)) - 1 - len(starts)
    return replace(found, reason=f"All of our runs lie on one side: {words}; {need} more would settle it.")


def too_few(spread: Spread | None) -> str:
    """Why a spread decides nothing; empty if it can."""
    known = spread.degrees_of_freedom if spread else 0
    if known >= FEWEST:
        return ""
    need = math.ceil(FEWEST - known)
    return (
        f"The spread has {known:.3g} degrees of freedom, and below {FEWEST} it decides nothing: "
        f"{need} more seed{'s' if need > 1 else ''} would settle it."
    )


def _against(
    printed: tuple[float, float], interval: tuple[float, float], found: Finding, words: str, metric: str
) -> Finding:
    low, high = interval
    found = replace(found, low=low, high=high)
    if printed[1] < low:
        gap = f"below the interval by {difference(low - printed[1], metric)}"
    elif printed[0] > high:
        gap = f"above the interval by {difference(printed[0] - high, metric)}"
    else:
        return replace(found, outcome=REPRODUCED, reason=f"Within the interval ({words}).")
    return replace(found, outcome=NOT_REPRODUCED, reason=f"It lies {gap} ({words}).")


def _distance(printed: tuple[float, float], values: Sequence[float]) -> float:
    middle = sum(printed) / 2
    return min(abs(value - middle) for value in values)


def _spread_words(spread: Spread, metric: str) -> str:
    return f"standard deviation {difference(spread.sd, metric)}, {_count(spread.degrees_of_freedom)} degrees of freedom"


def _count(degrees_of_freedom: float) -> str:
    """One decimal where it matters, none above a hundred."""
    return f"{degrees_of_freedom:,.0f}" if degrees_of_freedom >= 100 else f"{degrees_of_freedom:.3g}"
