"""The row about a search: the best λ on validation images, what is as good, and the largest of these."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bnlab.config.experiments import Experiment
from bnlab.config.studies import Study, load_configuration
from bnlab.report.inputs import Inputs
from bnlab.report.searches import SearchRow, search_rows
from bnlab.runs.spec import RunSpec

CONFIG = Path(__file__).parents[2] / "config"
RUNS = [f"official/50-50_seed{seed}" for seed in (1, 2, 3)]
PROTOCOLS = load_configuration(CONFIG).protocols


def found(weight_decay: float, accuracy: float, **changed: Any) -> dict[str, Any]:
    """A row of cells.csv."""
    return {
        "experiment": "search",
        "network": "50-50",
        "layers": 3,
        "initialization": "he",
        "learning_rate": "scheduled",
        "batch_norm": True,
        "weight_decay": weight_decay,
        "n": 1,
        "diverged": 0,
        "validation_accuracy_mean": accuracy,
        "test_accuracy_mean": accuracy - 0.01,
        "runs": "",
    } | changed


def rows(*cells: dict[str, Any], protocol: str = "official") -> list[SearchRow]:
    """What is said about these cells, trained under a protocol: the official one has 5,000 validation images."""
    runs = {run: RunSpec(protocol, (50, 50), True, "he", 0.1, seed) for seed, run in enumerate(RUNS, start=1)}
    nothing = pd.DataFrame()
    inputs = Inputs(
        study=Study("small", "t", "s", (Experiment("search", "t", "t", "small", tuple(runs.values()), ()),), ()),
        protocols=PROTOCOLS,
        specs=runs,
        runs=nothing,
        cells=pd.DataFrame(cells),
        pairs=nothing,
        expectations=nothing,
        claims=nothing,
        gradients={},
        reported_checks={},
        manifests={},
        figures=Path(),
        checks=Path(),
    )
    return search_rows(inputs, "search")


def test_one_standard_error_by_hand() -> None:
    """Of 5,000 images an accuracy of 0.5 has √(0.25 / 5000) = 0.00707: 0.4930 is as good as 0.5, 0.4929 is not."""
    cells = [found(0.1, 0.4929), found(0.01, 0.4930), found(1e-3, 0.5), found(1e-5, 0.4931)]
    (row,) = rows(*cells)
    assert (row.tried, row.best, row.ties, row.chosen) == (4, "1e-3", "1e-5 to 0.01 (3)", "0.01")
    assert row.cell["validation_accuracy_mean"] == 0.4930
    assert row.cell["test_accuracy_mean"] == pytest.approx(0.4830)
    assert (row.study, row.experiment, row.network) == ("small", "search", "3 layers (50-50), He initialization")


def test_fewer_images_leave_more_values_as_good() -> None:
    """Over 1,000 validation images the standard error is 0.0158, and 0.4929 is as good as 0.5 too."""
    (row,) = rows(found(0.1, 0.4929), found(0.01, 0.4930), found(1e-3, 0.5), protocol="falk2024")
    assert (row.ties, row.chosen) == ("1e-3 to 0.1 (3)", "0.1")


def test_a_best_value_may_stand_alone() -> None:
    """Where no other is within a standard error, the best is taken."""
    (row,) = rows(found(0, 0.45), found(0.005, 0.52), found(0.1, 0.4))
    assert (row.best, row.ties, row.chosen) == ("0.005", "0.005", "0.005")


def test_of_equals_the_larger_decay_is_best() -> None:
    """As in a ranking, though rounding may tell equal means apart."""
    (row,) = rows(found(0.1, 0.4), found(0.01, 0.3 + 0.2 - 1e-16), found(1e-3, 0.5), found(0, 0.5))
    assert row.best == "0.01"


def test_test_accuracies_choose_nothing() -> None:
    """Neither the best nor the taken value moves when test accuracies are turned around."""
    cells = [found(0.1, 0.45), found(0.01, 0.5), found(1e-3, 0.51)]
    turned = [cell | {"test_accuracy_mean": 1 - cell["validation_accuracy_mean"]} for cell in cells]
    choices = [[(row.best, row.ties, row.chosen) for row in rows(*some)] for some in (cells, turned)]
    assert choices == [[("1e-3", "1e-3", "1e-3")]] * 2


def test_diverged_values_are_left_out() -> None:
    """A λ of which no run finished is neither counted nor taken; a search of which none finished has no row."""
    gone = {"n": 0, "diverged": 1, "validation_accuracy_mean": float("nan"), "test_accuracy_mean": float("nan")}
    (row,) = rows(found(0.1, 0.5) | gone, found(0.01, 0.5), found(0, 0.501))
    assert (row.tried, row.best, row.chosen) == (2, "0", "0.01")
    assert rows(found(0.1, 0.5) | gone) == []


def test_every_network_is_a_search_of_its_own() -> None:
    """With and without batch normalization, other networks, initializations and learning rates have their own rows."""
    others = [
        {"batch_norm": False},
        {"network": "50", "layers": 2},
        {"initialization": "sigma0.001"},
        {"learning_rate": "eta0.01"},
    ]
    cells = [found(value, 0.5 + value, **other) for other in ({}, *others) for value in (0.001, 0.1)]
    searched = rows(*cells)
    assert [(row.network, row.batch_norm) for row in searched] == [
        ("3 layers (50-50), He initialization", True),
        ("3 layers (50-50), He initialization", False),
        ("2 layers (50), He initialization", True),
        ("3 layers (50-50), σ = 1e-3", True),
        ("3 layers (50-50), He initialization, η = 0.01", True),
    ]
    assert all(row.tried == 2 and row.best == "0.1" for row in searched)


def test_cells_of_other_experiments_are_not_searched() -> None:
    """A better value of another experiment is not this search's."""
    (row,) = rows(found(0.01, 0.5), found(0.1, 0.6, experiment="other"))
    assert (row.tried, row.best) == (1, "0.01")


def test_the_taken_value_leads_to_its_runs() -> None:
    """The links are those of the value that is taken, not of the best."""
    (row,) = rows(found(0.1, 0.5, runs=" ".join(RUNS[:2])), found(0, 0.501, runs=RUNS[2]))
    assert [link.name for group in row.runs for link in group.links] == RUNS[:2]
