"""One flat vector and its named views."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.numerics.parameters import Network, Parameters

NETWORKS = st.builds(
    Network, st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple), st.booleans(), st.just(0.0)
)


def numbered(network: Network) -> Parameters:
    """Parameters 0, 1, 2, ... in the order of the flat vector."""
    size = sum(int(np.prod(shape)) for shape in network.shapes().values())
    return Parameters(network, np.arange(size, dtype=float))


def test_names_shapes_and_order() -> None:
    """Weights first, then biases, gamma and beta, each layer by layer, contiguous, weights column by column."""
    parameters = numbered(Network((3, 4, 2, 5), True))
    expected = {
        "W1": (3, 4), "W2": (4, 2), "W3": (2, 5),
        "b1": (4,), "b2": (2,), "b3": (5,),
        "gamma1": (4,), "gamma2": (2,),
        "beta1": (4,), "beta2": (2,),
    }  # fmt: skip
    assert [(name, view.shape) for name, view in parameters.named()] == [*expected.items()]
    np.testing.assert_array_equal(
        np.concatenate([view.ravel(order="F") for _, view in parameters.named()]), parameters.flat
    )
    assert parameters.weights[1][1, 0] == 13  # after the 12 of W1 and the first of W2


def test_the_families_are_the_named_views() -> None:
    """A family lists its layers in order, also beyond nine; beta is not taken for b, nor gamma's for another's."""
    n_layers = 12
    parameters = numbered(Network((2,) * (n_layers + 1), True))
    named = dict(parameters.named())
    for prefix, family, count in (
        ("W", parameters.weights, n_layers),
        ("b", parameters.biases, n_layers),
        ("gamma", parameters.gamma, n_layers - 1),
        ("beta", parameters.beta, n_layers - 1),
    ):
        assert [id(view) for view in family] == [id(named[f"{prefix}{i}"]) for i in range(1, count + 1)]


def test_without_batch_norm_there_is_no_gamma_or_beta() -> None:
    """A plain network has weights and biases only."""
    parameters = numbered(Network((3, 4, 2), False))
    assert parameters.gamma == parameters.beta == []
    assert [name for name, _ in parameters.named()] == ["W1", "W2", "b1", "b2"]


@given(network=NETWORKS)
@settings(deadline=None)
def test_views_and_vector_are_one(network: Network) -> None:
    """What is written to a view is in the vector, what is written to the vector is in the views; nothing overlaps."""
    parameters = Parameters.zeros(network, np.float64)
    for number, (_, view) in enumerate(parameters.named(), start=1):
        assert np.shares_memory(view, parameters.flat)
        view += number
    sizes = [int(np.prod(shape)) for shape in network.shapes().values()]
    np.testing.assert_array_equal(parameters.flat, np.repeat(np.arange(1, len(sizes) + 1), sizes))
    parameters.flat[:] = np.arange(parameters.flat.size)
    copy = Parameters(network, parameters.flat.copy())
    for (_, view), (_, expected) in zip(copy.named(), parameters.named(), strict=True):
        np.testing.assert_array_equal(view, expected)
        assert not np.shares_memory(view, expected)


@given(network=NETWORKS)
@settings(deadline=None)
def test_exactly_the_weights_are_decayed(network: Network) -> None:
    """`weights_flat` is one slice with every weight and nothing else."""
    parameters = Parameters.zeros(network, np.float64)
    parameters.weights_flat[:] = 1
    for name, view in parameters.named():
        assert (view == float(name.startswith("W"))).all()
    assert np.shares_memory(parameters.weights_flat, parameters.flat)


@pytest.mark.parametrize(("batch_norm", "off"), [*itertools.product([False, True], [-7, -1, 1, 100])])
def test_a_vector_of_the_wrong_size_is_refused(batch_norm: bool, off: int) -> None:
    """One number too many, or one too few, is an error, not a shifted view."""
    network = Network((3, 4, 2), batch_norm)
    right = Parameters.zeros(network, np.float64).flat.size
    with pytest.raises(ValueError):
        Parameters(network, np.zeros(right + off))


def test_the_size_that_was_expected_is_told() -> None:
    """The message holds both numbers."""
    with pytest.raises(ValueError, match=r"has 26 parameters, but the vector has the shape \(27,\)"):
        Parameters(Network((3, 4, 2), False), np.zeros(27))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_zeros_are_of_the_dtype_asked_for(dtype: type) -> None:
    """All parameters start as zero, in any precision."""
    parameters = Parameters.zeros(Network((3, 4, 2), True), dtype)
    assert parameters.flat.dtype == dtype
    assert not parameters.flat.any()
    assert {view.dtype for _, view in parameters.named()} == {np.dtype(dtype)}


def test_layers_are_counted_by_their_weights() -> None:
    """The official 3-layer network has two hidden layers; softmax regression has none."""
    assert (Network((3072, 50, 50, 10), True).n_layers, Network((3072, 50, 50, 10), True).n_hidden) == (3, 2)
    assert (Network((3072, 10), False).n_layers, Network((3072, 10), False).n_hidden) == (1, 0)


@given(NETWORKS)
def test_held_affine_parameters_have_no_gradient(network: Network) -> None:
    """Of all entries those of gamma and beta become zero, and no other changes."""
    gradients, before = numbered(network), numbered(network)
    gradients.zero_affine_gradients()
    for (name, array), (_, old) in zip(gradients.named(), before.named(), strict=True):
        expected = np.zeros_like(old) if name.startswith(("gamma", "beta")) else old
        np.testing.assert_array_equal(array, expected)
