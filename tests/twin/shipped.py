"""What the twins train, how the shipped program trains it, and how far two outcomes are apart.

Nothing here needs PyTorch; its side is torch_twin.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest import mock

import numpy as np

from bnlab.data.batches import StandardizedBatches
from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split, draw_split, make_split
from bnlab.numerics.parameters import Parameters
from bnlab.runs.datasets import GENERATED
from bnlab.runs.spec import Initialization, Protocol, RunSpec, Schedule
from bnlab.streams import stream
from bnlab.training import train as module
from bnlab.training.setup import Setup, batch_rows

TOLERANCE = 1e-12
SEED = 1
NETWORKS = {"50-50": (50, 50), "9-layer": (50, 30, 20, 20, 10, 10, 10, 10)}


class Beginning(Schedule):
    """The first updates of a schedule: `train` asks a schedule for its number of updates, and gets `first`."""

    first: int

    @property
    def updates(self) -> int:
        """As many as were asked for."""
        return self.first


@dataclass(frozen=True)
class Setting:
    """One training. The defaults are the official protocol's, over the first of its cycles.

    updates: how many of the cycle's 2 * step updates are made; None for all.
    """

    network: str
    batch_norm: bool
    momentum: float = 0.0
    maximum: float = 1e-1
    minimum: float = 1e-5
    step: int = 2250
    updates: int | None = None
    batch_size: int = 100
    weight_decay: float = 0.005
    initialization: Initialization = "he"
    bn_decay: float = 0.9
    bn_epsilon: float = 2.2e-16
    as_in_2017: bool = False
    """Scaled part by part, in one order every epoch, momentum from zero again every epoch, gamma and beta not learned,
    averages from a mean of 0 and a variance of 1."""

    @property
    def title(self) -> str:
        """For example 9-layer_bn_momentum0.9_eta0.01."""
        kind = f"{'bn' if self.batch_norm else 'plain'}{'_2017' if self.as_in_2017 else ''}"
        return f"{self.network}_{kind}_momentum{self.momentum:g}_eta{self.maximum:g}"

    @property
    def n_updates(self) -> int:
        """The exact number of updates."""
        return 2 * self.step if self.updates is None else self.updates

    def spec(self) -> RunSpec:
        """The run."""
        return RunSpec("twin", NETWORKS[self.network], self.batch_norm, self.initialization, self.weight_decay, SEED)

    def protocol(self, *, training: int = 0) -> Protocol:
        """The run's protocol; its curves have two points, before the first update and after the last.

        training: images, which count the updates of an epoch where momentum restarts; else the split tells.
        """
        schedule = Beginning(minimum=self.minimum, maximum=self.maximum, step=self.step, cycles=1, first=self.n_updates)
        return Protocol.model_construct(  # without validation: no image validates here
            data=GENERATED,
            training=training,
            validation=0,
            split="official_order" if self.as_in_2017 else "random",
            standardization="per_part" if self.as_in_2017 else "per_pixel",
            batch_size=self.batch_size,
            schedule=schedule,
            shuffling="none" if self.as_in_2017 else "every_epoch",
            momentum=self.momentum,
            momentum_restarts=self.as_in_2017,
            bn_affine=not self.as_in_2017,
            bn_decay=self.bn_decay,
            bn_initial_averages="zero_one" if self.as_in_2017 else "first_batch",
            bn_epsilon=self.bn_epsilon,
            curve_points=2,
            probe=5000,  # all validation images
        )


@dataclass(frozen=True)
class Data:
    """Images, uint8 (n, d), with labels, and which of them train."""

    images: np.ndarray
    labels: np.ndarray
    split: Split

    @classmethod
    def drawn(cls, images: np.ndarray, labels: np.ndarray, *, validation: int) -> "Data":
        """All images, `validation` of them drawn to validate and the rest to train."""
        rows = draw_split(
            len(images), training=len(images) - validation, validation=validation, random=stream(1, "split")
        )
        return cls(images, labels, Split(*rows, *pixel_statistics(images, rows[0])))

    def under(self, setting: Setting) -> "Data":
        """The same images, split and scaled as the setting says: official order and part by part, or as drawn."""
        if not setting.as_in_2017:
            return self
        n = len(self.split.training)
        split = make_split(
            self.images,
            training=n,
            validation=len(self.split.validation),
            seed=None,
            order="official_order",
            standardization="per_part",
        )
        return Data(self.images, self.labels, split)

    def batches(self, setting: Setting) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The mini-batches of a training: standardized images, float64 (n, d), in a reused buffer, and labels."""
        images = StandardizedBatches(self.images, self.split.scaling, size=setting.batch_size, dtype=np.float64)
        shuffle = None if setting.as_in_2017 else stream(SEED, "batches")
        order = batch_rows(self.split.training, setting.batch_size, shuffle)
        for _ in range(setting.n_updates):
            rows = next(order)
            yield images[rows], self.labels[rows]

    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """All validation images, standardized, with their labels."""
        rows = self.split.validation
        scaling = self.split.validation_scaling
        images = StandardizedBatches(self.images, scaling, size=len(rows), dtype=np.float64)
        return images[rows], self.labels[rows]

    def initial(self, setting: Setting) -> Parameters:
        """The parameters that a training starts from."""
        return Setup(setting.spec(), setting.protocol(), self.images, self.labels, self.split).parameters


