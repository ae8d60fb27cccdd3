"""The rule of a published table of a gradient check (docs/claims.md, rule 6): one combination has to fit all of it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bnlab.analysis.reported_checks import Combination, best_combination, combinations
from bnlab.claims.outcomes import NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, Finding
from bnlab.formatting import count, measure_words

NAMED = 3
"""The most arrays that a reason names."""


def judge_gradients(reported_check: Mapping[str, Any], rows: pd.DataFrame, table: str) -> Finding:
    """All values that a published table prints, against our draws of the cases that are compared with it.

    rows: the draws, a row per case, draw, array and measure.  A table has neither a mean nor an interval; n is how many
    draws decided.
    """
    tried = combinations(reported_check, rows, table)
    if not tried:
        return Finding(NOT_TESTABLE, "No case of the reported check measures all that the table prints.")
    best = best_combination(tried)
    outcome = REPRODUCED if best.fits else NOT_REPRODUCED
    values = len(best.table)
    words = [f"{values - best.misfits} of {values} values fit together: {_words(best)}.", _misfits(best), _own(best)]
    if len(tried) > 1:
        fitting = sum(one.fits for one in tried)
        words.append(f"Of {len(tried)} combinations {fitting or 'none'} fit{'' if fitting > 1 else 's'}.")
        words[0] = words[0] if fitting else f"At best {words[0]}"
    return Finding(outcome, " ".join(filter(None, words)), n=best.draws)


def _words(combination: Combination) -> str:
    kinks = {None: "", False: "crossed entries left out", True: "crossed entries kept"}[combination.kinks]
    formula = measure_words(combination.formula) if combination.formula else ""
    return "; ".join(part for part in (combination.case["title"], formula, kinks) if part)


def _misfits(combination: Combination) -> str:
    """The arrays that do not fit, a few of them, and which of them are far off."""
    outside = combination.table[~combination.table["fits"]]
    if outside.empty:
        return ""
    far = outside.groupby(level=1, sort=False)["far"].any()
    names = [f"{array} (by more than a factor of ten)" if is_far else str(array) for array, is_far in far.items()]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"Outside: {', '.join(names[:NAMED])}{more}."


def _own(combination: Combination) -> str:
    """How many misfits our own draws have, against which the table's are held."""
    if combination.draws == 1:
        return "One draw has no other to be judged by, so nothing may lie outside."
    return (
        f"When one of our {combination.draws} draws is judged by the others, 95 % have at most "
        f"{count(combination.allowed, 'misfit')}."
    )
