"""A row about a claim says what the report prints and what we found in the same unit, and leads to the runs."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.claims.load import load_claims
from bnlab.claims.outcomes import GROUPS, OUTCOMES
from bnlab.config.studies import load_configuration
from bnlab.report.claim_rows import ClaimRow, claim_anchor, claim_rows, of_claims, said_once
from bnlab.report.medium import ALONE
from bnlab.report.run_list import anchor_of
from bnlab.runs.spec import RunSpec

CONFIG = Path(__file__).parents[2] / "config"
CLAIM: dict[str, Any] = {
    "number": 7,
    "id": "small/a",
    "item": "small/a",
    "table": "",
    "report": "small",
    "where": "3, Table 1",
    "text": "Three layers come to about half.",
    "kind": "number",
    "group": "measured results",
    "metric": "test_accuracy",
    "reported": "0.5",
    "printed_low": float("nan"),
    "printed_high": float("nan"),
    "ours_mean": 0.5123,
    "ours_sd": 0.0046,
    "low": 0.4989,
    "high": 0.5256,
    "detectable": float("nan"),
    "outcome": "REPRODUCED",
    "flags": "",
    "at_half_margin": "",
    "at_twice_margin": "",
    "reason": "Within the interval.",
    "open": "",
    "variants": "",
    "runs": "",
}
NAN = float("nan")
RUNS = {
    f"official/50_{'bn' if batch_norm else 'plain'}_seed{seed}": RunSpec("official", (50,), batch_norm, "he", 0.0, seed)
    for batch_norm in (True, False)
    for seed in (1, 2)
}
IDS = [
    ("small/a", ""),
    ("small/a_b", ""),
    ("small/t", "1e-05"),
    ("small/t", "0.1"),
    ("small/t2", "0.1"),
    ("small/b", ""),
]


def table(*claims: dict[str, Any]) -> pd.DataFrame:
    """A ledger of claims that differ from `CLAIM` in this; the group is that of the kind."""
    return pd.DataFrame([CLAIM | {"group": GROUPS[claim.get("kind", "number")]} | claim for claim in claims])


def row(**claim: Any) -> ClaimRow:
    """The one row of a ledger of one claim."""
    (only,) = claim_rows(table(claim), {})
    return only


@given(whole=st.sampled_from(["0", "", "-0", "1"]), digits=st.text("0123456789", min_size=1, max_size=12))
def test_printed_accuracies_are_in_percent_with_all_their_digits(whole: str, digits: str) -> None:
    """A hundred times the printed number exactly, with as many digits as stand behind the point, less two."""
    printed = f"{whole}.{digits}"
    shown = row(reported=printed).reported
    assert shown.endswith(" %")
    number = shown.removesuffix(" %").replace("−", "-")
    assert Decimal(number) == 100 * Decimal(printed)
    assert len(number.partition(".")[2]) == max(0, len(digits) - 2)


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ({"reported": "0.529"}, "52.9 %"),
        ({"reported": ".5290"}, "52.90 %"),
        ({"reported": "0.07", "metric": "test_gain"}, "7 points"),
        ({"reported": "-0.012", "metric": "test_gain"}, "−1.2 points"),
        ({"reported": "0.09 to 0.11", "kind": "level"}, "9 to 11 %"),
        ({"reported": "0 to 2", "kind": "level", "metric": "training_loss"}, "0 to 2"),
        ({"reported": "> 0", "kind": "direction"}, "> 0"),
        ({"reported": "2.30231", "metric": "training_cost"}, "2.30231"),
        (
            {"reported": "1.485", "metric": "training_cost", "printed_low": 1.465, "printed_high": 1.505},
            "1.485 (± 0.02)",
        ),
        ({"reported": "0.52", "printed_low": 0.51, "printed_high": 0.53}, "52 % (± 1)"),
        ({"reported": "0.529", "printed_low": 0.5285, "printed_high": 0.5295}, "52.9 %"),
        ({"reported": "-5", "kind": "setting", "metric": "log10_weight_decay_min"}, "−5"),
        ({"reported": "2.0309e-8", "kind": "best"}, "2.0309e-8"),
        ({"reported": "0.0072", "kind": "best", "metric": "weight_decay"}, "0.0072"),
        ({"reported": "5.8286e-18 to 0.412", "kind": "gradient", "metric": ""}, "5.8e−18 to 0.412"),
        ({"reported": "1e-7 to 1e-6", "kind": "magnitude", "metric": ""}, "1.0e−7 to 1.0e−6"),
        ({"reported": "", "kind": "increase", "metric": ""}, ""),
        ({"reported": "", "kind": "words", "metric": ""}, ""),
        ({"reported": "about half", "kind": "words", "metric": ""}, "about half"),
    ],
)
def test_what_the_report_prints(claim: dict[str, Any], shown: str) -> None:
    """Accuracies and gains in percent and points, everything else as it is printed."""
    assert row(**claim).reported == shown


@pytest.mark.parametrize(
    ("claim", "ours", "interval"),
    [
        ({}, "51.23 ± 0.46 %", "49.89 to 52.56 %"),
        ({"ours_sd": NAN}, "51.23 %", "49.89 to 52.56 %"),
        ({"metric": "test_gain", "ours_mean": 0.03, "low": -0.01, "high": 0.07}, "+3.00 ± 0.46 points",
         "−1.00 to +7.00 points"),
        ({"kind": "direction", "ours_mean": -0.0123, "low": -0.02, "high": -0.0046}, "−1.23 ± 0.46 points",
         "−2.00 to −0.46 points"),
        ({"kind": "equal", "metric": "validation_loss", "ours_mean": 0.0386, "low": -0.0206, "high": 0.0566},
         "+0.039 ± 0.005", "−0.021 to +0.057"),
        ({"metric": "training_cost", "reported": "2.00", "ours_mean": 2.0047, "low": 1.99, "high": 2.02},
         "2.005 ± 0.005", "1.990 to 2.020"),
        ({"metric": "training_cost", "reported": "2.30231", "ours_mean": 2.302585, "ours_sd": 4e-5, "low": 2.3025,
          "high": 2.30267}, "2.30259 ± 0.00004", "2.30250 to 2.30267"),
        ({"kind": "setting", "metric": "log10_weight_decay_min", "reported": "-3", "ours_mean": -3.0, "ours_sd": NAN,
          "low": NAN, "high": NAN}, "−3", ""),
        ({"kind": "setting", "metric": "weight_decays", "reported": "10", "ours_mean": 10.0, "low": NAN, "high": NAN},
         "10", ""),
        ({"kind": "best", "metric": "validation_accuracy", "reported": "0.0072", "ours_mean": 0.00518, "ours_sd": NAN,
          "low": 0.001, "high": 0.004}, "0.00518", "+0.10 to +0.40 points"),
        ({"kind": "magnitude", "metric": "", "reported": "1e-9 to 1e-8", "ours_mean": 2.6e-11, "ours_sd": NAN,
          "low": 1.9e-11, "high": 3.5e-3}, "2.6e−11", "1.9e−11 to 0.00350"),
        ({"metric": "epochs_until_learning", "reported": "17", "ours_mean": 12.5, "ours_sd": NAN, "low": 8.0,
          "high": float("inf")}, "12.500", "8.000 to never"),
        ({"kind": "words", "ours_mean": NAN, "ours_sd": NAN, "low": NAN, "high": NAN}, "", ""),
    ],
)  # fmt: skip
def test_what_was_found(claim: dict[str, Any], ours: str, interval: str) -> None:
    """Ours and the interval are in the unit of what is printed; that of a best setting is about accuracies."""
    shown = row(**claim)
    assert (shown.ours, shown.interval) == (ours, interval)


@pytest.mark.parametrize(
    ("claim", "quantity"),
    [
        ({}, "Test accuracy"),
        ({"text": "Test accuracy of three layers."}, ""),
        ({"kind": "direction", "metric": "training_loss"}, "Difference in training loss"),
        ({"kind": "best"}, ""),
        ({"kind": "setting", "metric": "weight_decays"}, ""),
        ({"kind": "words", "metric": ""}, ""),
        ({"kind": "gradient", "metric": ""}, ""),
    ],
)
def test_what_was_compared(claim: dict[str, Any], quantity: str) -> None:
    """Beside words that leave it open stands what was measured, and nothing where they say it."""
    assert row(**claim).quantity == quantity


@pytest.mark.parametrize(
    ("outcome", "tone"),
    list(zip(OUTCOMES, ["held", "failed", "failed", "which", "which", "which"], strict=True)),
)
def test_outcomes_have_colours(outcome: str, tone: str) -> None:
    """Green is what came back, red what did not, grey all that cannot be told, whatever the flags."""
    assert row(outcome=outcome, flags="INCONSISTENT").tone == tone


@pytest.mark.parametrize(
    ("flags", "shown"),
    [("", []), ("OPEN", ["open"]), ("OPEN INCONSISTENT", ["open", "inconsistent"])],
)
def test_flags_stand_beside_the_outcome(flags: str, shown: list[str]) -> None:
    """As small words, none where there is none."""
    assert row(flags=flags).flags == shown


def test_what_is_open_is_said_once() -> None:
    """The reason of a claim that is not comparable says it already."""
    left = {"open": "the length of the training", "flags": "OPEN"}
    assert row(**left).open == "the length of the training"
    assert row(**left, outcome="NOT COMPARABLE", reason="Open: the length of the training.").open == ""


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ({}, ""),
        ({"detectable": 0.0123}, "1.23 points"),
        ({"detectable": 0.0123, "metric": "test_gain"}, "1.23 points"),
        ({"detectable": 0.0123, "metric": "training_cost", "reported": "2.3023"}, "0.0123"),
        ({"detectable": 0.0123, "kind": "direction", "metric": "training_loss", "reported": "> 0"}, "0.012"),
    ],
)
def test_what_a_comparison_sees(claim: dict[str, Any], shown: str) -> None:
    """The smallest shift in points of an accuracy, in the metric's unit else; nothing where a rule has none."""
    assert row(**claim).shift == shown


