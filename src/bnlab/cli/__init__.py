"""The command line: `bnlab`, or `python -m bnlab`.

Commands for people and commands behind rules stand in a file each. A command parses its arguments and calls one
function of the package, which it imports when it is called, so that training loads neither pandas nor matplotlib. Of a
rule's command, that function's module is the root of the fingerprint (`targets.ROOTS`): what it computes stands there
and not here.
"""

import argparse
import errno
import sys

from bnlab.cli.command import Command
from bnlab.cli.people import PEOPLE
from bnlab.cli.rules import RULES
from bnlab.errors import BnlabError, StorageError

GROUPS: dict[str, list[Command]] = {"for people": PEOPLE, "behind the workflow's rules": RULES}


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an expected error prints its message and gives its exit code."""
    parsed = parser().parse_args(arguments)
    command: Command = parsed.command_
    try:
        if command.makes:
            from bnlab.made.perform import perform

            given = [getattr(parsed, name) for name in command.names]
            perform(command.name, given, lambda: command.function(parsed))
        else:
            command.function(parsed)
    except BnlabError as error:
        print(f"bnlab: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if isinstance(error, BrokenPipeError) or error.errno == errno.ENOMEM or error.strerror is None:
            raise
        named = error.filename2 or error.filename  # of a rename, the second is where it failed, mostly
        place = f"{named}: " if named else ""
        print(f"bnlab: {place}cannot be read or written ({error.strerror}).", file=sys.stderr)
        return StorageError.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; its help lists them by group."""
    lines = []
    for group, commands in GROUPS.items():
        width = max(len(command.name) for command in commands)
        lines += [f"commands {group}:", *(f"  {one.name:{width}}  {one.short}" for one in commands), ""]
    whole = argparse.ArgumentParser(
        prog="bnlab",
        description="Results, and what makes them. To run everything: snakemake --cores 8",
        epilog="\n".join([*lines, "bnlab COMMAND --help says more, with an example."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = whole.add_subparsers(required=True, metavar="COMMAND", dest="command_")
    for command in (one for group in GROUPS.values() for one in group):
        command.add_to(subparsers)
    return whole
