"""The rule of a best setting (docs/claims.md, rule 2): whether one search like ours would have found it."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bnlab.analysis.searches import Candidate, half_width, simulated_searches
from bnlab.analysis.spread import Noise
from bnlab.claims.numbers import too_few
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, REPRODUCED, Finding, difference, written

ACCURACY = "validation_accuracy"
"""What a search is judged by."""
NEAR = 1.15
"""A claimed best setting is on our grid when one of its values is within this factor."""


def judge_best(
    reported: Sequence[float], candidates: Sequence[Candidate], noise: Noise | None, *, axis: int
) -> Finding:
    """Whether `reported` is the best along an axis, of the two that a candidate's place has; or one of it, if they tie.

    Reproduced if it is the best of one search like ours with a probability of at least half that of a blind guess,
    nothing is settled as better, and something as worse: where all values are equal, to name one says nothing.
    Contradicted if one search would not have found it. The interval is that of our best less the claimed one's accuracy
    in one search, and `mean` is our best setting. Of claimed ones that tie, that one is meant which does best here.
    """
    finished = [one for one in candidates if one.values]
    if not finished:
        return Finding(INCONCLUSIVE, "No run of ours finished.")
    means = [float(np.mean(list(one.values.values()))) for one in finished]
    best = max(range(len(finished)), key=lambda i: (means[i], finished[i].place[axis]))
    ours = finished[best].place[axis]
    found = Finding(INCONCLUSIVE, "", ours, n=len(finished[best].values))
    near = [_nearest(value, finished, axis) for value in reported]
    for value, there in zip(reported, near, strict=True):
        if _factor(there, value) > NEAR:
            reason = f"The nearest value on our grid, {written(there)}, is not within 15 %; best is {written(ours)}."
            return replace(found, outcome=NOT_TESTABLE, reason=reason)
    if reason := too_few(noise.own if noise else None):
        return replace(found, reason=reason)
    assert noise is not None
    return _compared(finished, means, found, near, noise, best=best, axis=axis)


def _compared(
    candidates: Sequence[Candidate],
    means: Sequence[float],
    found: Finding,
    near: Sequence[float],
    noise: Noise,
    *,
    best: int,
    axis: int,
) -> Finding:
    """The candidate at `near`, the best of them, against our best and against all others."""
    there = [i for i, one in enumerate(candidates) if one.place[axis] in near]
    claimed = max(there, key=lambda i: means[i])
    chance = float(np.isin(simulated_searches(candidates, noise).argmax(axis=1), there).mean())
    guess = len(set(near)) / len({one.place[axis] for one in candidates})
    gap = means[best] - means[claimed]
    half = half_width(noise, variances=_inverse(candidates, best, claimed) + 2)
    found = replace(found, low=gap - half, high=gap + half)
    better, worse = _settled(candidates, means, claimed, near, noise, axis=axis)
    words = f"it is best in {100 * chance:.0f} % of simulated searches, a blind guess in {100 * guess:.0f} %"
    if claimed != best:
        words = f"{words}; our best is {written(found.mean)}, by {difference(gap, ACCURACY)}"
    if found.low > 0:
        return replace(found, outcome=CONTRADICTED, reason=f"One search would not have found it: {words}.")
    if better:
        places = ", ".join(dict.fromkeys(written(candidates[i].place[axis]) for i in better))
        could = f"By the means of our seeds {places} is better, but one search could have found the claimed one"
        return replace(found, reason=f"{could}: {words}.")
    if not worse:
        return replace(found, reason=f"No value is shown to be worse, so naming a best one says nothing: {words}.")
    if chance < guess / 2:
        return replace(found, reason=f"No value is shown to be better, but it rarely wins: {words}.")
    return replace(
        found, outcome=REPRODUCED, reason=f"No value is shown to be better, {len(worse)} to be worse: {words}."
    )


def _settled(
    candidates: Sequence[Candidate],
    means: Sequence[float],
    claimed: int,
    near: Sequence[float],
    noise: Noise,
    *,
    axis: int,
) -> tuple[list[int], list[int]]:
    """The other values, each by its best candidate, that are settled as better and as worse than the claimed one.

    All of them together, at the level of a single comparison (Bonferroni).
    """
    best: dict[float, int] = {}
    for i, one in enumerate(candidates):
        value = one.place[axis]
        if value not in near and (value not in best or means[i] > means[best[value]]):
            best[value] = i
    better, worse = [], []
    for i in best.values():
        half = half_width(noise, variances=_inverse(candidates, i, claimed), comparisons=len(best))
        if means[i] - means[claimed] > half:
            better.append(i)
        elif means[claimed] - means[i] > half:
            worse.append(i)
    return better, worse


def _nearest(reported: float, candidates: Sequence[Candidate], axis: int) -> float:
    return min((one.place[axis] for one in candidates), key=lambda value: _factor(value, reported))


def _inverse(candidates: Sequence[Candidate], one: int, other: int) -> float:
    """The variances of the difference of two means, in units of a run's."""
    return 1 / len(candidates[one].values) + 1 / len(candidates[other].values)


def _factor(value: float, reported: float) -> float:
    """The factor between two settings, at least 1; infinite between zero and any other."""
    if value == reported:
        return 1.0
    return max(value / reported, reported / value) if value > 0 and reported > 0 else math.inf
