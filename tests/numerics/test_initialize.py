"""Initial parameters: their scale, and that twins start from the same draws."""

import math

import numpy as np
import pytest

from bnlab.numerics.initialize import initialize, weight_std
from bnlab.numerics.parameters import Network, Parameters
from bnlab.streams import stream

WIDTHS = (300, 200, 50, 10)
STD = {
    "he": [math.sqrt(2 / 300), math.sqrt(2 / 200), math.sqrt(2 / 50)],
    "fan_in": [1 / math.sqrt(300), 1 / math.sqrt(200), 1 / math.sqrt(50)],
    "xavier": [math.sqrt(2 / 500), math.sqrt(2 / 250), math.sqrt(2 / 60)],
    0.001: [0.001] * 3,
    0.1: [0.1] * 3,
}


def initialized(
    initialization: str | float, *, batch_norm: bool = True, seed: int = 1, dtype: type = np.float64
) -> Parameters:
    """Parameters that held garbage before they were initialized."""
    parameters = Parameters.zeros(Network(WIDTHS, batch_norm), dtype)
    parameters.flat[:] = np.nan
    initialize(parameters, initialization, stream(seed, "weights"))
    return parameters


@pytest.mark.parametrize("initialization", STD)
def test_weights_have_the_standard_deviation_of_the_scheme(initialization: str | float) -> None:
    """Exactly by formula, and in the sample within five standard errors, around mean zero."""
    for weight, std in zip(initialized(initialization).weights, STD[initialization], strict=True):
        assert weight_std(initialization, *weight.shape) == pytest.approx(std, rel=1e-15)
        assert weight.std() == pytest.approx(std, rel=5 / math.sqrt(2 * weight.size))
        assert abs(weight.mean()) < 5 * std / math.sqrt(weight.size)


@pytest.mark.parametrize("initialization", STD)
def test_everything_else_starts_neutral(initialization: str | float) -> None:
    """Biases and beta are zero, gamma is one, whatever the vector held."""
    parameters = initialized(initialization)
    assert all((bias == 0).all() for bias in parameters.biases + parameters.beta)
    assert all((gamma == 1).all() for gamma in parameters.gamma)
    assert len(parameters.gamma) == 2


@pytest.mark.parametrize("initialization", STD)
def test_twins_start_from_the_same_weights(initialization: str | float) -> None:
    """With and without batch normalization the weights are equal to the last bit."""
    np.testing.assert_array_equal(
        initialized(initialization, batch_norm=True).weights_flat,
        initialized(initialization, batch_norm=False).weights_flat,
    )


@pytest.mark.parametrize("initialization", STD)
def test_all_schemes_scale_the_same_draws(initialization: str | float) -> None:
    """Divided by the scheme's deviation, the weights are the stream's standard normal numbers, layer by layer."""
    random = stream(1, "weights")
    for weight, std in zip(initialized(initialization).weights, STD[initialization], strict=True):
        np.testing.assert_allclose(weight / std, random.standard_normal(weight.shape), rtol=1e-14)


def test_single_precision_rounds_the_same_draws() -> None:
    """A float32 network starts where its float64 twin does, up to rounding."""
    np.testing.assert_array_equal(initialized("he", dtype=np.float32).flat, initialized("he").flat.astype(np.float32))


def test_seeds_differ() -> None:
    """Another seed gives other weights."""
    assert not np.isclose(initialized("he", seed=1).weights_flat, initialized("he", seed=2).weights_flat).mean() > 0.01


def test_zero_deviation_gives_zero_weights() -> None:
    """A standard deviation of 0 is allowed and means what it says."""
    assert not initialized(0.0).weights_flat.any()
