"""How NumPy's BLAS is to run, told through the environment before NumPy loads."""

import os


def use_one_thread() -> None:
    """Make BLAS use one thread: more would change the last bits, and processes, not threads, fill the cores.

    Has no effect once NumPy is loaded. Which kernels run is left to BLAS, or to the user.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
