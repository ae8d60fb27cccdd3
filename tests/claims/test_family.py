"""Many claims at once: counts and exact probabilities by hand."""

import math

import pandas as pd
import pytest

from bnlab.claims.family import family
from bnlab.claims.numbers import printed_range
from bnlab.claims.outcomes import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    RESULTS,
    STATEMENTS,
)


def row(outcome, reported="0.5", ours_mean=math.nan, *, report="a", kind="number", **other):
    """A row of a ledger."""
    low, high = printed_range(reported)
    rest = {"group": RESULTS, "metric": "test_accuracy", "printed_low": low, "printed_high": high} | other
    return {"report": report, "kind": kind, "outcome": outcome, "ours_mean": ours_mean} | rest


def table(*rows):
    """The families of a ledger of these rows, by report."""
    return family(pd.DataFrame(rows)).set_index("report")


def test_decided_results_are_counted():
    """Measured results that are reproduced or not; no statements, and nothing that was left open."""
    found = table(
        *[row(REPRODUCED)] * 17,
        *[row(NOT_REPRODUCED)] * 2,
        row(CONTRADICTED, kind="best"),
        row(INCONCLUSIVE), row(NOT_COMPARABLE), row(NOT_TESTABLE),
        row(NOT_REPRODUCED, kind="direction", group=STATEMENTS),
    ).loc["a"]  # fmt: skip
    assert (found["decided"], found["found_not_reproduced"]) == (20, 3)
    assert found["expected_false"] == pytest.approx(1)
    # One less the probabilities of none, one and two in twenty: 0.358, 0.377 and 0.189.
    assert found["probability"] == pytest.approx(0.0755, abs=5e-5)


def test_reports_stand_in_the_order_of_the_ledger():
    """Each by itself; one of which nothing is decided has nothing to expect."""
    found = table(row(REPRODUCED, report="b"), row(INCONCLUSIVE, report="a"), row(NOT_REPRODUCED, report="b"))
    assert list(found.index) == ["b", "a"]
    assert (found.loc["a", "decided"], found.loc["a", "expected_false"], found.loc["a", "probability"]) == (0, 0, 1)
    assert found.loc["b", "probability"] == pytest.approx(1 - 0.95**2)


def test_accuracies_lean_to_one_side():
    """Six of seven below ours, whatever their outcome: two sided, p = 2 (7 + 1) / 128."""
    found = table(
        *[row(outcome, "0.51", 0.53) for outcome in (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_COMPARABLE)],
        *[row(REPRODUCED, "0.51", 0.5151)] * 2,
        row(REPRODUCED, "0.510", 0.5094),
        row(REPRODUCED, "0.51", 0.5149),  # ours rounds to it
        row(REPRODUCED, "0.51", 0.519, printed_low=0.51, printed_high=0.52),  # or is cut off to it
        row(REPRODUCED, "1.20", 1.0, metric="test_cost"),
        row(REPRODUCED, "0.01", 0.5, kind="best"),
        row(NOT_REPRODUCED, "0.6", math.nan),  # no run of ours finished
        row(REPRODUCED, "0.8", 0.9, kind="level", group=STATEMENTS),
    ).loc["a"]  # fmt: skip
    assert (found["above"], found["below"]) == (1, 6)
    assert found["sign_p"] == pytest.approx(2 * 8 / 128)


def test_no_lean_is_no_more_than_certain():
    """As many above as below; and without accuracies there is no test."""
    found = table(row(REPRODUCED, "0.6", 0.5), row(REPRODUCED, "0.4", 0.5))
    assert found.loc["a", "sign_p"] == 1
    assert math.isnan(table(row(REPRODUCED, "0.5", 0.5)).loc["a", "sign_p"])


def test_a_ledger_that_was_read_as_text_will_do():
    """Of claims.csv all columns are texts, and what is not known is empty."""
    ours = "0.5", "", "0.55"
    found = table(*(row(REPRODUCED, "0.6", mean, printed_low="0.55", printed_high="0.65") for mean in ours))
    assert (found.loc["a", "above"], found.loc["a", "below"]) == (1, 0)
