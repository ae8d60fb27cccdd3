"""How many pairs of runs it takes to see a difference."""

import scipy

from bnlab.analysis.intervals import LEVEL, POWER

POINTS = 0.005
"""The smallest difference of accuracies that is called one: half a percentage point."""


def power(pairs: int, sd: float, difference: float) -> float:
    """The probability that Student's interval of the mean over so many pairs excludes zero, on the right side.

    sd: of the pairs' differences, whose mean is `difference` in truth.
    """
    quantile = scipy.special.stdtrit(pairs - 1, (1 + LEVEL) / 2)
    return 1 - float(scipy.special.nctdtr(pairs - 1, difference * pairs**0.5 / sd, quantile))


def pairs_needed(sd: float, difference: float) -> int:
    """The fewest pairs by which that difference is seen four times out of five. sd: of the pairs', above 0."""
    enough = 2
    while power(enough, sd, difference) < POWER:
        enough *= 2
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if power(middle, sd, difference) >= POWER else (middle, enough)
    return enough
