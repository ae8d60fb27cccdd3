"""The share of an update that each of its parts takes, timed inside the running loop.

python -m benchmarks.parts [--updates N]

With batch normalization and in float64, under every instruction set that the CPU has (benchmarks/instructions.py).
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.clock import Clock
from benchmarks.contestants import shipped
from benchmarks.instructions import available, held_to
from benchmarks.machine import RESULTS, prepared_data
from benchmarks.problem import NETWORKS, Files, Problem
from benchmarks.tables import Row, markdown, write_csv
from bnlab.data.batches import PixelBatches, StandardizedBatches
from bnlab.files import write_text
from bnlab.numerics import layers
from bnlab.numerics.running_statistics import RunningStatistics

PIXELS = 3072
REST = "the rest: loop, views, bookkeeping"


def main() -> None:
    """Write parts.csv and parts.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=__doc__)
    parser.add_argument("--updates", type=int, default=2000, help="updates over which each network is timed")
    updates = parser.parse_args().updates
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        files = Files(prepared_data(), Path(folder), "float64")
        files.make()
        columns = {
            f"{network}, {instructions}": in_a_process(instructions, network, files, updates)
            for network in NETWORKS
            for instructions in available()
        }
    names = list(dict.fromkeys(name for parts in columns.values() for name in parts))
    rows: list[Row] = [{"part": name} | {column: parts[name] for column, parts in columns.items()} for name in names]
    write_csv(RESULTS / "parts.csv", rows)
    totals = {column: sum(parts.values()) for column, parts in columns.items()}
    first = next(iter(columns.values()))
    lines = [["ms of an update, with BN, float64", *columns]]
    for name in sorted(names, key=lambda name: (name == REST, -first[name])):
        cells = [(parts[name], 100 * parts[name] / totals[column]) for column, parts in columns.items()]
        lines.append([name, *(f"{milliseconds:.3f} ({percent:.0f} %)" for milliseconds, percent in cells)])
    lines.append(["all", *(f"{total:.2f}" for total in totals.values())])
    write_text(RESULTS / "parts.md", markdown(lines))


def in_a_process(instructions: str, *arguments: Any) -> dict[str, float]:
    """`measure` in a process of its own, since libraries choose their kernels when they are loaded."""
    with held_to(instructions), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()


def measure(network: str, files: Files, updates: int) -> dict[str, float]:
    """Milliseconds per update by part."""
    clock = Clock(time.perf_counter)  # CPU time takes too long to ask for
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
