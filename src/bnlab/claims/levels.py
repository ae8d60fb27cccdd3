"""The rule of levels (docs/claims.md, rule 5): whether all runs lie between two bounds."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bnlab.analysis.intervals import LEVEL, share_interval
from bnlab.claims.outcomes import (
    CONTRADICTED,
    INCONCLUSIVE,
    REPRODUCED,
    Finding,
    summary_of,
    unit_of,
    written,
)

FEWEST = 6
"""Runs of a cell that decide: as many as could settle a sign test."""


def judge_level(cells: Sequence[Sequence[float]], low: float, high: float, *, metric: str = "") -> Finding:
    """The metric of every finished run, cell by cell, against two bounds: whether all, none or some lie between.

    The share of such runs is told of every cell by itself: cells of unequal size have none in common.
    """
    values = [value for cell in cells for value in cell]
    if not values:
        return Finding(INCONCLUSIVE, "No run of ours finished with such a number.")
    inside = [sum(low <= value <= high for value in cell) for cell in cells if cell]
    shares = [_share(count, len(cell)) for count, cell in zip(inside, filter(None, cells), strict=True)]
    unit = _unit(metric)
    within = f"Between {written(low, metric)} and {written(high, metric)}{unit}"
    if math.isinf(high):
        within = f"At {written(low, metric)}{unit} or more"
    found = replace(
        summary_of(values),
        low=min(values),
        high=max(values),
        reason=f"{within} lie {'; '.join(shares)}.",
    )
    outcome = {len(values): REPRODUCED, 0: CONTRADICTED}.get(sum(inside), INCONCLUSIVE)
    if outcome != INCONCLUSIVE and min(len(cell) for cell in cells) < FEWEST:
        return replace(found, reason=f"{found.reason} Fewer than {FEWEST} runs of a cell decide nothing.")
    return replace(found, outcome=outcome)


def _share(inside: int, of: int) -> str:
    least, most = share_interval(inside, of)
    return (
        f"{inside} of {of} runs ({100 * LEVEL:.0f} % interval of this share: {100 * least:.0f} to {100 * most:.0f} %)"
    )


def _unit(metric: str) -> str:
    unit = unit_of("level", metric)
    return f" {unit}" if unit else ""
