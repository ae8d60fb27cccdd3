"""Two bars at the foot of a terminal: all jobs, and trainings with the time that they will still take."""

from collections.abc import Callable
from time import monotonic
from typing import Any, TextIO

from tqdm import tqdm

from bnlab.console.duration import duration
from bnlab.console.jobs import Job

JOBS = "{desc} {n_fmt}/{total_fmt} |{bar}|"
TRAININGS = "{desc} {n_fmt}/{total_fmt} |{bar}| {elapsed}{postfix}"


class Bars:
    """Where no terminal is, lines alone are written."""

    def __init__(self, stream: TextIO, trainings: Callable[[], dict[str, float]]) -> None:
        """trainings: those that have not ended, with the seconds of one core that each is to take."""
        self._stream, self._trainings = stream, trainings
        self._terminal = stream.isatty()
        self._bars: list[tqdm[Any]] = []
        self._jobs = 0
        self._left: dict[str, float] = {}
        self._done: dict[str, float] = {}
        self._began: float | None = None

    def write(self, text: str) -> None:
        """Write lines above the bars."""
        tqdm.write(text, file=self._stream)
        self._stream.flush()

    @property
    def count(self) -> str:
        """How many trainings have ended, of how many: [ 3/26]."""
        total = str(len(self._done) + len(self._left))
        return f"[{len(self._done):{len(total)}}/{total}]"

    def start(self, job: Job) -> None:
        """A job starts; the time of the trainings begins with the first of them."""
        if not self._jobs:
            self._look_again()
        if job.run and self._began is None:
            self._began = monotonic()

    def end(self, job: Job) -> None:
        """A job has ended well."""
        if job.run:
            self._done[job.run] = self._left.pop(job.run, 0.0)

    def progress(self, done: int, total: int) -> None:
        """So many jobs of so many are done: a search that was ranked can bring more."""
        if total != self._jobs:
            self._jobs = total
            self._look_again()
        if not self._terminal:
            return
        if not self._bars:
            self._bars = [
                tqdm(desc=name, file=self._stream, bar_format=form, dynamic_ncols=True, leave=False, position=place)
                for place, (name, form) in enumerate((("jobs     ", JOBS), ("trainings", TRAININGS)))
            ]
        jobs, trainings = self._bars
        jobs.n, jobs.total = done, total
        trainings.n, trainings.total = len(self._done), len(self._done) + len(self._left)
        trainings.set_postfix_str(self._time_left(), refresh=False)
        for bar in self._bars:
            bar.refresh()
        if done == total:
            self.close()

    def close(self) -> None:
        """Take the bars away."""
        for bar in reversed(self._bars):  # so that the cursor ends where the first began
            bar.close()
        self._bars = []

    def _look_again(self) -> None:
        self._left = {run: seconds for run, seconds in self._trainings().items() if run not in self._done}

    def _time_left(self) -> str:
        """What is left takes as long, for each second that it was estimated at, as what is done did."""
        done = sum(self._done.values())
        if not done or self._began is None:
            return ""
        left = sum(self._left.values())
        return f"about {duration((monotonic() - self._began) * left / done)} left" if left else "done"
