"""How many pairs of runs see a difference: against simulated pairs, and against values of the literature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.analysis.intervals import POWER, mean_interval
from bnlab.analysis.power import pairs_needed, power


@pytest.mark.parametrize(("pairs", "sd", "difference"), [(3, 0.02, 0.03), (5, 0.0034, 0.005), (8, 0.0034, 0.005)])
def test_simulated_pairs_agree(pairs: int, sd: float, difference: float) -> None:
    """The share of 4,000 experiments whose interval lies above zero, within four standard errors."""
    draws = np.random.default_rng(1).normal(difference, sd, size=(4000, pairs))
    seen = np.mean([mean_interval(draw)[0] > 0 for draw in draws])
    assert seen == pytest.approx(power(pairs, sd, difference), abs=4 * 0.5 / 4000**0.5)


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_sizes_of_samples_are_those_of_the_textbook(effect: float, pairs: int) -> None:
    """A small, a medium and a large effect (Cohen's d) of a paired t test at 5 %, two-sided, with a power of 80 %."""
    assert pairs_needed(1.0, effect) == pairs


@given(sd=st.floats(0.001, 0.1), difference=st.floats(0.002, 0.1))
def test_no_fewer_pairs_are_enough(sd: float, difference: float) -> None:
    """The number is enough, and one less is not."""
    needed = pairs_needed(sd, difference)
    assert power(needed, sd, difference) >= POWER
    assert needed == 2 or power(needed - 1, sd, difference) < POWER
