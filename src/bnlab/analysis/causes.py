"""Which of several possible causes of a published table a reported check can tell apart, in sentences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bnlab.analysis.relative_errors import LARGE
from bnlab.analysis.reported_checks import FITS
from bnlab.formatting import measure_words, short_number


def describe_causes(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Sentences about which of several possible causes a reported check can tell apart, and which it cannot."""
    cases = pd.DataFrame([case for case in reported_check["cases"] if "cause" in case]).set_index("id")
    wrong = cases[(cases["statistics"] == "frozen") | (cases["backward"] == "constant_statistics")]
    errors = rows.join(wrong[["cause", "published"]], on="case", how="inner")
    errors = errors[errors["crossed"] == 0]
    by_cause = errors.pivot_table("value", ["published", "draw", "array", "measure"], "cause")
    by_cause = by_cause[by_cause.min(axis=1) > LARGE].dropna()
    sentences = []
    if len(by_cause):
        gap = float(f"{(by_cause.max(axis=1) - by_cause.min(axis=1)).max():.0e}")
        sentences.append(
            "In every draw, array and formula, crossed entries apart, the errors that the two mistakes give differ by "
            f"{short_number(gap)} at most: a table of relative errors cannot tell a wrong numerical loss from a wrong "
            "backward pass."
        )
    large = table[table["case"].isin(wrong.index) & (table["published"] > LARGE)]
    if len(large):
        inside = large[large["verdict"] == FITS].groupby("measure")["array"].size()
        of = large.groupby("measure", sort=False)["array"].size()
        causes = wrong["cause"].nunique()
        counts = [f"{inside.get(name, 0) // causes} by {measure_words(str(name))}" for name in of.index]
        sentences.append(
            f"Of the {of.iloc[0] // causes} published errors above {short_number(LARGE)} the range of our draws holds "
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
