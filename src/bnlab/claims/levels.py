"""The rule of levels (docs/claims.md, rule 5): whether all runs lie between two bounds, and whose these are."""

from collections.abc import Sequence
from dataclasses import replace

from bnlab.analysis.intervals import LEVEL, share_interval
from bnlab.claims.outcomes import (
    CONTRADICTED,
    INCONCLUSIVE,
    REPRODUCED,
    Finding,
    is_accuracy,
    summary_of,
    unit_of,
    written,
)


def judge_chosen_level(cells: Sequence[Sequence[float]], low: float, high: float, *, metric: str = "") -> Finding:
    """A level whose bounds are our choice: an outcome that another choice would change is none."""
    found = judge_level(cells, low, high, metric=metric)
    half, twice = (
        judge_level(cells, *scaled(low, high, factor, metric=metric), metric=metric).outcome for factor in (0.5, 2.0)
    )
    if half == found.outcome == twice:
        return found
    hangs = f"It hangs on the bound, which is our choice: {half.lower()} at half of it, {twice.lower()} at twice."
    return replace(found, outcome=INCONCLUSIVE, reason=f"{found.reason} {hangs}")


def scaled(low: float, high: float, factor: float, *, metric: str = "") -> tuple[float, float]:
    """The bounds so many times as wide. What ends where the metric does, at 0 or an accuracy's 1, has one bound."""
    if low == 0:
        return 0.0, factor * high
    if high == 1 and is_accuracy(metric):
        return factor * low, 1.0
    middle, half = (low + high) / 2, (high - low) / 2
    return middle - factor * half, middle + factor * half


def judge_level(cells: Sequence[Sequence[float]], low: float, high: float, *, metric: str = "") -> Finding:
    """The metric of every finished run, cell by cell, against two bounds: whether all, none or some lie between.

    The share of such runs is told of every cell by itself: cells of unequal size have none in common.
    """
    values = [value for cell in cells for value in cell]
    if not values:
        return Finding(INCONCLUSIVE, "No run of ours finished with such a number.")
    inside = [sum(low <= value <= high for value in cell) for cell in cells if cell]
    shares = [_share(count, len(cell)) for count, cell in zip(inside, filter(None, cells), strict=True)]
    bounds = f"{written(low, metric)} and {written(high, metric)}{_unit(metric)}"
    found = replace(
        summary_of(values),
        low=min(values),
        high=max(values),
        reason=f"Between {bounds} lie {'; '.join(shares)}.",
    )
    outcome = {len(values): REPRODUCED, 0: CONTRADICTED}.get(sum(inside), INCONCLUSIVE)
    return replace(found, outcome=outcome)


def _share(inside: int, of: int) -> str:
    least, most = share_interval(inside, of)
    return (
        f"{inside} of {of} runs ({100 * LEVEL:.0f} % interval of this share: {100 * least:.0f} to {100 * most:.0f} %)"
    )


def _unit(metric: str) -> str:
    unit = unit_of("level", metric)
    return f" {unit}" if unit else ""
