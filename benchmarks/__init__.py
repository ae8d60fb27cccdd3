"""What bnlab costs, measured: updates against other libraries, whole runs, memory, scaling (docs/performance.md)."""

from bnlab import blas

blas.prepare()  # before anything here loads NumPy, and inherited by every process that is started
