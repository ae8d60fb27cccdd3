"""What several folders of tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_cifar10() -> Path:
    """The copy of CIFAR-10 that BNLAB_CIFAR10 names; without one the test is skipped."""
    named = os.environ.get("BNLAB_CIFAR10")
    if not named:
        pytest.skip("needs a copy of CIFAR-10: set BNLAB_CIFAR10")
    return Path(named)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn any skip of a test on real images into a failure where such tests must run."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and "real_cifar10" in item.fixturenames and os.environ.get("BNLAB_REQUIRE_REAL_DATA"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but BNLAB_REQUIRE_REAL_DATA is set"
