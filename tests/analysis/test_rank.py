"""A search is ranked by the validation accuracy of its finished runs, and by nothing else."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from bnlab.analysis.rank import best_first, rank
from bnlab.config.rankings import Ranked, ranking_path, read_ranking
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.training.evaluate import Evaluation
from bnlab.training.store import store_run
from bnlab.training.train import Training

COMMITTED = Path(__file__).parents[2] / "config"
COARSE = {
    "id": "coarse",
    "title": "t",
    "text": "t",
    "protocol": "official",
    "networks": [[2]],
    "batch_norm": [True],
    "initialization": ["he"],
    "weight_decay": [0.1, 0.001, 0.01],
    "seeds": 2,
    "figures": [],
}


@dataclass(frozen=True)
class Workplace:
    """A study named `small` with one search, its runs below `results`."""

    configuration: Configuration
    results: Path

    @property
    def runs(self) -> list[str]:
        """The names of the search's runs."""
        return list(self.configuration.names(self.configuration.study("small").runs))

    @property
    def path(self) -> Path:
        """Where the ranking goes."""
        return ranking_path("small", "coarse", results=self.results)

    def rank(self) -> list[Ranked]:
        """Rank; what is returned is what is stored, for just these runs."""
        ranking = rank(self.configuration, "small", "coarse", results=self.results)
        assert read_ranking(self.path, runs=self.runs) == ranking
        return ranking


def workplace(folder: Path, accuracies: Sequence[float | None], **changes: Any) -> Workplace:
    """The search's runs, stored by the trainer's own function with these validation accuracies (None: diverged).

    Training and test accuracies, losses and costs would rank the other way round.
    """
    (folder / "config/studies").mkdir(parents=True)
    shutil.copy(COMMITTED / "protocols.yaml", folder / "config")
    study = {"title": "t", "summary": "s", "experiments": [COARSE | changes]}
    (folder / "config/studies/small.yaml").write_text(yaml.safe_dump(study))
    place = Workplace(load_configuration(folder / "config", results=folder / "results"), folder / "results")
    network = Network((3, 2, 10), batch_norm=False, epsilon=0)
    for name, accuracy in zip(place.runs, accuracies, strict=True):
        training = Training(Parameters.zeros(network, np.float64), RunningStatistics(network, "float64", decay=0), [])
        training.diverged_at = 7 if accuracy is None else None
        other = None if accuracy is None else Evaluation(accuracy, accuracy, 1 - accuracy)
        store_run(
            place.results / "runs" / name,
            training,
            identity={"run": name, "data": {"name": "cifar10", "digest": "0"}, "code": "0"},
            final=None if other is None else {"training": other, "validation": Evaluation(other.loss, 9, accuracy)},
            test=None if other is None else (other, np.arange(5, dtype=np.uint8)),
            timing={},
        )
    return place


def test_settings_are_ranked_by_their_mean_over_seeds(tmp_path: Path) -> None:
    """Best first, each with its mean validation accuracy and the number of runs behind it."""
    place = workplace(tmp_path, [0.5, 0.3, 0.2, 0.7, 0.45, 0.44])
    assert place.rank() == [
        Ranked(None, 0.001, pytest.approx(0.45), 2),
        Ranked(None, 0.01, pytest.approx(0.445), 2),
        Ranked(None, 0.1, pytest.approx(0.4), 2),
    ]


def test_of_equals_the_larger_decay_comes_first(tmp_path: Path) -> None:
    """Whatever the order in which they are listed."""
    place = workplace(tmp_path, [0.25, 0.5, 0.5, 0.25, 0.375, 0.375])
    assert [ranked.weight_decay for ranked in place.rank()] == [0.1, 0.01, 0.001]


def test_equals_are_equal_whatever_the_order_of_their_sum(tmp_path: Path) -> None:
    """0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1, and both accuracies are the same."""
    place = workplace(tmp_path, [0.1, 0.2, 0.3, 0.3, 0.2, 0.1], weight_decay=[0.001, 0.01], seeds=3)
    assert [ranked.weight_decay for ranked in place.rank()] == [0.01, 0.001]


def test_equals_stay_in_their_order_otherwise() -> None:
    """Best first; settings of equal accuracy and decay as they stand."""
    columns = ["name", "weight_decay", "accuracy"]
    settings = pd.DataFrame([("a", 0.1, 0.5), ("b", 0.2, 0.5), ("c", 0.2, 0.5), ("d", 0, 0.6)], columns=columns)
    assert list(best_first(settings, "accuracy")["name"]) == ["d", "b", "c", "a"]


def test_diverged_runs_are_left_out_of_the_mean(tmp_path: Path) -> None:
    """The seeds that finished speak for a setting; one of which none finished is not ranked."""
    place = workplace(tmp_path, [None, 0.3, 0.2, 0.3, None, None])
    assert place.rank() == [Ranked(None, 0.1, 0.3, 1), Ranked(None, 0.001, 0.25, 2)]


def test_where_all_diverged_none_is_best(tmp_path: Path) -> None:
    """The message names study and search; no ranking is stored."""
    place = workplace(tmp_path, [None] * 6)
    with pytest.raises(ConfigError, match=r"study 'small', experiment 'coarse': every run diverged, so none is best"):
        place.rank()
    assert not place.path.exists()


def test_learning_rates_are_settings_too(tmp_path: Path) -> None:
    """A grid of both is ranked pair by pair."""
    place = workplace(tmp_path, [0.1, 0.4, 0.3, 0.2], learning_rate=[0.01, 0.02], weight_decay=[0.1, 0.2], seeds=1)
    ranking = place.rank()
    assert [(ranked.learning_rate, ranked.weight_decay) for ranked in ranking] == [
        (0.01, 0.2), (0.02, 0.1), (0.02, 0.2), (0.01, 0.1),
    ]  # fmt: skip


def test_test_predictions_stay_closed(tmp_path: Path) -> None:
    """Without any run's test predictions, curves, model or timing the ranking is the same: only records are read."""
    place = workplace(tmp_path, [0.5, 0.3, 0.2, 0.7, 0.45, 0.44])
    place.rank()
    before = place.path.read_bytes()
    place.path.unlink()
    for name in place.runs:
        for path in (place.results / "runs" / name).iterdir():
            if path.name != "run.json":
                path.unlink()
    place.rank()
    assert place.path.read_bytes() == before
    assert b"test" not in before


@pytest.mark.parametrize("damage", ["gone", "edited"])
def test_a_damaged_record_is_refused(tmp_path: Path, damage: str) -> None:
    """A run that is missing, or whose accuracy was edited, stops the ranking."""
    place = workplace(tmp_path, [0.5, 0.3, 0.2, 0.7, 0.45, 0.44])
    path = place.results / "runs" / place.runs[4] / "run.json"
    record = json.loads(path.read_text())
    path.unlink()
    if damage == "edited":
        record["final"]["validation"]["accuracy"] = 0.99
        path.write_text(json.dumps(record))
    with pytest.raises(IntegrityError, match=rf"{path}: "):
        place.rank()
    assert not place.path.exists()


def test_an_unknown_search_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    """It is answered with those there are."""
    place = workplace(tmp_path, [0.5] * 6)
    with pytest.raises(ConfigError, match=r"has no experiment 'corse'. It has: coarse"):
        rank(place.configuration, "small", "corse", results=place.results)