@pytest.mark.parametrize(
    ("outcome", "half", "twice", "told"),
    [
        ("REPRODUCED", "", "", False),
        ("REPRODUCED", "REPRODUCED", "REPRODUCED", False),
        ("REPRODUCED", "REPRODUCED", "NOT REPRODUCED", True),
        ("REPRODUCED", "INCONCLUSIVE", "REPRODUCED", True),
        ("NOT COMPARABLE", "REPRODUCED", "REPRODUCED", False),
        ("NOT COMPARABLE", "INCONCLUSIVE", "REPRODUCED", True),
    ],
)
def test_margins_are_told_where_they_matter(outcome: str, half: str, twice: str, told: bool) -> None:
    """Where half or twice the margin has another outcome; readings that decide together have no margin of their own."""
    shown = row(kind="equal", outcome=outcome, at_half_margin=half, at_twice_margin=twice).margins
    expected = f"With half the margin {half.lower()}, with twice the margin {twice.lower()}."
    assert shown == (expected if told else "")


def test_a_published_table_leads_to_ours() -> None:
    """The claim about it has the number of the table that stands beside it, and no other claim has."""
    claims = table({"kind": "gradient", "metric": "", "table": "plain", "reported": "1e-9 to 1e-8"}, {})
    assert [shown.table for shown in claim_rows(claims, {}, {"plain": 7, "other": 8})] == [7, None]


