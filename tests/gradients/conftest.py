"""Checks run as jobs of the workflow do."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """On one core: the networks are too small for more to be of use."""
    with threadpool_limits(1, user_api="blas"):
        yield
