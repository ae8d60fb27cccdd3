"""Central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.gradients.finite_differences import central_differences


@given(
    theta=st.lists(st.floats(-3, 3), min_size=1, max_size=5).map(np.array),
    coefficients=st.lists(st.floats(-3, 3), min_size=5, max_size=5).map(np.array),
)
@settings(deadline=None)
def test_they_are_exact_for_parabolas(theta: np.ndarray, coefficients: np.ndarray) -> None:
    """The difference of a second-degree polynomial is its derivative, for any step; theta comes back bit by bit."""
    c, before = coefficients[: len(theta)], theta.copy()
    found = central_differences(lambda: float(np.sum(c * theta**2 + theta)), theta, step=0.25)
    np.testing.assert_allclose(found, 2 * c * theta + 1, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(theta, before)


def test_the_error_falls_with_the_square_of_the_step() -> None:
    """It is central, not one-sided: on a cube the error is h^2 exactly."""
    theta = np.array([1.0, -2.0])
    for step in (0.5, 0.25, 0.125):
        found = central_differences(lambda: float(np.sum(theta**3)), theta, step=step)
        np.testing.assert_allclose(found - 3 * theta**2, step**2, rtol=1e-9)


def test_entries_are_moved_one_at_a_time() -> None:
    """The cost is asked twice per entry, with exactly one entry moved by the step."""
    theta = np.array([1.0, 2.0, 4.0])
    seen = []

    def cost() -> float:
        seen.append(theta - [1, 2, 4])
        return 0.0

    central_differences(cost, theta, step=0.5)
    np.testing.assert_array_equal(seen, [[s * 0.5 * (i == j) for j in range(3)] for i in range(3) for s in (1, -1)])


def test_they_are_exact_enough_for_the_gate() -> None:
    """At the step of config/gradients/gate.yaml a smooth function's error is far below the tolerance of 1e-7."""
    theta = np.linspace(-2, 2, 9)
    found = central_differences(lambda: float(np.sum(np.exp(theta))), theta, step=1e-5)
    assert np.linalg.norm(found - np.exp(theta)) / np.linalg.norm(found) == pytest.approx(0, abs=1e-9)
