"""Readings of a claim decide together where it is open; flags say what is wrong with it, whatever was found."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.claims.model import Claim, Interpretation
from bnlab.claims.outcomes import (
    CONTRADICTED,
    FAILED,
    FLAGS,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    OUTCOMES,
    REPRODUCED,
    Finding,
    unit_of,
)
from bnlab.claims.readings import decide, flags_of

CLAIM = Claim("r/a", "r", "r", (), "1", "t", "number", Interpretation(), ())
OPEN = replace(CLAIM, open=("λ",))
outcomes = st.sampled_from([one for one in OUTCOMES if one != NOT_COMPARABLE])


def found(outcome: str) -> Finding:
    """A finding of that outcome."""
    return Finding(outcome, f"It is {outcome.lower()}.")


@pytest.mark.parametrize(
    ("main", "other", "together"),
    [
        (REPRODUCED, NOT_REPRODUCED, NOT_COMPARABLE),
        (REPRODUCED, CONTRADICTED, NOT_COMPARABLE),
        (CONTRADICTED, REPRODUCED, NOT_COMPARABLE),
        (REPRODUCED, REPRODUCED, REPRODUCED),
        (REPRODUCED, INCONCLUSIVE, REPRODUCED),
        (NOT_REPRODUCED, CONTRADICTED, NOT_REPRODUCED),
        (INCONCLUSIVE, REPRODUCED, INCONCLUSIVE),
    ],
)
def test_open_readings(main: str, other: str, together: str) -> None:
    """Only a reading that speaks the other way makes an open claim not comparable; a closed one has its main one."""
    assert decide(OPEN, found(main), {"v": found(other)})[0] == together
    assert decide(CLAIM, found(main), {"v": found(other)})[0] == main


@given(outcomes, st.lists(outcomes, max_size=4), st.booleans(), st.booleans())
def test_what_always_holds(main: str, others: list[str], is_open: bool, inconsistent: bool) -> None:
    """Not comparable needs an open claim and readings on both sides; flags never change an outcome."""
    claim = replace(CLAIM, open=("λ",) if is_open else (), inconsistent="Its log differs." if inconsistent else "")
    variants = {str(i): found(other) for i, other in enumerate(others)}
    outcome, reason = decide(claim, found(main), variants)
    both = {main, *others}
    assert (outcome == NOT_COMPARABLE) == (is_open and REPRODUCED in both and bool(both & {*FAILED}))
    assert outcome in (main, NOT_COMPARABLE)
    assert outcome == decide(replace(claim, inconsistent=""), found(main), variants)[0]
    assert reason.endswith("Inconsistent: Its log differs.") == inconsistent
    assert flags_of(claim) == tuple(flag for flag, there in zip(FLAGS, (is_open, inconsistent), strict=True) if there)


def test_what_fails_names_all_that_was_tried() -> None:
    """Those that reproduce it, or else everything."""
    tried = {"a": found(REPRODUCED), "b": found(NOT_REPRODUCED)}
    assert decide(CLAIM, found(NOT_REPRODUCED), tried)[1].endswith("Reproduced with: a.")
    del tried["a"]
    assert decide(CLAIM, found(NOT_REPRODUCED), tried)[1].endswith("Not with: b.")
    assert decide(CLAIM, found(NOT_REPRODUCED), {})[1] == "It is not reproduced."


@pytest.mark.parametrize(
    ("means", "outcome", "said"),
    [
        ({"a": 1.2, "b": 2.4}, INCONCLUSIVE, "these lie on both sides: below a; above as read here, b."),
        ({"a": 2.1, "b": 2.4}, NOT_REPRODUCED, "Not with: a, b."),
    ],
)
def test_a_value_between_readings_may_reproduce_it(means: dict[str, float], outcome: str, said: str) -> None:
    """Where what is open can lie between, readings on both sides of a number decide nothing."""
    claim = replace(OPEN, reported="2.0", continuous=True)
    variants = {label: replace(found(NOT_REPRODUCED), mean=mean) for label, mean in means.items()}
    main = replace(found(NOT_REPRODUCED), mean=2.3)
    decided, reason = decide(claim, main, variants)
    assert (decided, reason.endswith(said)) == (outcome, True), reason
    assert decide(replace(claim, continuous=False), main, variants)[0] == NOT_REPRODUCED


@pytest.mark.parametrize("settled", [False, True])
def test_a_reading_that_cannot_be_meant_decides_nothing(settled: bool) -> None:
    """It is named among what was tried."""
    tried = Interpretation(label="momentum", settled=settled)
    claim = replace(OPEN, variants=(tried,), reported="2.0", continuous=True)
    below = {"momentum": replace(found(REPRODUCED), mean=1.0)}
    outcome, reason = decide(claim, replace(found(NOT_REPRODUCED), mean=2.3), below)
    assert outcome == (NOT_REPRODUCED if settled else NOT_COMPARABLE)
    assert "momentum" in reason


def test_words_that_no_run_can_test() -> None:
    """The reason is the file's."""
    assert decide(replace(CLAIM, not_testable="No code."), None, {}) == (NOT_TESTABLE, "No code.")


@pytest.mark.parametrize(
    ("kind", "metric", "unit"),
    [
        ("number", "test_accuracy", "%"),
        ("number", "test_gain", "points"),
        ("direction", "test_accuracy", "points"),
        ("direction", "gap", "points"),
        ("level", "swing", "points"),
        ("number", "training_cost", ""),
        ("best", "weight_decay", "setting"),
        ("setting", "updates", "setting"),
        ("gradient", "", "error"),
        ("magnitude", "", "error"),
    ],
)
def test_units(kind: str, metric: str, unit: str) -> None:
    """Accuracies in percent, what lies between two of them in points."""
    assert unit_of(kind, metric) == unit
