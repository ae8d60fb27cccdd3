"""Each kind of claim by its rule, which meets the evidence of one reading."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypedDict

from bnlab.analysis.spread import Noise, Spread
from bnlab.claims.best import judge_best
from bnlab.claims.choices import undecided_if_turned
from bnlab.claims.differences import combined, judge_direction, judge_equal, judge_order, judge_throughout, margin_of
from bnlab.claims.evidence import Evidence, Values
from bnlab.claims.gradients import judge_gradients
from bnlab.claims.levels import judge_level
from bnlab.claims.model import SEARCHED, START, TIED, Cell, Claim, Interpretation, Pair
from bnlab.claims.numbers import NOTHING, PAIRS, judge_best_of, judge_in_state, judge_number, judge_start
from bnlab.claims.orders import judge_increase, judge_magnitude
from bnlab.claims.outcomes import Finding
from bnlab.claims.settings import judge_setting, setting_value
from bnlab.config.claims import is_gain

Rule = Callable[[Claim, Interpretation, Evidence], Finding]


def judge_reading(claim: Claim, reading: Interpretation, evidence: Evidence) -> Finding:
    """The finding of a reading of a claim that has a rule; what we choose does not decide it."""
    return undecided_if_turned(claim, lambda one: RULES[claim.kind](one, reading, evidence))


class _Printing(TypedDict):
    truncated: bool
    read_to: float


def _printing(claim: Claim) -> _Printing:
    return _Printing(truncated=claim.truncated, read_to=claim.read_to)


def _number(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    metric, cut = interpretation.metric, _printing(claim)
    cells = evidence.cells(interpretation)
    if is_gain(metric):
        return _gain(claim, metric, cells, evidence)
    extra = evidence.variance_of_split(cells, metric) if claim.other_split else 0.0
    if interpretation.best_of is not None:
        return judge_best_of(
            claim.reported,
            evidence.candidates(cells, metric),
            evidence.noise_of_search(cells, metric),
            metric=metric,
            best_of=interpretation.best_of,
            rank=claim.rank,
            **cut,
            extra_variance=extra,
        )
    (cell,) = cells
    values, idle = evidence.values(cell, metric), evidence.idle(cell)
    if not values:
        return NOTHING
    if metric == START:
        return judge_start(claim.reported, [*values.values()], **cut)
    if idle:
        return judge_in_state(claim.reported, *_split(values, idle), metric=metric, **cut)
    spread = _total(evidence.noise(cell, metric))
    own = [*values.values()]
    return judge_number(claim.reported, own, spread, metric=metric, **cut, extra_variance=extra)


def _gain(claim: Claim, metric: str, cells: Sequence[Cell], evidence: Evidence) -> Finding:
    gains, cut = evidence.gains(cells, metric), _printing(claim)
    if idle := gains.keys() & set[int]().union(*(evidence.idle(cell) for cell in cells)):
        return judge_in_state(claim.reported, *_split(gains, idle), of=PAIRS, metric=metric, **cut)
    spread = _total(evidence.noise_of_gain(cells, metric))
    return judge_number(claim.reported, [*gains.values()], spread, metric=metric, **cut)


def _split(values: Values, idle: Collection[int]) -> tuple[list[float], list[float]]:
    """The values of the seeds that are not idle, and those of the others."""
    return [values[seed] for seed in values if seed not in idle], [values[seed] for seed in values if seed in idle]


def _total(noise: Noise | None) -> Spread | None:
    return noise.total if noise else None


def _gradient(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    reported_check, rows = evidence.reported_check(interpretation.reported_check)
    return judge_gradients(reported_check, rows, claim.table)


def _magnitude(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    low, high = map(float, claim.reported.split(" to "))
    rows = evidence.reported_check(interpretation.reported_check)[1]
    return judge_magnitude(rows[rows["case"] == interpretation.case], low, high)


def _increase(_: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    rows = evidence.reported_check(interpretation.reported_check)[1]
    return judge_increase(rows[rows["case"] == interpretation.case])


def _difference(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    """A direction or none, of all pairs."""
    pairs = interpretation.pairs
    return combined([_of_pair(claim, pair, evidence, comparisons=len(pairs)) for pair in pairs])


def _of_pair(claim: Claim, pair: Pair, evidence: Evidence, *, comparisons: int) -> Finding:
    metric = pair.metric
    if claim.throughout:
        return judge_throughout(evidence.differences_along(pair), metric=metric, comparisons=comparisons)
    greater, smaller = evidence.sides(pair)
    if metric == START:
        return judge_order(greater, smaller, comparisons=comparisons)
    differences = [greater[seed] - smaller[seed] for seed in sorted(greater.keys() & smaller.keys())]
    margin = claim.margin_factor * margin_of(metric, [*greater.values(), *smaller.values()])
    rule = judge_equal if claim.kind == "equal" else judge_direction
    return rule(differences, margin, metric=metric, comparisons=comparisons)


def _level(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    assert claim.between is not None
    metric = interpretation.metric
    cells = [[*evidence.values(cell, metric).values()] for cell in evidence.cells(interpretation)]
    return judge_level(cells, *claim.between, metric=metric)


def _best(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    cells, metric = evidence.cells(interpretation), interpretation.metric
    noise = evidence.noise_of_search(cells, metric)
    reported = [float(one) for one in claim.reported.split(TIED)]
    return judge_best(reported, evidence.candidates(cells, metric), noise, axis=SEARCHED.index(claim.axis))


def _setting(claim: Claim, interpretation: Interpretation, evidence: Evidence) -> Finding:
    ours = setting_value(claim.setting, evidence.cells(interpretation), evidence.configuration)
    return judge_setting(claim.reported, ours, truncated=claim.truncated)


RULES: Mapping[str, Rule] = {
    "number": _number,
    "gradient": _gradient,
    "magnitude": _magnitude,
    "increase": _increase,
    "direction": _difference,
    "equal": _difference,
    "level": _level,
    "best": _best,
    "setting": _setting,
}
"""Claims in words that no run can test have no rule."""
