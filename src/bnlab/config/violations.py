"""What pydantic finds wrong with a file, in the words of whoever wrote the file."""

import difflib
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

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
    yield from _missing(model, errors)
    for error in errors:
        match error["type"]:
            case "missing" | "union_tag_not_found":
                continue
            case "extra_forbidden":
                yield _unknown_key(model, error["loc"])
            case "invalid_key":
                place = location(tuple(error["loc"][:-1]))
                yield f"{place and f'{place}: '}found the key {error['input']!r}, expected text: put it in quotes."
            case _:
                yield _wrong_value(model, error)


def _missing(model: type[BaseModel], errors: list[Any]) -> Iterator[str]:
    missing: dict[tuple[Any, ...], list[str]] = {}
    for error in errors:
        if error["type"] == "missing":
            missing.setdefault(error["loc"][:-1], []).append(error["loc"][-1])
        elif error["type"] == "union_tag_not_found":
            missing.setdefault(error["loc"], []).append(error["ctx"]["discriminator"].strip("'"))
    for loc, keys in missing.items():
        place, inside, kind = _located(model, loc)
        keys.sort(key=list(_keys(inside) if _is_model(inside) else keys).index)
        yield f"{_prefix(place)}missing {', '.join(map(repr, keys))}{kind and f', which {kind} needs'}."


def _unknown_key(model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    place, inside, kind = _located(model, loc[:-1])
    known = sorted(_keys(inside))
    return (
        f"{_prefix(place)}'{loc[-1]}' is not a key {f'of {kind}' if kind else 'here'}. "
        f"{_suggestion(loc[-1], known, ' ')}Known keys: {', '.join(known)}."
    )


def _wrong_value(model: type[BaseModel], error: Any) -> str:
    found, loc, context = error["input"], error["loc"], error.get("ctx", {})
    what = f"found {found!r}"
    if loc[-1:] == ("[key]",):
        what, loc = f"found the key {found!r}", loc[:-2]
    place, annotation, _ = _located(model, loc)
    match error["type"]:
        case "literal_error":
            return f"{_prefix(place)}{what}, {one_of(found, list(map(str, get_args(annotation))))}"
        case "union_tag_invalid":
            tags = context["expected_tags"].replace("'", "").split(", ")
            key = context["discriminator"].strip("'")
            return f"{_prefix((*place, key))}found {context['tag']!r}, {one_of(context['tag'], tags)}"
        case kind if kind in _LIMITS:
            word, limit = _LIMITS[kind]
            return f"{_prefix(place)}{what}, expected {word} {_number(context[limit])}."
        case kind if kind in _KINDS:
            return f"{_prefix(place)}{what}, expected {_KINDS[kind]}.{number_hint(found)}"
        case "value_error":
            # A model as a whole is not repeated: the message says what of it is wrong.
            return (
                f"{_prefix(place)}{'' if _is_model(annotation) else f'{what}, '}{context['error']}.{number_hint(found)}"
            )
    return f"{_prefix(place)}{what}: {error['msg']}."


_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_KINDS = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
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


def one_of(found: Any, known: list[str]) -> str:
    """What was expected in place of `found`, and which of the options was probably meant."""
    hint = _suggestion(found, known)
    return f"expected one of {', '.join(known)}.{hint and ' ' + hint}"


def _suggestion(found: Any, known: list[str], end: str = "") -> str:
    close = difflib.get_close_matches(str(found), known, n=1)
    return f"Did you mean '{close[0]}'?{end}" if close else ""


def _prefix(place: tuple[Any, ...]) -> str:
    where = location(place)
    return f"{where}: " if where else ""


def _located(model: type[BaseModel], loc: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, str]:
    """Where an error is: its key path, the annotation there, and "kind 'number'" where a key chose among models.

    Pydantic's path names the chosen members of unions too, which the writer of a file never sees.
    """
    place: tuple[Any, ...] = ()
    annotation, kind = _bare(model), ""
    for step in loc:
        if get_origin(annotation) in (Union, UnionType):
            annotation, kind = _member(annotation, step)
        else:
            place, kind = (*place, step), ""
            fields = _keys(annotation) if _is_model(annotation) else {}
            annotation = fields[step].annotation if fields else get_args(annotation)[-1]
        annotation = _bare(annotation)
    return place, annotation, kind


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a model by the keys of the file, which differ where Python has the word for itself."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _member(union: Any, tag: str) -> tuple[Any, str]:
    """The member of a union with that tag, and the key and its value that chose it, if a key did."""
    for member in get_args(union):
        if Tag(tag) in getattr(member, "__metadata__", ()):
            return member, ""
        for key, field in getattr(member, "model_fields", {}).items():
            if tag in get_args(field.annotation):
                return member, f"{key} '{tag}'"
    raise AssertionError(f"{union} has no {tag}")


def _bare(annotation: Any) -> Any:
    """An annotation without its metadata, and without None where it may be."""
    while True:
        members = [member for member in get_args(annotation) if member is not type(None)]
        if get_origin(annotation) is Annotated or (type(None) in get_args(annotation) and len(members) == 1):
            annotation = members[0]
        else:
            return annotation


def brief(error: Exception) -> str:
    """What is wrong with the content of a file that bnlab wrote itself, the first thing alone."""
    if not isinstance(error, ValidationError):
        return repr(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}"
