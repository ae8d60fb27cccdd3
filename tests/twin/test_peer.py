"""The shipped training beside PyTorch's, from the same weights on the same mini-batches, in float64.

On real images whole cycles are followed at the official rate. Two kinds of training are so sensitive that rounding
parts the twins, as it parts PyTorch from itself (growth.py): with momentum .9 at that rate, where the beginning is
compared, and on generated images, where the rate is lower instead.
"""

import json

import pytest
from make_reference import REFERENCE, SETTINGS
from make_reference import errors as errors_of_summary
from shipped import NETWORKS, TOLERANCE, Data, Setting, errors, shipped

pytestmark = pytest.mark.peer

CYCLES = [
    Setting(network, batch_norm, momentum=momentum, maximum=maximum)
    for momentum, maximum in ((0.0, 0.1), (0.9, 0.01))
    for network in NETWORKS
    for batch_norm in (True, False)
]
BEGINNINGS = [
    Setting(network, batch_norm, momentum=0.9, updates=500) for network in NETWORKS for batch_norm in (True, False)
]
GENERATED = [Setting("50-50", batch_norm=False, maximum=0.001), Setting("9-layer", batch_norm=True, maximum=0.001)]


@pytest.fixture(scope="session", autouse=True)
def _pytorch() -> None:
    """Skip where there is no PyTorch, before any data is read."""
    pytest.importorskip("torch")


def title(setting: Setting) -> str:
    """What tells the settings apart."""
    return setting.title


def compare(setting: Setting, data: Data) -> None:
    """Train both twins, of which all losses, parameters and averages, and the last evaluation, must agree."""
    from torch_twin import torch_twin

    ours, pytorch_s = shipped(setting, data), torch_twin(setting, data)
    assert len(ours.losses) == (setting.updates or 4500)
    found = errors(setting, ours, pytorch_s)
    assert max(found.values()) <= TOLERANCE, found
    assert ours.accuracy == pytorch_s.accuracy


@pytest.mark.parametrize("setting", CYCLES, ids=title)
def test_a_whole_cycle_on_real_images_is_pytorch_s(setting: Setting, cifar10: Data) -> None:
    """4,500 updates at the official rate without momentum, and at a tenth of it with momentum, agree to 1e-12."""
    compare(setting, cifar10)


@pytest.mark.parametrize("setting", BEGINNINGS, ids=title)
def test_the_beginning_with_momentum_at_the_full_rate_is_pytorch_s(setting: Setting, cifar10: Data) -> None:
    """The first 500 updates of the cycle agree to 1e-12; docs/figures/twin_growth.png shows how it goes on."""
    compare(setting, cifar10)


@pytest.mark.parametrize("setting", GENERATED, ids=title)
def test_a_whole_cycle_on_generated_images_is_pytorch_s(setting: Setting, generated: Data) -> None:
    """Without any copy of CIFAR-10 too, 4,500 updates agree to 1e-12."""
    compare(setting, generated)


@pytest.mark.parametrize("setting", SETTINGS, ids=title)
def test_the_stored_reference_is_what_its_script_makes(setting: Setting, generated: Data) -> None:
    """Made again by whatever PyTorch and processor are here, it is the stored one to 1e-12."""
    from torch_twin import torch_twin

    stored = json.loads(REFERENCE.read_text())[setting.title]
    found = errors_of_summary(setting, torch_twin(setting, generated), stored)
    assert found.pop("accuracy") == 0
    assert max(found.values()) <= TOLERANCE, found
