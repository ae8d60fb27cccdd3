"""The reference page of all commands, from what the parser knows."""

import inspect
from pathlib import Path

from bnlab.cli.command import Argument, Command
from bnlab.files import write_text

INTRODUCTION = """\
# Every command

Made from the command line's own help by `bnlab describe`; a test holds this page equal to it. `bnlab` and `python -m
bnlab` are the same.
"""


def document(groups: dict[str, list[Command]], *, docs: Path) -> None:
    """Write docs/commands.md."""
    write_text(docs / "commands.md", INTRODUCTION + "".join(_group(title, groups[title]) for title in groups))


def _group(title: str, commands: list[Command]) -> str:
    return f"\n## Commands {title}\n" + "".join(map(_section, commands))


def _section(command: Command) -> str:
    lines = [f"\n### {command.name}\n", inspect.cleandoc(command.function.__doc__ or "")]
    if command.arguments:
        lines += ["", "| Argument | Meaning |", "|---|---|", *map(_row, command.arguments)]
    if command.example:
        lines += ["", "```sh", command.example, "```"]
    return "\n".join(lines) + "\n"


def _row(one: Argument) -> str:
    names, options = one
    choices = f" (one of {', '.join(options['choices'])})" if "choices" in options else ""
    return f"| `{names[0]}` | {options.get('help', '')}{choices} |"
