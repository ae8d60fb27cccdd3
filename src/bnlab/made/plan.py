"""What a study will cost, before anything is trained."""

from bnlab.made.currency import Currency
from bnlab.runs.record import RECORD
from bnlab.targets import Targets


def print_plan(targets: Targets, study: str | None) -> None:
    """List the runs of one study, or of all, as stored, outdated or missing, and the core-minutes of the last two."""
    currency, configuration = Currency(targets), targets.configuration
    studies = configuration.studies.values() if study is None else [configuration.study(study)]
    runs = configuration.names(run for study in studies for run in study.runs)
    states = {name: _state(currency, name) for name in runs}
    for name, state in states.items():
        print(f"{state:8} {name}")
    for one in studies:
        names = [*configuration.names(one.runs)]
        due = [name for name in names if states[name] != "stored"]
        minutes = sum(map(targets.duration, due)) / 60
        outdated = sum(states[name] == "outdated" for name in due)
        made_again = f", {outdated} outdated" if outdated else ""
        pending = sum(experiment.pending for experiment in one.experiments)
        later = f"; {pending} more wait for what a search finds" if pending else ""
        print(
            f"{one.key}: {len(names)} runs, {len(due) - outdated} missing{made_again}, "
            f"about {minutes:.0f} core-minutes{later}"
        )


def _state(currency: Currency, name: str) -> str:
    if currency.reason("train", name) is None:
        return "stored"
    return "outdated" if (currency.results / "runs" / name / RECORD).is_file() else "missing"
