"""The engine of the reports' gradient checks on small problems."""

from typing import Any

import numpy as np
import pytest

from bnlab.gradients.constant_statistics import constant_statistics_gradient
from bnlab.gradients.finite_differences import differences_at
from bnlab.gradients.objective import Cost
from bnlab.gradients.reported_check import COMPLEX_STEP, EPSILON, Row, compare, compare_reported_check
from bnlab.numerics import layers
from bnlab.numerics.initialize import initialize
from bnlab.numerics.network import Workspace, loss_backward, loss_forward
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

RELATIVE = ["norm_max", "norm_sum", "elementwise_mean"]


def case(**changes: Any) -> dict[str, Any]:
    """A validated case: a network of three layers with batch normalization, everything right."""
    base = {
        "id": "a",
        "network": {"hidden": [6, 5], "batch_norm": True},
        "inputs": 7,
        "images": 12,
        "initialization": {"weights": "he", "biases": 0.3, "gamma_beta": 0.3},
        "weight_decay": 0,
        "difference": {"scheme": "central", "step": 1e-5, "loop": "naive"},
        "statistics": "batch",
        "backward": "exact",
        "measures": RELATIVE,
        "draws": 2,
    }
    return base | changes


def problem(images: int = 12, inputs: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Random pixels and labels."""
    random = np.random.default_rng(3)
    return random.standard_normal((images, inputs)), random.integers(0, 10, images, np.uint8)


def rows(changes: dict[str, Any], draw: int = 1) -> dict[tuple[str, str], Row]:
    """One draw's rows by array and measure."""
    return {(row.array, row.measure): row for row in compare(case(**changes), *problem(), draw)}


STRUCTURED = {"difference": {"scheme": "central", "step": 1e-5, "loop": "structured"}}


@pytest.mark.parametrize("loop", [{}, STRUCTURED])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_right_pass_agrees_with_the_right_loss(loop: dict[str, Any], batch_norm: bool) -> None:
    """Every array but the biases before batch normalization has an error of rounding, by both loops."""
    found = rows({"network": {"hidden": [6, 5], "batch_norm": batch_norm}} | loop)
    assert {array for array, _ in found} == set(Network((7, 6, 5, 10), batch_norm).shapes())
    for (array, measure), row in found.items():
        if batch_norm and array in ("b1", "b2"):
            assert measure == "elementwise_mean" or row.value == pytest.approx(1, abs=1e-3)
        else:
            assert row.value < 1e-7
        assert row.crossed == 0
        assert row.value == row.value_without_crossed


def test_two_causes_give_the_same_errors() -> None:
    """Frozen statistics against the right pass, and constant ones against the right loss: equal to first order."""
    frozen, constant = rows({"statistics": "frozen"}), rows({"backward": "constant_statistics"})
    for key, row in frozen.items():
        assert row.value == pytest.approx(constant[key].value, abs=1e-6)
    assert {array for (array, _), row in frozen.items() if row.value > 1e-3} == {
        "W1",
        "W2",
        "b1",
        "b2",
        "gamma1",
        "beta1",
    }


def test_both_mistakes_together_agree() -> None:
    """A pass with constant statistics is the right gradient of a loss with frozen ones, in every array."""
    found = rows({"statistics": "frozen", "backward": "constant_statistics"})
    assert max(row.value for row in found.values()) < 1e-7


def test_the_constant_pass_is_the_layer_without_its_mean_and_variance_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding batch normalization away gives what the shipped pass gives when its two paths are left out."""
    network = Network((7, 6, 5, 10), True, EPSILON)
    parameters = Parameters.zeros(network, np.float64)
    initialize(parameters, "he", stream(1, "test"))
    parameters.flat += 0.2 * np.random.default_rng(1).standard_normal(parameters.flat.size)
    x, labels = problem()

    def without_paths(g: Any, s_hat: Any, inverse_std: Any, gamma: Any, *, g_gamma: Any, g_beta: Any) -> None:
        g_gamma[:], g_beta[:] = (g * s_hat).sum(axis=0), g.sum(axis=0)
        g *= gamma * inverse_std

    monkeypatch.setattr(layers, "batch_norm_backward", without_paths)
    expected, work = Parameters.zeros(network, np.float64), Workspace(network, len(x), np.float64)
    loss_forward(parameters, x, labels, work)
    loss_backward(parameters, x, labels, work, gradients=expected)
    found = constant_statistics_gradient(parameters, x, labels)
    np.testing.assert_allclose(found.flat, expected.flat, rtol=1e-11, atol=1e-14)


def test_weight_decay_enters_both_sides() -> None:
    """With a penalty the errors stay rounding, and the gradient of W is another."""
    measures = {"measures": ["norm_max", "gradient_std"]}
    without, with_it = rows(measures), rows(measures | {"weight_decay": 0.1})
    assert with_it["W1", "norm_max"].value < 1e-7
    assert with_it["W1", "gradient_std"].value != without["W1", "gradient_std"].value
    assert with_it["gamma1", "gradient_std"] == without["gamma1", "gradient_std"]


def test_forward_differences_are_worse_by_orders() -> None:
    """Their error is of the order of the step, that of central ones of its square."""
    forward = rows({"difference": {"scheme": "forward", "step": 1e-5, "loop": "naive"}})
    assert 1e-7 < forward["W1", "norm_max"].value < 1e-3
    assert rows({})["W1", "norm_max"].value < forward["W1", "norm_max"].value / 100


def test_entries_are_a_sample_that_the_draw_decides() -> None:
    """As many of each array as asked for, another sample for another draw, the same for the same."""
    found = rows({"entries": 4})
    assert {row.entries for row in found.values()} == {4}
    assert found == rows({"entries": 4})
    assert found["W1", "norm_sum"] != rows({"entries": 4}, draw=2)["W1", "norm_sum"]
    full = rows({})
    assert full["W1", "norm_sum"].entries == 42
    assert full["b3", "norm_sum"].entries == 10


@pytest.mark.parametrize("loop", ["naive", "structured"])
def test_crossed_entries_are_counted_and_left_out(loop: str) -> None:
    """With a step so large that ReLUs switch, the errors without the entries at which they do are rounding."""
    change = {
        "network": {"hidden": [6], "batch_norm": False},
        "difference": {"scheme": "central", "step": 1e-3, "loop": loop},
    }
    found = next(
        found for draw in range(1, 50) if 0 < (found := rows(change, draw=draw))["W1", "norm_max"].crossed < 42
    )
    row = found["W1", "norm_max"]
    assert row.value > 1e-4
    assert row.value_without_crossed < 1e-5
    if loop == "structured":
        again = found["W1", COMPLEX_STEP]
        assert again.value < 1e-13
        assert again.entries == row.crossed


def test_both_loops_find_the_same_crossings() -> None:
    """The naive loop looks at every ReLU, the structured one at those that can switch."""
    for draw in range(1, 15):
        found = []
        for loop in ("naive", "structured"):
            difference = {"scheme": "central", "step": 3e-3, "loop": loop}
            found.append(rows({"network": {"hidden": [6, 5], "batch_norm": False}, "difference": difference}, draw))
        assert found[0]["W1", "norm_max"].crossed == found[1]["W1", "norm_max"].crossed
        assert found[0]["W2", "norm_max"].crossed == found[1]["W2", "norm_max"].crossed


def test_an_reported_check_is_all_draws_of_all_cases() -> None:
    """Cases take their images and pixels from the front; equal seeds give equal weights whatever is compared."""
    pixels, labels = problem(20, 9)
    reported_check = {"cases": [case(), case(id="b", images=5, measures=["gradient_mean"])]}
    found = list(compare_reported_check(reported_check, pixels, labels))
    assert len(found) == 2 * 10 * 3 + 2 * 10
    assert [row for row in found if row.case == "a" and row.draw == 2] == list(
        compare(case(), np.ascontiguousarray(pixels[:12, :7]), labels[:12], 2)
    )


def test_a_frozen_loss_is_the_batch_loss_until_something_moves() -> None:
    """At the parameters themselves both losses agree; the entries that are moved are restored bit by bit."""
    parameters = Parameters.zeros(Network((7, 6, 10), True, EPSILON), np.float64)
    initialize(parameters, "he", stream(1, "test"))
    before = parameters.flat.copy()
    x, labels = problem()
    losses = [Cost(parameters, x, labels, weight_decay=0.1, frozen=frozen)() for frozen in (False, True)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-13)
    cost = Cost(parameters, x, labels, weight_decay=0.1, frozen=True)
    differences_at(cost, parameters.flat, np.arange(5), step=1e-5, scheme="forward")
    np.testing.assert_array_equal(parameters.flat, before)
