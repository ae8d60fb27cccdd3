"""The cyclical learning rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.numerics.schedule import triangular

RATES = st.floats(1e-6, 10)
STEPS = st.integers(1, 3000)


def test_the_official_cycle() -> None:
    """From 1e-5 at update 0 up to 1e-1 at 2,250, down to 1e-5 at 4,500, and again."""
    rates = [triangular(t, minimum=1e-5, maximum=1e-1, step=2250) for t in range(9001)]
    assert [rates[t] for t in (0, 2250, 4500, 6750, 9000)] == pytest.approx([1e-5, 1e-1, 1e-5, 1e-1, 1e-5], rel=1e-12)
    assert rates[1125] == pytest.approx((1e-5 + 1e-1) / 2, rel=1e-12)
    assert np.argmax(rates[:4500]) == 2250
    assert min(rates) == rates[0] == rates[4500]


def test_a_small_cycle_by_hand() -> None:
    """Every value of two cycles of 2 * 4 updates between 1 and 3."""
    up, down = [1, 1.5, 2, 2.5], [3, 2.5, 2, 1.5]
    assert [triangular(t, minimum=1, maximum=3, step=4) for t in range(17)] == [*(up + down) * 2, 1]


@given(low=RATES, high=RATES, step=STEPS)
@settings(deadline=None)
def test_extremes_are_where_they_belong(low: float, high: float, step: int) -> None:
    """The minimum stands at 0 and 2 n, the maximum at n."""
    low, high = sorted([low, high])
    at = [triangular(t, minimum=low, maximum=high, step=step) for t in (0, step, 2 * step)]
    assert at == pytest.approx([low, high, low], rel=1e-12)


@given(low=RATES, high=RATES, step=STEPS, update=st.integers(0, 10**6))
@settings(deadline=None)
def test_it_is_periodic_and_within_bounds(low: float, high: float, step: int, update: int) -> None:
    """After 2 n updates it repeats, exactly; it never leaves the interval."""
    low, high = sorted([low, high])
    rate = triangular(update, minimum=low, maximum=high, step=step)
    assert rate == triangular(update + 2 * step, minimum=low, maximum=high, step=step)
    assert low * (1 - 1e-12) <= rate <= high * (1 + 1e-12)


@given(low=RATES, high=RATES, step=STEPS, part=st.integers(0, 2999))
@settings(deadline=None)
def test_it_is_straight_between_the_extremes(low: float, high: float, step: int, part: int) -> None:
    """Every update changes it by the same amount, up in the first half of a cycle and down in the second."""
    low, high = sorted([low, high])
    part %= step
    slope = (high - low) / step
    for start, sign in ((0, 1), (step, -1)):
        change = triangular(start + part + 1, minimum=low, maximum=high, step=step) - triangular(
            start + part, minimum=low, maximum=high, step=step
        )
        assert change == pytest.approx(sign * slope, rel=1e-9, abs=1e-11 * high)


@given(rate=RATES, step=STEPS, update=st.integers(0, 10**6))
@settings(deadline=None)
def test_equal_bounds_give_a_constant_rate(rate: float, step: int, update: int) -> None:
    """Exactly, at every update."""
    assert triangular(update, minimum=rate, maximum=rate, step=step) == rate
