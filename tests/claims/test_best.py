"""A best setting against one search like ours: found or not, settled or not, and where nothing can be told apart."""

import math

import pytest

from bnlab.analysis.searches import Candidate
from bnlab.analysis.spread import Noise, Spread
from bnlab.claims.best import judge_best
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, REPRODUCED, Finding

SMALL = Noise(Spread(0.003, 40), Spread(0.005, math.inf))


def judge(
    reported: float | list[float], means: dict[float, float], *, noise: Noise | None = SMALL, seeds: int = 5
) -> Finding:
    """A claim about λ, the first axis, of candidates all of whose seeds have their mean."""
    candidates = [Candidate((value, 0.0), dict.fromkeys(range(seeds), mean)) for value, mean in means.items()]
    return judge_best(reported if isinstance(reported, list) else [reported], candidates, noise, axis=0)


PEAK = {1e-4: 0.50, 1e-3: 0.52, 1e-2: 0.54, 1e-1: 0.40}


@pytest.mark.parametrize(
    ("reported", "means", "outcome", "reason"),
    [
        (
            1e-2,
            PEAK,
            REPRODUCED,
            "No value is shown to be better, 3 to be worse: it is best in 100 % of simulated searches",
        ),
        (1e-1, PEAK, CONTRADICTED, "One search would not have found it: it is best in 0 %"),
        (1e-3, PEAK, CONTRADICTED, "our best is 0.01, by 2 points"),
        (1e-3, {**PEAK, 1e-3: 0.533}, INCONCLUSIVE, "By the means of our seeds 0.01 is better"),
        (1e-3, {**PEAK, 1e-3: 0.539}, REPRODUCED, "our best is 0.01, by 0.1 points"),
        (
            1e-3,
            dict.fromkeys(PEAK, 0.5),
            INCONCLUSIVE,
            "No value is shown to be worse, so naming a best one says nothing",
        ),
        (5e-3, PEAK, NOT_TESTABLE, "The nearest value on our grid, 0.01, is not within 15 %; best is 0.01."),
        (0.0, PEAK, NOT_TESTABLE, "is not within 15 %"),
        (0.0, {0.0: 0.54, 1e-2: 0.5}, REPRODUCED, "1 to be worse"),
    ],
)
def test_outcomes(reported: float, means: dict[float, float], outcome: str, reason: str) -> None:
    """Points are 3 and 7 standard errors apart here, or not at all."""
    found = judge(reported, means)
    assert found.outcome == outcome, found.reason
    assert reason in found.reason
    assert found.mean == max(means, key=lambda value: (means[value], value))  # of equal ones the largest


@pytest.mark.parametrize(
    ("tied", "outcome", "reason"),
    [
        ([1e-3, 1e-2], REPRODUCED, "2 to be worse: it is best in 100 % of simulated searches, a blind guess in 50 %"),
        (
            [1e-4, 1e-1],
            CONTRADICTED,
            "best in 0 % of simulated searches, a blind guess in 50 %; our best is 0.01, by 4",
        ),
        ([1e-2, 1e-6], NOT_TESTABLE, "The nearest value on our grid, 0.0001, is not within 15 %"),
    ],
)
def test_values_that_tie(tied: list[float], outcome: str, reason: str) -> None:
    """One of them must be the best, and none of them counts as worse than another."""
    found = judge(tied, PEAK)
    assert (found.outcome, reason in found.reason) == (outcome, True), found.reason


def test_the_grids_nearest_value_is_the_claimed_one() -> None:
    """0.0105 was printed where 0.01 was tried."""
    assert judge(0.0105, PEAK).outcome == REPRODUCED


def test_few_seeds_decide_nothing() -> None:
    """Without a spread, or with one of too few degrees of freedom."""
    assert judge(1e-2, PEAK, noise=None).outcome == INCONCLUSIVE
    assert "5 more seeds" in judge(1e-2, PEAK, noise=Noise(Spread(0.003, 3), Spread(0.0, 1))).reason
    assert judge(1e-2, PEAK, seeds=0).reason == "No run of ours finished."


def test_what_a_search_shares_does_not_matter() -> None:
    """All candidates are judged on the same images: however hard these are, the best one stays the best."""
    shared = judge(1e-2, PEAK, noise=Noise(SMALL.own, Spread(0.2, math.inf)))
    assert (shared.outcome, shared.low, shared.high) == (
        REPRODUCED,
        *(getattr(judge(1e-2, PEAK), x) for x in ("low", "high")),
    )
