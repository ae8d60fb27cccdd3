"""The measures of the reports: their bounds, and what each forgives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bnlab.gradients.error_measures import MEASURES, TINY

PAIRS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        *[arrays(float, n, elements=st.floats(-1e3, 1e3).filter(lambda v: v == 0 or abs(v) > 1e-9))] * 2
    )
)
RELATIVE = ("norm_max", "norm_sum", "elementwise_mean")


@given(PAIRS)
def test_relative_errors_are_bounded_and_symmetric(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """They lie between 0 and 2, or 1, do not change when a and n change places, and are 0 for equal arrays alone."""
    a, n = pair
    for name in RELATIVE:
        error = MEASURES[name](a, n)
        assert 0 <= error <= (2 if name == "norm_max" else 1) * (1 + 1e-12)
        assert error == MEASURES[name](n, a)
        assert MEASURES[name](a, a) == 0
        assert (error == 0) == bool((a == n).all())


@given(PAIRS, st.floats(1e-3, 1e3))
def test_norms_do_not_depend_on_the_scale(pair: tuple[np.ndarray, np.ndarray], scale: float) -> None:
    """A gradient of another unit has the same error by a norm."""
    a, n = pair
    for name in ("norm_max", "norm_sum"):
        assert MEASURES[name](scale * a, scale * n) == pytest.approx(MEASURES[name](a, n), rel=1e-9)


def test_what_each_measure_forgives() -> None:
    """One wrong small entry among large right ones: norms and sums hardly see it, the elementwise mean does."""
    a = np.array([1.0, 1.0, 1.0, 1e-6])
    n = np.array([1.0, 1.0, 1.0, -1e-6])
    assert MEASURES["elementwise_mean"](a, n) == pytest.approx(0.25)
    for name in ("norm_max", "norm_sum", "sum_ratio"):
        assert MEASURES[name](a, n) < 2e-6


def test_small_gradients_look_right_by_the_ratio_of_sums() -> None:
    """Below its coarse bound of 1e-5 a wrong gradient of rounding's size is no error; by a norm it is 1."""
    a, n = np.full(5, 1e-17), np.full(5, 1e-11)
    assert MEASURES["sum_ratio"](a, n) == pytest.approx(5e-6, rel=1e-3)
    assert MEASURES["norm_max"](a, n) == pytest.approx(1, abs=1e-5)
    assert MEASURES["sum_ratio"](np.array([3.0, -1.0]), np.array([1.0, -1.0])) == pytest.approx(2 / 6)


def test_zero_against_less_than_rounding_is_no_error() -> None:
    """Magnitudes below 2.2e-16 count as that much, so an exact zero makes no error of one of them."""
    assert MEASURES["elementwise_mean"](np.array([TINY / 100]), np.zeros(1)) == pytest.approx(0.01)


def test_moments_keep_their_signs() -> None:
    """The difference is numerical minus analytic, and its maximum is no absolute value."""
    a, n = np.array([1.0, 3.0]), np.array([0.0, 1.0])
    found = [MEASURES[name](a, n) for name in MEASURES if name.startswith(("gradient", "difference"))]
    assert found == [2.0, 1.0, -1.5, 0.5, -1.0]
