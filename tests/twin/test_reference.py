"""The shipped training against PyTorch's, of which a few kilobytes are stored: no PyTorch is needed."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from make_reference import REFERENCE, SETTINGS, errors
from shipped import TOLERANCE, Data, Setting, shipped

from bnlab.data.splits import Split
from bnlab.numerics import layers
from bnlab.numerics.arrays import Array
from bnlab.numerics.optimizer import add_weight_decay
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.training import setup as module
from bnlab.training import update


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    """What PyTorch found, by the title of the setting."""
    content: dict[str, Any] = json.loads(REFERENCE.read_text())
    return content


def test_the_reference_has_exactly_the_settings_of_its_script(stored: dict[str, Any]) -> None:
    """No setting is missing from the stored file, and none is left over."""
    assert list(stored) == [setting.title for setting in SETTINGS]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.title)
def test_every_loss_and_the_final_state_are_pytorch_s(
    setting: Setting, generated: Data, stored: dict[str, Any]
) -> None:
    """Losses of all updates, final parameters, averages and validation agree to 1e-12; the accuracy exactly."""
    found = errors(setting, shipped(setting, generated), stored[setting.title])
    assert found.pop("accuracy") == 0
    assert max(found.values()) <= TOLERANCE, found


# Wrong programs: the shipped one with one thing changed. The functions below make the changes.

Patch = pytest.MonkeyPatch
Mutation = Callable[[Patch], None]


def gradients(change: Callable[[Parameters], object]) -> Mutation:
    """Change the whole gradient in front of the update."""

    def mutate(patch: Patch) -> None:
        right = update.descend

        def mutant(theta: Parameters, g: Parameters, *rest: Any, **options: Any) -> None:
            change(g)
            right(theta, g, *rest, **options)

        patch.setattr(update, "descend", mutant)

    return mutate


def swap(g: Parameters, layer: slice = slice(None)) -> None:
    """Exchange the gradients of gamma and beta."""
    for gamma, beta in zip(g.gamma[layer], g.beta[layer], strict=True):
        gamma[:], beta[:] = beta.copy(), gamma.copy()


def decay(*families: str, factor: float = 2.0) -> Mutation:
    """Add factor * lambda * theta to the gradients of other families of parameters, or with another factor."""

    def mutate(patch: Patch) -> None:
        right = update.descend

        def mutant(
            theta: Parameters, g: Parameters, v: Parameters | None, *, weight_decay: float, **options: Any
        ) -> None:
            for (name, gradient), (_, value) in zip(g.named(), theta.named(), strict=True):
                if name.rstrip("0123456789") in families:
                    gradient += factor * weight_decay * value
            right(theta, g, v, weight_decay=0.0, **options)

        patch.setattr(update, "descend", mutant)

    return mutate


def step(form: Callable[[Array, Array, Array, float, float], Array]) -> Mutation:
    """Move the parameters by -form(g, v, eta, rho), which also updates the velocity v."""

    def mutant(
        theta: Parameters,
        g: Parameters,
        v: Parameters,
        *,
        learning_rate: float,
        weight_decay: float,
        momentum: float,
        scratch: Array,
    ) -> None:
        add_weight_decay(g, theta, weight_decay, scratch=scratch)
        theta.flat -= form(g.flat, v.flat, learning_rate, momentum)

    return lambda patch: patch.setattr(update, "descend", mutant)


def accumulated(v: Array, rho: float, g: Array) -> Array:
    """The velocity v, updated in place to rho v + g."""
    v *= rho
    v += g
    return v


def averages(change: Callable[[RunningStatistics], None]) -> Mutation:
    """Change the averages when they are made."""

    class Mutant(RunningStatistics):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            change(self)

    return lambda patch: patch.setattr(module, "RunningStatistics", Mutant)


def start_from_zero_and_one(statistics: RunningStatistics) -> None:
    """As PyTorch and Keras do by default."""
    statistics._started = True


def keep_a_tenth(statistics: RunningStatistics) -> None:
    """PyTorch's meaning of the setting: 1 - alpha."""
    statistics.decay = 1 - statistics.decay


def average_unbiased_variances(patch: Patch) -> None:
    """Divided by n - 1, as in PyTorch's averages."""
    right = RunningStatistics.update

    def mutant(self: RunningStatistics, moments: list[tuple[Array, Array]]) -> None:
        right(self, [(mean, variance * 100 / 99) for mean, variance in moments])

    patch.setattr(RunningStatistics, "update", mutant)


def constant_moments(
    g: Array, s_hat: Array, inverse_std: Array, gamma: Array, *, g_gamma: Array, g_beta: Array
) -> None:
    """Take the mini-batch's mean and variance for constants in the backward pass."""
    g_gamma[:], g_beta[:] = (g * s_hat).sum(axis=0), g.sum(axis=0)
    g *= gamma * inverse_std


def default_epsilon(patch: Patch) -> None:
    """1e-5, as in PyTorch."""
    right = layers.batch_norm_forward
    patch.setattr(layers, "batch_norm_forward", lambda *a, **options: right(*a, **options | {"epsilon": 1e-5}))


def next_rate(patch: Patch) -> None:
    """Count updates from 1."""
    right = module.triangular
    patch.setattr(module, "triangular", lambda update, **schedule: right(update + 1, **schedule))


