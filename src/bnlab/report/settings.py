"""The settings of several protocols without repetition: what all of them share, and what each has of its own."""

from collections.abc import Iterator, Mapping
from typing import Any


def shared_and_own(protocols: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], dict[str, list[str]]]:
    """The settings that all protocols share, and by the name of each protocol the others, as "batch size 100"."""
    flat = {name: list(_settings(content)) for name, content in protocols.items()}
    first, *others = flat.values()
    shared = [setting for setting in first if all(setting in other for other in others)]
    return shared, {name: [one for one in own if one not in shared] for name, own in flat.items()}


def _settings(content: Mapping[str, Any], within: str = "") -> Iterator[str]:
    for key, value in content.items():
        name = f"{within}{key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _settings(value, f"{name} ")
        else:
            yield f"{name} {_words(value)}"


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value).replace("_", " ")
