"""What bnlab costs, measured: updates against other libraries, whole runs, memory, scaling (docs/performance.md)."""

from bnlab.blas import use_one_thread

# Before anything here loads NumPy, and inherited by every process that is started.
use_one_thread()
