"""`python -m bnlab`: one BLAS thread a process, set before NumPy loads, since more change the last bits."""

import os
import sys

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from bnlab.cli import main  # noqa: E402

sys.exit(main())
