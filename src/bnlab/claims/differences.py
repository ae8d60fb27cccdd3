"""The rules of differences between pairs of runs (docs/claims.md, rules 3 and 4): a direction, none, and an order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bnlab.analysis.intervals import LEVEL, detectable_mean, mean_interval, sign_test
from bnlab.analysis.power import POINTS
from bnlab.claims.outcomes import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_REPRODUCED,
    REPRODUCED,
    Finding,
    difference,
    summary_of,
    written,
)
from bnlab.config.claims import is_accuracy

SHARE = 0.01
"""For everything else the margin is this share of its value, about as much of it as half a point is of an accuracy."""


def margin_of(metric: str, values: Sequence[float]) -> float:
    """The smallest difference of a metric that is called one; NaN without values."""
    if is_accuracy(metric):
        return POINTS
    return SHARE * abs(float(np.mean(values))) if len(values) else math.nan


def judge_direction(differences: Sequence[float], margin: float, *, metric: str = "", comparisons: int = 1) -> Finding:
    """`greater` minus `smaller` of a metric, one per seed: above zero, and not settled to be within the margin.

    comparisons: how many pairs of cells the claim is about. One is enough against it, and must be so at the level that
    as many ask for (Bonferroni).
    """
    if math.isnan((found := _measured(differences, metric)).low):
        return found
    against = _measured(differences, metric, comparisons=comparisons)
    if found.low > 0 and not _within(found, margin):
        return replace(found, outcome=REPRODUCED, reason=f"The difference is above zero: {found.reason}.")
    if _within(against, margin):
        reason = f"There is no difference worth the name: {against.reason}, margin {difference(margin, metric)}."
        return replace(against, outcome=NOT_REPRODUCED, reason=reason)
    if against.high < 0:
        return replace(against, outcome=CONTRADICTED, reason=f"The difference is below zero: {against.reason}.")
    where = "holds zero" if against.low <= 0 else "crosses the margin"
    return replace(against, reason=f"The interval {where}: {against.reason}.")


def judge_equal(differences: Sequence[float], margin: float, *, metric: str = "", comparisons: int = 1) -> Finding:
    """A metric's differences, one per seed, against the margin on either side of zero (two one-sided tests).

    comparisons: as for a direction.
    """
    if math.isnan((found := _measured(differences, metric)).low):
        return found
    against = _measured(differences, metric, comparisons=comparisons)
    words = f"margin {difference(margin, metric)}"
    if _within(found, margin):
        return replace(
            found, outcome=REPRODUCED, reason=f"The interval lies within the margin: {found.reason}, {words}."
        )
    if against.low > margin or against.high < -margin:
        reason = f"The interval lies outside the margin: {against.reason}, {words}."
        return replace(against, outcome=CONTRADICTED, reason=reason)
    return replace(against, reason=f"The interval crosses the margin: {against.reason}, {words}.")


def judge_order(greater: Mapping[int, float], smaller: Mapping[int, float], *, comparisons: int = 1) -> Finding:
    """Times, by seed, infinite where nothing happened within the training: a sign test of which comes later.

    A pair in which neither happened says nothing; one in which one did is settled, though its difference is not known.
    comparisons: as for a direction.
    """
    pairs = [(greater[seed], smaller[seed]) for seed in sorted(greater.keys() & smaller.keys())]
    later = sum(one > other for one, other in pairs)
    earlier = sum(one < other for one, other in pairs)
    settled = later + earlier
    finite = [one - other for one, other in pairs if math.isfinite(one) and math.isfinite(other)]
    found = replace(summary_of(finite), n=len(pairs))
    never = sum(math.isinf(one) for one, _ in pairs), sum(math.isinf(other) for _, other in pairs)
    words = (
        f"later in {later} of {len(pairs)} pairs, earlier in {earlier}; "
        f"{never[0]} and {never[1]} runs not within the training"
    )
    if not settled:
        return replace(found, reason=f"No pair is settled: {words}.")
    p, bar = sign_test(later, settled), 1 - LEVEL
    words += f"; sign test, p = {p:.2g}"
    if later > earlier and p < bar:
        return replace(found, outcome=REPRODUCED, reason=f"It comes {words}.")
    if earlier > later and p < bar / comparisons:
        return replace(found, outcome=CONTRADICTED, reason=f"It comes {words}.")
    least = "" if sign_test(settled, settled) < bar else " Not even all of so few pairs could settle it."
    return replace(found, reason=f"Too few pairs agree: {words}.{least}")


def judge_throughout(points: Mapping[int, Sequence[float]], *, metric: str = "", comparisons: int = 1) -> Finding:
    """Differences, one per seed, at every point of a curve, by update: above zero at all of them.

    One point below zero contradicts, if it is so at the level that as many points ask for (Bonferroni). The numbers
    that are shown are those of the first such point, or else of the last. comparisons: as for a direction.
    """
    if not points or min(len(values) for values in points.values()) < 2:
        return Finding(INCONCLUSIVE, "Fewer than two pairs of runs finished.")
    above = [update for update, values in points.items() if mean_interval(values)[0] > 0]
    level = _level(comparisons * len(points))
    below = [update for update, values in points.items() if mean_interval(values, level=level)[1] < 0]
    shown = points[below[0]] if below else [*points.values()][-1]
    low, high = mean_interval(shown)
    found = replace(summary_of(shown), low=low, high=high)
    name = metric.replace("_", " ")
    words = f"The difference in {name} is above zero at {len(above)} of {len(points)} points of the curves"
    if below:
        return replace(
            found, outcome=CONTRADICTED, reason=f"{words}, below zero at {len(below)}, first at update {below[0]:,}."
        )
    if len(above) == len(points):
        return replace(found, outcome=REPRODUCED, reason=f"{words}.")
    return replace(found, reason=f"{words}, settled below zero at none.")


def combined(findings: Sequence[Finding]) -> Finding:
    """The deciding one of several pairs' findings: all must be reproduced, and one is enough against it."""
    outcomes = [finding.outcome for finding in findings]
    order = (CONTRADICTED, NOT_REPRODUCED, INCONCLUSIVE, REPRODUCED)
    deciding = findings[outcomes.index(next(outcome for outcome in order if outcome in outcomes))]
    if len(findings) == 1:
        return deciding
    reasons = " ".join(f"({i}) {finding.reason}" for i, finding in enumerate(findings, start=1))
    return replace(deciding, reason=reasons)


def _measured(differences: Sequence[float], metric: str, *, comparisons: int = 1) -> Finding:
    """Student's interval of the mean difference, its words as the reason; where there is none, why."""
    found = summary_of(differences)
    if len(differences) < 2:
        few = "One pair of runs decides nothing." if len(differences) else "No pair of runs finished."
        return replace(found, reason=few)
    if math.isclose(min(differences), max(differences), rel_tol=1e-9, abs_tol=1e-12):
        same = f"All {len(differences)} differences are {difference(found.mean, metric)}"
        return replace(found, reason=f"{same}, which gives no interval.")
    level = _level(comparisons)
    low, high = mean_interval(differences, level=level)
    words = (
        f"{100 * level:.3g} % interval {written(low, metric)} to {difference(high, metric)}, {len(differences)} pairs"
    )
    return replace(found, low=low, high=high, detectable=detectable_mean(differences), reason=words)


def _level(comparisons: int) -> float:
    """The probability of an interval that is one of so many (Bonferroni)."""
    return 1 - (1 - LEVEL) / comparisons


def _within(found: Finding, margin: float) -> bool:
    return -margin < found.low and found.high < margin
