"""What bnlab costs, measured: updates against other libraries, whole runs, memory, scaling (docs/performance.md)."""

import os

from bnlab.blas import use_one_thread

# Before anything here loads NumPy, and inherited by every process that is started. Every library picks its own kernels
# for this CPU: a shell that pins OpenBLAS to older ones, for equal bits on several machines, would slow down one side.
use_one_thread()
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)
