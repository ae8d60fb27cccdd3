"""Images learnt perfectly by the shipped gradient, and not by a wrong one."""

from pathlib import Path

import numpy as np
import pytest

from bnlab.config.reader import read_yaml
from bnlab.gradients.overfit import overfit
from bnlab.numerics import layers

SETTINGS = read_yaml(Path(__file__).parents[2] / "config" / "gradients" / "overfit.yaml") | {
    "images": 30,
    "schedule": {"minimum": 0.0, "maximum": 0.1, "step": 60},
}


def noise():
    """Images of noise, smaller than real ones, with more rows than are asked for."""
    random = np.random.default_rng(5)
    return random.standard_normal((40, 200)), random.integers(0, 10, 40)


def test_noise_is_learnt_by_heart():
    """The loss falls from about ln 10 to near zero in shallow networks; the curves have a value for every update."""
    found = overfit(SETTINGS, *noise())
    assert [(len(net.hidden) + 1, net.batch_norm) for net in found] == [(2, False), (3, True), (9, False), (9, True)]
    for net in found:
        assert len(net.losses) == len(net.active) == 121
        assert 1.5 < net.losses[0] < 4
        assert all(0 <= share <= 1 for share in net.active)
    for shallow in found[:2]:
        assert shallow.losses[-1] < 0.1


def test_a_wrong_gradient_learns_nothing(monkeypatch):
    """Uphill instead of downhill: the loss rises."""

    def uphill(probabilities, labels):
        probabilities[np.arange(len(labels)), labels] -= 1
        probabilities /= -len(labels)

    monkeypatch.setattr(layers, "softmax_cross_entropy_backward", uphill)
    chosen = SETTINGS | {"networks": [{"hidden": [20], "batch_norm": True}]}
    (net,) = overfit(chosen, *noise())
    assert net.losses[-1] > net.losses[0]


def test_dead_units_are_seen(monkeypatch):
    """When a layer passes nothing, its share of active units is zero, and only the output's biases are learnt."""

    def nothing_passes(s):
        s[:] = 0

    monkeypatch.setattr(layers, "relu_forward", nothing_passes)
    chosen = SETTINGS | {"networks": [{"hidden": [20], "batch_norm": False}]}
    (net,) = overfit(chosen, *noise())
    assert set(net.active) == {0}
    labels = noise()[1]
    frequencies = np.bincount(labels[:30]) / 30
    entropy = -sum(p * np.log(p) for p in frequencies if p)
    assert net.losses[0] == pytest.approx(np.log(labels.max() + 1))
    assert entropy < net.losses[-1] < np.log(10)