def test_anchors_of_all_claims_differ() -> None:
    """Every claim of the committed ledger has an id of its own that can stand in an URL, without its brackets."""
    claims = load_claims(load_configuration(CONFIG))
    anchors = [claim_anchor(claim.id) for claim in claims]
    assert any("[" in claim.id and "." in claim.id for claim in claims)
    assert len(set(anchors)) == len(claims)
    assert all(re.fullmatch(r"claim-[A-Za-z0-9._-]*[A-Za-z0-9]", anchor) for anchor in anchors)
    alike = ["a/b-c", "a-b/c", "a/b[0]", "a/b-0", "a/b_0"]
    assert len({claim_anchor(one) for one in alike}) == len(alike)


def test_claims_lead_to_their_report() -> None:
    """Every claim stands in a row of its own on its report's page."""
    assert ALONE.claim(row(id="small/t[1e-05]")) == "../small/page.html#claim-small.t.1e-05"


def test_only_runs_of_the_page_are_linked() -> None:
    """Runs that the page lists are linked by seed, those without batch normalization first; the others are counted."""
    known = {name: spec for name, spec in RUNS.items() if spec.seed == 1}
    (shown,) = claim_rows(table({"runs": " ".join(RUNS)}), known)
    assert [(group.batch_norm, [link.seed for link in group.links]) for group in shown.runs] == [
        (False, [1]), (True, [1]),
    ]  # fmt: skip
    assert shown.runs[0].links[0].anchor == anchor_of("official/50_plain_seed1")


def test_the_runs_of_a_whole_search_are_counted() -> None:
    """A claim with more runs than fit into a cell links none of them."""
    names = [f"tiny/5_plain_seed{seed}" for seed in range(1, 72)]
    known = {name: next(iter(RUNS.values())) for name in names}
    (few,) = claim_rows(table({"runs": " ".join(names[:60])}), known)
    (many,) = claim_rows(table({"runs": " ".join(names)}), known)
    assert (few.together, len(few.runs[0].links)) == (0, 60)
    assert (many.together, many.runs) == (71, [])


def test_claims_are_taken_in_the_order_asked_for() -> None:
    """The id of an item stands for all entries of its table, in their order, and for no other claim's."""
    ledger = table(*({"id": f"{item}[{entry}]" if entry else item, "item": item} for item, entry in IDS))
    assert list(of_claims(ledger, ["small/b", "small/t", "small/a"])["id"]) == [
        "small/b", "small/t[1e-05]", "small/t[0.1]", "small/a",
    ]  # fmt: skip
    assert list(of_claims(ledger, ["small/t[0.1]"])["id"]) == ["small/t[0.1]"]
    assert of_claims(ledger, ["small/nothing"]).empty


def test_what_is_said_of_a_table_is_said_once() -> None:
    """With its first entry; every table has a sentence of its own, and every reason its own words."""
    tables = [" Of the table's 2 entries 1 is reproduced as read here.", " Of the table's 3 entries 0 are reproduced."]
    rows = [row(reason=f"It lies {place}.{whole}") for whole in tables for place in ("above", "below")]
    assert [one.reason for one in said_once([*rows, row(reason="It lies there.")])] == [
        f"It lies above.{tables[0]}", "It lies below.",
        f"It lies above.{tables[1]}", "It lies below.", "It lies there.",
    ]  # fmt: skip
