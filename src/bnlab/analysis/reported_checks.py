"""A report's own gradient check beside ours: which way of repeating it fits a published table as a whole, if any."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.relative_errors import LARGE, RELATIVE

FACTOR = 10
"""No published value may lie farther than this factor from the range of our draws."""
DIGITS = 3
"""The significant digits that such an error is printed with."""
FITS, FITS_NOT = "fits", "does not fit"

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Combination:
    """One way in which all values of a published table can have come about: a case, a formula, and a use of kinks.

    formula: that of the relative errors, empty where the table has none.  kinks: whether entries at which a ReLU
    switched are kept, None where none did.  table: a row per published value, by measure and array, with `published`,
    the interval `low` to `high` that it has to lie in, whether it `fits`, and whether it is `far` from all our draws.
    allowed: as many misfits as 95 % of our own draws have at most.  draws: how many these are.
    """

    case: Mapping[str, Any]
    formula: str
    kinks: bool | None
    table: pd.DataFrame
    allowed: int
    draws: int

    @property
    def misfits(self) -> int:
        """How many published values lie outside their intervals."""
        return int((~self.table["fits"]).sum())

    @property
    def fits(self) -> bool:
        """Whether the published table could be one more draw of ours."""
        return self.misfits <= self.allowed and not self.table["far"].any()


def combinations(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: str) -> list[Combination]:
    """Every combination that can be compared with all values of a published table, in the order of the cases.

    rows: our draws, a row per case, draw, array and measure.

    A small relative error fits within a factor of ten of the range of our draws, a large one or a moment in the range
    itself. Of the latter a table may miss some, as many as our own draws do, but none by more than a factor of ten.
    Where crossed entries are kept, an error has to fit those of its array in draws in which no entry crossed, or those
    of all arrays in which some did: the two are orders of magnitude apart, and a range over both would hold anything.
    """
    return [
        one
        for case in reported_check["cases"]
        if case.get("published") == table
        for one in _combinations(case, reported_check["published"][table]["values"], rows[rows["case"] == case["id"]])
    ]


def best_combination(tried: Sequence[Combination]) -> Combination:
    """The one that decides: of those that fit, or else of all, the first with the fewest misfits."""
    return min(tried, key=lambda one: (not one.fits, one.misfits))


def reported_check_table(reported_check: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """A row per case, array and measure: the median of our draws, the interval that decides, and what was published.

    Crossed entries are kept or left out as in the best combination of that case and formula (`kinks`), and
    `other_median` is the median of the alternative. `low` to `high` is what a value that was `published` has to lie in
    by that combination; where none was, it is the range of our draws and `verdict` is empty.
    """
    cases = {case["id"]: case for case in reported_check["cases"]}
    tried = [one for table in reported_check["published"] for one in combinations(reported_check, rows, table)]
    found = []
    for (case, array, measure), group in rows.groupby(["case", "array", "measure"], sort=False):
        alike = [one for one in tried if one.case["id"] == case and _is_of(measure, one)]
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
            "low": shown.min(),
            "high": shown.max(),
            "other_median": other.median(),
            "kinks": kinks,
            "entries": group["entries"].sum(),
            "crossed": group["crossed"].sum(),
            "published": published(reported_check, cases[case], str(measure), str(array)),
            "verdict": "",
        }
        if best is not None and (measure, array) in best.table.index:
            value = best.table.loc[(measure, array)]
            row |= {"low": value["low"], "high": value["high"], "verdict": FITS if value["fits"] else FITS_NOT}
        found.append(row)
    return pd.DataFrame(found)


def published(reported_check: Mapping[str, Any], case: Mapping[str, Any], measure: str, array: str) -> float | None:
    """What the report prints for an array: under the measure's own name, or as a relative error of unstated formula."""
    values = reported_check["published"].get(case.get("published"), {"values": {}})["values"]
    name = "relative_error" if measure in RELATIVE else measure
    value: float | None = values.get(name, {}).get(array)
    return value


def _is_of(measure: str, combination: Combination) -> bool:
    return measure == combination.formula or (measure not in RELATIVE and measure in combination.case["measures"])


