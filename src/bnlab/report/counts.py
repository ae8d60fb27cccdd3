"""How many claims came to what: by group and report, never added up over groups."""

from collections.abc import Iterator

import pandas as pd

from bnlab.claims.outcomes import FLAGS, GROUPS, OUTCOMES, RESULTS, STATEMENTS
from bnlab.formatting import count

HEADLINE = (RESULTS, STATEMENTS)
"""The groups that runs of ours decide; the others agree for the most part because they were copied from the report."""


def outcome_counts(claims: pd.DataFrame) -> list[tuple[str, list[tuple[str, int]]]]:
    """For each group how many of its claims have each outcome, in order, those left out that none has."""
    found = claims.groupby(["group", "outcome"]).size().to_dict()
    counts = [
        (group, [(outcome, found[group, outcome]) for outcome in OUTCOMES if (group, outcome) in found])
        for group in dict.fromkeys(GROUPS.values())
    ]
    return [(group, outcomes) for group, outcomes in counts if outcomes]


def headline(summary: pd.DataFrame) -> Iterator[str]:
    """A sentence for each group of `HEADLINE`: how many of its claims came to what. summary: claims_summary.csv."""
    for group in HEADLINE:
        for _, row in summary[(summary["report"] == "all") & (summary["group"] == group)].iterrows():
            found = [f"{row[outcome]} {outcome.lower()}" for outcome in OUTCOMES if row[outcome]]
            found[0] = found[0].replace(" ", " is " if found[0].startswith("1 ") else " are ", 1)
            several = f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else found[0]
            yield f"Of {count(row['total'], group.removesuffix('s'))}, {several}."


def count_rows(summary: pd.DataFrame) -> list[tuple[str, list[tuple[str, list[int]]]]]:
    """The summary's rows by group: the report, and its number of each outcome, of all claims and of each flag."""
    columns = [*OUTCOMES, "total", *FLAGS]
    counts = [
        (group, [(row["report"], [int(row[column]) for column in columns]) for _, row in rows.iterrows()])
        for group in dict.fromkeys(GROUPS.values())
        for rows in [summary[summary["group"] == group]]
    ]
    return [(group, rows) for group, rows in counts if rows]
