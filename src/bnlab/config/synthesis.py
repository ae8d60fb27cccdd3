"""config/synthesis.yaml: the questions of the synthesis, and the experiments and claims that belong to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bnlab.config.fields import Id, different, expect
from bnlab.config.reader import read_yaml
from bnlab.config.studies import Configuration
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.paths import CONFIG
from bnlab.runs.declared import Declared

Experiments = Annotated[list[Annotated[str, expect("[^/]+/[^/]+", "an experiment, study/experiment")]], different]


class QuestionItem(Declared):
    """A section of the synthesis: a question, and what answers it."""

    id: Id
    """Its name, in links."""
    title: str
    """The question."""
    text: str
    """The answer."""
    experiments: Experiments
    """The experiments whose figures and tables it shows, each study/experiment."""
    claims: Annotated[list[Annotated[str, expect("[^/]+/.+", "a claim, report/id")]], different]
    """The claims that belong to it, each report/id."""


class SynthesisFile(Declared):
    """config/synthesis.yaml: the page that draws on all studies."""

    title: str
    """The title of the page."""
    summary: str
    """A sentence or two below the title."""
    questions: list[QuestionItem] = Field(min_length=1)
    """Its sections."""
    searches: Experiments
    """The searches that its last section lists, each study/experiment."""


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
    content = check(SynthesisFile, read_yaml(path), source=str(path))
    ids: set[str] = set()
    shown: set[tuple[str, str]] = set()
    questions = []
    for i, item in enumerate(content.questions):
        where = f"{path}: questions[{i}]"
        if item.id in ids:
            raise ConfigError(f"{where}.id: '{item.id}' stands here twice; ids must differ.")
        ids.add(item.id)
        places = _places(item.experiments, configuration, source=f"{where}.experiments")
        for place in places:
            if place in shown:
                raise ConfigError(f"{where}.experiments: an earlier question shows '{'/'.join(place)}' already.")
        shown.update(places)
        questions.append(Question(item.id, item.title, item.text, places, tuple(item.claims)))
    searches = _places(content.searches, configuration, source=f"{path}: searches")
    return Synthesis(content.title, content.summary, tuple(questions), searches)


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
