"""A contestant in a process of its own, asked in turn with the others."""

import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.contestants import CONTESTANTS
from benchmarks.instructions import held_to, running
from benchmarks.problem import Files, Problem


class Worker:
    """The parent's side of it."""

    def __init__(self, contestant: str, problem: Problem, files: Files, instructions: str) -> None:
        """Start the process; it is ready when the first `advance` returns."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, contestant, problem, files))
        with held_to(instructions):
            self._process.start()
        theirs.close()

    def advance(self, count: int) -> tuple[float, list[float]]:
        """Make updates; the milliseconds of CPU time that one took, and the losses.

        On one core of a quiet machine CPU time is wall time; on a busy one it leaves out what others took.
        """
        milliseconds, losses, _ = self._ask(count)
        return milliseconds, losses

    def kernels(self) -> str:
        """What its libraries run, after the first `advance`."""
        kernels: str = self._ask(0)[2]
        return kernels

    def stop(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join()

    def _ask(self, count: int) -> Any:
        self._connection.send(count)
        answer: Any = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(connection: Connection, contestant: str, problem: Problem, files: Files) -> None:
    # One core, the same for all: whatever a library would do in parallel, it does here in turn.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    advance = None
    while True:
        try:
            count = connection.recv()
        except EOFError:
            return
        try:
            advance = advance or CONTESTANTS[contestant].start(problem, files.open())
            started = time.process_time()
            losses = advance(count)
            milliseconds = (time.process_time() - started) / max(count, 1) * 1e3
            connection.send((milliseconds, losses, running()))
        except Exception as error:  # noqa: BLE001 (whatever it is, the parent must hear of it)
            connection.send(RuntimeError(f"{contestant}, {problem.title}: {error!r}"))
