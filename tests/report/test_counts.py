"""Outcomes are counted by group, and never added up over groups."""

import pandas as pd

from bnlab.claims.judge import summary
from bnlab.report.counts import count_rows, headline, outcome_counts

CLAIMS = [
    ("one", "measured results", "REPRODUCED", "OPEN"),
    ("one", "measured results", "REPRODUCED", ""),
    ("one", "measured results", "CONTRADICTED", "OPEN INCONSISTENT"),
    ("one", "gradient checks", "NOT REPRODUCED", ""),
    ("two", "settings", "REPRODUCED", ""),
    ("two", "statements", "INCONCLUSIVE", ""),
    ("two", "measured results", "NOT TESTABLE", "INCONSISTENT"),
]
LEDGER = pd.DataFrame(CLAIMS, columns=["report", "group", "outcome", "flags"])


def test_a_page_counts_its_own_claims() -> None:
    """By group, in the order of groups and outcomes, without what there is none of."""
    assert outcome_counts(LEDGER[LEDGER["report"] == "one"]) == [
        ("measured results", [("REPRODUCED", 2), ("CONTRADICTED", 1)]),
        ("gradient checks", [("NOT REPRODUCED", 1)]),
    ]


def test_the_headline_is_of_measured_results_and_statements() -> None:
    """A sentence for each, of all reports."""
    assert list(headline(summary(LEDGER))) == [
        "Of 4 measured results, 2 are reproduced, 1 contradicted and 1 not testable.",
        "Of 1 statement, 1 is inconclusive.",
    ]


def test_the_table_has_a_part_for_each_group() -> None:
    """Its reports and all: a number for each outcome, the claims there are, and those with each flag."""
    assert count_rows(summary(LEDGER)) == [
        ("measured results", [
            ("one", [2, 0, 1, 0, 0, 0, 3, 2, 1]), ("two", [0, 0, 0, 0, 0, 1, 1, 0, 1]),
            ("all", [2, 0, 1, 0, 0, 1, 4, 2, 2]),
        ]),
        ("statements", [("two", [0, 0, 0, 1, 0, 0, 1, 0, 0]), ("all", [0, 0, 0, 1, 0, 0, 1, 0, 0])]),
        ("gradient checks", [("one", [0, 1, 0, 0, 0, 0, 1, 0, 0]), ("all", [0, 1, 0, 0, 0, 0, 1, 0, 0])]),
        ("settings", [("two", [1, 0, 0, 0, 0, 0, 1, 0, 0]), ("all", [1, 0, 0, 0, 0, 0, 1, 0, 0])]),
    ]  # fmt: skip
