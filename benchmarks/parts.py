"""The share of an update that each of its parts takes, timed inside the running loop.

python -m benchmarks.parts [--updates N]
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.contestants import shipped
from benchmarks.machine import RESULTS, prepared_data
from benchmarks.problem import NETWORKS, Files, Problem
from benchmarks.tables import Row, markdown, write_csv
from bnlab.data.batches import PixelBatches, StandardizedBatches
from bnlab.files import write_text
from bnlab.numerics import layers
from bnlab.numerics.running_statistics import RunningStatistics

PIXELS = 3072
REST = "the rest: loop, views, bookkeeping"


class Clock:
    """Seconds by part, each without the parts inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = 0.0

    def timed(self, function: Callable[..., Any], part: Callable[..., str]) -> Callable[..., Any]:
        """The function, whose time counts for the part that its arguments say."""

        def wrapper(*arguments: Any, **named: Any) -> Any:
            outside, self._inside = self._inside, 0.0
            started = time.perf_counter()
            result = function(*arguments, **named)
            elapsed = time.perf_counter() - started
            self.seconds[part(*arguments)] += elapsed - self._inside
            self._inside = outside + elapsed
            return result

        return wrapper


def main() -> None:
    """Write parts.csv and parts.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=__doc__)
    parser.add_argument("--updates", type=int, default=2000, help="updates over which each network is timed")
    updates = parser.parse_args().updates
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        files = Files(prepared_data(), Path(folder), "float64")
        files.make()
        columns = {network: measure(network, files, updates) for network in NETWORKS}
    names = list(dict.fromkeys(name for parts in columns.values() for name in parts))
    rows: list[Row] = [{"part": name} | {network: columns[network][name] for network in NETWORKS} for name in names]
    write_csv(RESULTS / "parts.csv", rows)
    totals = {network: sum(parts.values()) for network, parts in columns.items()}
    lines = [["ms of an update, with BN, float64", *NETWORKS]]
    for name in sorted(names, key=lambda name: (name == REST, -columns["50-50"][name])):
        cells = [(parts[name], 100 * parts[name] / totals[network]) for network, parts in columns.items()]
        lines.append([name, *(f"{milliseconds:.3f} ({percent:.0f} %)" for milliseconds, percent in cells)])
    lines.append(["all", *(f"{total:.2f}" for total in totals.values())])
    write_text(RESULTS / "parts.md", markdown(lines))


def measure(network: str, files: Files, updates: int) -> dict[str, float]:
    """Milliseconds per update by part."""
    clock = Clock()
    with clocks_in_place(clock):
        advance = shipped.start(Problem(network, batch_norm=True, precision="float64"), files.open())
        advance(200)
        clock.seconds.clear()
        clock.timed(advance, lambda _: REST)(updates)
    return {name: seconds / updates * 1e3 for name, seconds in clock.seconds.items()}


@contextmanager
def clocks_in_place(clock: Clock) -> Iterator[None]:
    """Put the clock into every function whose time counts for a part."""

    def product(h: Any, *_: Any) -> str:
        return "first layer: x W + b" if h.shape[1] == PIXELS else "other layers: products forward and back"

    def gradient(_: Any, h: Any) -> str:
        return "first layer: gradient x' g" if h.shape[1] == PIXELS else "other layers: products forward and back"

    parts: list[tuple[Any, str, Callable[..., str]]] = [
        (PixelBatches, "__getitem__", lambda *_: "gather rows, convert to float"),
        (StandardizedBatches, "__getitem__", lambda *_: "standardize"),
        (layers, "affine_forward", product),
        (layers, "affine_backward", gradient),
        (layers, "affine_backward_input", lambda *_: "other layers: products forward and back"),
        (layers, "batch_norm_forward", lambda *_: "batch normalization"),
        (layers, "batch_norm_backward", lambda *_: "batch normalization"),
        (RunningStatistics, "update", lambda *_: "batch normalization"),
        (layers, "relu_forward", lambda *_: "ReLU"),
        (layers, "relu_backward", lambda *_: "ReLU"),
        (layers, "softmax_cross_entropy_forward", lambda *_: "softmax and loss"),
        (layers, "softmax_cross_entropy_backward", lambda *_: "softmax and loss"),
        (shipped, "descend", lambda *_: "weight decay and step"),
    ]
    with ExitStack() as stack:
        for owner, name, part in parts:
            stack.enter_context(mock.patch.object(owner, name, clock.timed(getattr(owner, name), part)))
        yield


if __name__ == "__main__":
    main()
