"""A report's own gradient check beside ours: what was published, and where it lies among our draws."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.read import read_table
from bnlab.formatting import measure_words, short_number

RELATIVE = ("norm_max", "norm_sum", "elementwise_mean", "sum_ratio")
"""The measures that a report can mean by "relative error"."""
FACTOR = 10
"""A published relative error fits when it lies within this factor of the range of our draws."""
LARGE = 1e-3
"""A published relative error above this is more than rounding, and has to lie in the range of our draws itself."""
PRINTED = 0.0005
"""Half a unit of the last printed digit of such an error."""
KEYS = ["case", "array", "measure"]
FITS, AT_KINKS, FITS_NOT = "fits", "fits with kinks", "does not fit"


def read_rows(path: Path) -> pd.DataFrame:
    """The table that `python -m bnlab reported-check` wrote. Raises IntegrityError when it is missing."""
    return read_table(path)


def reported_check_table(reported_check: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """A row per case, array and measure: our draws, with and without crossed entries, and what was published.

    `verdict` is empty where nothing was published. A relative error is compared with the range of the draws widened by
    `FACTOR`, a large one and a moment, which may be negative, with the range itself: first without the entries at
    which some ReLU switched, then with them.
    """
    cases = {case["id"]: case for case in reported_check["cases"]}
    found = []
    for (case, array, measure), group in rows.groupby(KEYS, sort=False):
        value, smooth = group["value"], group["value_without_crossed"]
        row = {
            "case": case,
            "array": array,
            "measure": measure,
            "draws": len(group),
            "median": value.median(),
            "low": value.min(),
            "high": value.max(),
            "smooth_median": smooth.median(),
            "smooth_low": smooth.min(),
            "smooth_high": smooth.max(),
            "entries": group["entries"].sum(),
            "crossed": group["crossed"].sum(),
            "published": published(reported_check, cases[case], str(measure), str(array)),
        }
        found.append(row | {"verdict": _verdict(row)})
    return pd.DataFrame(found)


def published(reported_check: Mapping[str, Any], case: Mapping[str, Any], measure: str, array: str) -> float | None:
    """What the report prints for an array: under the measure's own name, or as a relative error of unstated formula."""
    values = reported_check["published"].get(case.get("published"), {"values": {}})["values"]
    name = "relative_error" if measure in RELATIVE else measure
    value: float | None = values.get(name, {}).get(array)
    return value


def describe_causes(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Sentences about which of several possible causes a reported check can tell apart, and which it cannot."""
    cases = pd.DataFrame([case for case in reported_check["cases"] if "cause" in case]).set_index("id")
    wrong = cases[(cases["statistics"] == "frozen") | (cases["backward"] == "constant_statistics")]
    errors = rows.join(wrong[["cause", "published"]], on="case", how="inner")
    errors = errors[errors["crossed"] == 0]
    by_cause = errors.pivot_table("value", ["published", "draw", "array", "measure"], "cause")
    by_cause = by_cause[by_cause.min(axis=1) > LARGE].dropna()
    gap = float(f"{(by_cause.max(axis=1) - by_cause.min(axis=1)).max():.0e}")
    apart = (
        "In every draw, array and formula, crossed entries apart, the errors that the two mistakes give differ by "
        f"{short_number(gap)} at most: a table of relative errors cannot tell a wrong numerical loss from a wrong "
        "backward pass."
    )
    sentences = [apart]
    large = table[table["case"].isin(wrong.index) & (table["published"] > LARGE)]
    inside = large[large["verdict"] != FITS_NOT].groupby("measure")["array"].size()
    of = large.groupby("measure", sort=False)["array"].size()
    counts = [
        f"{inside.get(measure, 0) // len(wrong['cause'].unique())} by {measure_words(str(measure))}"
        for measure in of.index
    ]
    total = of.iloc[0] // len(wrong["cause"].unique())
    sentences.append(
        f"Of the {total} published errors above {short_number(LARGE)} the range of our draws holds "
        f"{', '.join(counts)}: the formula matters as much as the cause."
    )
    right = table[table["case"].isin(cases.index.difference(wrong.index)) & (table["median"] > LARGE)]
    if len(right):
        found = right[right["measure"] == "norm_max"]
        sentences.append(
            f"With nothing wrong the error of {' and '.join(sorted(found['array'].unique()))} is still "
            f"{found['median'].median():.2f} by the norms: the gradient of a bias before batch normalization is zero, "
            "and a ratio of two roundings says nothing about the code."
        )
    return sentences


def _verdict(row: Mapping[str, Any]) -> str:
    value = row["published"]
    if value is None:
        return ""
    factor, margin = 1, 0.0
    if row["measure"] in RELATIVE:
        factor, margin = (1, PRINTED) if value > LARGE else (FACTOR, 0.0)
    for low, high, verdict in (("smooth_low", "smooth_high", FITS), ("low", "high", AT_KINKS)):
        if row[low] / factor - margin <= value <= row[high] * factor + margin:
            return verdict
    return FITS_NOT
