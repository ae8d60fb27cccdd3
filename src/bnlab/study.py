"""From the configuration files to validated studies: which runs each needs, and what is made of them."""

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnlab.configuration import check_name, read_yaml, validate
from bnlab.errors import ConfigError
from bnlab.exhibit_settings import check_exhibit_name
from bnlab.protocols import load_protocols
from bnlab.spec import Initialization, Protocol, RunSpec, parse_run_name, run_name


@dataclass(frozen=True)
class Experiment:
    """A grid of runs under one protocol, and the figures drawn from it. One section of the report."""

    id: str
    title: str
    text: str
    runs: tuple[RunSpec, ...]
    figures: tuple[str, ...]


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
    """The exhibits of config/exhibits that the report shows."""

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """Every run the study needs, each once, in the order of its experiments."""
        return tuple(dict.fromkeys(run for experiment in self.experiments for run in experiment.runs))

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

    def parse(self, name: str) -> RunSpec:
        """The run of that directory name (see `bnlab.spec.parse_run_name`)."""
        return parse_run_name(name, self.protocols)


def load_configuration(folder: Path = Path("config")) -> Configuration:
    """Read and validate protocols.yaml and every study. Raises ConfigError with all violations of a file."""
    protocols = load_protocols(folder)
    studies = [_load_study(path, protocols) for path in sorted((folder / "studies").glob("*.yaml"))]
    return Configuration(protocols, {study.key: study for study in studies}, folder)


def check_selection(config: Mapping[str, Any], configuration: Configuration, *, source: str) -> None:
    """Validate the content of config.yaml, overlays and --config included, against the studies there are."""
    validate(dict(config), "config", source=source)
    for i, key in enumerate(config["studies"]):
        if key not in configuration.studies:
            known = ", ".join(sorted(configuration.studies))
            raise ConfigError(f"{source}: studies[{i}]: found '{key}', expected one of config/studies: {known}.")


def _load_study(path: Path, protocols: Mapping[str, Protocol]) -> Study:
    check_name(path.stem, source=str(path), what="study")
    content = read_yaml(path)
    validate(content, "study", source=str(path))
    experiments: list[Experiment] = []
    for i, experiment in enumerate(content["experiments"]):
        where = f"{path}: experiments[{i}]"
        runs = _expand(experiment, protocols, source=where)
        if any(known.id == experiment["id"] for known in experiments):
            raise ConfigError(f"{where}.id: '{experiment['id']}' stands here twice; ids must differ.")
        if "grid" in experiment["figures"] and "learning_rate" not in experiment:
            raise ConfigError(f"{where}.figures: found grid, which needs the axis learning_rate beside weight_decay.")
        experiments.append(
            Experiment(experiment["id"], experiment["title"], experiment["text"], runs, tuple(experiment["figures"]))
        )
    study = Study(
        path.stem,
        content["title"],
        content["summary"],
        tuple(experiments),
        tuple(_expectation(item) for item in content.get("expectations", ())),
        tuple(content.get("gradients", ())),
    )
    for i, exhibit in enumerate(study.gradients):
        check_exhibit_name(exhibit, path.parents[1], source=f"{path}: gradients[{i}]")
    ids = [experiment.id for experiment in study.experiments]
    for i, expectation in enumerate(study.expectations):
        where, named = f"{path}: expectations[{i}]", expectation.cells["experiment"]
        if named not in ids:
            raise ConfigError(f"{where}.cells.experiment: found '{named}', expected one of {', '.join(ids)}.")
        if expectation.low > expectation.high:
            raise ConfigError(f"{where}.between: found [{expectation.low}, {expectation.high}], expected low, high.")
    return study


def _expectation(item: Mapping[str, Any]) -> Expectation:
    low, high = item["between"]
    return Expectation(item["text"], item["cells"], item["metric"], item["of"], low, high)


def _expand(experiment: Mapping[str, Any], protocols: Mapping[str, Protocol], *, source: str) -> tuple[RunSpec, ...]:
    """The experiment's full grid, seeds innermost."""
    name = experiment["protocol"]
    if name not in protocols:
        raise ConfigError(f"{source}.protocol: found {name!r}, expected one of {', '.join(sorted(protocols))}.")
    if protocols[name].batch_size < 2 and any(experiment["batch_norm"]):
        raise ConfigError(
            f"{source}.batch_norm: protocol '{name}' has batch_size 1, over which nothing can be normalized."
        )
    axes = itertools.product(
        experiment["networks"],
        experiment["initialization"],
        _numbers(experiment.get("learning_rate", [None]), source=f"{source}.learning_rate"),
        _numbers(experiment["weight_decay"], source=f"{source}.weight_decay"),
        experiment["batch_norm"],
        range(1, experiment["seeds"] + 1),
    )
    try:
        return tuple(
            RunSpec(
                name,
                tuple(hidden),
                batch_norm,
                _initialization(scheme),
                float(decay),
                seed,
                None if rate is None else float(rate),
            )
            for hidden, scheme, rate, decay, batch_norm, seed in axes
        )
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def _initialization(value: str | float) -> Initialization:
    return value if value in ("he", "fan_in") else float(value)  # type: ignore[return-value]


def _numbers(value: Any, *, source: str) -> list[Any]:
    """A list as it stands, or log-spaced values rounded to three digits, so that names stay readable."""
    if isinstance(value, list):
        return value
    spacing = value["log_spaced"]
    low, high, count = math.log10(spacing["from"]), math.log10(spacing["to"]), spacing["count"]
    values = [float(f"{10 ** (low + (high - low) * i / (count - 1)):.2e}") for i in range(count)]
    if len(set(values)) < count:
        raise ConfigError(
            f"{source}.log_spaced: found {count} values from {spacing['from']} to {spacing['to']}, some "
            "of which agree to three digits. Move the ends apart, or lower the count."
        )
    return values
