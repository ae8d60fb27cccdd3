"""The ledger's rules (docs/claims.md): from numbers to a verdict. Nothing here reads a file or knows a run's name.

Accuracies are fractions, written in percent and points; a rule's `metric` says whether its numbers are such.
A cell's values are those of its runs that finished, one per seed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from bnlab.analysis.intervals import (
    LEVEL,
    Spread,
    chosen_spread,
    mean_interval,
    own_spread,
    pooled_spread,
    prediction_interval,
    simulated_best,
)

REPRODUCED = "REPRODUCED"
NOT_REPRODUCED = "NOT REPRODUCED"
CONTRADICTED = "CONTRADICTED"
INCONCLUSIVE = "INCONCLUSIVE"
NOT_COMPARABLE = "NOT COMPARABLE"
INCONSISTENT = "INCONSISTENT"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, CONTRADICTED, INCONCLUSIVE, NOT_COMPARABLE, INCONSISTENT)
FAILED = (NOT_REPRODUCED, CONTRADICTED)
"""Verdicts on claims that our runs speak against."""
DIFFERENCES = ("direction", "equal")
"""The kinds of claims about differences between pairs of runs."""

POINT = 0.01
"""Accuracies that differ by no more than this, one percentage point, are called equal."""
SHARE = 0.05
"""For everything else the margin is this share of its value."""
ACCURACY = "validation_accuracy"
"""What a search is judged by."""
NEAR = 1.15
"""A claimed best setting is on our grid when one of its values is within this factor."""


@dataclass(frozen=True)
class Finding:
    """What a rule says of one interpretation: the verdict and why; of what was found, mean, sd, n and an interval.

    The interval is for one more run, or of a mean difference; of a level, the range of all runs.
    """

    verdict: str
    reason: str
    mean: float = math.nan
    sd: float = math.nan
    n: int = 0
    low: float = math.nan
    high: float = math.nan


def printed_range(reported: str, *, truncated: bool = False) -> tuple[float, float]:
    """What a printed number can have been before it was rounded to its last digit, or cut off after it."""
    number = Decimal(reported)
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    if truncated:
        low, high = sorted((number, number + unit.copy_sign(number)))
    else:
        low, high = number - unit / 2, number + unit / 2
    return float(low), float(high)


def judge_number(
    reported: str,
    values: Sequence[float],
    pooled: Spread | None,
    *,
    metric: str = "",
    truncated: bool = False,
    extra_variance: float = 0.0,
) -> Finding:
    """Rule 3: the printed number, of a metric, against one more run of ours."""
    if not values:
        return Finding(NOT_REPRODUCED, "No run of ours finished with such a number.")
    spread = chosen_spread(values, pooled)
    if spread is None:
        return replace(_summary(values), reason="One run, and no cell alike with three to take a spread from.")
    interval = prediction_interval(values, spread, extra_variance=extra_variance)
    words = _spread_words(spread, metric)
    return _against(printed_range(reported, truncated=truncated), interval, _summary(values), words, metric)


def judge_best_of(
    reported: str,
    cells: Sequence[Mapping[int, float]],
    pooled: Spread | None,
    *,
    metric: str = "",
    best_of: int,
    rank: int = 1,
    truncated: bool = False,
    extra_variance: float = 0.0,
) -> Finding:
    """Rule 3 for a number that was the best of `best_of` candidates, or of that `rank`. cells: values by seed.

    With as many cells, each of our seeds is a whole search, whose best is one value; with fewer, the best is simulated.
    """
    finished = [[*cell.values()] for cell in cells if cell]
    if not finished:
        return Finding(NOT_REPRODUCED, "No run of ours finished with such a number.")
    spread = pooled or pooled_spread(finished, at_least=2)
    if spread is None:
        found = _summary([value for cell in finished for value in cell])
        return replace(found, reason="One run of each cell, and no cell alike with three to take a spread from.")
    printed = printed_range(reported, truncated=truncated)
    place = f"number {rank} of {best_of}" if rank > 1 else f"best of {best_of}"
    if len(cells) == best_of:
        searches = [sorted(values, reverse=True) for seed in _seeds(cells) if len(values := _at(cells, seed)) >= rank]
        if not searches:
            return Finding(NOT_REPRODUCED, f"No search of ours has a {place}: too many runs diverged.")
        best = [values[rank - 1] for values in searches]
        sd = float(simulated_best(finished, spread, best_of=best_of, rank=rank, exact=True).std())
        interval = prediction_interval(best, Spread(sd, spread.degrees_of_freedom), extra_variance=extra_variance)
        return _against(printed, interval, _summary(best), f"{place} in {len(best)} searches of ours", metric)
    drawn = simulated_best(finished, spread, best_of=best_of, rank=rank, extra_variance=extra_variance)
    low, high = (float(end) for end in np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    found = Finding(INCONCLUSIVE, "", float(drawn.mean()), float(drawn.std()), sum(map(len, finished)))
    words = f"{place}, simulated with {_spread_words(spread, metric)}"
    return _against(printed, (low, high), found, words, metric)


def judge_gradient(comparisons: Sequence[tuple[str, bool, float, float, float]]) -> Finding:
    """Rule 4. comparisons: what it is compared with, whether it fits, and of our draws the median and the range.

    The first that fits is taken; without one, the first.
    """
    if not comparisons:
        return Finding(NOT_REPRODUCED, "Nothing of ours is compared with it.")
    fitting = [comparison for comparison in comparisons if comparison[1]]
    label, fits, median, low, high = (fitting or comparisons)[0]
    number = f"{len(fitting)} of {len(comparisons)} comparisons" if len(comparisons) > 1 else "the one comparison"
    reason = f"Fits in {number}, first: {label}." if fits else f"Fits in none of {len(comparisons)} comparisons."
    return Finding(REPRODUCED if fits else NOT_REPRODUCED, reason, median, low=low, high=high)


def judge_direction(differences: Sequence[float], *, metric: str = "") -> Finding:
    """Rule 5: `greater` minus `smaller` of a metric, one per seed."""
    found = _summary(differences)
    if len(differences) < 2:
        return replace(found, reason=_too_few(differences))
    low, high = mean_interval(differences)
    words = f"95 % interval {written(low, metric)} to {_difference(high, metric)}, {len(differences)} pairs"
    found = replace(found, low=low, high=high)
    if low > 0:
        return replace(found, verdict=REPRODUCED, reason=f"The difference is above zero: {words}.")
    if high < 0:
        return replace(found, verdict=CONTRADICTED, reason=f"The difference is below zero: {words}.")
    return replace(found, reason=f"The interval holds zero: {words}.")


def judge_equal(differences: Sequence[float], margin: float, *, metric: str = "") -> Finding:
    """Rule 6: a metric's differences of seeds against a margin on either side of zero."""
    found = _summary(differences)
    if len(differences) < 2:
        return replace(found, reason=_too_few(differences))
    low, high = mean_interval(differences)
    interval = f"95 % interval {written(low, metric)} to {_difference(high, metric)}"
    words = f"{interval}, {len(differences)} pairs, margin {_difference(margin, metric)}"
    found = replace(found, low=low, high=high)
    if low >= -margin and high <= margin:
        return replace(found, verdict=REPRODUCED, reason=f"The interval lies within the margin: {words}.")
    if low > margin or high < -margin:
        return replace(found, verdict=CONTRADICTED, reason=f"The interval lies outside the margin: {words}.")
    return replace(found, reason=f"The interval crosses the margin: {words}.")


