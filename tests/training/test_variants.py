"""What a protocol can ask for besides the official training: each variant is the plain program's, and no other's."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from plain import Plain

from bnlab.data.splits import Split
from bnlab.numerics.fan2017_bug import use_unnormalized_activations
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.parameters import Network, Parameters
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream
from bnlab.training import update as module
from bnlab.training.setup import Setup, batch_rows
from bnlab.training.train import Training, train

WRONG = "unnormalized_activations"
FAN = {"shuffling": "none", "momentum": 0.9, "minimum": 0.01, "maximum": 0.01}
VARIANTS: dict[str, dict[str, Any]] = {
    "one scalar": {"standardization": "scalar"},
    "per image": {"standardization": "per_image", "split": "official_order"},
    "per part": {"standardization": "per_part", "split": "official_order", "maximum": 0.2},
    "validation first": {"split": "validation_first", "standardization": "scalar"},
    "no shuffling": {"shuffling": "none"},
    "momentum that restarts": {"momentum": 0.9, "momentum_restarts": True, "maximum": 0.01},
    "gamma and beta held": {"bn_affine": False},
    "gamma and beta held, with momentum": {"bn_affine": False, "momentum": 0.9, "maximum": 0.01},
    "averages from 0 and 1": {"bn_initial_averages": "zero_one"},
    "a rate that decays": {"decay": 0.7},
    "no image validates": {"validation": 0, "training": 300},
    "no image validates, per part": {"validation": 0, "standardization": "per_part", "split": "official_order"},
    "the wrong backward pass": {"backward": WRONG},
    "fan2017, as coded": FAN | {"bn_affine": False, "backward": WRONG, "momentum_restarts": True, "bn_epsilon": 0.0},
}


def trained(tiny: SimpleNamespace, spec: RunSpec, protocol: Protocol) -> Training:
    """Train on the tiny data set, split and scaled as the protocol says."""
    return train(Setup(spec, protocol, tiny.images, tiny.labels, tiny.split_of(protocol)))


def gap(training: Training, plain: Plain) -> float:
    """The largest difference of a parameter or an average from the plain program's."""
    found = dict(training.parameters.named())
    for i, (mean, variance) in enumerate(zip(training.statistics.mean, training.statistics.variance, strict=True), 1):
        found |= {f"mean{i}": mean, f"variance{i}": variance}
    expected = plain.theta | plain.average
    assert found.keys() == expected.keys()
    return max(float(np.max(np.abs(found[name] - expected[name]))) for name in found)


@pytest.mark.parametrize("batch_norm", [True, False], ids=["bn", "plain"])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_that_of_the_plain_program(tiny: SimpleNamespace, name: str, batch_norm: bool) -> None:
    """Parameters, averages and every number of the curves agree to 1e-9 with the plain program's."""
    protocol, spec = tiny.protocol(**VARIANTS[name] | {"probe": 35}), tiny.spec(batch_norm=batch_norm)
    training = trained(tiny, spec, protocol)
    plain = Plain(tiny, spec, protocol, split=tiny.split_of(protocol)).train()
    assert training.diverged_at is None
    assert gap(training, plain) < 1e-9
    for point in training.curves:
        assert (point.validation is None) == (protocol.validation == 0)
        for part, rows in ((point.probe, plain.training[:35]), (point.validation, plain.validation[:35])):
            if part is None:
                continue
            found = (part.loss, part.cost, part.accuracy)
            assert found == pytest.approx(plain.evaluate(point.update, rows), rel=1e-9)


ALONE: list[dict[str, Any]] = [
    {"standardization": "scalar"},
    {"standardization": "per_image"},
    {"shuffling": "none"},
    {"momentum_restarts": True},
    {"bn_affine": False},
    {"bn_initial_averages": "zero_one"},
    {"backward": WRONG},
    {"decay": 0.9},
]


@pytest.mark.parametrize("change", ALONE, ids=lambda change: next(iter(change)))
def test_every_setting_makes_a_difference(tiny: SimpleNamespace, change: dict[str, Any]) -> None:
    """Each of the new settings alone moves a training with momentum by far more than rounding."""
    base = tiny.protocol(momentum=0.9, maximum=0.01)
    protocol = tiny.protocol(momentum=0.9, maximum=0.01, **change)
    plain = Plain(tiny, tiny.spec(), base, split=tiny.split_of(base)).train()
    assert gap(trained(tiny, tiny.spec(), base), plain) < 1e-9
    assert gap(trained(tiny, tiny.spec(), protocol), plain) > 1e-4


