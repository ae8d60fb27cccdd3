"""The console alone, given records as Snakemake makes them."""

import io
import logging
from pathlib import Path
from typing import Any

import pytest

from bnlab.console.duration import duration
from bnlab.console.handler import Console

RUN = "demo/50-50_bn_he_lambda0.005_seed1_4e4e4433"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def console(stream: io.StringIO, *, plan: bool = False, interrupted: bool = False) -> Console:
    """A console in place of a handler that writes to this stream; two runs are to be trained."""
    return Console(
        logging.StreamHandler(stream),
        trainings=lambda: {RUN: 10.0, "demo/other": 30.0},
        reason=lambda path: f"{path} is missing",
        pages=lambda: ["Open /page.html"],
        interrupted=lambda: interrupted,
        plan=plan,
        show_logs=True,
    )


def record(message: str | None, event: str | None = None, level: int = logging.INFO, **said: Any) -> logging.LogRecord:
    """A record of Snakemake's."""
    made = logging.makeLogRecord({"msg": message, "levelno": level, "levelname": logging.getLevelName(level)})
    made.__dict__.update(said | ({"event": event} if event else {}))
    return made


def job(event: str, command: str | None, log: str = "no.log", **said: Any) -> logging.LogRecord:
    """A record about a job that runs a command of bnlab, or none."""
    shell = f"python -m bnlab {command} > {log} 2>&1" if command else None
    outputs = ["made.csv"] if command else []
    about = {"jobid": 1, "rule_name": "rule", "shellcmd": shell, "output": outputs, "log": [log] if command else []}
    return record("Rule", event, **(about | said))


def test_a_terminal_has_bars_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left takes three times as long as what was done, as was estimated; lines stand above the bars."""
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr("bnlab.console.bars.monotonic", lambda: next(clock))
    monkeypatch.setattr("bnlab.console.handler.finished_training", lambda job: f"{job.run}: fine")
    stream = Terminal()
    shown = console(stream)
    shown.handle(job("job_info", f"train {RUN}"))
    shown.handle(record(None, "job_finished", job_id=1))
    shown.handle(record(None, "progress", done=3, total=7))
    text = stream.getvalue()
    assert f"[1/2] {RUN}: fine\n" in text
    assert "jobs      3/7 |" in text
    assert "trainings 1/2 |" in text
    assert ", about 60 s left" in text
    shown.close()
    assert stream.getvalue().endswith("\r")


def test_without_a_terminal_there_are_no_bars() -> None:
    """A file gets lines alone."""
    stream = io.StringIO()
    shown = console(stream)
    shown.handle(job("job_info", "gate generated"))
    shown.handle(record(None, "job_finished", job_id=1))
    shown.handle(record(None, "progress", done=3, total=7))
    assert stream.getvalue() == "gate generated: 0 s\n"


def test_a_plan_says_why() -> None:
    """A line for each job that makes something, with the reason that bnlab has for it."""
    stream = io.StringIO()
    shown = console(stream, plan=True)
    shown.handle(job("job_info", f"train {RUN}"))
    shown.handle(job("job_info", None))
    assert stream.getvalue() == f"train {RUN}: made.csv is missing\n"


def tell_of_a_failure(shown: Console, log: Path) -> None:
    """What Snakemake says when a job ends with an error, the log of which has two lines."""
    log.write_text("the first line\nthe last\n")
    failed = "Command 'set -euo pipefail; python -m bnlab gate x > y 2>&1' returned non-zero exit status 6."
    shown.handle(record(f"RuleException:\nCalledProcessError in file z:\n{failed}\n", "error", logging.ERROR))
    shown.handle(job("job_error", "gate x", str(log)))
    shown.handle(record("Exiting because a job execution failed. Look below", level=logging.ERROR))
    shown.handle(record("WorkflowError:\nAt least one job did not complete successfully.", "error", logging.ERROR))


def test_a_failure_is_told_with_its_log_and_again_at_the_end(tmp_path: Path) -> None:
    """In full when it happens; at the end a line each, in place of Snakemake's own last word."""
    log, stream = tmp_path / "gate.log", io.StringIO()
    tell_of_a_failure(console(stream), log)
    assert stream.getvalue() == (
        "gate x returned non-zero exit status 6.\n"
        f"FAILED gate x\n--- {log}\nthe first line\nthe last\n---\n"
        f"FAILED gate x: {log}\n"
    )


def test_what_was_interrupted_did_not_fail(tmp_path: Path) -> None:
    """Ctrl-C ends all jobs, and the log of one that had hardly begun can hold a traceback of Python's start."""
    stream = io.StringIO()
    tell_of_a_failure(console(stream, interrupted=True), tmp_path / "gate.log")
    assert stream.getvalue() == "interrupted: gate x\n"


def test_what_it_does_not_know_passes() -> None:
    """Other messages and errors as they are, chatter not at all; filters of the handler before it still hold."""
    stream = io.StringIO()
    shown = console(stream)
    shown.addFilter(lambda one: "secret" not in str(one.msg))
    for text in ("Select jobs to execute...", "Unlocking working directory.", "a secret"):
        shown.handle(record(text))
    shown.handle(record("an event of another version", "sunrise"))
    shown.handle(record("WorkflowError:\nSomething else.", "error", logging.ERROR))
    assert stream.getvalue() == (
        "Unlocking working directory.\nan event of another version\nWorkflowError:\nSomething else.\n"
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5399, "1 h 30 min"), (12000, "3 h 20 min")]
)
def test_durations_are_as_exact_as_an_estimate(seconds: float, words: str) -> None:
    """Seconds, minutes, or hours with minutes."""
    assert duration(seconds) == words
