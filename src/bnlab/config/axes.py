"""The values along one axis of an experiment's grid: listed, spaced, or taken from what an earlier search found."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, Tag, model_validator

from bnlab.config.fields import LARGEST_RATE, WITHOUT, all_different, form
from bnlab.config.rankings import Ranked
from bnlab.errors import ConfigError
from bnlab.runs.declared import Declared


class Range(Declared):
    """Values between two ends."""

    from_: float = Field(alias="from", gt=0, le=1e6)
    """The first value."""
    to: float = Field(gt=0, le=1e6)
    """The last value."""
    count: int = Field(ge=2, le=1000)
    """How many values, ends included."""


class Around(Declared):
    """Values around the best one of a search, evenly spaced in their logarithm."""

    search: str
    """An earlier experiment of the study."""
    factor: float = Field(gt=1, le=1000)
    """From the best value divided by this to the best value times this."""
    count: int = Field(ge=2, le=1000)
    """How many values."""


class Top(Declared):
    """The best values of a search, best first."""

    search: str
    """An earlier experiment of the study."""
    count: int = Field(ge=1, le=1000)
    """How many values."""


class Form(Declared):
    """One of the ways to give an axis its values without listing them."""

    log_spaced: Range = Field(default=WITHOUT)
    """Evenly spaced in their logarithm."""
    evenly_spaced: Range = Field(default=WITHOUT)
    """Evenly spaced."""
    around: Around = Field(default=WITHOUT)
    """Around the best value of an earlier experiment."""
    top: Top = Field(default=WITHOUT)
    """The best values of an earlier experiment."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            given = ", ".join(sorted(self.model_fields_set)) or "none of them"
            raise ValueError(f"found {given}, expected exactly one of {', '.join(type(self).model_fields)}")
        return self


def _listed_or_formed(words: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, dict) or (isinstance(value, list) and value):
            return value if isinstance(value, dict) else all_different(value)
        raise ValueError(f"expected a list of {words}, or one of the other forms in docs/adding-a-study.md")

    return BeforeValidator(check)


LearningRates = Annotated[
    Annotated[list[Annotated[float, Field(gt=0, le=LARGEST_RATE)]], Tag("list")] | Annotated[Form, Tag("mapping")],
    form(list=list, mapping=dict),
    _listed_or_formed("numbers > 0"),
]
WeightDecays = Annotated[
    Annotated[list[Annotated[float, Field(ge=0)]], Tag("list")] | Annotated[Form, Tag("mapping")],
    form(list=list, mapping=dict),
    _listed_or_formed("numbers >= 0"),
]

Axis = Literal["learning_rate", "weight_decay"]
RankingOf = Callable[[str], Sequence[Ranked] | None]
"""The ranking of an earlier experiment of the study, by its id; None before its runs are there."""


def axis_values(value: Any, axis: Axis, ranking_of: RankingOf, *, source: str) -> list[Any] | None:
    """The values of an axis; None when they wait for a search. All but listed ones are rounded to three digits.

    value: a list, {log_spaced = {from, to, count}}, {evenly_spaced = {from, to, count}}, {around = {search, factor,
    count}} or {top = {search, count}}. Raises ConfigError when values agree after rounding.
    """
    if isinstance(value, list):
        return value
    ((kind, content),) = value.items()
    if kind in _SPACINGS:
        return _spaced(kind, content["from"], content["to"], content["count"], source=source)
    ranking = ranking_of(content["search"])
    if ranking is None:
        return None
    best = list(dict.fromkeys(getattr(ranked, axis) for ranked in ranking))
    if kind == "top":
        return best[: content["count"]]
    if not best[0]:
        raise ConfigError(
            f"{source}.around: the best value of '{content['search']}' is {best[0]}: nothing is around it."
        )
    return around(best[0], content, source=source)


def around(best: float, content: Mapping[str, Any], *, source: str) -> list[Any]:
    """The values around a best one. Raises ConfigError when they agree after rounding."""
    factor, count = content["factor"], content["count"]
    values = _between("log_spaced", best / factor, best * factor, count)
    if len(set(values)) < count:
        raise ConfigError(
            f"{source}.around: found {count} values within a factor of {factor:g} of {best:g}, some of which agree to "
            "three digits. Raise the factor, or lower the count."
        )
    return values


def axis_length(value: Any) -> int:
    """How many values an axis has, known even while they wait for a search."""
    if isinstance(value, list):
        return len(value)
    (content,) = value.values()
    return int(content["count"])


def searches_of(values: Mapping[str, Any]) -> list[str]:
    """The searches that the axes of an experiment take values from."""
    forms = [content for value in values.values() if isinstance(value, dict) for content in value.values()]
    return list(dict.fromkeys(content["search"] for content in forms if "search" in content))


def _spaced(kind: str, low: float, high: float, count: int, *, source: str) -> list[Any]:
    values = _between(kind, low, high, count)
    if len(set(values)) < count:
        raise ConfigError(
            f"{source}.{kind}: found {count} values from {low} to {high}, some of which agree to three digits. Move "
            "the ends apart, or lower the count."
        )
    return values


def _between(kind: str, low: float, high: float, count: int) -> list[Any]:
    position, value = _SPACINGS[kind]
    start, end = position(low), position(high)
    return [float(f"{value(start + (end - start) * i / (count - 1)):.2e}") for i in range(count)]


_SPACINGS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "log_spaced": (math.log10, lambda x: 10**x),
    "evenly_spaced": (float, float),
}