def test_without_shuffling_every_epoch_is_the_same() -> None:
    """The mini-batches come in the order of the split, again and again; what is left over never trains."""
    rows = np.array([7, 3, 9, 1, 5, 0, 2], np.int32)
    order = batch_rows(rows, 3, None)
    epochs = [np.concatenate([next(order), next(order)]).tolist() for _ in range(3)]
    assert epochs == [rows[:6].tolist()] * 3


def test_without_shuffling_the_seed_still_draws_weights(tiny: SimpleNamespace) -> None:
    """Two seeds see the same mini-batches in the same order, from other weights."""
    protocol = tiny.protocol(shuffling="none", split="official_order")
    one, two = (trained(tiny, tiny.spec(seed=seed), protocol) for seed in (1, 2))
    assert not np.array_equal(one.parameters.flat, two.parameters.flat)
    assert tiny.split_of(protocol).training.tolist() == list(range(260))


def test_momentum_restarts_at_the_first_update_of_every_epoch(
    tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten mini-batches an epoch: what the velocity is before updates 0, 10, 20 and 30 is nothing, else something."""
    idle: list[int] = []
    descend, made = module.descend, iter(range(1000))

    def watched(parameters: Parameters, gradients: Parameters, velocity: Parameters, **options: Any) -> None:
        update = next(made)
        if not velocity.flat.any():
            idle.append(update)
        descend(parameters, gradients, velocity, **options)

    monkeypatch.setattr(module, "descend", watched)
    trained(tiny, tiny.spec(), tiny.protocol(momentum=0.9, momentum_restarts=True, maximum=0.01))
    assert idle == [0, 10, 20, 30]
    assert next(made) == 32


def test_restarts_without_momentum_change_nothing(tiny: SimpleNamespace) -> None:
    """Where nothing is remembered, nothing can be forgotten: the same bits."""
    one, two = (trained(tiny, tiny.spec(), tiny.protocol(momentum_restarts=on)) for on in (False, True))
    np.testing.assert_array_equal(one.parameters.flat, two.parameters.flat)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gamma_and_beta_are_held_exactly(tiny: SimpleNamespace, momentum: float) -> None:
    """Not a bit of them moves, whatever the weight decay; the weights of the same network do."""
    protocol = tiny.protocol(bn_affine=False, momentum=momentum, maximum=0.01)
    parameters = trained(tiny, tiny.spec(weight_decay=0.1), protocol).parameters
    assert all((gamma == 1).all() for gamma in parameters.gamma)
    assert all((beta == 0).all() for beta in parameters.beta)
    learned = trained(tiny, tiny.spec(weight_decay=0.1), tiny.protocol(momentum=momentum, maximum=0.01)).parameters
    assert all((gamma != 1).all() for gamma in learned.gamma)
    assert all((beta != 0).all() for beta in learned.beta)


@pytest.mark.parametrize("average", [0.0, 0.9, 0.99])
def test_averages_from_zero_and_one_are_their_formula(tiny: SimpleNamespace, average: float) -> None:
    """After t equal mini-batches: (1 - a^t) of their mean; of their variance that and a^t."""
    rows = np.arange(25, dtype=np.int32)
    split = Split(rows, tiny.split.validation, tiny.split.mean, tiny.split.std)
    frozen = {"minimum": 1e-300, "maximum": 1e-300, "step": 3, "cycles": 1, "curve_points": 2}
    protocol = tiny.protocol(bn_decay=average, bn_initial_averages="zero_one", training=25, shuffling="none", **frozen)
    statistics = train(Setup(tiny.spec(), protocol, tiny.images, tiny.labels, split)).statistics
    weight = np.zeros((3072, 12))
    weight[:] = np.sqrt(2 / 3072) * stream(1, "weights").standard_normal((3072, 12))
    s = (tiny.images[rows] - tiny.split.mean) / tiny.split.std @ weight
    kept = average**6
    np.testing.assert_allclose(statistics.mean[0], (1 - kept) * s.mean(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(statistics.variance[0], (1 - kept) * s.var(axis=0) + kept, rtol=1e-9)


class Small:
    """A network with batch normalization over 9 samples, whose hidden units are shifted, stretched and turned."""

    def __init__(self) -> None:
        """Draw everything, gamma and beta too."""
        random = np.random.default_rng(7)
        self.parameters = Parameters.zeros(Network((6, 5, 4, 3), batch_norm=True, epsilon=1e-3), np.float64)
        self.parameters.flat[:] = random.standard_normal(self.parameters.flat.size)
        self.x, self.y = random.standard_normal((9, 6)), random.integers(0, 3, 9)

    def gradients(self, *, wrong: bool) -> dict[str, np.ndarray]:
        """The shipped gradients, of the right or of the wrong backward pass."""
        network = self.parameters.network
        work, gradients = Workspace(network, 9, np.float64), Parameters.zeros(network, np.float64)
        loss_forward(self.parameters, self.x, self.y, work)
        if wrong:
            use_unnormalized_activations(work)
        loss_backward(self.parameters, self.x, self.y, work, gradients=gradients)
        return dict(gradients.named())

    def naive(self, *, wrong: bool) -> dict[str, np.ndarray]:
        """The same by plain formulas: three layers, one after the other."""
        theta = dict(self.parameters.named())
        h, inputs, masks, hats, stds = self.x, [self.x], [], [], []
        for i in (1, 2):
            s = h @ theta[f"W{i}"] + theta[f"b{i}"]
            stds.append(np.sqrt(s.var(axis=0) + 1e-3))
            hats.append((s - s.mean(axis=0)) / stds[-1])
            out = theta[f"gamma{i}"] * hats[-1] + theta[f"beta{i}"]
            h = np.maximum(out, 0)
            masks.append(s > 0 if wrong else out > 0)
            inputs.append(np.maximum(s, 0) if wrong else h)
        scores = h @ theta["W3"] + theta["b3"]
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        g = (p - np.eye(3)[self.y]) / 9
        gradients = {"W3": inputs[2].T @ g, "b3": g.sum(axis=0)}
        for i in (2, 1):
            g = g @ theta[f"W{i + 1}"].T * masks[i - 1]
            gradients |= {f"gamma{i}": (g * hats[i - 1]).sum(axis=0), f"beta{i}": g.sum(axis=0)}
            g = g * theta[f"gamma{i}"]
            g = (g - g.mean(axis=0) - hats[i - 1] * (g * hats[i - 1]).mean(axis=0)) / stds[i - 1]
            gradients |= {f"W{i}": inputs[i - 1].T @ g, f"b{i}": g.sum(axis=0)}
        return gradients


@pytest.mark.parametrize("wrong", [False, True])
def test_the_wrong_backward_pass_is_wrong_as_it_is_meant_to_be(wrong: bool) -> None:
    """Masks and inputs from activations without normalization, everything else right; to 1e-12."""
    small = Small()
    found, expected = small.gradients(wrong=wrong), small.naive(wrong=wrong)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-12, atol=1e-13, err_msg=name)


def test_the_wrong_backward_pass_is_wrong() -> None:
    """No gradient but that of the output bias, which lies above all of it, is the exact one."""
    small = Small()
    right, wrong = small.gradients(wrong=False), small.gradients(wrong=True)
    same = {name for name in right if np.allclose(right[name], wrong[name], rtol=1e-3, atol=1e-6)}
    assert same == {"b1", "b2", "b3"}  # a bias in front of a normalization has no gradient at all


def test_without_normalization_there_is_none_to_forget(tiny: SimpleNamespace) -> None:
    """A network without batch normalization trains to the same bits either way."""
    spec = tiny.spec(batch_norm=False)
    one, two = (trained(tiny, spec, tiny.protocol(backward=backward)) for backward in ("exact", WRONG))
    np.testing.assert_array_equal(one.parameters.flat, two.parameters.flat)


def test_what_is_evaluated_is_the_right_network(tiny: SimpleNamespace) -> None:
    """The wrong backward pass leaves forward passes alone: the first point of both curves is the same."""
    right, wrong = (trained(tiny, tiny.spec(), tiny.protocol(backward=backward)) for backward in ("exact", WRONG))
    assert right.curves[0] == wrong.curves[0]
    assert right.curves[-1] != wrong.curves[-1]