def margin_of(metric: str, values: Sequence[float]) -> float:
    """How far two means of a metric may be apart: a point of an accuracy, else a share of the values' mean."""
    if is_accuracy(metric):
        return POINT
    return SHARE * abs(float(np.mean(values))) if len(values) else math.nan


def judge_level(values: Sequence[float], low: float, high: float, *, metric: str = "") -> Finding:
    """Rule 7: the metric of every finished run against two bounds."""
    if not values:
        return Finding(INCONCLUSIVE, "No run of ours finished with such a number.")
    inside = sum(low <= value <= high for value in values)
    bounds = f"{written(low, metric)} and {written(high, metric)}{' %' if is_accuracy(metric) else ''}"
    found = replace(
        _summary(values),
        low=min(values),
        high=max(values),
        reason=f"{inside} of {len(values)} runs lie between {bounds}.",
    )
    return replace(found, verdict={len(values): REPRODUCED, 0: CONTRADICTED}.get(inside, INCONCLUSIVE))


def judge_best(reported: float, settings: Mapping[float, Mapping[int, float]]) -> Finding:
    """Rule 8. settings: by value of the axis, the validation accuracies by seed.

    The interval is that of our best setting's accuracy less the claimed one's; `mean` is our best setting.
    """
    finished = {value: accuracies for value, accuracies in settings.items() if accuracies}
    if not finished:
        return Finding(INCONCLUSIVE, "No run of ours finished.")
    means = {value: float(np.mean(list(accuracies.values()))) for value, accuracies in finished.items()}
    best = max(means, key=lambda value: (means[value], value))
    found = Finding(INCONCLUSIVE, "", best, n=len(finished[best]))
    claimed = min(finished, key=lambda value: _factor(value, reported))
    if _factor(claimed, reported) > NEAR:
        return replace(
            found,
            verdict=NOT_COMPARABLE,
            reason=f"The nearest value on our grid, {written(claimed)}, is not within 15 %; best is {written(best)}.",
        )
    if claimed == best:
        return replace(found, verdict=REPRODUCED, reason="Best of our search too.")
    shared = sorted(finished[best].keys() & finished[claimed].keys())
    differences = [finished[best][seed] - finished[claimed][seed] for seed in shared]
    words = f"Best here is {written(best)}, better than {written(claimed)}"
    if len(differences) < 2:
        gap = f" by {_difference(means[best] - means[claimed], ACCURACY)}"
        return replace(found, reason=f"{words}{gap}, and one pair of runs decides nothing.")
    low, high = mean_interval(differences)
    found = replace(
        found, low=low, high=high, reason=f"{words} by {written(low, ACCURACY)} to {_difference(high, ACCURACY)}."
    )
    if low >= -POINT and high <= POINT:
        return replace(found, verdict=REPRODUCED, reason=f"{found.reason[:-1]}: within one percentage point.")
    return replace(found, verdict=CONTRADICTED) if low > 0 or high < 0 else found


