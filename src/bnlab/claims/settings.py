"""What our configuration does where a report states a setting (docs/claims.md, rule 8)."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

from bnlab.claims.model import Cell
from bnlab.claims.numbers import printed_range
from bnlab.claims.outcomes import NOT_REPRODUCED, REPRODUCED, Finding, written
from bnlab.config.studies import Configuration
from bnlab.runs.spec import Protocol, RunSpec, Schedule


def judge_setting(reported: str, ours: float, *, truncated: bool = False) -> Finding:
    """A number that describes what was done, against what our configuration does."""
    low, high = printed_range(reported, truncated=truncated)
    room = 1e-9 * max(abs(low), abs(high))
    equal = low - room <= ours <= high + room
    differs = (
        "Our configuration has no single such number."
        if math.isnan(ours)
        else f"Our configuration has {written(ours, digits=6)}."
    )
    reason = "As our configuration has it." if equal else differs
    return Finding(REPRODUCED if equal else NOT_REPRODUCED, reason, ours)


def setting_value(name: str, cells: Sequence[Cell], configuration: Configuration) -> float:
    """The value of a claim's `property` in our configuration of these cells. NaN where they have several."""
    setting = cells[0].setting
    protocol = configuration.protocols[setting.protocol]
    if name in _STATED:
        return float(_STATED[name](setting, protocol))
    if name == "runs_per_seed":
        return float(len(cells))
    if name in ("initialization", "weight_decay", "learning_rate"):
        values = {getattr(cell.setting, name) for cell in cells}
        value = values.pop()
        return float(value) if not values and isinstance(value, float) else math.nan
    return _of_axis(name, cells, protocol.schedule)


def _of_axis(name: str, cells: Sequence[Cell], schedule: Schedule) -> float:
    """How many values an axis has, its ends, or its step."""
    axis, _, what = name.removeprefix("log10_").rpartition("_")
    if what in ("decays", "rates"):
        axis = f"{axis}_{what.removesuffix('s')}"
    own = {getattr(cell.setting, axis) for cell in cells}
    values = sorted({schedule.minimum, schedule.maximum} if None in own else own)
    match what:
        case "min":
            return _logarithm(values[0]) if name.startswith("log10") else values[0]
        case "max":
            return _logarithm(values[-1]) if name.startswith("log10") else values[-1]
        case "step":
            return _even_step(values)
    return float(len(own))


_STATED: Mapping[str, Callable[[RunSpec, Protocol], float]] = {
    "updates": lambda _, protocol: protocol.schedule.updates,
    "epochs": lambda _, protocol: protocol.schedule.updates * protocol.batch_size / protocol.training,
    "cycles": lambda _, protocol: protocol.schedule.cycles,
    "step": lambda _, protocol: protocol.schedule.step,
    "learning_rate_start": lambda run, protocol: run.learning_rate or protocol.schedule.minimum,
    "learning_rate_top": lambda run, protocol: run.learning_rate or protocol.schedule.maximum,
    "training": lambda _, protocol: protocol.training,
    "validation": lambda _, protocol: protocol.validation,
    "batch_size": lambda _, protocol: protocol.batch_size,
    "momentum": lambda _, protocol: protocol.momentum,
    "bn_decay": lambda _, protocol: protocol.bn_decay,
    "bn_epsilon": lambda _, protocol: protocol.bn_epsilon,
    "layers": lambda run, _: len(run.hidden) + 1,
    "width": lambda run, _: run.hidden[0] if run.hidden else 0,
}
"""What a report states about a training as a whole."""


def _logarithm(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _even_step(values: Sequence[float]) -> float:
    steps = [above - below for below, above in itertools.pairwise(values)]
    even = bool(steps) and max(steps) - min(steps) <= 1e-6 * max(steps)
    return steps[0] if even else math.nan
