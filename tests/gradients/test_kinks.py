"""Parameters are drawn again until no ReLU's kink, and no nearly constant unit, is near."""

import itertools

import numpy as np
import pytest

from bnlab.gradients.backward_check import check_network
from bnlab.gradients.kinks import DRAWS, NoSmoothDrawError, smooth_costs
from bnlab.gradients.objective import Cost
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

X = stream(3, "kinks").standard_normal((6, 4))
LABELS = np.arange(6)
NETWORKS = [Network((4, 5, 4, 10), batch_norm, 2.2e-16) for batch_norm in (False, True)]


def draws(network, margin, spread):
    """Smooth costs of a small problem."""
    random = stream(0, "draws")
    return smooth_costs(network, X, LABELS, weight_decay=0.1, margin=margin, spread=spread, random=random)


def pre_activations(parameters):
    """What enters each ReLU, (n, d), and the standard deviations that units are divided by, by the textbook."""
    network, h, found, deviations = parameters.network, X, [], []
    for i in range(network.n_hidden):
        s = h @ parameters.weights[i] + parameters.biases[i]
        if network.batch_norm:
            deviations.append(s.std(axis=0))
            s = parameters.gamma[i] * (s - s.mean(axis=0)) / s.std(axis=0) + parameters.beta[i]
        found.append(s)
        h = np.where(s > 0, s, 0)
    return found, deviations


@pytest.mark.parametrize("network", NETWORKS)
def test_margin_and_spread_are_kept(network):
    """Every pre-activation of what is drawn keeps the margin, every normalized unit the spread; some draws do not."""
    taken = list(itertools.islice(draws(network, 0.02, 0.3), 5))
    for cost, _ in taken:
        found, deviations = pre_activations(cost.parameters)
        assert min(np.abs(s).min() for s in found) == pytest.approx(cost.margin, rel=1e-9)
        assert cost.margin >= 0.02
        if network.batch_norm:
            assert min(deviation.min() for deviation in deviations) == pytest.approx(cost.spread, rel=1e-9)
            assert cost.spread >= 0.3
    assert taken[-1][1] > 5


def test_draws_are_bounded():
    """A margin that nothing keeps ends in an error that says what was asked."""
    with pytest.raises(NoSmoothDrawError, match=rf"\[5, 4\].* 6 images: at none of {DRAWS} .* keep 100 from zero"):
        next(draws(NETWORKS[0], 100, 0))


@pytest.mark.parametrize("network", NETWORKS)
def test_a_switching_relu_is_counted(network):
    """Moving a bias, or beta, across a kink is noticed, real or complex; moving it half the way, or in i, is not."""
    cost, _ = next(draws(network, 0.01, 0.1))
    found, _ = pre_activations(cost.parameters)
    sample, unit = np.unravel_index(np.abs(found[1]).argmin(), found[1].shape)
    distance = found[1][sample, unit]
    for moved in (cost, cost.complex_twin()):
        shift = moved.parameters.beta[1] if network.batch_norm else moved.parameters.biases[1]
        for part, switches in ((0.5, 0), (0.9, 0), (1.1, 1), (1.2, 2), (0, 2)):
            before = shift[unit]
            shift[unit] -= part * distance
            moved()
            shift[unit] = before
            assert moved.switches == switches
    twin = cost.complex_twin()
    twin.parameters.flat += 1e-2j
    twin()
    assert twin.switches == 0


@pytest.mark.parametrize("network", NETWORKS)
def test_a_draw_whose_relus_switch_is_drawn_again(network):
    """Without a margin it is the evaluations themselves that tell: no kink is averaged away, whatever the step."""
    condition = {"weight_decay": 0, "entries": 100, "spread": 0.3}
    tolerance = {oracle: {"relative": 1, "absolute": 1} for oracle in ("central", "complex", "autodiff")}
    settings = {"margin": 0.0, "step": 1e-2, "tolerance": tolerance}
    result = check_network(network, X, LABELS, condition, settings)
    assert result.rejected_draws > 0
    taken, rejected = next((cost, rejected) for cost, rejected in draws_of_the_gate(network) if not crossed(cost))
    assert rejected == result.rejected_draws
    assert taken.margin > 0


def draws_of_the_gate(network):
    """The draws that the check makes."""
    random = stream(0, "gradient check")
    return smooth_costs(network, X, LABELS, weight_decay=0, margin=0, spread=0.3, random=random)


def crossed(cost):
    """Whether a ReLU switches when any parameter is moved by a hundredth, told from the textbook's pre-activations."""
    parameters = cost.parameters
    base = [s > 0 for s in pre_activations(parameters)[0]]
    for i in range(parameters.flat.size):
        for shift in (1e-2, -1e-2):
            moved = Parameters(parameters.network, parameters.flat.copy())
            moved.flat[i] += shift
            if any(((s > 0) != b).any() for s, b in zip(pre_activations(moved)[0], base, strict=True)):
                return True
    return False


def test_the_cost_is_the_penalized_loss():
    """At complex parameters too, of which the twin has its own."""
    parameters = Parameters.zeros(NETWORKS[0], np.float64)
    cost = Cost(parameters, X, LABELS, weight_decay=0.5)
    assert cost() == pytest.approx(np.log(10))
    twin = cost.complex_twin()
    parameters.weights[2][0, 0] = 2
    assert cost() == pytest.approx(np.log(10) + 2)
    assert twin() == pytest.approx(np.log(10))
