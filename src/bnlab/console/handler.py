"""Snakemake's log records as a person reads them, in place of Snakemake's own handler.

Snakemake tells of every job in a dozen lines, and names every input file. Here a job that ends well gets
a line with its time, a training its accuracy too, and a failure is shown in full. What this handler does not know it
passes on as Snakemake words it; the log file that Snakemake keeps has everything.
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import TextIO

from bnlab.console.bars import Bars
from bnlab.console.duration import duration
from bnlab.console.jobs import Job, command_in, finished_training

CHATTER = (
    "Building DAG of jobs...",
    "Using shell: ",
    "Conda environments: ignored",
    "Select jobs to execute...",
    "Updating checkpoint dependencies.",
    "DAG of jobs will be updated after completion.",
    "Exiting because a job execution failed.",
    "Reasons:\n",  # of all jobs the same: they are forced (workflow/rules/due.smk)
)
"""How messages begin that say nothing to a person."""
FAILED = "At least one job did not complete successfully."
IDLE = "Nothing to be done"


class Console(logging.Handler):
    """Writes to the stream of the handler whose place it takes, and keeps that one's filters."""

    def __init__(
        self,
        replaced: "logging.StreamHandler[TextIO]",
        *,
        trainings: Callable[[], dict[str, float]],
        reason: Callable[[str], str],
        pages: Callable[[], Iterable[str]],
        interrupted: Callable[[], bool],
        plan: bool,
        show_logs: bool,
    ) -> None:
        """Nothing is written yet.

        trainings: the trainings that have not ended, with the seconds that each is to take.  reason: why the job that
        makes a file has to run.  pages: lines about what there is to open.  interrupted: whether Ctrl-C was pressed.
        plan: whether jobs are only announced.  show_logs: whether the logs of failed jobs are shown.
        """
        super().__init__(replaced.level)
        self.name = "bnlab"
        self.formatter, self.filters = replaced.formatter, replaced.filters
        self._reason, self._pages, self._interrupted = reason, pages, interrupted
        self._plan, self._show_logs = plan, show_logs
        self._jobs: dict[int, Job] = {}
        self._failed: list[Job] = []
        self._bars = Bars(replaced.stream, trainings)

    def emit(self, record: logging.LogRecord) -> None:
        """Write what there is to say about a record; as with all handlers, a mistake here ends nothing."""
        try:
            event = getattr(record, "event", None)
            say = getattr(self, f"_on_{event}", self._anything_else)
            say(record)
        except Exception:  # noqa: BLE001 (logging's own way of telling, without disturbing those who log)
            self.handleError(record)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bars.close()
        super().close()

    # One method for each of Snakemake's events.

    def _on_workflow_started(self, record: logging.LogRecord) -> None:
        """Say nothing of host, versions and folders: the log file does."""

    def _on_resources_info(self, record: logging.LogRecord) -> None:
        """Say nothing of what the command line says."""

    def _on_job_started(self, record: logging.LogRecord) -> None:
        """Say nothing of how many jobs start; each is told of by itself."""

    def _on_job_info(self, record: logging.LogRecord) -> None:
        job = Job.of(record)
        if not self._plan:
            self._jobs[job.number] = job
            self._bars.start(job)
            if job.name.startswith("prepare cifar10"):
                self._bars.write(f"{job.name}: if it has to be downloaded, tail -f {job.logs[0]} follows that")
        elif job.outputs:
            self._bars.write(f"{job.name}: {self._reason(job.outputs[0])}")

    def _on_job_finished(self, record: logging.LogRecord) -> None:
        if job := self._jobs.pop(record.__dict__["job_id"], None):
            self._bars.end(job)
            if job.run:
                self._bars.write(f"{self._bars.count} {finished_training(job)}")
            elif job.outputs:
                self._bars.write(f"{job.name}: {duration(monotonic() - job.began)}")

    def _on_progress(self, record: logging.LogRecord) -> None:
        self._bars.progress(record.__dict__["done"], record.__dict__["total"])

    def _on_job_error(self, record: logging.LogRecord) -> None:
        job = Job.of(record)
        self._jobs.pop(job.number, None)
        if self._interrupted():  # no failure, though a log that Ctrl-C cut short may end with a traceback
            self._bars.write(f"interrupted: {job.name}")
            return
        self._failed.append(job)
        self._bars.write(f"FAILED {job.name}")
        if self._show_logs:
            for log in job.logs:
                self._bars.write(_content(log))

    def _on_error(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if self._interrupted() and ("CalledProcessError" in text or text.endswith(FAILED)):
            return
        if text.endswith(FAILED) and self._failed:
            self._bars.close()
            for job in self._failed:
                self._bars.write(f"FAILED {job.name}: {', '.join(job.logs) or 'no log'}")
        elif "CalledProcessError" in text and (command := command_in(text)):
            # The whole command stands in Snakemake's log file, and what it said is shown next.
            _, _, ended = text.rstrip().rpartition("' ")
            self._bars.write(f"{command} {ended}")
        else:
            self._bars.write(text)

    def _anything_else(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if not text or text.startswith(CHATTER):
            return
        self._bars.write(text)
        if text.startswith(IDLE) and not self._plan:
            self._bars.write("\n".join(self._pages()))


def _content(log: str) -> str:
    """A log, between its name and its end."""
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace").rstrip()
    except OSError as error:
        text = error.strerror or str(error)
    return f"--- {log}\n{text or 'empty'}\n---"
