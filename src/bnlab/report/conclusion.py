"""The conclusion of the synthesis, counted in the ledger: which claims are reproduced, and what reports leave open."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from bnlab.claims.outcomes import FAILED, OPEN, REPRODUCED, RESULTS, STATEMENTS
from bnlab.formatting import count

IN_WORDS = f"{STATEMENTS} in words"
OFTEN = 3
"""How many of the things that are left open are named."""


def conclusion(claims: pd.DataFrame) -> Iterator[str]:
    """Sentences about the ledger: numbers beside words, what is open beside what is not, and what is open most often.

    A claim counts as decided if our runs reproduce it or speak against it.
    """
    decided = claims[claims["outcome"].isin([REPRODUCED, *FAILED])]
    results, statements = (decided[decided["group"] == group] for group in (RESULTS, STATEMENTS))
    shares = [f"{_share(group)} {words}" for group, words in ((results, RESULTS), (statements, IN_WORDS)) if len(group)]
    if shares:
        first, *others = shares
        yield f"Where our runs decide, {first} are reproduced{''.join(f', and {other}' for other in others)}."
    left = results["flags"].str.contains(OPEN)
    if left.any() and not left.all():
        yield (
            f"Of the measured results that our runs decide, {_share(results[left])} whose report leaves something open "
            f"that matters are reproduced, and {_share(results[~left])} others."
        )
    often = Counter(one for row in claims["open"] for one in row.split(", ") if one).most_common(OFTEN)
    if often:
        named = [f"{what} ({count(n, 'claim')})" for what, n in often]
        yield f"What the reports most often leave open: {', '.join(named)}."


def _share(claims: pd.DataFrame) -> str:
    return f"{(claims['outcome'] == REPRODUCED).sum()} of {len(claims)}"
