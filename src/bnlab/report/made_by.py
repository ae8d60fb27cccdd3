"""Which version of the project a page was made by."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def made_by() -> str:
    """The last commit and its date, where bnlab runs in a git clone of its own; else that it does not."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%cs, bnlab at commit %h"]
    if (ROOT / ".git").exists():
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            pass
    return "bnlab outside of a git clone"
