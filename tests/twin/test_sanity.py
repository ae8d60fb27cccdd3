"""What a right training program must do, whatever its details."""

import math

import numpy as np
import pytest
from shipped import NETWORKS, Data, Setting, shipped

from bnlab.data.splits import Split
from bnlab.training.setup import Setup
from bnlab.training.train import train


@pytest.mark.parametrize("batch_norm", [True, False], ids=["bn", "plain"])
def test_a_hundred_images_are_learnt_by_heart(batch_norm: bool, generated: Data) -> None:
    """Without weight decay their loss falls from above ln 10 to near zero, and every one is classified right."""
    rows = generated.split.training[:100]
    split = Split(rows, generated.split.validation, generated.split.mean, generated.split.std)
    setting = Setting("50-50", batch_norm, minimum=0.05, maximum=0.05, step=250, batch_size=50, weight_decay=0.0)
    first, last = train(Setup(setting.spec(), setting.protocol(), generated.images, generated.labels, split)).curves
    assert first.batch_loss > math.log(10)
    assert last.probe.accuracy == 1
    assert last.probe.loss < 0.02


@pytest.mark.parametrize("batch_norm", [True, False], ids=["bn", "plain"])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_first_loss_tends_to_ln_10(network: str, batch_norm: bool, generated: Data) -> None:
    """The smaller the initial weights, the less a network knows: within their deviation, its loss becomes ln 10."""
    loss = {}
    for sigma in ("he", 1e-2, 1e-4, 1e-6):
        setting = Setting(network, batch_norm, initialization=sigma, updates=2)
        loss[sigma] = shipped(setting, generated).losses[0]
    assert loss.pop("he") > math.log(10) + 0.05
    for sigma, value in loss.items():
        assert value == pytest.approx(math.log(10), rel=0, abs=sigma)
    assert np.ptp(list(loss.values())) > 0
