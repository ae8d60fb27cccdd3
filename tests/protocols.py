"""Protocols of tests: a tiny one, complete, and variations of any."""

from typing import Any

from bnlab.runs.datasets import GENERATED
from bnlab.runs.spec import Protocol, Schedule

TINY: dict[str, Any] = {
    "data": "generated",
    "training": 300,
    "validation": 100,
    "batch_size": 50,
    "schedule": {"minimum": 1e-5, "maximum": 1e-1, "step": 3, "cycles": 1},
    "curve_points": 3,
    "probe": 50,
}
"""A protocol as YAML has it, all else at its default: six updates of mini-batches of fifty."""


def changed(protocol: Protocol, **changes: Any) -> Protocol:
    """The same protocol with other values, validated; those of the schedule may stand beside the others."""
    of_schedule = {key: changes.pop(key) for key in Schedule.model_fields.keys() & changes.keys()}
    content = protocol.model_dump() | {"data": protocol.data} | changes
    return Protocol.model_validate(content | {"schedule": {**content["schedule"], **of_schedule}})


def tiny_protocol(**changes: Any) -> Protocol:
    """The tiny protocol, with changes."""
    return changed(Protocol.model_validate(TINY | {"data": GENERATED}), **changes)
