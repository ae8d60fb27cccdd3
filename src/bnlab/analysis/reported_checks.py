"""A report's own gradient check beside ours: whether one reading of it fits a published table as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.read import read_table

RELATIVE = ("norm_max", "norm_sum", "elementwise_mean", "sum_ratio")
"""The measures that a report can mean by "relative error"."""
FACTOR = 10
"""A published relative error fits when it lies within this factor of the range of our draws."""
LARGE = 1e-3
"""A published relative error above this is more than rounding, and has to lie in the range of our draws itself."""
DIGITS = 3
"""The significant digits that such an error is printed with."""
KEYS = ["case", "array", "measure"]
FITS, FITS_NOT = "fits", "does not fit"


@dataclass(frozen=True)
class Combination:
    """One way in which a whole published table can have come about: a case, a formula, and what became of kinks.

    formula: that of the relative errors, empty where the table has none.  kinks: whether entries at which a ReLU
    switched are kept, None where there are none.  values: a row per published value, by measure and array: `published`,
    the interval `low` to `high` that it has to lie in, and whether it `fits`.  allowed: the misfits that 95 % of our
    own draws do not exceed when the others judge them.
    """

    case: Mapping[str, Any]
    formula: str
    kinks: bool | None
    values: pd.DataFrame
    allowed: int
    draws: int

    @property
    def misfits(self) -> int:
        """How many published values lie outside their intervals."""
        return int((~self.values["fits"]).sum())

    @property
    def fits(self) -> bool:
        """Whether the published table could be one more draw of ours."""
        return self.misfits <= self.allowed


def read_rows(path: Path) -> pd.DataFrame:
    """The table that `python -m bnlab reported-check` wrote. Raises IntegrityError when it is missing."""
    return read_table(path)


def combinations(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: str) -> list[Combination]:
    """Every combination as which our draws can be compared with all values of a published table, in order of the cases.

    rows: the draws, a row per case, draw, array and measure.  A case that lacks one of the values makes none.
    """
    return list(_combinations(reported_check, rows, table))


def best_combination(tried: Sequence[Combination]) -> Combination:
    """The one that decides: of those that fit, if any, else of all, the first with the fewest misfits."""
    return min(tried, key=lambda one: (not one.fits, one.misfits))


def reported_check_table(reported_check: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """A row per case, array and measure: our draws and, where a value was published, the interval that decides.

    `median` and `low` to `high` are of the draws, and `other_median` is without the crossed entries; where the best
    combination of that case and formula leaves these out, `median` is without them and `other_median` with them
    (`kinks` is false). Where a value was `published`, `low` to `high` is the interval that it has to lie in by that
    combination; elsewhere `verdict` is empty.
    """
    cases = {case["id"]: case for case in reported_check["cases"]}
    tried = [one for table in reported_check["published"] for one in combinations(reported_check, rows, table)]
    found = []
    for (case, array, measure), group in rows.groupby(KEYS, sort=False):
        formulas = (measure,) if measure in RELATIVE else ("", *RELATIVE)
        alike = [one for one in tried if one.case["id"] == case and one.formula in formulas]
        best = best_combination(alike) if alike else None
        kinks = best is None or best.kinks is not False
        kept, left_out = group["value"], group["value_without_crossed"]
        shown, other = (kept, left_out) if kinks else (left_out, kept)
        row = {
            "case": case,
            "array": array,
            "measure": measure,
            "draws": len(group),
            "median": shown.median(),
            "other_median": other.median(),
            "low": shown.min(),
            "high": shown.max(),
            "entries": group["entries"].sum(),
            "crossed": group["crossed"].sum(),
            "kinks": kinks,
            "published": published(reported_check, cases[case], str(measure), str(array)),
            "verdict": "",
        }
        if best is not None and (measure, array) in best.values.index:
            value = best.values.loc[(measure, array)]
            row |= {"low": value["low"], "high": value["high"], "verdict": FITS if value["fits"] else FITS_NOT}
        found.append(row)
    return pd.DataFrame(found)


def published(reported_check: Mapping[str, Any], case: Mapping[str, Any], measure: str, array: str) -> float | None:
    """What the report prints for an array: under the measure's own name, or as a relative error of unstated formula."""
    values = reported_check["published"].get(case.get("published"), {"values": {}})["values"]
    name = "relative_error" if measure in RELATIVE else measure
    value: float | None = values.get(name, {}).get(array)
    return value


def _combinations(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: str) -> Iterator[Combination]:
    content = reported_check["published"][table]["values"]
    for case in reported_check["cases"]:
        if case.get("published") != table:
            continue
        drawn = rows[rows["case"] == case["id"]]
        formulas = [name for name in case["measures"] if name in RELATIVE] if "relative_error" in content else [""]
        for formula in formulas:
            printed = pd.Series(
                {
                    (formula if quantity == "relative_error" else quantity, array): value
                    for quantity, arrays in content.items()
                    for array, value in arrays.items()
                }
            )
            compared = drawn[pd.MultiIndex.from_frame(drawn[["measure", "array"]]).isin(printed.index)]
            if len(compared) < len(printed) * case["draws"]:
                continue
            for kinks in (False, True) if compared["crossed"].any() else (None,):
                column = "value_without_crossed" if kinks is False else "value"
                ours = compared.pivot_table(column, "draw", ["measure", "array"], dropna=False)[printed.index]
                low, high = _intervals(printed, ours)
                values = pd.DataFrame({"published": printed, "low": low, "high": high})
                values["fits"] = printed.between(low, high)
                yield Combination(case, formula, kinks, values, _allowed(ours), len(ours))


def _intervals(values: pd.Series, ours: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What each value, by measure and array, has to lie between.  ours: the draws that judge it, a row each."""
    relative = values.index.get_level_values("measure" if values.index.names[0] else 0).isin(RELATIVE)
    large = relative & (values > LARGE)
    factor = np.where(relative & ~large, FACTOR, 1)
    half_a_digit = 0.5 * 10.0 ** (np.floor(np.log10(values.where(large, 1.0))) - (DIGITS - 1))
    margin = half_a_digit.where(large, 0.0)
    return ours.min() / factor - margin, ours.max() * factor + margin


def _allowed(ours: pd.DataFrame) -> int:
    """The 95 % quantile of the misfits of our own draws, a row each, when each is judged by all others.

    The published table is one more draw, so that the k-th smallest of n counts, k = 0.95 (n + 1) rounded up, bounds its
    own with that probability; the largest where there are too few.
    """
    if len(ours) < 2:
        return 0
    counts = []
    for draw, values in ours.iterrows():
        low, high = _intervals(values, ours.drop(index=draw))
        counts.append(int(((values < low) | (values > high)).sum()))
    return int(np.quantile(counts, LEVEL, method="higher"))
