"""The conclusion counts what it says it counts."""

import pandas as pd

from bnlab.report.conclusion import conclusion

COLUMNS = ["group", "outcome", "flags", "open"]
ROWS = [
    ("measured results", "REPRODUCED", "", ""),
    ("measured results", "NOT REPRODUCED", "", ""),
    ("measured results", "NOT REPRODUCED", "OPEN INCONSISTENT", "the step, the network"),
    ("measured results", "INCONCLUSIVE", "OPEN", "the network"),
    ("statements", "REPRODUCED", "OPEN", "the network"),
    ("statements", "CONTRADICTED", "INCONSISTENT", ""),
    ("statements", "REPRODUCED", "", ""),
    ("statements", "NOT TESTABLE", "OPEN", "the seed, the images"),
    ("settings", "REPRODUCED", "OPEN", "the step"),
]


def test_what_is_decided_is_counted() -> None:
    """By group, with what is open beside what is not; what our runs do not decide is in no share."""
    assert list(conclusion(pd.DataFrame(ROWS, columns=COLUMNS))) == [
        "Where our runs decide, 1 of 3 measured results are reproduced, and 2 of 3 statements in words.",
        (
            "Of the measured results that our runs decide, 0 of 1 whose report leaves something open that matters are "
            "reproduced, and 1 of 2 others."
        ),
        "What the reports most often leave open: the network (3 claims), the step (2 claims), the seed (1 claim).",
    ]


def test_what_there_is_none_of_is_not_counted() -> None:
    """Neither what is left open where nothing is, nor a group of which nothing is decided."""
    assert list(conclusion(pd.DataFrame(ROWS[:2], columns=COLUMNS))) == [
        "Where our runs decide, 1 of 2 measured results are reproduced."
    ]
    assert list(conclusion(pd.DataFrame(ROWS[6:7], columns=COLUMNS))) == [
        "Where our runs decide, 1 of 1 statements in words are reproduced."
    ]
    assert list(conclusion(pd.DataFrame(ROWS[8:], columns=COLUMNS))) == [
        "What the reports most often leave open: the step (1 claim)."
    ]
