"""From every number to the runs behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

from bnlab.spec import RunSpec


@dataclass(frozen=True)
class RunLink:
    """A link to a run's entry, labelled with its seed."""

    name: str
    seed: int
    anchor: str


@dataclass(frozen=True)
class LinkGroup:
    """Links to runs that are all with, or all without, batch normalization."""

    batch_norm: bool
    links: tuple[RunLink, ...]


def anchor_of(run: str) -> str:
    """The id of a run's entry."""
    return f"run-{run.replace('/', '-')}"


def link_groups(names: Iterable[str], known: dict[str, RunSpec]) -> list[LinkGroup]:
    """Links to these runs, those without batch normalization first; `known` are the study's runs by name."""
    names = list(names)
    groups = []
    for batch_norm in (False, True):
        links = tuple(
            RunLink(name, known[name].seed, anchor_of(name)) for name in names if known[name].batch_norm == batch_norm
        )
        if links:
            groups.append(LinkGroup(batch_norm, links))
    return groups
