"""How far a study is: while it runs, and after it."""

from collections.abc import Iterable
from pathlib import Path

import psutil

from bnlab.console.duration import duration
from bnlab.formatting import count
from bnlab.made.currency import Currency
from bnlab.made.pace import pace
from bnlab.runs.record import TIMING
from bnlab.targets import Targets

STATES = ("done", "running", "failed", "missing")


def print_status(targets: Targets, study: str | None) -> None:
    """Count the runs of one study, or of each, by state, estimate the time left, and name those that run or failed.

    A run counts as failed when a training of it began and neither stored it nor goes on: its log says why. Trainings on
    other machines cannot be seen.
    """
    currency, configuration = Currency(targets), targets.configuration
    studies = configuration.studies.values() if study is None else [configuration.study(study)]
    running = runs_in_training()
    states: dict[str, str] = {}
    for one in studies:
        names = [*configuration.names(one.runs)]
        states |= {name: _state(currency, name, running) for name in names if name not in states}
        found = [states[name] for name in names]
        counts = ", ".join(f"{found.count(state)} {state}" for state in STATES)
        due = [name for name in names if states[name] != "done"]
        pending = sum(experiment.pending for experiment in one.experiments)
        later = f"; {pending} more wait for what a search finds" if pending else ""
        print(f"{one.key}: {len(names)} runs: {counts}{_time_left(targets, due, running)}{later}")
    for name, state in states.items():
        if state in ("running", "failed"):
            print(f"{state:7} {name}: {_log(targets.results, name)}")


def runs_in_training() -> set[str]:
    """The runs that processes of this machine train in this folder."""
    here = str(Path.cwd())
    trained = set()
    for process in psutil.process_iter(["cmdline", "cwd"]):
        match process.info:
            case {"cwd": cwd, "cmdline": [_, *program, "train", run]} if cwd == here and program:
                if Path(program[-1]).name == "bnlab":  # by -m, or the script of an installed package
                    trained.add(run)
    return trained


def _state(currency: Currency, name: str, running: Iterable[str]) -> str:
    if name in running:
        return "running"
    if currency.reason("train", name) is None:
        return "done"
    # A run that was stored, and is outdated or was deleted, did not fail: it is missing from what the code makes now.
    stored = (currency.results / "runs" / name / TIMING).exists()
    return "missing" if stored or _ended_well(_log(currency.results, name), name) else "failed"


def _ended_well(log: Path, name: str) -> bool:
    """Whether the last training did, of which this is the log, or none began."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").rpartition(f"{name}: ")[1] != ""
    except OSError:
        return True


def _log(results: Path, name: str) -> Path:
    return results / "logs" / "train" / f"{name}.log"


def _time_left(targets: Targets, due: list[str], running: set[str]) -> str:
    """By the estimates, corrected by what the stored runs of this project took, on as many cores as train now."""
    if not due:
        return ""
    cores = len(running)
    seconds = sum(map(targets.duration, due)) * pace(targets)
    if cores == 0:
        return f", {duration(seconds)} of one core left"
    # What a training has done of its run is not known: on average, half of it.
    seconds -= sum(map(targets.duration, running.intersection(due))) * pace(targets) / 2
    return f", about {duration(seconds / cores)} left on {count(cores, 'core')}"
