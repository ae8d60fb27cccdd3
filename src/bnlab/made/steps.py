"""What each command makes its files from: other files below the results, and a part of the configuration."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from bnlab.claims.model import reported_checks_of, studies_of
from bnlab.config.rankings import ranking_path
from bnlab.config.reader import read_yaml
from bnlab.errors import ConfigError
from bnlab.made.accepted import in_effect
from bnlab.runs.names import parse_split_name
from bnlab.runs.record import CURVES, RECORD, TEST
from bnlab.targets import ROOTS, SETTINGS, Targets


class Step(NamedTuple):
    """Files below the results, in order, and what of the configuration matters, comments and layout left out.

    settings: the content of configuration files by name, and the runs of studies.
    """

    files: list[str]
    settings: dict[str, Any] = {}  # noqa: RUF012 (never changed)


def is_known(targets: Targets, command: str, *arguments: str) -> bool:
    """Whether the configuration has what a command with these arguments makes."""
    try:
        return command in ROOTS and bool(step(targets, command, *arguments))
    except ConfigError:
        return False


def step(targets: Targets, command: str, *arguments: str) -> Step:  # noqa: C901, PLR0911, PLR0912 (a table)
    """What a command with these arguments works from, as far as searches are ranked by now.

    Raises ConfigError when the configuration knows no such thing.
    """
    match command, arguments:
        case "prepare", _:
            return Step([])
        case "split", [split]:
            return Step(targets.data_files(parse_split_name(split).data))
        case "gate" | "step-sizes" | "overfit", [data]:
            SETTINGS[command](targets.config)  # refuses what is no setting
            return Step(targets.data_files(data), _files(targets, f"gradients/{command.replace('-', '_')}"))
        case "reported-check", [data, check]:
            return Step(targets.data_files(data), _descriptions(targets, check))
        case "gradient-figure", [data, figure]:
            table = f"{targets.results}/gradients/{data}/{figure}.csv"
            return Step([table], _descriptions(targets, figure))
        case "train", [run]:
            return Step(targets.training_inputs(run))
        case "sensitivity", [run]:
            return Step(targets.sensitivity_inputs(run))
        case "rank", [study, experiment]:
            return Step(_records(targets, study, experiment))
        case "collect", [study]:
            return Step(_records(targets, study) + _run_files(targets, study, CURVES))
        case "test-results", [study]:
            return Step(_records(targets, study) + _run_files(targets, study, TEST))
        case "tables", [study]:
            return Step([targets.table(study, name) for name in ("runs", "test")], _study(targets, study))
        case "figure" | "test-figure", [study, experiment, _]:
            tests = command == "test-figure"
            drawn = targets.predictions(study, experiment) if tests else [targets.table(study, "curves")]
            runs = {f"runs of {study}": {experiment: targets.ready_runs(study, experiment)}}
            # A data set's digest is of its images alone.
            names = {data: targets.class_names(data) for data in targets.data_of(study) if tests}
            named = {data: {"classes": classes} for data, classes in names.items() if classes}
            settings = runs | ({"config/datasets.yaml": named} if named else {})
            return Step([targets.table(study, "runs"), *drawn], settings)
        case "claims", [report]:
            claims = targets.claims(report)
            checks = _union(_descriptions(targets, check) for check in reported_checks_of(claims))
            runs = _union(_grouped(targets, study) for study in studies_of(claims))
            return Step(targets.claims_inputs(report), _files(targets, f"claims/{report}") | checks | runs)
        case "ledger", []:
            if not targets.reports:
                raise ConfigError(f"{targets.config / 'claims'}: holds no claims, so there is no ledger.")
            return Step(targets.outcomes())
        case "calibrate", []:
            runs = _union(_grouped(targets, study) for study in targets.claimed_studies)
            return Step(targets.calibration_inputs(), runs)
        case "calibration-figure", []:
            return Step([f"{targets.results}/tables/calibration.csv"])
        case "answer-figure", []:
            tables = [f"{targets.results}/tables/{name}.csv" for name in ("claims", "claims_summary")]
            return Step(tables, _files(targets, "synthesis"))
        case "page", [study]:
            return Step(targets.page_inputs(study), _study(targets, study) | _accepted(targets))
        case "synthesis-page", []:
            studies = targets.synthesis.studies if targets.synthesis else ()
            shown = _union(_study(targets, study) for study in studies)
            return Step(targets.synthesis_inputs(), _files(targets, "synthesis") | shown | _accepted(targets))
        case "site", []:
            shown = _union(_study(targets, study) for study in targets.on_site)
            return Step(targets.site_inputs(), _files(targets, "synthesis") | shown | _accepted(targets))
        case "study-site", [study]:
            return Step(targets.site_inputs(study), _study(targets, study) | _accepted(targets))
        case "pdf", [page]:
            return Step(targets.page(page)[:1])
    raise ConfigError(f"bnlab {command}: found the arguments {arguments}, which it does not take.")


def _records(targets: Targets, study: str, experiment: str | None = None) -> list[str]:
    """The records of all runs that are known, and the rankings by which they are."""
    rankings = [
        str(ranking_path(study, search, results=targets.results)) for search in targets.searches(study, experiment)
    ]
    return rankings + targets.run_files(targets.ready_runs(study, experiment), RECORD)


def _run_files(targets: Targets, study: str, name: str) -> list[str]:
    return targets.run_files(targets.ready_runs(study), name)


def _descriptions(targets: Targets, check: str) -> dict[str, Any]:
    return _files(targets, *(f"reported_checks/{name}" for name in targets.described(check)))


def _study(targets: Targets, study: str) -> dict[str, Any]:
    """A study's file, its runs by experiment, and the reported checks that its page shows."""
    checks = _union(_descriptions(targets, check) for check in targets.configuration.study(study).gradients)
    return _files(targets, f"studies/{study}") | _grouped(targets, study) | checks


def _grouped(targets: Targets, study: str) -> dict[str, Any]:
    experiments = targets.configuration.study(study).experiments
    return {f"runs of {study}": {one.id: targets.ready_runs(study, one.id) for one in experiments}}


def _accepted(targets: Targets) -> dict[str, Any]:
    accepted = [str(one) for one in in_effect(targets)]
    return {"accepted changes": accepted} if accepted else {}


def _files(targets: Targets, *names: str) -> dict[str, Any]:
    return {f"config/{name}.yaml": read_yaml(targets.config / f"{name}.yaml") for name in names}


def _union(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}
