"""What we choose must not decide: the margin, a bound, how closely a figure was read."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.claims.choices import choice_of, scaled, scaled_bounds, undecided_if_turned
from bnlab.claims.model import Claim, Interpretation
from bnlab.claims.outcomes import CONTRADICTED, FAILED, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Finding

MAIN = Interpretation(metric="test_accuracy")
LEVEL = Claim("r/a", "r", "r", (), "1", "t", "level", MAIN, (), between=(0.0, 0.1), chosen=True)
outcomes = st.sampled_from([REPRODUCED, NOT_REPRODUCED, CONTRADICTED, INCONCLUSIVE])


def below(value: float) -> Callable[[Claim], Finding]:
    """The rule of a claim that a value is within the bounds."""
    return lambda claim: Finding(REPRODUCED if value <= claim.between[1] else CONTRADICTED, "It is so.")


@pytest.mark.parametrize(
    ("value", "outcome", "hangs"),
    [
        (0.04, REPRODUCED, ""),
        (
            0.08,
            INCONCLUSIVE,
            " It hangs on the bound, our choice: contradicted with half of it, reproduced with twice.",
        ),
        (
            0.15,
            INCONCLUSIVE,
            " It hangs on the bound, our choice: contradicted with half of it, reproduced with twice.",
        ),
        (0.3, CONTRADICTED, ""),
    ],
)
def test_an_outcome_that_half_or_twice_would_turn_is_none(value: float, outcome: str, hangs: str) -> None:
    """Reproduced within a bound, but not within half of it; contradicted by it, but not by twice."""
    found = undecided_if_turned(LEVEL, below(value))
    assert (found.outcome, found.reason) == (outcome, f"It is so.{hangs}")
    assert undecided_if_turned(replace(LEVEL, chosen=False), below(value)) == below(value)(LEVEL)


@given(outcomes, outcomes, outcomes)
def test_only_the_opposite_turns_it(half: str, main: str, twice: str) -> None:
    """What half or twice leaves open takes nothing back; nothing else changes an outcome."""
    by_margin = {0.5: half, 1.0: main, 2.0: twice}
    claim = replace(LEVEL, kind="equal", chosen=False)
    found = undecided_if_turned(claim, lambda one: Finding(by_margin[one.margin_factor], "r"))
    turned = any({main, other} & {REPRODUCED} and {main, other} & {*FAILED} for other in (half, twice))
    assert found.outcome == (INCONCLUSIVE if turned else main)


def test_what_is_our_choice() -> None:
    """The margin of every difference, a bound where the file says so, and a distance from a figure."""
    number = replace(LEVEL, kind="number", chosen=False, between=None)
    assert choice_of(LEVEL) == "bound"
    assert choice_of(replace(LEVEL, kind="direction", chosen=False)) == "margin"
    assert choice_of(replace(number, read_to=0.02)) == "distance from the figure"
    assert choice_of(number) == choice_of(replace(LEVEL, chosen=False)) == ""
    assert scaled(replace(number, read_to=0.02), 2.0) == replace(number, read_to=0.04, margin_factor=2.0)


def test_bounds_half_and_twice_as_far_out() -> None:
    """Where a metric cannot go further there is nothing to move."""
    assert scaled_bounds(0, 0.1, 2.0, accuracy=False) == (0, 0.2)
    assert scaled_bounds(0.3, 1, 0.5, accuracy=True) == (0.15, 1)
    assert scaled_bounds(0.01, math.inf, 2.0, accuracy=False) == (0.02, math.inf)
    assert scaled_bounds(0.3, math.inf, 0.5, accuracy=True) == (0.15, math.inf)
    assert scaled_bounds(1, 2, 2.0, accuracy=False) == (0.5, 2.5)
