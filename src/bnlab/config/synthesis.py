"""config/synthesis.yaml: the questions of the last report, and the experiments and claims that belong to each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnlab.config.reader import read_yaml, validate
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError
from bnlab.paths import CONFIG


@dataclass(frozen=True)
class Question:
    """A section of the synthesis. experiments: (study, experiment); claims: their ids."""

    id: str
    title: str
    text: str
    experiments: tuple[tuple[str, str], ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Synthesis:
    """The whole file. searches: (study, experiment)."""

    title: str
    summary: str
    questions: tuple[Question, ...]
    searches: tuple[tuple[str, str], ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies whose experiments it shows, each once."""
        named = [place for question in self.questions for place in question.experiments] + list(self.searches)
        return tuple(dict.fromkeys(study for study, _ in named))

    @property
    def reports(self) -> tuple[str, ...]:
        """The reports whose claims it shows, each once."""
        return tuple(dict.fromkeys(claim.split("/")[0] for question in self.questions for claim in question.claims))


def load_synthesis(configuration: Configuration, folder: Path = CONFIG) -> Synthesis:
    """Read and validate config/synthesis.yaml.

    Raises ConfigError, for unknown studies and experiments too, and for what would stand on the page twice.
    """
    path = folder / "synthesis.yaml"
    content: Mapping[str, Any] = read_yaml(path)
    validate(content, "synthesis", source=str(path))
    ids: set[str] = set()
    shown: set[tuple[str, str]] = set()
    questions = []
    for i, item in enumerate(content["questions"]):
        where = f"{path}: questions[{i}]"
        if item["id"] in ids:
            raise ConfigError(f"{where}.id: '{item['id']}' stands here twice; ids must differ.")
        ids.add(item["id"])
        places = _places(item["experiments"], configuration, source=f"{where}.experiments")
        for place in places:
            if place in shown:
                raise ConfigError(f"{where}.experiments: an earlier question shows '{'/'.join(place)}' already.")
        shown.update(places)
        questions.append(Question(item["id"], item["title"], item["text"], places, tuple(item["claims"])))
    searches = _places(content["searches"], configuration, source=f"{path}: searches")
    return Synthesis(content["title"], content["summary"], tuple(questions), searches)


def _places(texts: Sequence[str], configuration: Configuration, *, source: str) -> tuple[tuple[str, str], ...]:
    """Studies and experiments that exist."""
    places = []
    for i, text in enumerate(texts):
        study, experiment = text.split("/")
        try:
            configuration.study(study).experiment(experiment)
        except ConfigError as error:
            raise ConfigError(f"{source}[{i}]: found '{text}'. {error}") from error
        places.append((study, experiment))
    return tuple(places)
