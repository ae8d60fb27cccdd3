"""How published gradient errors are compared with our draws, and which causes they can tell apart."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bnlab.analysis.causes import describe_causes
from bnlab.analysis.read import read_table
from bnlab.analysis.reported_checks import combinations, reported_check_table
from bnlab.errors import IntegrityError
from bnlab.figures import causes
from bnlab.figures.style import house_style, save


def described(published: dict[str, dict[str, float]], *cases: dict[str, Any]) -> dict[str, Any]:
    """A reported check of one published table, with the keys that are read here."""
    case = {
        "published": "table",
        "measures": ["norm_max"],
        "statistics": "batch",
        "backward": "exact",
        "network": {"hidden": [5], "batch_norm": True},
    }
    content = {"table": {"place": "somewhere", "values": published}}
    return {"published": content, "cases": [case | own for own in cases or ({"id": "a"},)]}


def rows(*values: float, smooth: tuple[float, ...] | None = None, **labels: Any) -> pd.DataFrame:
    """Draws of one case, array and measure."""
    base = {"case": "a", "array": "W1", "measure": "norm_max", "entries": 10, "crossed": 0} | labels
    table = pd.DataFrame(
        {"draw": range(1, len(values) + 1), "value": values, "value_without_crossed": smooth or values}
    )
    return table.assign(**base)


@pytest.mark.parametrize(
    ("value", "verdict", "kinks", "interval"),
    [
        (1e-10, "fits", False, (1e-10, 2e-8)),
        (0.9e-10, "does not fit", False, (1e-10, 2e-8)),
        (2e-8, "fits", False, (1e-10, 2e-8)),
        (1e-7, "does not fit", False, (1e-10, 2e-8)),
        (2e-6, "fits", True, (1e-6, 1e-4)),
        (1.1e-4, "does not fit", False, (1e-10, 2e-8)),
    ],
)
def test_relative_errors_are_judged_by_powers_of_ten(
    value: float, verdict: str, kinks: bool, interval: tuple[float, float]
) -> None:
    """Within a factor of ten of the range of the draws: without crossed entries, or of those that have some."""
    found = reported_check_table(
        described({"relative_error": {"W1": value}}),
        rows(1e-9, 1e-5, 2e-9, smooth=(1e-9, 1.5e-9, 2e-9), crossed=[0, 1, 0]),
    )
    (row,) = found.to_dict("records")
    assert (row["verdict"], row["kinks"]) == (verdict, kinks)
    assert (row["low"], row["high"]) == pytest.approx(interval)
    assert (row["draws"], row["crossed"], row["entries"], row["published"]) == (3, 1, 30, value)
    assert (row["median"], row["other_median"]) == ((2e-9, 1.5e-9) if kinks else (1.5e-9, 2e-9))


def test_kinks_are_kept_for_a_whole_table() -> None:
    """What a value alone would have left out is kept where that fits the table better, and the interval shows it."""
    draws = pd.concat(
        [
            rows(1e-9, 1e-5, 2e-9, smooth=(1e-9, 1.5e-9, 2e-9), crossed=[0, 1, 0]),
            rows(3e-9, 4e-9, 1e-5, smooth=(3e-9, 4e-9, 1e-9), crossed=[0, 0, 1], array="b1"),
        ]
    )
    found = reported_check_table(described({"relative_error": {"W1": 1e-5, "b1": 5e-10}}), draws)
    assert list(found["kinks"]) == [True, True]
    assert list(found["verdict"]) == ["fits", "fits"]
    assert list(found["low"]) == pytest.approx([1e-6, 3e-10])


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.2996, "fits"), (0.2994, "does not fit"), (0.4004, "fits"), (0.41, "does not fit")]
)
def test_large_errors_have_to_lie_in_the_range(value: float, verdict: str) -> None:
    """A factor of ten says nothing of an error of order one; half a printed digit is allowed for."""
    (row,) = reported_check_table(described({"relative_error": {"W1": value}}), rows(0.3, 0.4)).to_dict("records")
    assert row["verdict"] == verdict


@pytest.mark.parametrize(("ours", "verdict"), [(0.996, "fits"), (0.994, "does not fit")])
def test_large_errors_have_three_digits(ours: float, verdict: str) -> None:
    """1.00 can have been 0.995."""
    (row,) = reported_check_table(described({"relative_error": {"W1": 1.0}}), rows(ours, ours)).to_dict("records")
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [(-0.5, "fits"), (0.1, "fits"), (0.11, "does not fit"), (-5, "does not fit")]
)
def test_moments_have_to_lie_in_the_range(value: float, verdict: str) -> None:
    """They have signs, and one unseeded draw is one of many."""
    found = reported_check_table(
        described({"gradient_mean": {"W1": value}}, {"id": "a", "measures": ["gradient_mean"]}),
        rows(-0.5, 0.1, measure="gradient_mean"),
    )
    assert list(found["verdict"]) == [verdict]


@pytest.mark.parametrize(
    ("drawn", "value", "far"),
    [
        ((-0.5, 0.1), 1.0, False),
        ((-0.5, 0.1), 1.1, True),
        ((-0.5, 0.1), -5.0, False),
        ((-0.5, 0.1), -5.1, True),
        ((0.2, 0.4), 0.02, False),
        ((0.2, 0.4), 0.019, True),
        ((-0.4, -0.2), -0.02, False),
        ((-0.4, -0.2), 0.0, True),
    ],
)
def test_a_factor_of_ten_leads_away_from_the_range(drawn: tuple[float, float], value: float, far: bool) -> None:
    """On both sides of it, whatever its ends' signs."""
    reported_check = described({"gradient_mean": {"W1": value}}, {"id": "a", "measures": ["gradient_mean"]})
    (one,) = combinations(reported_check, rows(*drawn, measure="gradient_mean"), "table")
    assert list(one.table["far"]) == [far]
    assert not one.table["fits"].any()


