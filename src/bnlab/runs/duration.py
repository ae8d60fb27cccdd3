"""What a run will cost, for planning, and for starting the long ones first. An estimate, not a promise."""

from itertools import pairwise

from bnlab.runs.datasets import CIFAR10
from bnlab.runs.spec import Protocol, RunSpec

START = 0.3
"""Seconds: the process, its imports, opening data, storing."""
FETCH = 3e-6
"""Seconds to gather, convert and standardize an image of CIFAR-10; in proportion for others."""
PRODUCT = 30e-12
"""Seconds for one multiplication and addition of a matrix product."""
CALLS = {False: 25e-6, True: 55e-6}
"""Seconds per hidden layer and mini-batch for everything else, without and with batch normalization."""


def estimated_seconds(spec: RunSpec, protocol: Protocol) -> float:
    """Seconds of one core of the machine in docs/performance.md; others differ, but by much the same factor for all."""
    weights = sum(d_in * d_out for d_in, d_out in pairwise((protocol.data.pixels, *spec.hidden, protocol.data.classes)))
    updates = protocol.schedule.updates
    trained = updates * protocol.batch_size
    watched = protocol.probe + min(protocol.probe, protocol.validation)
    evaluated = protocol.curve_points * watched + protocol.training + protocol.validation
    products = (2 * trained + evaluated) * weights
    return (
        START
        + FETCH * (protocol.data.pixels / CIFAR10.pixels) * (trained + evaluated / 2)
        + PRODUCT * products
        + CALLS[spec.batch_norm] * len(spec.hidden) * updates
    )
