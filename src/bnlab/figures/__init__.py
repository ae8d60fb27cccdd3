"""Every figure, drawn from tables. Test results are never read here."""

import os

# Figures are files. The backend that a notebook's terminal names here need not even be installed.
os.environ["MPLBACKEND"] = "agg"