def test_what_was_not_published_has_no_verdict() -> None:
    """Another array, another measure, or a case that is compared with no table: the range of the draws is shown."""
    for labels in ({"array": "b1"}, {"measure": "gradient_mean"}):
        draws = pd.concat([rows(1e-9, 2e-9), rows(3e-9, 5e-9, **labels)])
        found = reported_check_table(described({"relative_error": {"W1": 1e-9}}), draws)
        assert list(found["verdict"]) == ["fits", ""]
        assert list(found["low"]) == pytest.approx([1e-10, 3e-9])
        assert list(found["high"]) == pytest.approx([2e-8, 5e-9])
    alone = described({"relative_error": {"W1": 1.0}}, {"id": "a", "published": None})
    assert list(reported_check_table(alone, rows(1.0))["verdict"]) == [""]


CAUSES = described(
    {"relative_error": {"W1": 0.323, "b1": 1.0, "W2": 1e-10}},
    {"id": "right", "cause": "nothing wrong"},
    {"id": "frozen", "cause": "frozen", "statistics": "frozen"},
    {"id": "constant", "cause": "constant", "backward": "constant_statistics"},
)


def cause_rows() -> pd.DataFrame:
    """Two draws of three causes: the wrong ones agree to 2e-9, and hold the published bias, not the weights."""
    return pd.concat(
        [
            *(rows(1.0, 1.0, case=case, array="b1") for case in ("right", "frozen", "constant")),
            *(rows(2e-10, 3e-10, case=case, array="W2") for case in ("right", "frozen", "constant")),
            rows(1e-10, 2e-10, case="right"),
            rows(0.4, 0.5, case="frozen"),
            rows(0.4, 0.5 + 2e-9, case="constant"),
        ],
        ignore_index=True,
    )


def test_causes_are_put_into_words() -> None:
    """How far the causes differ, what each formula holds, and what a right pass prints for the bias."""
    apart, counts, right = describe_causes(CAUSES, cause_rows(), reported_check_table(CAUSES, cause_rows()))
    assert "differ by 2e-9 at most" in apart
    assert "Of the 2 published errors above 1e-3 the range of our draws holds 1 by ‖a − n‖ / max" in counts
    assert "the error of b1 is still 1.00" in right


def test_the_figure_shows_large_errors(tmp_path: Path) -> None:
    """A row of panels per published table, in it a row per array whose published error is large; equal bytes."""
    figure = causes.draw(CAUSES, cause_rows(), "generated")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["$W_{1}$", "$b_{1}$"]
    contents = []
    for name in ("one", "two"):
        with house_style():
            save(causes.draw(CAUSES, cause_rows(), "cifar10"), tmp_path / name)
        contents.append((tmp_path / f"{name}.svg").read_bytes())
    assert contents[0] == contents[1]


def test_missing_comparisons_are_named(tmp_path: Path) -> None:
    """The message says how to make them."""
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*cifar10/mine\.csv"):
        read_table(tmp_path / "cifar10" / "mine.csv")
