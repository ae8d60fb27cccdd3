"""Whose time it was: functions that are timed while a program runs."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any


class Clock:
    """Seconds by part, each without the parts inside it, as `timer` tells them."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = 0.0

    def timed(self, function: Callable[..., Any], part: Callable[..., str]) -> Callable[..., Any]:
        """The function, whose time counts for the part that its arguments say."""

        def wrapper(*arguments: Any, **named: Any) -> Any:
            outside, self._inside = self._inside, 0.0
            started = self._timer()
            result = function(*arguments, **named)
            elapsed = self._timer() - started
            self.seconds[part(*arguments)] += elapsed - self._inside
            self._inside = outside + elapsed
            return result

        return wrapper
