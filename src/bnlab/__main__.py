"""`python -m bnlab`."""

import sys
from io import TextIOWrapper

from bnlab.blas import use_one_thread

use_one_thread()

from bnlab.cli import main  # noqa: E402 (what it imports loads NumPy)

# What a terminal's encoding lacks, a λ for example, is printed as an escape.
for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")

sys.exit(main())
