"""The update check passes on what training does, and on no update that is wrong in one of the known ways."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlab.config.protocols import load_protocols
from bnlab.config.reader import read_yaml
from bnlab.gradients import update_check
from bnlab.gradients.update_check import UpdateCheck, check_updates
from bnlab.numerics import layers
from bnlab.numerics.optimizer import descend
from bnlab.numerics.parameters import Parameters
from bnlab.training import update
from bnlab.training.update import Update

CONFIG = Path(__file__).parents[2] / "config"
SETTINGS = read_yaml(CONFIG / "gradients" / "gate.yaml")


def checked(**changes: Any) -> list[UpdateCheck]:
    """The configured check on noise; `changes` are to its settings."""
    random = np.random.default_rng(3)
    pixels, labels = random.standard_normal((20, 10)), random.integers(0, 10, 20, np.uint8)
    return check_updates(SETTINGS | {"updates": SETTINGS["updates"] | changes}, pixels, labels)


def failed(checks: list[UpdateCheck]) -> list[UpdateCheck]:
    """Those that did not pass."""
    return [check for check in checks if not check.passed]


def kind(check: UpdateCheck) -> tuple[float, bool, bool, str]:
    """What a protocol says of an update."""
    return check.momentum, check.momentum_restarts, check.bn_affine, check.backward


def test_the_shipped_update_passes_in_every_way_that_a_protocol_can_ask_for() -> None:
    """With and without batch normalization; what the configured protocols ask for is among them."""
    checks = checked()
    assert failed(checks) == []
    assert max(check.relative for check in checks) < 1e-12
    with_norm = {kind(check) for check in checks if check.batch_norm}
    assert len(with_norm) == len([check for check in checks if check.batch_norm]) == 3 * 2 * 2
    assert len([check for check in checks if not check.batch_norm]) == 3
    protocols = load_protocols(CONFIG).values()
    assert {(p.momentum, p.momentum_restarts, p.bn_affine, p.backward) for p in protocols} <= with_norm


Descend = Callable[..., None]


def textbook(
    *, penalty: float = 2, decayed: str = "weights", mass: float = 1, rate_inside: bool = False, direction: float = 1
) -> Descend:
    """Gradient descent as the textbook writes it; every default is right, every other value is a mistake."""

    def wrong(
        parameters: Parameters,
        gradients: Parameters,
        velocity: Parameters | None,
        *,
        learning_rate: float,
        weight_decay: float,
        momentum: float,
        scratch: np.ndarray,
    ) -> None:
        del scratch
        decay = penalty * weight_decay
        g = gradients.flat.copy()
        size = parameters.flat.size if decayed == "everything" else parameters.weights_flat.size
        g[:size] += decay * parameters.flat[:size]
        v = np.zeros_like(g) if velocity is None else velocity.flat
        v *= mass * momentum
        v += learning_rate * g if rate_inside else g
        parameters.flat -= direction * (v if rate_inside else learning_rate * v)

    return wrong


def test_the_textbook_s_update_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the mistakes that the next test sees, and not the other way of writing."""
    monkeypatch.setattr(update, "descend", textbook())
    assert failed(checked()) == []


@pytest.mark.parametrize(
    ("mistake", "where"),
    [
        ({"penalty": 1}, lambda _: True),
        ({"penalty": 0}, lambda _: True),
        ({"decayed": "everything"}, lambda _: True),
        ({"direction": -1}, lambda _: True),
        ({"mass": 0}, lambda check: check.momentum > 0),
        ({"mass": 1.01}, lambda check: check.momentum > 0),
        ({"rate_inside": True}, lambda check: check.momentum > 0),
    ],
)
def test_a_wrong_update_is_rejected(
    mistake: dict[str, Any], where: Callable[[UpdateCheck], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weight decay without its 2, or of biases; uphill; no momentum, or too much, or the other common form of it."""
    monkeypatch.setattr(update, "descend", textbook(**mistake))
    checks = checked()
    assert failed(checks) == [check for check in checks if where(check)]


def test_weight_decay_is_checked_in_the_fast_form_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without momentum it is folded into a factor: half of it there passed the whole gate once."""

    def half(*arguments: Any, weight_decay: float, **options: Any) -> None:
        descend(*arguments, weight_decay=weight_decay / 2, **options)

    monkeypatch.setattr(update, "descend", half)
    assert len(failed(checked())) == 15


@pytest.mark.parametrize(
    ("ignored", "where"),
    [
        ({"momentum_restarts": False}, lambda check: check.momentum_restarts),
        ({"momentum_restarts": True}, lambda check: check.momentum > 0 and not check.momentum_restarts),
        ({"bn_affine": True}, lambda check: check.batch_norm and not check.bn_affine),
        ({"backward": "exact"}, lambda check: check.backward != "exact"),
        ({"momentum": 0.0}, lambda check: check.momentum > 0),
    ],
)
def test_an_update_that_ignores_its_protocol_is_rejected(
    ignored: dict[str, Any], where: Callable[[UpdateCheck], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever key of the protocol it does not follow, exactly the updates that ask for it fail."""

    def deaf(parameters: Parameters, protocol: Any, *, weight_decay: float) -> Update:
        return Update(parameters, protocol.model_copy(update=ignored), weight_decay=weight_decay)

    monkeypatch.setattr(update_check, "Update", deaf)
    checks = checked()
    assert failed(checks) == [check for check in checks if where(check)]


def test_gamma_and_beta_that_should_be_held_and_move_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check does not take the trainer's word for which gradients are zero."""

    def one(self: Parameters) -> None:
        for g in (*self.gamma, *self.beta):
            g[:] = 1

    monkeypatch.setattr(Parameters, "zero_affine_gradients", one)
    checks = checked()
    assert failed(checks) == [check for check in checks if not check.bn_affine]


def test_a_wrong_backward_pass_reaches_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every update with batch normalization fails when its gradient misses a path, and none without it."""

    def no_mean_path(g: Any, s_hat: Any, inverse_std: Any, gamma: Any, *, g_gamma: Any, g_beta: Any) -> None:
        g_gamma[:], g_beta[:] = (g * s_hat).sum(axis=0), g.sum(axis=0)
        g[:] = gamma * inverse_std * (g - s_hat * (g * s_hat).mean(axis=0))

    monkeypatch.setattr(layers, "batch_norm_backward", no_mean_path)
    checks = checked()
    assert failed(checks) == [check for check in checks if check.batch_norm]


def test_a_step_that_is_not_a_number_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN compares with nothing, and must not pass for that reason."""
    monkeypatch.setattr(update, "descend", textbook(penalty=float("nan")))
    with np.errstate(invalid="ignore"):
        assert len(failed(checked())) == 15
