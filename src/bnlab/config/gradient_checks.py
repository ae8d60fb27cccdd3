"""From the files of config/gradients to validated settings."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bnlab.config.fields import WITHOUT, different
from bnlab.config.reader import read_yaml
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.runs.declared import Declared

MOVED = 20_000
"""Parameters of one network that the gate moves one by one under one condition: some ten seconds, at most."""


Hidden = Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
"""The widths of hidden layers, lowest first."""


class Bounds(Declared):
    """How far two gradients may be apart."""

    relative: float = Field(gt=0, le=1e-3)
    """||a - n|| / max(||a||, ||n||) of a whole array, below this."""
    absolute: float = Field(gt=0, le=1e-3)
    """The largest |a - n| of an array, below this."""


class Tolerance(Declared):
    """The bounds of each oracle."""

    central: Bounds
    """Central differences."""
    complex: Bounds
    """The complex step."""
    autodiff: Bounds
    """Automatic differentiation."""
    update: Bounds
    """The update that training makes."""
    inference: float = Field(gt=0, le=1e-3)
    """Evaluation with moving averages: relative errors of averages, loss and cost; images classified otherwise."""


class Condition(Declared):
    """The images and settings under which gradients are compared."""

    batch: int = Field(ge=2, le=1000)
    """Images."""
    inputs: int = Field(ge=1, le=100_000)
    """How many of their first pixels; all, if they have fewer."""
    weight_decay: float = Field(ge=0)
    """Lambda."""
    epsilon: float = Field(ge=0)
    """Added to the variance."""
    spread: float = Field(ge=0)
    """Parameters are drawn again until every normalized unit's standard deviation over the batch is at least this."""
    entries: int = Field(ge=1)
    """How many entries of an array are moved one by one; a larger array is moved along random directions as well."""
    difference_layers: int = Field(default=WITHOUT, ge=2)
    """Networks of more layers are not compared with central differences; without it, all are."""
    layers: int = Field(default=WITHOUT, ge=2)
    """Networks of more layers leave the condition out; without it, none does."""


class SmallProblem(Declared):
    """A network small enough to move all its parameters one by one, and the images that it sees."""

    hidden: Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]
    """The widths of the hidden layers."""
    batch: int = Field(ge=2, le=1000)
    """Images of a mini-batch."""
    inputs: int = Field(ge=1, le=100)
    """How many of their first pixels."""
    weight_decay: float = Field(ge=0)
    """Lambda."""
    epsilon: float = Field(ge=0)
    """Added to the variance."""
    spread: float = Field(ge=0)
    """Parameters are drawn again until every normalized unit's standard deviation over the batch is at least this."""


class Updates(SmallProblem):
    """Updates that are compared with theta - learning rate * v, in every way in which a protocol can ask for them."""

    batch: int = Field(ge=3, le=500)
    """Images of a mini-batch, of which there are two."""
    momentum: float = Field(gt=0, lt=1)
    """What is left of the velocity after an update; updates without momentum are checked as well."""
    learning_rates: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=3)]
    """The learning rate of each update."""


class Inference(Declared):
    """Evaluations with moving averages that are compared with a second implementation."""

    images: int = Field(ge=2, le=1000)
    """Images that are evaluated."""
    batch: int = Field(ge=2, le=1000)
    """Images of a mini-batch whose statistics are averaged."""
    decay: float = Field(ge=0, lt=1)
    """What is left of the averages when a mini-batch is averaged in."""
    epsilon: float = Field(ge=0)
    """Added to the variance."""
    weight_decay: float = Field(gt=0)
    """Lambda."""


class Gate(Declared):
    """config/gradients/gate.yaml: what gradients, updates and evaluation have to pass before anything is trained."""

    networks: list[Hidden] = Field(min_length=1)
    """The networks that are checked."""
    batch_norm: Annotated[list[bool], different] = Field(min_length=1)
    """Without batch normalization, with it, or both."""
    step: float = Field(gt=0)
    """The step h of the central difference."""
    margin: float = Field(gt=0)
    """Parameters are drawn again until every pre-activation is at least this far from ReLU's kink."""
    conditions: list[Condition] = Field(min_length=1)
    """The conditions that every network is checked under."""
    updates: Updates
    """The updates that are checked."""
    inference: Inference
    """The evaluations that are checked."""
    tolerance: Tolerance
    """How closely the gradients must agree."""