def judge_setting(reported: str, ours: float, *, truncated: bool = False) -> Finding:
    """Rule 9: a number that describes what was done, against what our configuration does."""
    low, high = printed_range(reported, truncated=truncated)
    room = 1e-9 * max(abs(low), abs(high))
    equal = low - room <= ours <= high + room
    reason = "As our configuration has it." if equal else f"Our configuration has {written(ours)}."
    return Finding(REPRODUCED if equal else NOT_REPRODUCED, reason, ours)


def combined(findings: Sequence[Finding]) -> Finding:
    """The deciding one of several pairs' findings: all must be reproduced, and one is enough to contradict."""
    verdicts = [finding.verdict for finding in findings]
    verdict = CONTRADICTED if CONTRADICTED in verdicts else INCONCLUSIVE if INCONCLUSIVE in verdicts else REPRODUCED
    deciding = findings[verdicts.index(verdict)]
    if len(findings) == 1:
        return deciding
    reasons = " ".join(f"({i}) {finding.reason}" for i, finding in enumerate(findings, start=1))
    return replace(deciding, reason=reasons)


@dataclass(frozen=True)
class Circumstances:
    """What takes precedence over the rule of a claim's kind: its keys `inconsistent`, `not_comparable`, `open`."""

    inconsistent: str = ""
    not_comparable: str = ""
    open: tuple[str, ...] = ()


