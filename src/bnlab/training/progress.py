"""How a training is getting on, as it goes: a bar on a terminal, elsewhere a line for each point of its curves."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bnlab.training.recorder import CurvePoint, Watch


@contextmanager
def shown(updates: int) -> Iterator[Watch]:
    """What a training of so many updates is to call at each point of its curves."""
    if not sys.stderr.isatty():
        yield lambda point: _say(_words(point, updates))
        return
    from tqdm import tqdm  # noqa: PLC0415 (a training of the workflow has no terminal and need not wait for it)

    with tqdm(total=updates, unit="update") as bar:

        def advance(point: CurvePoint) -> None:
            bar.set_postfix_str(_accuracy(point), refresh=False)
            bar.update(point.update - bar.n)

        yield advance


def _say(line: str) -> None:
    """Past all buffers: what a full disk refuses is no reason to fail, neither now nor when buffers are emptied."""
    with suppress(OSError):
        os.write(1, f"{line}\n".encode())


def _words(point: CurvePoint, updates: int) -> str:
    return f"update {point.update} of {updates}: batch loss {point.batch_loss:.4f}, {_accuracy(point)}"


def _accuracy(point: CurvePoint) -> str:
    """On validation images; on the training ones that the curves show, if none validate."""
    part, found = ("training", point.probe) if point.validation is None else ("validation", point.validation)
    return f"{part} accuracy {100 * found.accuracy:.2f} %"