def _combinations(
    case: Mapping[str, Any], content: Mapping[str, Mapping[str, float]], rows: pd.DataFrame
) -> Iterator[Combination]:
    formulas = [name for name in case["measures"] if name in RELATIVE] if "relative_error" in content else [""]
    for formula in formulas:
        printed = {
            (formula if quantity == "relative_error" else quantity, array): value
            for quantity, arrays in content.items()
            for array, value in arrays.items()
        }
        ours, smooth, crossed = (
            rows.pivot_table(column, "draw", ["measure", "array"]).reindex(columns=list(printed)).to_numpy(np.float64)
            for column in ("value", "value_without_crossed", "crossed")
        )
        crossed = crossed > 0
        values = np.array([*printed.values()])
        relative = np.array([measure in RELATIVE for measure, _ in printed])
        last = len(case["network"]["hidden"]) + 1
        below_relu = np.array([array not in (f"W{last}", f"b{last}") for _, array in printed])
        for kinks in (False, True) if crossed.any() else (None,):
            draws = _Draws(smooth if kinks is False else ours, crossed & bool(kinks), relative, below_relu)
            if np.isnan(draws.values).all(axis=0).any():
                continue
            table = pd.DataFrame({"published": values, **draws.judge(values)}, index=pd.MultiIndex.from_tuples(printed))
            yield Combination(case, formula, kinks, table, draws.own_misfits(), len(ours))


@dataclass(frozen=True)
class _Draws:
    """Our draws of k values, by which others are judged.

    values: (draws, k), NaN where a draw has none.  crossed: (draws, k), whether kept entries crossed.  relative: (k,),
    whether it is a relative error.  below_relu: (k,), whether entries of its array can cross; the last layer's cannot.
    """

    values: Numbers
    crossed: Mask
    relative: Mask
    below_relu: Mask

    def judge(self, values: Numbers) -> dict[str, npt.NDArray[Any]]:
        """What each of k values has to lie between, `low` to `high`, whether it `fits`, and whether it is `far`."""
        large = self.relative & (values > LARGE)
        small = self.relative & ~large
        half_a_digit = 0.5 * 10.0 ** (np.floor(np.log10(np.where(large, values, 1.0))) + 1 - DIGITS)
        margin = np.where(large, half_a_digit, 0.0)
        states = []
        for lowest, highest in (self._smooth(), self._kinked()):
            nearest = np.where(lowest > 0, lowest / FACTOR, lowest * FACTOR)
            farthest = np.where(highest > 0, highest * FACTOR, highest / FACTOR)
            low = np.where(small, nearest, lowest - margin)
            high = np.where(small, farthest, highest + margin)
            fits, far = (low <= values) & (values <= high), (values < nearest) | (values > farthest)
            states.append({"low": low, "high": high, "fits": fits, "far": far})
        smooth, kinked = states
        elsewhere = smooth["far"] & (~kinked["far"] | np.isinf(smooth["low"]))
        return {name: np.where(elsewhere, kinked[name], smooth[name]) for name in smooth}

    def own_misfits(self) -> int:
        """The 95 % quantile of how many values of one draw do not fit the others, without being far.

        The published table is like one more draw: its count is at most the k-th smallest of our n, k = 0.95 (n + 1)
        rounded up, with at least that probability. Twenty draws or fewer have no more to offer than their largest.
        """
        counts = []
        for i, values in enumerate(self.values):
            others = replace(self, values=np.delete(self.values, i, axis=0), crossed=np.delete(self.crossed, i, axis=0))
            found = others.judge(values)
            counts.append(int((~found["fits"] & ~found["far"] & ~np.isnan(values)).sum()))
        return int(np.quantile(counts, LEVEL, method="higher"))

    def _smooth(self) -> tuple[Numbers, Numbers]:
        return self._range(~self.crossed)

    def _kinked(self) -> tuple[Numbers, Numbers]:
        """The range of draws with crossed entries: few have any, so the relative errors of all arrays share theirs."""
        low, high = self._range(self.crossed)
        shared = self.relative & self.below_relu
        low = np.where(shared, low[shared].min(initial=np.inf), low)
        return low, np.where(shared, high[shared].max(initial=-np.inf), high)

    def _range(self, chosen: Mask) -> tuple[Numbers, Numbers]:
        """The smallest and largest of each value, (k,), infinity and its negative where there is none."""
        there = chosen & ~np.isnan(self.values)
        low = np.where(there, self.values, np.inf).min(axis=0, initial=np.inf)
        return low, np.where(there, self.values, -np.inf).max(axis=0, initial=-np.inf)
