"""Where commands read and write: below the folder in which they run."""

from pathlib import Path

RESULTS = Path("results")
CONFIG = Path("config")
DOCS = Path("docs")
REFERENCE = DOCS / "reference"
