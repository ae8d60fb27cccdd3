"""One BLAS thread, whatever the shell says."""

import subprocess
import sys

from threadpoolctl import threadpool_info

from bnlab import blas


def test_these_tests_run_as_commands_do() -> None:
    """NumPy's BLAS, loaded after the preparation in conftest.py, has one thread."""
    import numpy as np  # noqa: F401 (this file alone would load no BLAS)

    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}


def test_threads_are_not_the_user_s_choice_and_kernels_are() -> None:
    """A number of threads would change results and is overruled; named kernels stay."""
    code = (
        "import os; os.environ.update(OPENBLAS_NUM_THREADS='8', OPENBLAS_CORETYPE='Nehalem');"
        f"from {blas.__name__} import use_one_thread; use_one_thread();"
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OPENBLAS_CORETYPE'])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["1", "Nehalem"]
