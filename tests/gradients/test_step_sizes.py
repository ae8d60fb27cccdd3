"""The error of numerical gradients against their step follows the textbook, on images of noise."""

from pathlib import Path

import numpy as np
import pytest

from bnlab.config.reader import read_yaml
from bnlab.gradients.step_sizes import step_size_errors

SETTINGS = read_yaml(Path(__file__).parents[2] / "config" / "gradients" / "step_sizes.yaml")


@pytest.fixture(scope="module")
def errors():
    """Errors by batch normalization, method and exponent of the step, for whole decades."""
    random = np.random.default_rng(4)
    pixels, labels = random.standard_normal((SETTINGS["batch"], SETTINGS["inputs"])), random.integers(0, 10, 10)
    found = step_size_errors(SETTINGS | {"per_decade": 1}, pixels, labels)
    return {(row.batch_norm, row.method, round(np.log10(row.step))): row.error for row in found}


def test_every_method_has_its_steps(errors):
    """Differences from 1e-2 to 1e-12, the complex step on to 1e-20."""
    differences = {(bn, method, -k) for bn in (False, True) for method in ("forward", "central") for k in range(2, 13)}
    assert set(errors) == differences | {(bn, "complex", -k) for bn in (False, True) for k in range(2, 21)}


@pytest.mark.parametrize("batch_norm", [False, True])
def test_truncation_falls_with_the_step_or_its_square(batch_norm, errors):
    """A tenth of the step gives a tenth of the error forward, a hundredth centrally and by the complex step."""
    for method, order, exponents in (("forward", 1, (-3, -4)), ("central", 2, (-2, -3)), ("complex", 2, (-3, -4, -5))):
        for exponent in exponents:
            ratio = errors[batch_norm, method, exponent] / errors[batch_norm, method, exponent - 1]
            assert ratio == pytest.approx(10**order, rel=0.1)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_rounding_rises_with_the_inverse_of_the_step(batch_norm, errors):
    """A hundredth of a tiny step costs a difference about two digits, and the complex step none."""
    for method in ("forward", "central"):
        assert 30 < errors[batch_norm, method, -11] / errors[batch_norm, method, -9] < 300
    assert all(errors[batch_norm, "complex", -k] < 2e-15 for k in range(9, 21))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_gate_takes_the_best_step(batch_norm, errors):
    """Of whole decades, 1e-5 is the best for central differences, or as good as 1e-4."""
    central = {k: errors[batch_norm, "central", k] for k in range(-12, -1)}
    assert min(central, key=central.__getitem__) in (-4, -5)
    assert central[-5] < 1e-9
