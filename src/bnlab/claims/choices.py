"""What we choose must not decide: an outcome that half or twice of it turns into its opposite is none (docs/claims.md).

Three things are our choice: the margin of a difference, a bound of a level that neither theory nor the report gives,
and how closely a number was read off a figure.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from bnlab.claims.model import Claim
from bnlab.claims.outcomes import DIFFERENCES, FAILED, INCONCLUSIVE, REPRODUCED, Finding
from bnlab.config.claims import is_accuracy

FACTORS = (0.5, 2.0)
TURNED = "our choice:"
"""What the reason of an outcome says that was turned around."""


def choice_of(claim: Claim) -> str:
    """What of a claim's rule is our choice; empty if nothing is."""
    if claim.kind in DIFFERENCES:
        return "margin"
    if claim.chosen:
        return "bound"
    return "distance from the figure" if claim.read_to else ""


def scaled(claim: Claim, factor: float) -> Claim:
    """The claim with so many times what is our choice."""
    between = claim.between and scaled_bounds(*claim.between, factor, accuracy=is_accuracy(claim.main.metric))
    return replace(claim, margin_factor=factor * claim.margin_factor, read_to=factor * claim.read_to, between=between)


def scaled_bounds(low: float, high: float, factor: float, *, accuracy: bool) -> tuple[float, float]:
    """Bounds so many times as far out. What ends where the metric does, at 0 or an accuracy's 1, has one bound."""
    if low == 0:
        return 0.0, factor * high
    if math.isinf(high) or (accuracy and high == 1):
        return factor * low, high
    middle, half = (low + high) / 2, (high - low) / 2
    return middle - factor * half, middle + factor * half


def undecided_if_turned(claim: Claim, judge: Callable[[Claim], Finding]) -> Finding:
    """The claim's finding, inconclusive where half or twice of what is our choice has the opposite one."""
    found = judge(claim)
    if not (chosen := choice_of(claim)):
        return found
    against = FAILED if found.outcome == REPRODUCED else (REPRODUCED,) if found.outcome in FAILED else ()
    half, twice = (judge(scaled(claim, factor)).outcome for factor in FACTORS)
    found = replace(found, at_half=half, at_twice=twice)
    if half not in against and twice not in against:
        return found
    hangs = f"It hangs on the {chosen}, {TURNED} {half.lower()} with half of it, {twice.lower()} with twice."
    return replace(found, outcome=INCONCLUSIVE, reason=f"{found.reason} {hangs}")
