"""What a study will cost, before anything is trained."""

from pathlib import Path

from bnlab.config.studies import load_configuration
from bnlab.runs.duration import estimated_seconds
from bnlab.runs.record import RECORD


def print_plan(study: str | None, *, config: Path, results: Path) -> None:
    """List the runs of one study, or of all, as stored or missing, and the core-minutes of the missing ones."""
    configuration = load_configuration(config)
    studies = configuration.studies.values() if study is None else [configuration.study(study)]
    runs = configuration.names(run for study in studies for run in study.runs)
    stored = {name for name in runs if (results / "runs" / name / RECORD).is_file()}
    for name in runs:
        print("stored " if name in stored else "missing", name)
    for one in studies:
        missing = {name: run for name, run in configuration.names(one.runs).items() if name not in stored}
        seconds = sum(estimated_seconds(run, configuration.protocols[run.protocol]) for run in missing.values())
        pending = sum(experiment.pending for experiment in one.experiments)
        later = f"; {pending} more wait for what a search finds" if pending else ""
        print(f"{one.key}: {len(one.runs)} runs, {len(missing)} missing, about {seconds / 60:.0f} core-minutes{later}")
