"""How NumPy's BLAS is to run, told through the environment before NumPy loads."""

import os


def use_one_thread() -> None:
    """One BLAS thread: more would change the last bits, and processes, not threads, fill the cores.

    Without effect once NumPy is loaded. Which kernels BLAS runs stays its own choice, or the user's.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
