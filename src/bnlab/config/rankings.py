"""What a search found: its settings, best first, by validation accuracy. Later experiments of a study build on it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bnlab.errors import IntegrityError
from bnlab.files import write_json


@dataclass(frozen=True)
class Ranked:
    """One setting of a search: the mean validation accuracy of the `n` runs that finished."""

    learning_rate: float | None
    weight_decay: float
    validation_accuracy: float
    n: int


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
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["runs"] != list(runs):
            return None
        return [Ranked(**ranked) for ranked in content["ranking"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"{path}: cannot be read as a ranking ({error!r}). Delete it and run again.") from error