def one_order(patch: Patch) -> None:
    """Shuffle once, not every epoch."""
    right = module.batch_rows

    def mutant(rows: Array, size: int, random: np.random.Generator) -> Any:
        order = right(rows, size, random)
        epoch = [next(order) for _ in range(len(rows) // size)]
        while True:
            yield from epoch

    patch.setattr(module, "batch_rows", mutant)


def predict_by_initial_statistics(patch: Patch) -> None:
    """Evaluate as if the averages had never been updated."""
    right = layers.batch_norm_inference

    def mutant(s: Array, gamma: Array, beta: Array, *_: Array, epsilon: float) -> None:
        right(s, gamma, beta, np.zeros_like(gamma), np.ones_like(gamma), epsilon=epsilon)

    patch.setattr(layers, "batch_norm_inference", mutant)


def vary(patch: Patch, **changes: Any) -> None:
    """Train under a protocol that differs in one thing."""
    right = Setting.protocol
    patch.setattr(Setting, "protocol", lambda self, **options: right(self, **options).model_copy(update=changes))


def scale_validation_by_training(patch: Patch) -> None:
    """Subtract the training part's mean from validation images too."""
    patch.setattr(Split, "validation_scaling", property(lambda split: split.scaling))


WIDE_BN, WIDE, DEEP_BN, DEEP, MOMENTUM = SETTINGS[:5]
OLD = SETTINGS[-1]
WRONG: dict[str, tuple[Setting, Mutation]] = {
    "gamma and beta swapped": (WIDE_BN, gradients(swap)),
    "gamma and beta swapped, with momentum": (MOMENTUM, gradients(swap)),
    "gamma and beta swapped in one of eight layers": (DEEP_BN, gradients(lambda g: swap(g, slice(3, 4)))),
    "output bias never trained": (DEEP, gradients(lambda g: g.biases[-1].fill(0))),
    "hidden biases never trained": (WIDE, gradients(lambda g: [b.fill(0) for b in g.biases[:-1]])),
    "lambda on the biases too": (WIDE, decay("W", "b")),
    "lambda on the biases too, with BN": (WIDE_BN, decay("W", "b")),
    "lambda on gamma too": (WIDE_BN, decay("W", "gamma")),
    "lambda on beta too": (WIDE_BN, decay("W", "beta")),
    "no weight decay": (DEEP_BN, decay()),
    "half the weight decay": (DEEP, decay("W", factor=1.0)),
    "no momentum": (MOMENTUM, step(lambda g, _v, eta, _rho: eta * g)),
    "rate inside the velocity": (MOMENTUM, step(lambda g, v, eta, rho: accumulated(v, rho, eta * g))),
    "damped momentum": (MOMENTUM, step(lambda g, v, eta, rho: eta * accumulated(v, rho, (1 - rho) * g))),
    "Nesterov momentum": (MOMENTUM, step(lambda g, v, eta, rho: eta * (g + rho * accumulated(v, rho, g)))),
    "averages from (0, 1)": (WIDE_BN, averages(start_from_zero_and_one)),
    "alpha for 1 - alpha": (WIDE_BN, averages(keep_a_tenth)),
    "unbiased variance averaged": (DEEP_BN, average_unbiased_variances),
    "moments constant": (WIDE_BN, lambda patch: patch.setattr(layers, "batch_norm_backward", constant_moments)),
    "ReLU forgotten backwards": (WIDE, lambda patch: patch.setattr(layers, "relu_backward", lambda _g, _h: None)),
    "epsilon 1e-5": (WIDE_BN, default_epsilon),
    "rate of the next update": (DEEP, next_rate),
    "one order for all epochs": (WIDE, one_order),
    "predictions by initial statistics": (WIDE_BN, predict_by_initial_statistics),
    "momentum never restarted": (OLD, lambda patch: vary(patch, momentum_restarts=False)),
    "momentum restarted every third of an epoch": (
        OLD,
        lambda patch: vary(patch, training=600),
    ),
    "shuffled after all": (OLD, lambda patch: vary(patch, shuffling="every_epoch")),
    "gamma and beta learned after all": (OLD, lambda patch: vary(patch, bn_affine=True)),
    "averages from the first mini-batch": (OLD, lambda patch: vary(patch, bn_initial_averages="first_batch")),
    "normalization forgotten backwards": (OLD, lambda patch: vary(patch, backward="unnormalized_activations")),
    "validation scaled by the training part": (OLD, scale_validation_by_training),
}


def test_the_right_pieces_put_in_by_the_mutations_change_nothing(
    generated: Data, stored: dict[str, Any], monkeypatch: Patch
) -> None:
    """What rejects the wrong programs is what is wrong in them, not how it is put in."""
    for mutate in (
        gradients(lambda _: None),
        decay("W"),
        step(lambda g, v, eta, rho: eta * accumulated(v, rho, g)),
        averages(lambda _: None),
    ):
        mutate(monkeypatch)
    found = errors(MOMENTUM, shipped(MOMENTUM, generated), stored[MOMENTUM.title])
    assert max(found.values()) <= TOLERANCE, found


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_is_far_from_pytorch(
    name: str, generated: Data, stored: dict[str, Any], monkeypatch: Patch
) -> None:
    """Each single fault moves something a million times further than the tolerance."""
    setting, mutate = WRONG[name]
    mutate(monkeypatch)
    found = errors(setting, shipped(setting, generated), stored[setting.title])
    assert max(found.values()) > 1e6 * TOLERANCE, found
