"""Derivatives by the complex step, which are exact to rounding, and how gradients are compared."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

STEP = 1e-20


def complex_step(cost: Callable[[], Any], theta: np.ndarray) -> np.ndarray:
    """dJ/d(theta), real, in theta's shape; `cost` reads the complex array `theta`, moved one entry at a time."""
    assert theta.dtype == np.complex128
    derivative = np.empty(theta.shape)
    for place in np.ndindex(theta.shape):
        value = theta[place]
        theta[place] = value + 1j * STEP
        derivative[place] = np.imag(cost()) / STEP
        theta[place] = value
    return derivative


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """The norm of the difference relative to the larger of both norms."""
    assert found.shape == expected.shape
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(found), np.linalg.norm(expected)))


def locked(array: np.ndarray) -> np.ndarray:
    """A copy that raises when it is written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


@pytest.fixture(scope="session")
def calculus() -> SimpleNamespace:
    """The functions of this file: `complex_step`, `error` and `locked`."""
    return SimpleNamespace(complex_step=complex_step, error=error, locked=locked)
