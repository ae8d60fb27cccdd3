"""The rule of levels (docs/claims.md, rule 5): whether all runs lie between two bounds."""

from collections.abc import Sequence
from dataclasses import replace

from bnlab.analysis.intervals import share_interval
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, REPRODUCED, Finding, summary_of, unit_of, written


def judge_level(values: Sequence[float], low: float, high: float, *, metric: str = "") -> Finding:
    """The metric of every finished run against two bounds: whether all, none or some lie between, and their share."""
    if not values:
        return Finding(INCONCLUSIVE, "No run of ours finished with such a number.")
    inside = sum(low <= value <= high for value in values)
    bounds = f"{written(low, metric)} and {written(high, metric)}{_unit(metric)}"
    least, most = share_interval(inside, len(values))
    share = f"{100 * least:.0f} to {100 * most:.0f} % of such runs"
    found = replace(
        summary_of(values),
        low=min(values),
        high=max(values),
        reason=f"{inside} of {len(values)} runs lie between {bounds}, {share}.",
    )
    return replace(found, outcome={len(values): REPRODUCED, 0: CONTRADICTED}.get(inside, INCONCLUSIVE))


def _unit(metric: str) -> str:
    unit = unit_of("level", metric)
    return f" {unit}" if unit else ""
