"""config/synthesis.yaml: the questions of the last report, and the experiments and claims that belong to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnlab.configuration import read_yaml, validate
from bnlab.places import CONFIG
from bnlab.study import Configuration


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
    """Read and validate config/synthesis.yaml. Raises ConfigError, for unknown studies and experiments too."""
    path = folder / "synthesis.yaml"
    content: Mapping[str, Any] = read_yaml(path)
    validate(content, "synthesis", source=str(path))
    questions = tuple(
        Question(
            item["id"],
            item["title"],
            item["text"],
            tuple(_place(text, configuration) for text in item["experiments"]),
            tuple(item["claims"]),
        )
        for item in content["questions"]
    )
    searches = tuple(_place(text, configuration) for text in content["searches"])
    return Synthesis(content["title"], content["summary"], questions, searches)


def _place(text: str, configuration: Configuration) -> tuple[str, str]:
    """A study and an experiment that exist."""
    study, experiment = text.split("/")
    configuration.study(study).experiment(experiment)
    return study, experiment