@dataclass(frozen=True)
class Outcome:
    """What a training leaves: the loss of every mini-batch, (updates,), and named final arrays.

    arrays: W1, b1, gamma1, beta1 ..., the averages mean1, variance1 ..., and the final `validation` loss, (1,).
    """

    losses: np.ndarray
    arrays: dict[str, np.ndarray]
    accuracy: float


Watch = Callable[[int, dict[str, np.ndarray]], None]
"""Called with t and views of all parameters after t updates, for every t from 0 on."""


def shipped(setting: Setting, data: Data, watch: Watch | None = None) -> Outcome:
    """Train as the product does: `bnlab.training.train.train`, whose forward passes are overheard."""
    losses: list[float] = []
    forward = module.loss_forward

    def overheard(parameters: Parameters, *arguments: object) -> float:
        if watch is not None:
            watch(len(losses), dict(parameters.named()))
        losses.append(float(forward(parameters, *arguments)))
        return losses[-1]

    data = data.under(setting)
    protocol = setting.protocol(training=len(data.split.training))
    with mock.patch.object(module, "loss_forward", overheard):
        training = module.train(Setup(setting.spec(), protocol, data.images, data.labels, data.split))
    assert training.diverged_at is None
    arrays = dict(training.parameters.named())
    if watch is not None:
        watch(len(losses), arrays)
    for i, (mean, variance) in enumerate(zip(training.statistics.mean, training.statistics.variance, strict=True), 1):
        arrays |= {f"mean{i}": mean, f"variance{i}": variance}
    last = training.curves[-1].validation
    return Outcome(np.array(losses), arrays | {"validation": np.array([last.loss])}, last.accuracy)


def scale(setting: Setting, name: str, norm: float) -> float:
    """What a difference in the array `name` is compared with: the array's norm.

    A bias in front of a normalization has no effect on the loss, so it stays zero but for rounding, and has no
    scale of its own: its difference is taken as it is. So is that of a beta that is held at zero.
    """
    held = {"b", "beta"} if setting.as_in_2017 else {"b"}
    idle = setting.batch_norm and name in {f"{b}{i + 1}" for b in held for i in range(len(NETWORKS[setting.network]))}
    return 1.0 if idle else norm


def errors(setting: Setting, found: Outcome, expected: Outcome) -> dict[str, float]:
    """How far `found` is from `expected`: the largest relative error of a loss, and of each array in norm."""
    assert found.losses.shape == expected.losses.shape == (setting.n_updates,)
    assert found.arrays.keys() == expected.arrays.keys()
    distances = {"losses": float(np.max(np.abs(found.losses - expected.losses) / expected.losses))}
    for name, array in expected.arrays.items():
        assert found.arrays[name].shape == array.shape
        distance = np.linalg.norm(found.arrays[name] - array)
        distances[name] = float(distance / scale(setting, name, float(np.linalg.norm(array))))
    return distances
