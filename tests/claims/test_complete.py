"""No number and no statement of a report is missing in the ledger, and none is in it twice."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from bnlab.claims.load import load_claims
from bnlab.claims.model import Claim
from bnlab.config.studies import Configuration, load_configuration

ROOT = Path(__file__).parents[2]
COLLECTED = ROOT.parent / "shared" / "reference" / "reported.csv"
"""All numbers and statements in one table, where there is one beside the project; the project does not need it."""
ROWS_OF_ITEMS = Path(__file__).with_name("collected.csv")
"""Which row of that table each item of config/claims is: the report's experiment and the quantity, or "claim"."""
COUNTS = {"anon": 61, "banaei2022": 111, "fan2017": 38, "falk2024": 23, "saccardi2022": 51}
"""How many numbers and statements each report has."""
GRADIENTS = {"anon": 24, "banaei2022": 80, "fan2017": 0, "falk2024": 4, "saccardi2022": 4}
"""How many of them are published numbers of a gradient check."""


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    """The committed studies."""
    return load_configuration(ROOT / "config")


@pytest.fixture(scope="module")
def row_of() -> dict[str, str]:
    """The collected row of each item, published numbers of gradient checks apart."""
    with ROWS_OF_ITEMS.open(encoding="utf-8", newline="") as file:
        return {row["item"]: row["row"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("report", COUNTS)
def test_as_many_claims_as_the_report_makes(configuration: Configuration, report: str) -> None:
    """A claim per number and statement; those of gradient checks come from the reported checks."""
    claims = load_claims(configuration, [report])
    assert len(claims) == COUNTS[report]
    assert sum(claim.kind == "gradient" for claim in claims) == GRADIENTS[report]


@pytest.mark.parametrize("report", COUNTS)
def test_the_claims_are_the_collected_ones(configuration: Configuration, row_of: dict[str, str], report: str) -> None:
    """Experiment, quantity, printed value, and λ where the same quantity is printed for several, agree row by row."""
    if not COLLECTED.is_file():
        pytest.skip("needs the collection of numbers and statements beside the project")
    with COLLECTED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["report"] == report]
    claims = load_claims(configuration, [report])

    published = [row for row in rows if row["experiment"].startswith("grad_check") and row["value"]]
    assert Counter(float(row["value"]) for row in published) == Counter(
        claim.published.value for claim in claims if claim.published is not None
    )

    others = [row for row in rows if row not in published]
    decays: dict[str, set[str]] = {}
    for row in others:
        decays.setdefault(name(row), set()).add(row["lambda"])
    several = {quantity for quantity, values in decays.items() if len(values) > 1}
    expected = Counter((name(row), number(row["lambda"]) if name(row) in several else None, number(row["value"]))
                       for row in others)  # fmt: skip
    found = Counter(
        (row, weight_decay(claim) if row in several else None, printed(claim, row))
        for claim in claims
        if claim.published is None
        for row in [row_of[claim.item]]
    )
    assert found - expected == Counter()
    assert expected - found == Counter()


@pytest.mark.parametrize("report", COUNTS)
def test_statements_have_no_number_and_numbers_have_one(
    configuration: Configuration, row_of: dict[str, str], report: str
) -> None:
    """What is in words is a row named claim, and the other way round; no row is of an item that is gone."""
    items = {item for item in row_of if item.startswith(f"{report}/")}
    assert items == {claim.item for claim in load_claims(configuration, [report]) if claim.published is None}
    for claim in load_claims(configuration, [report]):
        if claim.published is None and claim.kind != "best":
            assert bool(claim.reported) != row_of[claim.item].endswith("/claim"), claim.id


def name(row: dict[str, str]) -> str:
    """The experiment and the quantity of a row."""
    return f"{row['experiment']}/{row['quantity']}"


def number(text: str) -> float | None:
    """A printed number; None of a statement."""
    return float(text) if text else None


def printed(claim: Claim, row: str) -> float | None:
    """A claim's number; None where its row is a statement, which may name a best setting in words."""
    return None if row.endswith("/claim") else number(claim.reported)


def weight_decay(claim: Claim) -> float | None:
    """The λ of a claim's cells."""
    (selection,) = claim.main.cells
    value = selection.filters.get("weight_decay")
    return None if value is None else float(value)
