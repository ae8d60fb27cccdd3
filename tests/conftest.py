"""What several folders of tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_cifar10() -> Path:
    """The copy of CIFAR-10 that BNLAB_CIFAR10 names; without one the test is skipped, or fails where it must run."""
    named = os.environ.get("BNLAB_CIFAR10")
    if named:
        return Path(named)
    if os.environ.get("BNLAB_REQUIRE_REAL_DATA"):
        pytest.fail("BNLAB_REQUIRE_REAL_DATA is set, but BNLAB_CIFAR10 names no copy of CIFAR-10")
    pytest.skip("needs a copy of CIFAR-10: set BNLAB_CIFAR10")
