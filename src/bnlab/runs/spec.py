"""What one run is: a `RunSpec` under a `Protocol`."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bnlab.errors import ConfigError

Initialization = Literal["he", "fan_in"] | float


@dataclass(frozen=True)
class RunSpec:
    """One cell of an experiment's grid with one seed.

    initialization: a scheme or a standard deviation.  learning_rate: constant, in place of the protocol's schedule, of
    which only the number of updates is left; None follows the schedule.  warm_start: the digest that ends the name of
    the run from whose last state this one starts, in place of fresh parameters; None starts afresh.
    """

    protocol: str
    hidden: tuple[int, ...]
    batch_norm: bool
    initialization: Initialization
    weight_decay: float
    seed: int
    learning_rate: float | None = None
    warm_start: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run, and spell zero in one way."""
        sigma = self.initialization if isinstance(self.initialization, float) else 1.0
        if not (
            all(1 <= width < 10**6 for width in self.hidden)
            and 0 < sigma < math.inf
            and 0 <= self.weight_decay < math.inf
            and (self.learning_rate is None or 0 < self.learning_rate < math.inf)
            and 1 <= self.seed < 10**9
            and (self.warm_start is None or re.fullmatch("[0-9a-f]{8}", self.warm_start))
        ):
            raise ConfigError(
                f"{self} cannot be run: expected widths from 1 to 999,999, a finite standard deviation > 0, a finite "
                "weight decay >= 0, a finite learning rate > 0 (or none), a seed from 1 to 999,999,999 and, "
                "of the run to go on from, the eight hex digits of its digest."
            )
        object.__setattr__(self, "weight_decay", abs(self.weight_decay))
        if self.batch_norm and not self.hidden:
            raise ConfigError(
                "batch_norm: true was asked of a network without hidden layers, which has nothing to normalize. "
                "Add hidden layers, or set batch_norm: false for plain softmax regression."
            )


@dataclass(frozen=True)
class Schedule:
    """The learning rate over the updates, counted from 0.

    cyclical: from `minimum` up to `maximum` in `step` updates and down again, `cycles` times.
    constant: `maximum` throughout (`minimum` equal to it), for 2 * step * cycles updates.
    """

    minimum: float
    maximum: float
    step: int
    cycles: int

    @property
    def updates(self) -> int:
        """The exact number of updates of a whole training."""
        return 2 * self.step * self.cycles


@dataclass(frozen=True)
class Protocol:
    """Everything about a training that is not compared within one experiment (see config/protocols.yaml)."""

    data: str
    training: int
    validation: int
    split: str
    standardization: str
    precision: str
    batch_size: int
    schedule: Schedule
    shuffling: str
    momentum: float
    momentum_restarts: bool
    backward: str
    bn_affine: bool
    bn_decay: float
    bn_initial_averages: str
    bn_epsilon: float
    curve_points: int
    probe: int

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Protocol":
        """Build a protocol from its validated configuration; the exact inverse of `asdict`."""
        return cls(**{**content, "schedule": Schedule(**content["schedule"])})
