"""From the configuration files to validated studies: which runs each needs, and what is made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bnlab.config.axes import around
from bnlab.config.experiments import Experiment, expand_experiment, meets, validates
from bnlab.config.fields import different, text_or_nothing
from bnlab.config.protocols import load_protocols
from bnlab.config.rankings import Ranked, ranking_path, read_ranking
from bnlab.config.reader import check_name, read_yaml, with_defaults
from bnlab.config.reported_checks import check_reported_check_name
from bnlab.config.study_file import StudyFile
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.paths import CONFIG, RESULTS
from bnlab.runs.declared import Declared
from bnlab.runs.names import run_name
from bnlab.runs.spec import Protocol, RunSpec


class Selection(Declared):
    """config/config.yaml: what `snakemake` makes without a target."""

    studies: Annotated[list[str], Field(min_length=1), different]
    """The studies, files of config/studies, whose pages are made."""
    cifar10: Annotated[str | None, BeforeValidator(text_or_nothing)]
    """A copy of CIFAR-10, a folder or an archive; nothing to search the usual places and then download."""
    seeds_factor: float = Field(gt=0, le=1000)
    """Every experiment's number of seeds is multiplied by this and rounded up."""


@dataclass(frozen=True)
class Expectation:
    """A statement that the finished study is checked against: a metric of some cells lies in an interval."""

    text: str
    cells: Mapping[str, Any]
    metric: str
    of: str
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """One file of config/studies."""

    key: str
    title: str
    summary: str
    experiments: tuple[Experiment, ...]
    expectations: tuple[Expectation, ...]
    gradients: tuple[str, ...] = ()
    """The reported checks of config/reported_checks that the page shows."""

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """Every run the study needs so far, each once, in the order of its experiments."""
        return tuple(dict.fromkeys(run for experiment in self.experiments for run in experiment.runs))

    @property
    def searched(self) -> tuple[str, ...]:
        """The experiments whose rankings others build on, in order."""
        return tuple(dict.fromkeys(search for experiment in self.experiments for search in experiment.searches))

    def experiment(self, key: str) -> Experiment:
        """The experiment of that id. Raises ConfigError when there is none."""
        for experiment in self.experiments:
            if experiment.id == key:
                return experiment
        known = ", ".join(experiment.id for experiment in self.experiments)
        raise ConfigError(f"config/studies/{self.key}.yaml has no experiment '{key}'. It has: {known}.")


@dataclass(frozen=True)
class Configuration:
    """All protocols and studies, validated."""

    protocols: Mapping[str, Protocol]
    studies: Mapping[str, Study]
    folder: Path
    seeds_factor: float = 1.0

    def study(self, key: str) -> Study:
        """The study of that key. Raises ConfigError when there is none."""
        if key not in self.studies:
            raise ConfigError(f"'{key}' is not a study. config/studies holds: {', '.join(sorted(self.studies))}.")
        return self.studies[key]

    def name(self, run: RunSpec) -> str:
        """The run's directory below results/runs."""
        return run_name(run, self.protocols[run.protocol])

    def names(self, runs: Iterable[RunSpec]) -> dict[str, RunSpec]:
        """Runs by directory name, in order."""
        return {self.name(run): run for run in runs}


def load_configuration(folder: Path = CONFIG, *, results: Path = RESULTS) -> Configuration:
    """Read and validate protocols.yaml and every study. Raises ConfigError with all violations of a file.

    results: where the rankings of searches are read, which experiments that build on them wait for.
    """
    protocols = load_protocols(folder)
    factor = read_selection(folder).seeds_factor if (folder / "config.yaml").exists() else 1.0
    studies = [
        _load_study(path, protocols, results=results, seeds_factor=factor)
        for path in sorted((folder / "studies").glob("*.yaml"))
    ]
    return Configuration(protocols, {study.key: study for study in studies}, folder, factor)


def read_selection(folder: Path = CONFIG) -> Selection:
    """The content of config.yaml. Raises ConfigError unless it is what the model says.

    The Snakefile asks this before Snakemake reads the same file, in which it would run code if asked to.
    """
    path = folder / "config.yaml"
    return check(Selection, read_yaml(path), source=str(path))


def check_selection(config: Mapping[str, Any], configuration: Configuration, *, source: str) -> None:
    """Validate the content of config.yaml, overlays and --config included, against the studies there are."""
    check(Selection, dict(config), source=source)
    if config["seeds_factor"] != configuration.seeds_factor:
        raise ConfigError(
            f"{source}: seeds_factor: found {config['seeds_factor']}, expected the {configuration.seeds_factor:g} of "
            "config/config.yaml. Edit it there: the commands behind the rules read that file, not --config. For "
            "more seeds of one study, without an edit: bnlab widen STUDY NAME --seeds N"
        )
    for i, key in enumerate(config["studies"]):
        if key not in configuration.studies:
            known = ", ".join(sorted(configuration.studies))
            raise ConfigError(f"{source}: studies[{i}]: found '{key}', expected one of config/studies: {known}.")


