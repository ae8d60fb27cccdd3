"""Nothing that a report states or prints is missing in the ledger, unless the list of statements says why."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from bnlab.claims.load import load_claims
from bnlab.claims.model import TIED, Claim
from bnlab.claims.outcomes import FAILED, GRADIENTS
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import load_configuration

ROOT = Path(__file__).parents[2]
STATEMENTS = Path(__file__).with_name("statements.csv")
"""All that the reports state, sentence by sentence: where, in our words, and the printed number if it is one.

Percentages are written as fractions. `claim` is the claim of it; several lines can have the same. A line without a
claim is `waived`, for the reason that stands there. A published table of a gradient check is one line.
"""
COLLECTED = ROOT.parent / "shared" / "reference" / "reported.csv"
"""The same, collected a second time, where there is such a table beside the project; the project does not need it."""
REPORTS = ("falk2024", "anon", "banaei2022", "fan2017", "saccardi2022")

Row = dict[str, str]


@pytest.fixture(scope="module")
def claims() -> dict[str, Claim]:
    """All claims of the committed configuration, by id."""
    return {claim.id: claim for claim in load_claims(load_configuration(ROOT / "config"))}


@pytest.fixture(scope="module")
def statements() -> list[Row]:
    """The lines of the list."""
    return read(STATEMENTS)


def test_every_statement_is_claimed_or_waived(claims: dict[str, Claim], statements: list[Row]) -> None:
    """By a claim of its own report that exists, or with a reason; never both."""
    for row in statements:
        assert bool(row["claim"]) != bool(row["waived"]), row
        if row["claim"]:
            assert row["claim"] in claims, row
            assert claims[row["claim"]].report == row["report"], row


def test_every_claim_is_stated(claims: dict[str, Claim], statements: list[Row]) -> None:
    """No claim is made up: the list has it."""
    assert claims.keys() - {row["claim"] for row in statements} == set()


def test_printed_numbers_are_those_of_the_claims(claims: dict[str, Claim], statements: list[Row]) -> None:
    """Digit by digit, and every claim about one number has it in the list."""
    printed = {(row["claim"], row["printed"]) for row in statements if row["printed"]}
    assert printed == {
        (claim.id, claim.reported)
        for claim in claims.values()
        if claim.reported and claim.kind not in ("gradient", "magnitude")
    }


@pytest.mark.parametrize("report", REPORTS)
def test_the_list_has_all_that_was_collected(claims: dict[str, Claim], statements: list[Row], report: str) -> None:
    """Every printed number by section and value, and as many statements in words in every section."""
    if not COLLECTED.is_file():
        pytest.skip("needs the collection of numbers and statements beside the project")
    collected = [row for row in read(COLLECTED) if row["report"] == report]
    published = [row for row in collected if row["experiment"].startswith("grad_check") and row["value"]]
    assert Counter(float(row["value"]) for row in published) == Counter(
        value for claim in claims.values() if claim.report == report and claim.table for value in values_of(claim)
    )
    expected = Counter(
        (section(row["section"]), float(row["value"]) if row["value"] else None)
        for row in collected
        if row not in published
    )
    found = Counter(
        (section(row["where"]), float(row["printed"].split(TIED)[0]) if row["printed"] else None)
        for row in statements
        if row["report"] == report and row["claim"]
    )
    assert expected - found == Counter()


def read(path: Path) -> list[Row]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section(where: str) -> str:
    """A place without its table or figure."""
    return re.split(r"[,(]", where)[0].strip()


def values_of(claim: Claim) -> list[float]:
    """All that a published table prints."""
    published = load_reported_check(claim.main.reported_check, ROOT / "config")["published"]
    return [value for arrays in published[claim.table]["values"].values() for value in arrays.values()]


def test_what_failed_says_why_or_what_was_tried() -> None:
    """In the reference: a claim that our runs speak against names its other readings, a cause or a contradiction."""
    with (ROOT / "docs" / "reference" / "claims.csv").open(encoding="utf-8", newline="") as file:
        failed = [row for row in csv.DictReader(file) if row["outcome"] in FAILED]
    assert failed
    silent = [
        row["id"] for row in failed if not (row["variants"] or row["note"] or row["flags"] or row["group"] == GRADIENTS)
    ]
    assert silent == []
