"""The values along one axis of an experiment's grid: listed, spaced, or taken from what an earlier search found."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from bnlab.config.rankings import Ranked
from bnlab.errors import ConfigError

Axis = Literal["learning_rate", "weight_decay"]
RankingOf = Callable[[str], Sequence[Ranked] | None]
"""The ranking of an earlier experiment of the study, by its id; None before its runs are there."""


def axis_values(value: Any, axis: Axis, ranking_of: RankingOf, *, source: str) -> list[Any] | None:
    """The values of an axis; None when they wait for a search. All but listed ones are rounded to three digits.

    value: a list, {log_spaced = {from, to, count}}, {evenly_spaced = {from, to, count}}, {around = {search, factor,
    count}} or {best_of = {search, count}}. Raises ConfigError when values agree after rounding.
    """
    if isinstance(value, list):
        return value
    ((form, content),) = value.items()
    if form in _SPACINGS:
        return _spaced(form, content["from"], content["to"], content["count"], source=source)
    ranking = ranking_of(content["search"])
    if ranking is None:
        return None
    best = list(dict.fromkeys(getattr(ranked, axis) for ranked in ranking))
    if form == "best_of":
        return best[: content["count"]]
    if not best[0]:
        raise ConfigError(
            f"{source}.around: the best value of '{content['search']}' is {best[0]}: nothing is around it."
        )
    factor = content["factor"]
    return _spaced("log_spaced", best[0] / factor, best[0] * factor, content["count"], source=source)


def axis_length(value: Any) -> int:
    """How many values an axis has, known even while they wait for a search."""
    if isinstance(value, list):
        return len(value)
    (content,) = value.values()
    return int(content["count"])


def searches_of(values: Mapping[str, Any]) -> list[str]:
    """The searches that the axes of an experiment take values from."""
    forms = [form for value in values.values() if isinstance(value, dict) for form in value.values()]
    return list(dict.fromkeys(form["search"] for form in forms if "search" in form))


def _spaced(form: str, low: float, high: float, count: int, *, source: str) -> list[Any]:
    position, value = _SPACINGS[form]
    start, end = position(low), position(high)
    values = [float(f"{value(start + (end - start) * i / (count - 1)):.2e}") for i in range(count)]
    if len(set(values)) < count:
        raise ConfigError(
            f"{source}.{form}: found {count} values from {low} to {high}, some of which agree to three digits. Move "
            "the ends apart, or lower the count."
        )
    return values


_SPACINGS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "log_spaced": (math.log10, lambda x: 10**x),
    "evenly_spaced": (float, float),
}
