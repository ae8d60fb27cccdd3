"""What a search found: its settings, best first, by validation accuracy. Later experiments of a study build on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, TypeAdapter

from bnlab.config.violations import brief
from bnlab.errors import IntegrityError
from bnlab.files import write_json


@dataclass(frozen=True)
class Ranked:
    """One setting of a search: the mean validation accuracy of the `n` runs that finished."""

    learning_rate: PositiveFloat | None
    weight_decay: NonNegativeFloat
    validation_accuracy: float
    n: PositiveInt


@dataclass(frozen=True)
class _Ranking:
    """What is stored."""

    runs: list[str]
    ranking: Annotated[list[Ranked], Field(min_length=1)]


def ranking_path(study: str, experiment: str, *, results: Path) -> Path:
    """Where the ranking of an experiment is stored."""
    return results / "studies" / study / "rankings" / f"{experiment}.json"


def store_ranking(path: Path, ranking: Sequence[Ranked], *, runs: Sequence[str]) -> None:
    """Write a ranking of these runs, atomically."""
    write_json(path, {"runs": list(runs), "ranking": [asdict(ranked) for ranked in ranking]})


def read_ranking(path: Path, *, runs: Sequence[str]) -> list[Ranked] | None:
    """Read what `store_ranking` wrote about exactly these runs; None when there is no ranking, or one of other runs.

    Raises IntegrityError when the file cannot be read.
    """
    try:
        content = _form().validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"{path}: cannot be read as a ranking ({brief(error)}). Delete it and run again."
        ) from error
    return content.ranking if content.runs == list(runs) else None


@cache
def _form() -> TypeAdapter[_Ranking]:
    return TypeAdapter(_Ranking)
