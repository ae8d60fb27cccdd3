"""Random streams: one per purpose and seed, the same on every machine and in every order."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.streams import stream

PURPOSES = ["split", "weights", "batches", "gradient check", "patterns", "generated training images"]
SEEDS = st.integers(0, 2**31)


@given(seed=SEEDS, purpose=st.text(min_size=1, max_size=40))
@settings(deadline=None)
def test_the_same_seed_and_purpose_give_the_same_draws(seed: int, purpose: str) -> None:
    """Whatever was drawn from other streams in between."""
    first = stream(seed, purpose)
    stream(seed, "another").standard_normal(5)
    draws = first.standard_normal(5)
    np.testing.assert_array_equal(stream(seed, purpose).standard_normal(5), draws)


@given(seeds=st.tuples(SEEDS, SEEDS))
@settings(deadline=None)
def test_different_seeds_or_purposes_give_different_draws(seeds: tuple[int, int]) -> None:
    """No two streams of a study begin alike."""
    streams = list(itertools.product(dict.fromkeys(seeds), PURPOSES))
    firsts = {tuple(stream(seed, purpose).integers(0, 2**63, 4)) for seed, purpose in streams}
    assert len(firsts) == len(streams)


def test_streams_are_not_correlated() -> None:
    """Draws for consecutive seeds and all purposes look independent: no correlation beyond 5 standard errors."""
    n = 10_000
    draws = [stream(seed, purpose).standard_normal(n) for seed in (1, 2, 3) for purpose in PURPOSES]
    correlations = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlations).max() < 5 / np.sqrt(n)


def test_a_stream_is_independent_of_the_global_generator() -> None:
    """NumPy's own seed plays no part."""
    first = stream(1, "weights").standard_normal(3)
    np.random.seed(0)  # noqa: NPY002
    np.testing.assert_array_equal(stream(1, "weights").standard_normal(3), first)


@pytest.mark.parametrize(
    ("seed", "purpose", "normal", "permutation"),
    [
        (0, "patterns", [0.529039394933556, -0.48576152539477824, -0.6403239234404944], [6, 0, 7, 2, 5, 4, 3, 1, 9, 8]),
        (1, "weights", [-0.1567331178766288, -1.050050715063384, -0.9451427549035886], [5, 9, 3, 6, 8, 4, 2, 0, 7, 1]),
        (1, "batches", [-0.46622243869656405, 2.3390617744397693, 0.5077893751500722], [9, 4, 0, 1, 7, 8, 6, 2, 3, 5]),
        (1, "split", [0.052575891501409504, -0.614132439103085, 0.018759624936689014], [9, 3, 6, 0, 7, 1, 8, 2, 5, 4]),
        (2, "weights", [0.4521430305041161, 0.44879857360794023, 0.41186080449238877], [1, 4, 2, 0, 9, 7, 5, 6, 8, 3]),
    ],
)
def test_the_first_draws_are_golden(seed: int, purpose: str, normal: list[float], permutation: list[int]) -> None:
    """A NumPy that draws other numbers is noticed here, before it changes every result."""
    np.testing.assert_array_equal(stream(seed, purpose).standard_normal(3), normal)
    np.testing.assert_array_equal(stream(seed, purpose).permutation(10), permutation)
