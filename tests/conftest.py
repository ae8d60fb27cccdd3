"""What several folders of tests share."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bnlab.blas import use_one_thread

use_one_thread()  # before any test loads NumPy, so that tests compute what the program's commands compute


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
    required = "real_cifar10" in item.fixturenames and bool(os.environ.get("BNLAB_REQUIRE_REAL_DATA"))
    if item.get_closest_marker("peer") and find_spec("torch") is None:
        required = False
    if report.skipped and required:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but BNLAB_REQUIRE_REAL_DATA is set"
