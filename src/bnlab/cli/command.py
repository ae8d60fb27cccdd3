"""A subcommand: the function that it calls, what it takes, and how it is used."""

import argparse
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*names: str, **options: Any) -> Argument:
    """One argument, as `argparse.ArgumentParser.add_argument` takes it."""
    return names, options


@dataclass(frozen=True)
class Command:
    """The command is named as the function, and its help is the function's docstring."""

    function: Callable[[argparse.Namespace], None]
    arguments: list[Argument] = field(default_factory=list)
    example: str = ""
    makes: bool = False
    """Whether it makes results, on current inputs alone, and leaves a receipt."""

    @property
    def name(self) -> str:
        """As it is typed."""
        return self.function.__name__.strip("_").replace("_", "-")

    @property
    def short(self) -> str:
        """The first sentence of the help."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def names(self) -> list[str]:
        """The positional arguments."""
        return [names[0] for names, _ in self.arguments if not names[0].startswith("-")]

    def add_to(self, commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Add the parser of this command to those of the others."""
        own = commands.add_parser(
            self.name,
            description=inspect.cleandoc(self.function.__doc__ or ""),
            epilog=f"example:\n  {self.example}" if self.example else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for names, options in self.arguments:
            own.add_argument(*names, **options)
        own.set_defaults(command_=self)