def _load_study(path: Path, protocols: Mapping[str, Protocol], *, results: Path, seeds_factor: float) -> Study:
    check_name(path.stem, source=str(path), what="study")
    content = with_defaults(read_yaml(path), "experiments", source=str(path))
    check(StudyFile, content, source=str(path))
    experiments: dict[str, Experiment] = {}

    def ranking_of(search: str) -> list[Ranked] | None:
        if search not in experiments:
            raise ConfigError(
                f"{where}: search: found '{search}', expected an earlier experiment of the study: "
                f"{', '.join(experiments) or 'there is none'}."
            )
        runs = experiments[search].runs
        if len({(run.hidden, run.batch_norm, run.initialization) for run in runs}) > 1:
            raise ConfigError(
                f"{where}: search: '{search}' compares networks, initializations or batch normalization too, so it "
                "has no one best value. Split it in two."
            )
        if not validates(experiments[search], protocols):
            raise ConfigError(
                f"{where}: search: '{search}' is trained with validation: 0, so there is nothing to choose by."
            )
        names = [run_name(run, protocols[run.protocol]) for run in runs]
        return read_ranking(ranking_path(path.stem, search, results=results), runs=names) if runs else None

    for i, item in enumerate(content["experiments"]):
        where = f"{path}: experiments[{i}]"
        if item["id"] in experiments:
            raise ConfigError(f"{where}.id: '{item['id']}' stands here twice; ids must differ.")
        _check_taken_over(item, experiments, source=where)
        experiments[item["id"]] = expand_experiment(
            item, protocols, ranking_of, seeds_factor=seeds_factor, source=where
        )
    study = Study(
        path.stem,
        content["title"],
        content["summary"],
        tuple(experiments.values()),
        tuple(_expectation(item) for item in content.get("expectations", ())),
        tuple(content.get("gradients", ())),
    )
    for i, reported_check in enumerate(study.gradients):
        check_reported_check_name(reported_check, path.parents[1], source=f"{path}: gradients[{i}]")
    for i, expectation in enumerate(study.expectations):
        _check_expectation(expectation, study, protocols, source=f"{path}: expectations[{i}]")
    return study


def _check_taken_over(item: Mapping[str, Any], experiments: Mapping[str, Experiment], *, source: str) -> None:
    """Refuse an axis around or of the best of listed values where it could not be, whichever of these came out best."""
    forms = [(axis, kind, form) for axis in ("learning_rate", "weight_decay") for kind, form in _form(item.get(axis))]
    for axis, kind, form in forms:
        search = experiments.get(form.get("search", ""))
        if search is None or search.searches:
            continue  # what that tries is known once it is ranked
        values = list(dict.fromkeys(getattr(run, axis) for run in search.runs))
        if kind == "top" and form["count"] > len(values):
            raise ConfigError(
                f"{source}.{axis}.top.count: found {form['count']}, expected at most the {len(values)} that "
                f"'{search.id}' tries."
            )
        for value in values if kind == "around" else ():
            if not value:
                raise ConfigError(
                    f"{source}.{axis}.around: '{search.id}' tries {'the schedule' if value is None else value} too, "
                    "and nothing is around that. Leave it out there, list the values here, or take the best: top."
                )
            around(value, form, source=f"{source}.{axis}")


def _form(axis: Any) -> Iterable[tuple[str, Any]]:
    """The kind and the content of an axis that lists no values; nothing of another."""
    return axis.items() if isinstance(axis, dict) else ()


def _check_expectation(
    expectation: Expectation, study: Study, protocols: Mapping[str, Protocol], *, source: str
) -> None:
    ids, filters = [experiment.id for experiment in study.experiments], {**expectation.cells}
    named = filters.pop("experiment")
    if named not in ids:
        raise ConfigError(f"{source}.cells.experiment: found '{named}', expected one of {', '.join(ids)}.")
    runs = study.experiment(named).runs
    if expectation.metric == "gain" and (
        "batch_norm" in filters or (runs and len({run.batch_norm for run in runs}) < 2)
    ):
        raise ConfigError(
            f"{source}.metric: found gain, the difference of runs with and without batch normalization, which need "
            f"batch_norm: [false, true] in '{named}' and none in these cells."
        )
    if max(abs(expectation.low), abs(expectation.high)) > 1:
        ends = f"{expectation.low / 100:g}, {expectation.high / 100:g}"
        raise ConfigError(f"{source}.between: expected fractions: [{ends}]")
    if expectation.metric == "validation_accuracy" and not validates(study.experiment(named), protocols):
        raise ConfigError(f"{source}.metric: '{named}' is trained with validation: 0. Expected test_accuracy or gain.")
    if runs and not any(meets(run, filters) for run in runs):
        asked = ", ".join(f"{key} {value}" for key, value in filters.items())
        raise ConfigError(f"{source}.cells: found {asked}, which no run of experiment '{named}' has.")


def _expectation(item: Mapping[str, Any]) -> Expectation:
    low, high = item["between"]
    return Expectation(item["text"], item["cells"], item["metric"], item["of"], low, high)
