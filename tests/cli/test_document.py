"""The reference page of all commands."""

from pathlib import Path

from bnlab.cli import GROUPS
from bnlab.cli.document import document

ROOT = Path(__file__).parents[2]


def test_what_is_committed_is_what_the_commands_say(tmp_path: Path) -> None:
    """After an edit of a command: bnlab describe."""
    document(GROUPS, docs=tmp_path)
    assert (tmp_path / "commands.md").read_text() == (ROOT / "docs/commands.md").read_text()
