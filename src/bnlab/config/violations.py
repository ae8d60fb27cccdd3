"""What pydantic finds wrong with a file, in the words of the one who wrote it."""

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bnlab.config.reader import location, number_hint
from bnlab.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def check(model: type[M], content: Any, *, source: str) -> M:
    """The validated model. Raises one ConfigError that lists every violation: file, key, found and expected."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        errors = sorted(error.errors(include_url=False), key=lambda found: list(map(str, found["loc"])))
        found = dict.fromkeys(f"{source}: {text}" for text in _explain(model, errors))
        raise ConfigError("\n".join(found)) from error


def _explain(model: type[BaseModel], errors: list[Any]) -> Iterator[str]:
    missing: dict[tuple[Any, ...], list[str]] = {}
    for error in errors:
        if error["type"] == "missing":
            missing.setdefault(error["loc"][:-1], []).append(error["loc"][-1])
    for place, keys in missing.items():
        yield f"{_prefix(place)}missing {', '.join(map(repr, keys))}."
    for error in errors:
        place, found, context = error["loc"], error["input"], error.get("ctx", {})
        match error["type"]:
            case "missing":
                continue
            case "extra_forbidden":
                known = sorted(_model_at(model, place[:-1]).model_fields)
                yield (
                    f"{_prefix(place[:-1])}'{place[-1]}' is not a key here. {_suggestion(place[-1], known, ' ')}"
                    f"Known keys: {', '.join(known)}."
                )
            case "literal_error":
                known = [str(choice) for choice in _choices(model, place)]
                hint = _suggestion(found, known)
                yield f"{_prefix(place)}found {found!r}, expected one of {', '.join(known)}.{hint and ' ' + hint}"
            case kind if kind in _LIMITS:
                word, limit = _LIMITS[kind]
                yield f"{_prefix(place)}found {found!r}, expected {word} {_number(context[limit])}."
            case kind if kind in _KINDS:
                yield f"{_prefix(place)}found {found!r}, expected {_KINDS[kind]}.{number_hint(found)}"
            case _:
                yield f"{_prefix(place)}found {found!r}: {error['msg'].removeprefix('Value error, ')}."


_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_KINDS = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a finite number",
    "finite_number": "a finite number",
}


def _number(limit: float) -> str:
    return f"{int(limit)}" if limit == int(limit) else repr(limit)


def _suggestion(found: Any, known: list[str], end: str = "") -> str:
    close = difflib.get_close_matches(str(found), known, n=1)
    return f"Did you mean '{close[0]}'?{end}" if close else ""


def _prefix(place: tuple[Any, ...]) -> str:
    where = location(place)
    return f"{where}: " if where else ""


def _annotation(model: type[BaseModel], place: tuple[Any, ...]) -> Any:
    """The annotation at a key path of the model."""
    annotation: Any = model
    for step in place:
        annotation = annotation.model_fields[step].annotation if isinstance(step, str) else get_args(annotation)[0]
    return annotation


def _model_at(model: type[BaseModel], place: tuple[Any, ...]) -> type[BaseModel]:
    found: type[BaseModel] = _annotation(model, place)
    return found


def _choices(model: type[BaseModel], place: tuple[Any, ...]) -> tuple[Any, ...]:
    return get_args(_annotation(model, place))


def all_different(values: list[Any]) -> list[Any]:
    """A list without repeated values. Raises ValueError, for pydantic to collect."""
    if any(value in values[:i] for i, value in enumerate(values)):
        raise ValueError("expected values that differ")
    return values
