"""Strict reading of YAML files, and words for places and numbers in them."""

import math
import re
from collections.abc import Hashable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from bnlab.errors import ConfigError


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises ConfigError on bad syntax, repeated keys and aliases."""
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of int(), date() and dict through, and of its own recursion.
        raise ConfigError(f"{path}: is not valid YAML. {error}") from error


def with_defaults(content: Any, key: str, *, source: str) -> Any:
    """The mappings in the list at `key`, filled in with what stands under `defaults`; their model judges the result.

    Raises ConfigError unless `defaults` is a mapping.
    """
    match content:
        case {"defaults": defaults, **rest}:
            if not isinstance(defaults, dict):
                raise ConfigError(f"{source}: defaults: found {defaults!r}, expected a mapping of keys of {key}.")
            items: Any = rest.get(key)
            if isinstance(items, list):
                rest[key] = [{**defaults, **item} if isinstance(item, dict) else item for item in items]
            return rest
    return content


def _parse(text: str) -> Any:
    """The content of a YAML text, by libyaml where PyYAML has it, seven times as fast; errors are PyYAML's own."""
    if yaml.__with_libyaml__:
        with suppress(Exception):  # whatever it is, PyYAML says it better, with the line it is about
            return yaml.load(text, Loader=_FastLoader)  # noqa: S506 (a SafeLoader)
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)


class _Strict(yaml.composer.Composer, yaml.constructor.SafeConstructor):
    """YAML's safe subset, less repeated keys (the last would win), aliases (they can explode), 010 and 1:30."""

    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        if node.tag.endswith((":int", ":float")) and re.match(r"[-+]?0[0-9_]|.*:", str(value)):
            raise yaml.constructor.ConstructorError(
                None, None, f"YAML would not read {value} as it looks: write it in decimal digits", node.start_mark
            )
        return value

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):  # type: ignore[attr-defined]
            mark = self.peek_event().start_mark  # type: ignore[attr-defined]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "found a list or a mapping as a key, expected text or a number", key.start_mark
                )
            # By what it stands for: 0.01 and 0.010 are one key.
            value = key.value if key.tag.endswith((":str", ":merge")) else self.construct_object(key)
            if value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands here twice", key.start_mark
                )
            seen.add(value)
        return super().construct_mapping(node, deep)


class _StrictLoader(_Strict, yaml.SafeLoader):
    """By PyYAML alone."""


if yaml.__with_libyaml__:

    class _FastLoader(_Strict, yaml.CSafeLoader):
        """By libyaml, up to the events that Python composes."""

        def __init__(self, stream: str) -> None:
            yaml.CSafeLoader.__init__(self, stream)
            yaml.composer.Composer.__init__(self)


def number_hint(found: Any) -> str:
    """What to write instead of a number that YAML reads as text; empty for any other text."""
    try:
        value = float(found) if isinstance(found, str) else math.nan
    except ValueError:
        return ""
    if not math.isfinite(value):
        return ""
    return (
        f" YAML reads {found} as text; write it with a dot, a signed exponent and without quotes: {yaml_float(value)}."
    )


def yaml_float(value: float) -> str:
    """A finite number as YAML 1.1 reads it back: 1.0e+3, since 1e3 and 1.0e3 are text to it."""
    text = f"{Decimal(repr(value)).normalize():e}"
    return text if "." in text else text.replace("e", ".0e")


def location(path: Any) -> str:
    """A key path as a reader writes it: experiments[0].seeds."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def check_name(name: Any, *, source: str, what: str) -> None:
    """Raise ConfigError unless `name`, found at `source`, can name a `what`, a target and a folder."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise ConfigError(
            f"{source}: found the {what} name {name!r}, expected lower-case letters, digits, '_' and '-', "
            "starting with a letter, at most 40."
        )
