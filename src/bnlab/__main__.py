"""`python -m bnlab`."""

import sys

from bnlab import blas

blas.prepare()

from bnlab.cli import main  # noqa: E402 (BLAS must be prepared before anything loads NumPy)

sys.exit(main())
