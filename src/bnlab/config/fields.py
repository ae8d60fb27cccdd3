"""Kinds of values that several files of the configuration have."""

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, WithJsonSchema

from bnlab.runs.spec import SCHEMES

WITHOUT: Any = None
"""The default of a key that may be left out but not left empty."""
NAME = r"[a-z][a-z0-9_-]{0,39}"


def expect(pattern: str, words: str) -> BeforeValidator:
    """Accept text that matches a pattern; `words` say what was expected instead of other values."""

    def matching(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"expected {words}")
        return value

    return BeforeValidator(matching)


def form(**forms: type) -> Discriminator:
    """Tell by its type which of several forms a value has; a value of none of these types has the last form."""

    def tag(value: Any) -> str:
        return next((name for name, kind in forms.items() if isinstance(value, kind)), name_of_last)

    *_, name_of_last = forms
    return Discriminator(tag)


def all_different(values: list[Any]) -> list[Any]:
    """A list without repeated values. Raises ValueError, for pydantic to collect."""
    if any(value in values[:i] for i, value in enumerate(values)):
        raise ValueError("expected values that differ")
    return values


def ascending(values: list[float]) -> list[float]:
    """A pair of numbers, low and high. Raises ValueError, for pydantic to collect."""
    if values[0] > values[1]:
        raise ValueError("expected low, high")
    return values


def text_or_nothing(value: Any) -> str | None:
    """Text, or None. Raises ValueError, for pydantic to collect."""
    if value is not None and not isinstance(value, str):
        raise ValueError("expected text or nothing")
    return value


def _scheme_or_deviation(value: Any) -> str | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value in SCHEMES or (is_number and 0 < value < math.inf):
        return value  # type: ignore[no-any-return]
    raise ValueError("expected he, fan_in, xavier, or a standard deviation > 0")


different = AfterValidator(all_different)
Id = Annotated[
    str,
    expect(NAME, "a name of lower-case letters, digits, '_' and '-' that starts with a letter, at most 40"),
    Field(pattern=f"^{NAME}$"),
]
Initialization = Annotated[
    Any,
    BeforeValidator(_scheme_or_deviation),
    WithJsonSchema({"anyOf": [{"enum": list(SCHEMES)}, {"type": "number", "exclusiveMinimum": 0}]}),
]
Layers = list[Annotated[int, Field(ge=1, le=100_000)]]
"""The widths of hidden layers, lowest first."""
LARGEST_RATE = 1e6
"""A larger learning rate is a slip of the pen."""
Interval = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(ascending)]
"""The lowest and the highest value."""