def decide(
    found: Finding | None, circumstances: Circumstances, variants: Mapping[str, Finding], *, metric: str = ""
) -> tuple[str, str]:
    """The verdict and its reason, by the first rule that applies. found: by the rule of its kind; None for `words`.

    metric: that of a number, whose variants are compared by their means; empty for every other kind of claim.
    """
    otherwise = "" if found is None else f" By its numbers: {found.verdict.lower()}. {found.reason}".rstrip()
    if circumstances.inconsistent:
        return INCONSISTENT, f"{circumstances.inconsistent}{otherwise}"
    if circumstances.not_comparable or found is None:
        return NOT_COMPARABLE, f"{circumstances.not_comparable}{otherwise}"
    if circumstances.open:
        test: Callable[[Finding, Finding], bool] = (
            (lambda one, other: _apart(one, other, metric)) if metric else _opposite
        )
        moved = [label for label, variant in variants.items() if test(found, variant)]
        if moved:
            left = f"The report leaves open: {', '.join(circumstances.open)}. It matters: {', '.join(moved)}."
            return NOT_COMPARABLE, f"{left}{otherwise}"
    if found.verdict in FAILED and variants:
        also = [label for label, variant in variants.items() if variant.verdict == REPRODUCED]
        return found.verdict, f"{found.reason} Reproduced by: {', '.join(also) or 'no variant'}."
    return found.verdict, found.reason


def _apart(one: Finding, other: Finding, metric: str) -> bool:
    """Whether two interpretations' means differ by more than a point, or by more than a share."""
    return abs(other.mean - one.mean) > margin_of(metric, [one.mean])  # false where one is NaN


def _opposite(one: Finding, other: Finding) -> bool:
    return {one.verdict, other.verdict} == {REPRODUCED, CONTRADICTED}


def _against(
    printed: tuple[float, float], interval: tuple[float, float], found: Finding, words: str, metric: str
) -> Finding:
    low, high = interval
    found = replace(found, low=low, high=high)
    if printed[1] < low:
        gap = f"below the interval by {_difference(low - printed[1], metric)}"
    elif printed[0] > high:
        gap = f"above the interval by {_difference(printed[0] - high, metric)}"
    else:
        return replace(found, verdict=REPRODUCED, reason=f"Within the interval ({words}).")
    return replace(found, verdict=NOT_REPRODUCED, reason=f"It lies {gap} ({words}).")


def _summary(values: Sequence[float]) -> Finding:
    own = own_spread(values)
    mean = float(np.mean(values)) if len(values) else math.nan
    return Finding(INCONCLUSIVE, "", mean, own.sd if own else math.nan, len(values))


def _seeds(cells: Sequence[Mapping[int, float]]) -> list[int]:
    return sorted({seed for cell in cells for seed in cell})


def _at(cells: Sequence[Mapping[int, float]], seed: int) -> list[float]:
    return [cell[seed] for cell in cells if seed in cell]


def _factor(value: float, reported: float) -> float:
    """The factor between two settings, at least 1; infinite between zero and any other."""
    if value == reported:
        return 1.0
    return max(value / reported, reported / value) if value > 0 and reported > 0 else math.inf


def _too_few(differences: Sequence[float]) -> str:
    return "One pair of runs decides nothing." if len(differences) else "No pair of runs finished."


def _spread_words(spread: Spread, metric: str) -> str:
    return f"standard deviation {_difference(spread.sd, metric)}, {spread.degrees_of_freedom} degrees of freedom"


def _difference(value: float, metric: str) -> str:
    number = written(value, metric)
    return f"{number} point{'' if number == '1' else 's'}" if is_accuracy(metric) else number


def written(value: float, metric: str = "", *, digits: int = 3) -> str:
    """A metric's value, or an accuracy's percentage, to so many significant digits."""
    return f"{100 * value if is_accuracy(metric) else value:.{digits}g}"


def is_accuracy(metric: str) -> bool:
    """Whether a metric is an accuracy or a difference of two."""
    return metric.endswith("accuracy") or metric == "gain"


def unit_of(kind: str, metric: str) -> str:
    """The unit of a claim's numbers: "setting", "error", "points", "%", or none."""
    if kind in ("setting", "best"):
        return "setting"
    if kind == "gradient":
        return "error"
    if not is_accuracy(metric):
        return ""
    return "points" if metric == "gain" or kind in DIFFERENCES else "%"
