"""`python -m bnlab`."""

import sys

from bnlab.blas import use_one_thread

use_one_thread()

from bnlab.cli import main  # noqa: E402 (what it imports loads NumPy)

sys.exit(main())
