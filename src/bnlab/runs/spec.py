"""What one run is: a `RunSpec` under a `Protocol`."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field, PlainSerializer, WithJsonSchema

from bnlab.errors import ConfigError
from bnlab.runs.datasets import DataSet
from bnlab.runs.declared import Declared

Scheme = Literal["he", "fan_in", "xavier"]
Initialization = Scheme | float
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
"""Initializations that follow from a layer's widths."""


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
                "of the run to start from, the eight hex digits of its digest."
            )
        object.__setattr__(self, "weight_decay", abs(self.weight_decay))
        if self.batch_norm and not self.hidden:
            raise ConfigError(
                "batch_norm: true was asked of a network without hidden layers, which has nothing to normalize. "
                "Add hidden layers, or set batch_norm: false for plain softmax regression."
            )


class Schedule(Declared):
    """The learning rate over the updates: from minimum to maximum and down again, `cycles` times (Smith 2015)."""

    minimum: float = Field(ge=0)
    """The learning rate at the ends of every cycle; equal to the maximum, it is constant."""
    maximum: float = Field(gt=0)
    """The learning rate in the middle of every cycle."""
    step: int = Field(ge=1)
    """Updates from minimum to maximum, half a cycle."""
    cycles: int = Field(ge=1)
    """How many cycles a training has: 2 * step * cycles updates."""
    decay: float = Field(default=1.0, gt=0, le=1)
    """What the learning rate is multiplied by after every epoch, on top of its cycle."""

    @property
    def updates(self) -> int:
        """The exact number of updates of a whole training."""
        return 2 * self.step * self.cycles


class Protocol(Declared):
    """Everything about a training that is not compared within one experiment (see config/protocols.yaml).

    A run's name leaves out what is at its default here, so that a new key with a default renames no run.
    """

    data: Annotated[DataSet, PlainSerializer(lambda data: data.name), WithJsonSchema({"type": "string"})]
    """The data set: cifar10, generated, or one of config/datasets.yaml. It is stored and written as its name."""
    training: int = Field(ge=1)
    """Images that train."""
    validation: int = Field(ge=0)
    """Images that validate; 0 trains on all, and then nothing can be chosen: no search, no validation curves."""
    split: Literal["random", "official_order", "validation_first"] = "random"
    """Which images: drawn anew for every seed; the first ones train and the next validate; or the reverse."""
    standardization: Literal["per_pixel", "scalar", "per_part", "per_image"] = "per_pixel"
    """How pixels are scaled (docs/decisions.md)."""
    precision: Literal["float64", "float32"] = "float64"
    """The floating-point numbers of the whole training."""
    batch_size: int = Field(default=100, ge=1)
    """Images of a mini-batch."""
    schedule: Schedule
    """The learning rate over the updates."""
    shuffling: Literal["every_epoch", "none"] = "every_epoch"
    """Whether mini-batches are drawn anew every epoch, or are the same ones in the same order."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """What is left of the velocity after an update."""
    momentum_restarts: bool = False
    """Whether the velocity is zero again at the start of every epoch."""
    backward: Literal["exact", "unnormalized_activations"] = "exact"
    """The backward pass: the right one, or fan2017's wrong one (src/bnlab/numerics/fan2017_bug.py)."""
    bn_affine: bool = True
    """Whether gamma and beta are learned; if not, they stay 1 and 0."""
    bn_decay: float = Field(default=0.9, ge=0, lt=1)
    """What is left of the moving averages of the batch statistics when a mini-batch is averaged in."""
    bn_initial_averages: Literal["first_batch", "zero_one"] = "first_batch"
    """Where those averages start: at the first mini-batch's statistics, or at mean 0 and variance 1."""
    bn_epsilon: float = Field(default=2.2e-16, ge=0)
    """Added to the variance inside the square root."""
    curve_points: int = Field(ge=2)
    """Evaluations along the training, evenly spaced, first and last update included."""
    probe: int = Field(ge=1)
    """On how many images of the training and of the validation part, the first ones, curves are evaluated."""
