"""Strict reading of YAML files and their validation against the schemas in workflow/schemas."""

import difflib
import math
import re
from collections.abc import Hashable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bnlab.errors import ConfigError

SCHEMAS = Path(__file__).parents[3] / "workflow" / "schemas"


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises ConfigError on bad syntax, repeated keys and aliases."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of int(), date() and dict through, and of its own recursion.
        raise ConfigError(f"{path}: is not valid YAML. {error}") from error


def validate(content: Any, schema: str, *, source: str) -> None:
    """Raise one ConfigError that lists all `violations`, unless there are none."""
    if found := violations(content, schema, source=source):
        raise ConfigError("\n".join(found))


def violations(content: Any, schema: str, *, source: str) -> list[str]:
    """Where `content` departs from workflow/schemas/<schema>.schema.yaml.

    Each message says `source` (the file), the key, what was found and what was expected.
    """
    errors = sorted(_validator(schema).iter_errors(content), key=lambda error: list(map(str, error.path)))
    return list(dict.fromkeys(f"{source}: {message}" for error in errors for message in _explain(error)))


@cache
def _validator(schema: str) -> Any:
    # Imported here: it takes longer to import than all of bnlab that a training needs.
    import jsonschema

    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    extend: Any = jsonschema.validators.extend
    validator = extend(jsonschema.Draft202012Validator, type_checker=checker)
    return validator(read_yaml(SCHEMAS / f"{schema}.schema.yaml"))


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe subset, less repeated keys (the last would win), aliases (they can explode), 010 and 1:30."""

    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        if node.tag.endswith((":int", ":float")) and re.match(r"[-+]?0[0-9_]|.*:", str(value)):
            raise yaml.constructor.ConstructorError(
                None, None, f"YAML would not read {value} as it looks: write it in decimal digits", node.start_mark
            )
        return value

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of floats
        return False


def _explain(error: Any) -> Iterator[str]:
    """One line per violation, in the user's words instead of the schema's."""
    where = location(error.absolute_path)
    prefix = f"{where}: " if where else ""
    found, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = sorted(error.schema.get("properties", {}))
            for key in sorted(map(str, set(found) - set(known))):
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean '{close[0]}'? " if close else ""
                yield f"{prefix}'{key}' is not a key here. {hint}Known keys: {', '.join(known)}."
        case "required":
            missing = [key for key in rule if key not in found]
            yield f"{prefix}missing {', '.join(map(repr, missing))}."
        case "anyOf" if inner := [inside for inside in error.context if inside.relative_path]:
            # One of the forms fits but for something inside it: that is what was meant.
            yield from (message for inside in inner for message in _explain(inside))
        case "anyOf":
            wanted = error.schema.get("description", "one of the forms in the schema")
            yield f"{prefix}found {found!r}, expected {wanted}.{number_hint(found)}"
        case "type":
            yield f"{prefix}found {found!r}, expected {_kind(rule)}.{number_hint(found)}"
        case "enum":
            close = difflib.get_close_matches(str(found), map(str, rule), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            yield f"{prefix}found {found!r}, expected one of {', '.join(map(str, rule))}.{hint}"
        case "maximum":
            yield f"{prefix}found {found!r}, expected at most {rule}."
        case "minimum":
            yield f"{prefix}found {found!r}, expected at least {rule}."
        case "exclusiveMinimum":
            yield f"{prefix}found {found!r}, expected more than {rule}."
        case "exclusiveMaximum":
            yield f"{prefix}found {found!r}, expected less than {rule}."
        case "pattern" | "propertyNames":
            wanted = error.schema.get("description", f"text matching {rule}")
            yield f"{prefix}found {found!r}, expected {wanted}."
        case _:
            yield f"{prefix}{error.message}."


def number_hint(found: Any) -> str:
    """What to write instead of a number that YAML reads as text; empty for all else."""
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


def _kind(rule: str | list[str]) -> str:
    names = {"object": "a mapping", "array": "a list", "string": "text", "number": "a finite number",
             "integer": "a whole number", "boolean": "true or false", "null": "nothing"}  # fmt: skip
    kinds = [rule] if isinstance(rule, str) else rule
    return " or ".join(names[kind] for kind in kinds)


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
