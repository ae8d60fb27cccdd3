"""config/synthesis.yaml: the questions of the synthesis, and the experiments and claims that belong to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bnlab.config.experiments import validates
from bnlab.config.fields import WITHOUT, Id, Layers, different, expect
from bnlab.config.reader import read_yaml
from bnlab.config.studies import Configuration
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.paths import CONFIG
from bnlab.runs.declared import Declared

Experiments = Annotated[list[Annotated[str, expect("[^/]+/[^/]+", "an experiment, study/experiment")]], different]


Claims = Annotated[list[Annotated[str, expect("[^/]+/.+", "a claim, report/id")]], different]


class AnswerItem(Declared):
    """What the first page says of a question, in a sentence filled in from results."""

    kind: Literal["gain", "starts", "best"]
    """The gain in test accuracy from batch normalization; how many runs start to learn; or the best weight decay."""
    experiment: Annotated[str, expect("[^/]+/[^/]+", "an experiment, study/experiment")]
    """The experiment that it is about, study/experiment, one that the page shows."""
    network: Layers = Field(default=WITHOUT)
    """The widths of hidden layers, where the experiment has several networks; without it, all."""


class QuestionItem(Declared):
    """A section of the synthesis: a question, and what answers it."""

    id: Id
    """Its name, in links."""
    label: str
    """Its name where there is little room: two short words."""
    title: str
    """The question."""
    answer: AnswerItem = Field(default=WITHOUT)
    """Its sentence on the first page; without it, none."""
    text: str
    """The answer."""
    experiments: Experiments
    """The experiments whose figures and tables it shows, each study/experiment."""
    claims: Claims
    """The claims that belong to it, each report/id."""
    further_claims: Claims = Field(default=[])
    """More of them, which stand on the reports' pages alone, and here among the accuracies of the first figure."""


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
    lesson: str = Field(default=WITHOUT)
    """The last words of its conclusion."""
    limitations: list[str] = Field(default=[])
    """What its runs cannot show: paragraphs."""
    references: Annotated[list[str], different] = Field(default=[])
    """What it draws on: authors, title, place and year."""


@dataclass(frozen=True)
class Answer:
    """What the first page says of a question. network: hidden layers; None for all that the experiment has."""

    kind: str
    study: str
    experiment: str
    network: tuple[int, ...] | None


@dataclass(frozen=True)
class Question:
    """A section of the synthesis. experiments: (study, experiment); claims, further_claims: their ids."""

    id: str
    label: str
    title: str
    text: str
    experiments: tuple[tuple[str, str], ...]
    claims: tuple[str, ...]
    further_claims: tuple[str, ...]
    answer: Answer | None


@dataclass(frozen=True)
class Synthesis:
    """The whole file. searches: (study, experiment).  lesson: None where it draws none."""

    title: str
    summary: str
    questions: tuple[Question, ...]
    searches: tuple[tuple[str, str], ...]
    lesson: str | None
    limitations: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies whose experiments it shows, each once."""
        named = [place for question in self.questions for place in question.experiments] + list(self.searches)
        named += [(one.answer.study, one.answer.experiment) for one in self.questions if one.answer]
        return tuple(dict.fromkeys(study for study, _ in named))

    def on_site(self, reports: Sequence[str]) -> list[str]:
        """The studies with a page on its site: those that it shows, and all reports."""
        return list(dict.fromkeys([*self.studies, *reports]))

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
        answer = None if item.answer is None else _answer(item.answer, configuration, source=f"{where}.answer")
        claims, further = tuple(item.claims), tuple(item.further_claims)
        questions.append(Question(item.id, item.label, item.title, item.text, places, claims, further, answer))
    searches = _places(content.searches, configuration, source=f"{path}: searches")
    for i, (study, experiment) in enumerate(searches):
        if not validates(configuration.study(study).experiment(experiment), configuration.protocols):
            raise ConfigError(
                f"{path}: searches[{i}]: '{study}/{experiment}' is trained with validation: 0, so nothing was chosen."
            )
    return Synthesis(
        content.title,
        content.summary,
        tuple(questions),
        searches,
        content.lesson,
        tuple(content.limitations),
        tuple(content.references),
    )


def _answer(item: AnswerItem, configuration: Configuration, *, source: str) -> Answer:
    ((study, experiment),) = _places([item.experiment], configuration, source=f"{source}.experiment")
    network = None if item.network is None else tuple(item.network)
    runs = configuration.study(study).experiment(experiment).runs
    if network is not None and runs and network not in {run.hidden for run in runs}:
        raise ConfigError(f"{source}.network: found {list(network)}, which no run of '{item.experiment}' has.")
    listed = not configuration.study(study).experiment(experiment).searches
    if item.kind == "best" and listed and len({run.weight_decay for run in runs}) == 1:
        raise ConfigError(f"{source}.kind: '{item.experiment}' has one λ, so none is the best of them.")
    if item.kind == "gain" and runs and len({run.batch_norm for run in runs}) < 2:
        raise ConfigError(f"{source}.kind: '{item.experiment}' has no runs both with and without batch normalization.")
    if item.kind == "best" and not validates(
        configuration.study(study).experiment(experiment), configuration.protocols
    ):
        raise ConfigError(f"{source}.kind: '{item.experiment}' is trained with validation: 0. Expected gain or starts.")
    return Answer(item.kind, study, experiment, network)


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