class StepSizes(SmallProblem):
    """config/gradients/step_sizes.yaml: the error of numerical gradients against their step."""

    margin: float = Field(gt=0)
    """Parameters are drawn again until every pre-activation is at least this far from ReLU's kink."""
    largest: float = Field(gt=0, le=1)
    """The largest step."""
    smallest: float = Field(ge=1e-14)
    """The smallest step of differences."""
    smallest_complex: float = Field(ge=1e-200)
    """The smallest complex step."""
    per_decade: int = Field(ge=1, le=10)
    """Steps per factor of ten."""


class Triangle(Declared):
    """A learning rate that rises from minimum to maximum and falls again."""

    minimum: float = Field(ge=0)
    """The first and the last learning rate."""
    maximum: float = Field(gt=0)
    """The learning rate half way."""
    step: int = Field(ge=1, le=10_000)
    """Updates from minimum to maximum."""


class OverfitNetwork(Declared):
    """A network that learns a few images perfectly."""

    hidden: Hidden
    """The widths of its hidden layers."""
    batch_norm: bool
    """Whether it has batch normalization."""


class Overfit(Declared):
    """config/gradients/overfit.yaml: networks that learn a few images perfectly."""

    images: int = Field(ge=2, le=1000)
    """Images, all of them in every update."""
    schedule: Triangle
    """The learning rate over the updates."""
    epsilon: float = Field(ge=0)
    """Added to the variance."""
    networks: list[OverfitNetwork] = Field(min_length=1)
    """The networks that are trained."""


def load_gate_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/gate.yaml."""
    path, settings = _load(folder, "gate", Gate)
    for i, hidden in enumerate(settings["networks"]):
        if all(len(hidden) + 1 > condition.get("layers", len(hidden) + 1) for condition in settings["conditions"]):
            raise ConfigError(
                f"{path}: networks[{i}]: has {len(hidden) + 1} layers, which every condition leaves out, so it would "
                "pass unchecked. Raise `layers` of a condition, or leave the network out."
            )
    inference = settings["inference"]
    if inference["images"] < inference["batch"]:
        raise ConfigError(
            f"{path}: inference.images: found {inference['images']}, expected at least the batch, "
            f"{inference['batch']}, so that there is something to average. Raise it."
        )
    for i, hidden in enumerate(settings["networks"]):
        for j, condition in enumerate(settings["conditions"]):
            moved = _moved(hidden, condition["inputs"], condition["entries"])
            if moved > MOVED:
                raise ConfigError(
                    f"{path}: conditions[{j}].entries: with networks[{i}], found {moved:,} parameters to move one by "
                    f"one, expected at most {MOVED:,} (each costs three evaluations). Lower this number of entries per "
                    "array: what is not moved by itself is still covered by random directions and automatic "
                    "differentiation. Or lower the network's widths, or the inputs."
                )
    return settings


def load_step_sizes_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/step_sizes.yaml."""
    path, settings = _load(folder, "step_sizes", StepSizes)
    for key in ("smallest", "smallest_complex"):
        if settings[key] >= settings["largest"]:
            raise ConfigError(
                f"{path}: {key}: found {settings[key]}, expected less than largest, {settings['largest']}. Lower it."
            )
    return settings


def load_overfit_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/overfit.yaml."""
    path, settings = _load(folder, "overfit", Overfit)
    if settings["schedule"]["minimum"] > settings["schedule"]["maximum"]:
        raise ConfigError(
            f"{path}: schedule.minimum: found {settings['schedule']['minimum']}, expected at most the maximum, "
            f"{settings['schedule']['maximum']}. Lower it."
        )
    return settings


def _load(folder: Path, name: str, model: type[Declared]) -> tuple[Path, dict[str, Any]]:
    """The path and what it says, checked against the model but returned as written: 0 stays 0 in digests and tables."""
    path = folder / "gradients" / f"{name}.yaml"
    content: dict[str, Any] = read_yaml(path)
    check(model, content, source=str(path))
    return path, content


def _moved(hidden: list[int], inputs: int, entries: int) -> int:
    """How many parameters are moved: of every W, b, gamma and beta of a normalized network up to `entries`."""
    widths = [inputs, *hidden, 10]
    sizes = [below * above for below, above in pairwise(widths)] + widths[1:] + 2 * hidden
    return sum(min(size, entries) for size in sizes)
