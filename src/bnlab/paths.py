"""Where commands read and write: below the folder in which they run; and which version of the source they are."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent


def whole_project() -> Path:
    """The folder of the workflow and its configuration: that of this source, or what a wheel has of it."""
    tree = SOURCE.parents[1]
    return tree if (tree / "workflow" / "Snakefile").exists() else SOURCE / "project"


def configuration_folder() -> Path:
    """`config` in the folder in which this process started, if it is one of bnlab's; else what bnlab comes with."""
    here = Path("config")
    ours = any((here / name).exists() for name in ("protocols.yaml", "studies"))
    return here if ours else whole_project() / "config"


RESULTS = Path("results")
CONFIG = configuration_folder()
DOCS = Path("docs")
REFERENCE = DOCS / "reference"


def present_commit() -> str:
    """The commit of the source in git; empty where there is no git, or the package was installed."""
    command = ["git", "-C", str(SOURCE), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
