"""What would run, grouped by what was changed."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from bnlab.console.duration import duration
from bnlab.formatting import count
from bnlab.made.changes import Changes
from bnlab.made.currency import Currency
from bnlab.made.pace import pace
from bnlab.made.planned import planned_commands
from bnlab.targets import ROOTS, Targets

LINES = 20
"""No answer is longer."""
ORDER = ["prepare", *ROOTS]
"""In which commands are named."""
FOLLOWS = "what these need, and what is made from them"


class Group(NamedTuple):
    """Commands that have to run for the same causes."""

    cause: str
    """What was changed; several things are separated by semicolons."""
    jobs: dict[str, int]
    """How many of each command."""
    seconds: float
    """What its trainings will take on one core, by what the stored ones took."""


def print_why(targets: Targets, asked: Sequence[str]) -> None:
    """Say what `snakemake TARGET ...` would run, and because of what: modules, keys, files."""
    groups = planned_groups(targets, asked)
    if not groups:
        print("Nothing would run.")
        return
    shown = groups if 2 * len(groups) <= LINES - 2 else [*groups[: LINES // 2 - 2], _together(groups[LINES // 2 - 2 :])]
    for group in shown:
        print(f"{group.cause}\n    {_words(group)}")
    total = sum(sum(group.jobs.values()) for group in groups)
    seconds = sum(group.seconds for group in groups)
    print(f"{count(total, 'job')}{f', {duration(seconds)} of training on one core' if seconds else ''}.")


def planned_groups(targets: Targets, asked: Sequence[str]) -> list[Group]:
    """What `snakemake -n TARGET ...` announces, grouped by cause, the costliest first; what only follows comes last."""
    commands = planned_commands(asked)
    changes = Changes(Currency(targets))
    causes = {command: changes.causes(*command) for command in commands}
    of_trainings = {cause for command in commands if command[0] == "train" for cause in causes[command]}
    grouped: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for command in commands:
        own = [cause for cause in causes[command] if command[0] == "train" or cause not in of_trainings]
        grouped["; ".join(own) or FOLLOWS].append(command)
    factor = pace(targets) if any(command[0] == "train" for command in commands) else 1.0
    groups = [
        Group(
            cause,
            dict(sorted(Counter(command for command, *_ in jobs).items(), key=lambda one: ORDER.index(one[0]))),
            factor * sum(targets.duration(arguments[0]) for command, *arguments in jobs if command == "train"),
        )
        for cause, jobs in grouped.items()
    ]
    return sorted(groups, key=lambda group: (group.cause == FOLLOWS, -group.seconds, -sum(group.jobs.values())))


def _together(groups: list[Group]) -> Group:
    jobs = sum((Counter(group.jobs) for group in groups), Counter())
    return Group(f"{len(groups)} more causes, and what follows", dict(jobs), sum(group.seconds for group in groups))


def _words(group: Group) -> str:
    return ", ".join(
        f"{command} {number}" + (f" ({duration(group.seconds)})" if command == "train" else "")
        for command, number in group.jobs.items()
    )
