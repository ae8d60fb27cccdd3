"""How published gradient errors are compared with our draws, and which causes they can tell apart."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bnlab.analysis.reported_checks import describe_causes, read_rows, reported_check_table
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
    ("value", "verdict"),
    [
        (1e-10, "fits"),
        (0.9e-10, "does not fit"),
        (2e-8, "fits"),
        (2.1e-8, "fits with kinks"),
        (1e-6, "fits with kinks"),
        (1.1e-6, "does not fit"),
    ],
)
def test_relative_errors_are_judged_by_powers_of_ten(value: float, verdict: str) -> None:
    """Within a factor of ten of the range of the draws: without crossed entries, or only with them."""
    found = reported_check_table(
        described({"relative_error": {"W1": value}}), rows(1e-9, 1e-7, 2e-9, smooth=(1e-9, 1e-9, 2e-9), crossed=1)
    )
    (row,) = found.to_dict("records")
    assert row["verdict"] == verdict
    assert (row["draws"], row["median"], row["low"], row["high"]) == (3, 2e-9, 1e-9, 1e-7)
    assert (row["smooth_high"], row["crossed"], row["entries"], row["published"]) == (2e-9, 3, 30, value)


@pytest.mark.parametrize(("value", "verdict"), [(0.323, "fits"), (0.4004, "fits"), (0.41, "does not fit")])
def test_large_errors_have_to_lie_in_the_range(value: float, verdict: str) -> None:
    """A factor of ten says nothing of an error of order one; half a printed digit is allowed for."""
    (row,) = reported_check_table(described({"relative_error": {"W1": value}}), rows(0.3, 0.4)).to_dict("records")
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [(-0.5, "fits"), (0.1, "fits"), (0.11, "does not fit"), (-5, "does not fit")]
)
def test_moments_have_to_lie_in_the_range(value: float, verdict: str) -> None:
    """They have signs, and one unseeded draw is one of many."""
    found = reported_check_table(described({"gradient_mean": {"W1": value}}), rows(-0.5, 0.1, measure="gradient_mean"))
    assert list(found["verdict"]) == [verdict]


def test_what_was_not_published_has_no_verdict() -> None:
    """Another array, another measure, or a case that is compared with no table."""
    values = {"gradient_mean": {"W1": 1.0}}
    assert list(reported_check_table(described(values), rows(1.0))["verdict"]) == [""]
    assert list(reported_check_table(described(values), rows(1.0, measure="gradient_mean", array="b1"))["verdict"]) == [
        ""
    ]
    alone = described(values, {"id": "a", "published": None})
    assert list(reported_check_table(alone, rows(1.0, measure="gradient_mean"))["verdict"]) == [""]


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
        read_rows(tmp_path / "cifar10" / "mine.csv")
