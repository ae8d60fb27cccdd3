"""Milliseconds per update, fetching of the batch included, of bnlab, its peers and the floor below them all.

python -m benchmarks.updates [--rounds N] [--updates N] [--instructions AVX2]

Every contestant has a process of its own; the parent asks them in turn, round by round, so that whatever else the
machine does hits all alike. Before anything is timed, their first losses must agree.
"""

import argparse
import tempfile
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.contestants import AT_ONCE, BNLAB, CONTESTANTS
from benchmarks.instructions import available
from benchmarks.machine import RESULTS, prepared_data, write_machine
from benchmarks.problem import NETWORKS, Files, Problem
from benchmarks.tables import Row, markdown, write_csv
from benchmarks.updates_figure import draw_updates
from benchmarks.worker import Worker
from bnlab.files import write_text

PROBLEMS = [
    Problem(network, batch_norm, precision)
    for precision in ("float64", "float32")
    for network in NETWORKS
    for batch_norm in (False, True)
]


def main() -> None:
    """Check, time, and write updates.csv, updates.md and the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.updates", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds in which each contestant is asked once")
    parser.add_argument("--updates", type=int, default=100, help="updates per round, a multiple of 20")
    parser.add_argument("--instructions", choices=available(), action="append", help="unless named, all it has")
    arguments = parser.parse_args()

    for name, contestant in CONTESTANTS.items():
        if contestant.missing():
            print(f"{name}: skipped, {contestant.package} is not installed (docs/performance.md says how)")
    rows: list[Row] = []
    RESULTS.mkdir(parents=True, exist_ok=True)
    data = prepared_data()
    for precision, problems in groupby(PROBLEMS, key=lambda problem: problem.precision):
        # Beside the results rather than in /tmp, which may be small: up to 1.2 GB.
        with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
            files = Files(data, Path(folder), precision)
            files.make()
            for problem in problems:
                for instructions in arguments.instructions or available():
                    print(f"{problem.title}, {instructions}", flush=True)
                    rounds, kernels = measure(
                        problem, files, instructions, rounds=arguments.rounds, updates=arguments.updates
                    )
                    rows += [
                        {"instructions": instructions, **vars(problem), **row, "kernels": kernels[name]}
                        for name, row in summarize(rounds).items()
                    ]
    write_csv(RESULTS / "updates.csv", rows)
    write_text(RESULTS / "updates.md", as_markdown(rows))
    write_machine(RESULTS / "machine.md", data)
    draw_updates(RESULTS / "updates.csv", RESULTS)


def measure(
    problem: Problem, files: Files, instructions: str, *, rounds: int, updates: int
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Milliseconds per update of every contestant that is there, round by round, and the kernels that each ran."""
    workers = {
        name: Worker(name, problem, files, instructions)
        for name, contestant in CONTESTANTS.items()
        if contestant.competes(problem) and not contestant.missing()
    }
    try:
        losses = {name: worker.advance(AT_ONCE)[1] for name, worker in workers.items()}
        check(problem, losses)
        for worker in workers.values():
            worker.advance(updates)
        found: dict[str, list[float]] = {name: [] for name in workers}
        names = list(workers)
        for i in range(rounds):
            # Each begins once, so that none always comes after the same other.
            for name in names[i % len(names) :] + names[: i % len(names)]:
                found[name].append(workers[name].advance(updates)[0])
        return found, {name: worker.kernels() for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.stop()


def check(problem: Problem, losses: dict[str, list[float]]) -> None:
    """Raise ValueError unless all contestants computed bnlab's losses: none does less work than it."""
    for name, found in losses.items():
        tolerance = CONTESTANTS[name].tolerance[problem.precision]
        if tolerance is None:
            continue
        error = np.max(np.abs(np.array(found) / np.array(losses[BNLAB]) - 1))
        if not error <= tolerance:
            raise ValueError(f"{problem.title}: {name}'s losses are {error:.1e} from bnlab's, not the same training")


def summarize(rounds: dict[str, list[float]]) -> dict[str, Row]:
    """Per contestant median and quartiles of its milliseconds, and of their ratio to bnlab's in the same round."""
    return {
        name: {"contestant": name}
        | _quartiles("ms", np.array(found))
        | _quartiles("ratio", np.array(found) / np.array(rounds[BNLAB]))
        for name, found in rounds.items()
    }


def _quartiles(name: str, values: np.ndarray) -> Row:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {name: round(median, 4), f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}


def as_markdown(rows: list[Row]) -> str:
    """A table per precision: one row per contestant, one column per network and instruction set, with the ratio."""
    tables = []
    for precision, group in groupby(rows, key=lambda row: row["precision"]):
        found = {(row["contestant"], row["network"], row["batch_norm"], row["instructions"]): row for row in group}
        columns = list(dict.fromkeys(key[1:] for key in found))
        heads = [f"{network}{' BN' if batch_norm else ''}, {kernels}" for network, batch_norm, kernels in columns]
        lines = [[f"{precision}: ms per update (times bnlab's)", *heads]]
        for name in CONTESTANTS:
            cells = [found.get((name, *column)) for column in columns]
            if any(cells):
                lines.append([name, *(f"{row['ms']:.2f} ({row['ratio']:.2f})" if row else "–" for row in cells)])
        tables.append(markdown(lines))
    return "\n".join(tables)


if __name__ == "__main__":
    main()
