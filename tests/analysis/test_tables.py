"""Summaries over seeds agree with what is computed by hand, and every number names the runs behind it."""

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bnlab.analysis.tables import CELL, METRICS, by_experiment, cell_table, pair_table, write_tables
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import IntegrityError
from bnlab.runs.names import initialization_text, learning_rate_text, network_text
from bnlab.runs.spec import RunSpec

COMMITTED = Path(__file__).parents[2] / "config"
EXPERIMENT = {
    "title": "t",
    "text": "t",
    "protocol": "official",
    "networks": [[50, 50]],
    "batch_norm": [False, True],
    "initialization": ["he"],
    "weight_decay": [0.005],
    "seeds": 3,
    "figures": [],
}
Results = Callable[[RunSpec], float | None]
FILES = ["cells.csv", "cells.md", "expectations.csv", "pairs.csv", "pairs.md"]


@dataclass(frozen=True)
class Workplace:
    """A study named `small` whose runs.csv and test.csv are written by hand."""

    configuration: Configuration
    results: Path

    @property
    def folder(self) -> Path:
        """Where the tables are."""
        return self.results / "studies/small"

    def put(self, accuracy: Results, *, order: int = 1) -> None:
        """Write the collected tables, `accuracy` giving each run's test accuracy, or None for a diverged one.

        Training accuracies are 1/4 higher, validation accuracies 1/8, the validation loss is the test error.
        """
        rows, tests = [], []
        for name, run in self.configuration.names(self.configuration.study("small").runs).items():
            test = accuracy(run)
            value = math.nan if test is None else test
            rows.append(
                {
                    "run": name,
                    "protocol": run.protocol,
                    "data": "cifar10",
                    "network": network_text(run.hidden),
                    "layers": len(run.hidden) + 1,
                    "batch_norm": run.batch_norm,
                    "initialization": initialization_text(run.initialization),
                    "learning_rate": learning_rate_text(run.learning_rate),
                    "weight_decay": run.weight_decay,
                    "seed": run.seed,
                    "diverged_at": 17 if test is None else None,
                    "training_accuracy": value + 0.25,
                    "validation_loss": 1 - value,
                    "validation_accuracy": value + 0.125,
                }
            )
            tests.append({"run": name, "test_loss": value, "test_cost": value, "test_accuracy": value})
        self.folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows[::order]).to_csv(self.folder / "runs.csv", index=False)
        pd.DataFrame(tests[::-order]).to_csv(self.folder / "test.csv", index=False)

    def write(self) -> dict[str, pd.DataFrame]:
        """Write the tables; read those that are CSV."""
        write_tables(self.configuration, "small", results=self.results)
        return {name: pd.read_csv(self.folder / f"{name}.csv") for name in ("cells", "pairs", "expectations")}

    def markdown(self, name: str) -> list[list[str]]:
        """The rows of a Markdown table, header and rule included."""
        lines = (self.folder / name).read_text().splitlines()
        assert all(line.startswith("| ") and line.endswith(" |") for line in lines)
        return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]


Make = Callable[..., Workplace]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Configure the study `small` of the given experiments."""

    def configure(*experiments: dict[str, Any], expectations: list[dict[str, Any]] | None = None) -> Workplace:
        config = tmp_path / "config"
        (config / "studies").mkdir(parents=True, exist_ok=True)
        shutil.copy(COMMITTED / "protocols.yaml", config)
        content = {
            "title": "t",
            "summary": "s",
            "experiments": [EXPERIMENT | {"id": f"e{i}"} | changes for i, changes in enumerate(experiments)],
            "expectations": expectations or [],
        }
        path = config / "studies/small.yaml"
        path.write_text(dump(content))
        return Workplace(load_configuration(config), tmp_path / "results")

    return configure


def dump(content: Any) -> str:
    """YAML without aliases, which the configuration refuses."""
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return str(yaml.dump(content, Dumper=dumper))


def three_seeds(run: RunSpec) -> float | None:
    """Without normalization 0.50, 0.52, 0.54; with it 0.55, 0.56, and the third seed diverges."""
    return {False: [0.50, 0.52, 0.54], True: [0.55, 0.56, None]}[run.batch_norm][run.seed - 1]


def test_cells_by_hand(make: Make) -> None:
    """Mean, sd with n - 1, minimum and maximum of a cell over its finished seeds; what diverged is only counted."""
    place = make({})
    place.put(three_seeds)
    cells = place.write()["cells"]
    assert len(cells) == 2
    plain, norm = cells.to_dict("records")
    assert [plain[key] for key in CELL] == ["e0", "50-50", 3, "he", "scheduled", 0.005, False]
    assert [norm[key] for key in CELL] == ["e0", "50-50", 3, "he", "scheduled", 0.005, True]
    assert (plain["n"], plain["diverged"]) == (3, 0)
    assert (norm["n"], norm["diverged"]) == (2, 1)
    expected = {"mean": 0.52, "sd": 0.02, "min": 0.50, "max": 0.54}
    shifts = {"test_accuracy": 0, "validation_accuracy": 0.125, "training_accuracy": 0.25}
    for metric, shift in shifts.items():
        for name, value in expected.items():
            assert plain[f"{metric}_{name}"] == pytest.approx(value + (0 if name == "sd" else shift), rel=1e-12)
    for name, value in {"mean": 0.555, "sd": 0.01 / math.sqrt(2), "min": 0.55, "max": 0.56}.items():
        assert norm[f"test_accuracy_{name}"] == pytest.approx(value, rel=1e-12)
    assert plain["validation_loss_mean"] == pytest.approx(0.48, rel=1e-12)
    assert norm["validation_loss_max"] == pytest.approx(0.45, rel=1e-12)
    names = {run: name for name, run in place.configuration.names(place.configuration.study("small").runs).items()}
    for cell in (plain, norm):
        assert cell["runs"].split() == [name for run, name in names.items() if run.batch_norm == cell["batch_norm"]]


def test_pairs_by_hand(make: Make) -> None:
    """Gains of 0.05 and 0.04 by seed: mean 0.045, and with t = 12.706 for one degree of freedom +- 0.0635."""
    place = make({})
    place.put(three_seeds)
    pairs = place.write()["pairs"]
    assert list(pairs["metric"]) == ["test_accuracy", "validation_accuracy"]
    for pair in pairs.to_dict("records"):  # the shift of 1/8 cancels
        assert pair["n"] == 2
        assert pair["gain_mean"] == pytest.approx(0.045, rel=1e-12)
        assert pair["gain_sd"] == pytest.approx(0.01 / math.sqrt(2), rel=1e-12)
        assert (pair["gain_min"], pair["gain_max"]) == (pytest.approx(0.04), pytest.approx(0.05))
        half = 12.706204736 * 0.01 / math.sqrt(2) / math.sqrt(2)
        assert (pair["ci_low"], pair["ci_high"]) == (pytest.approx(0.045 - half), pytest.approx(0.045 + half))
        names = list(place.configuration.names(place.configuration.study("small").runs))
        assert sorted(pair["runs"].split()) == sorted(names[i] for i in (0, 1, 3, 4))


def test_pairs_are_by_seed_not_by_mean(make: Make) -> None:
    """Gains that differ from seed to seed keep their own spread, whatever the spread of the accuracies."""
    place = make({})
    place.put(lambda run: 0.1 * run.seed + 0.05 * run.batch_norm)
    pair = place.write()["pairs"].to_dict("records")[0]
    assert (pair["n"], pair["gain_mean"]) == (3, pytest.approx(0.05))
    assert pair["gain_sd"] == pytest.approx(0, abs=1e-15)
    assert (pair["ci_low"], pair["ci_high"]) == (pytest.approx(0.05), pytest.approx(0.05))


@pytest.mark.parametrize("lost", [False, True])
def test_a_pair_with_one_diverged_run_does_not_count(make: Make, lost: bool) -> None:
    """Whichever of the two diverged, the other seeds' pairs remain."""
    place = make({})
    place.put(lambda run: None if (run.batch_norm, run.seed) == (lost, 2) else 0.5 + 0.01 * run.seed * run.batch_norm)
    pair = place.write()["pairs"].to_dict("records")[0]
    assert pair["n"] == 2
    assert (pair["gain_min"], pair["gain_max"]) == (pytest.approx(0.01), pytest.approx(0.03))


def test_one_seed_has_no_spread_and_no_interval(make: Make) -> None:
    """With one pair the gain is told, its sd and interval are empty, and the words say so."""
    place = make({"seeds": 1})
    place.put(lambda run: 0.5 + 0.0125 * run.batch_norm)
    tables = place.write()
    assert tables["cells"]["test_accuracy_sd"].isna().all()
    assert list(tables["cells"]["test_accuracy_mean"]) == [0.5, 0.5125]
    pairs = tables["pairs"]
    assert list(pairs["n"]) == [1, 1]
    assert pairs[["gain_sd", "ci_low", "ci_high"]].isna().all(axis=None)
    assert list(pairs["gain_mean"]) == pytest.approx([0.0125, 0.0125])
    assert place.markdown("cells.md")[2][6:] == ["75.00", "62.50", "50.00", "1"]
    assert place.markdown("pairs.md")[2][5:] == ["test accuracy", "+1.25", "one pair", "1"]


def test_markdown_says_the_same(make: Make) -> None:
    """In per cent, mean and sd of every cell and the interval of every gain, in the order of the CSV."""
    place = make({})
    place.put(three_seeds)
    place.write()
    header, rule, *rows = place.markdown("cells.md")
    assert len(header) == len(rule) == 10
    assert set(rule) == {"---"}
    assert rows == [
        ["e0", "50-50", "without", "he", "scheduled", "0.005", "77.00 ± 2.00", "64.50 ± 2.00", "52.00 ± 2.00", "3"],
        [
            "e0",
            "50-50",
            "with",
            "he",
            "scheduled",
            "0.005",
            "80.50 ± 0.71",
            "68.00 ± 0.71",
            "55.50 ± 0.71",
            "2 (1 diverged)",
        ],
    ]
    header, rule, *rows = place.markdown("pairs.md")
    assert len(header) == len(rule) == 9
    assert rows == [
        ["e0", "50-50", "he", "scheduled", "0.005", "test accuracy", "+4.50", "−1.85 to +10.85", "2"],
        ["e0", "50-50", "he", "scheduled", "0.005", "validation accuracy", "+4.50", "−1.85 to +10.85", "2"],
    ]


def test_every_cell_and_pair_has_a_row(make: Make) -> None:
    """2 networks x 2 initializations x 3 decays, with and without normalization, in both files of each table."""
    place = make(
        {
            "networks": [[50, 50], []],
            "batch_norm": [False],
            "initialization": ["fan_in", 0.001],
            "weight_decay": [0, 3.73e-5],
        },
        {"networks": [[50, 50], [50, 30, 20]], "initialization": ["he", 1e-5], "weight_decay": [0, 0.1, 1]},
    )
    place.put(lambda run: 0.5 + 0.1 * run.batch_norm)
    tables = place.write()
    assert len(tables["cells"]) == 8 + 24
    assert len(tables["pairs"]) == 2 * 12
    assert len(place.markdown("cells.md")) == 2 + 8 + 24
    assert len(place.markdown("pairs.md")) == 2 + 2 * 12
    cells = tables["cells"]
    assert not cells.duplicated(CELL).any()
    assert set(cells["initialization"]) == {"he", "fan_in", "sigma0.001", "sigma1e-05"}
    assert set(cells["network"]) == {"50-50", "linear", "50-30-20"}
    words = {tuple(row[:6]) for row in place.markdown("cells.md")[2:]}
    assert len(words) == 32
    assert ("e0", "linear", "without", "sigma0.001", "scheduled", "3.73e-05") in words


def test_a_cell_whose_runs_all_diverged(make: Make) -> None:
    """It has a row that says so, without numbers, and no pair."""
    place = make({"weight_decay": [0.005, 1e25]})
    place.put(lambda run: None if run.weight_decay > 1 else 0.5)
    tables = place.write()
    lost = tables["cells"][tables["cells"]["weight_decay"] > 1]
    assert list(lost["n"]) == [0, 0]
    assert list(lost["diverged"]) == [3, 3]
    numbers = [f"{metric}_{name}" for metric in METRICS for name in ("mean", "sd", "min", "max")]
    assert lost[numbers].isna().all(axis=None)
    assert [row[6:] for row in place.markdown("cells.md")[4:]] == [["–"] * 3 + ["0 (3 diverged)"]] * 2
    assert list(tables["pairs"]["weight_decay"]) == [0.005, 0.005]
    assert "nan" not in (place.folder / "cells.md").read_text()


def test_a_study_whose_runs_all_diverged(make: Make) -> None:
    """The tables are written: cells without numbers, no pairs, and no expectation holds."""
    expectation = {
        "text": "x",
        "cells": {"experiment": "e0"},
        "metric": "test_accuracy",
        "of": "mean",
        "between": [0, 1],
    }
    place = make({}, expectations=[expectation, expectation | {"metric": "gain"}])
    place.put(lambda _: None)
    tables = place.write()
    assert list(tables["cells"]["diverged"]) == [3, 3]
    assert tables["pairs"].empty
    assert list(tables["expectations"]["holds"]) == [False, False]
    assert len(place.markdown("pairs.md")) == 2


def test_a_study_without_twins(make: Make) -> None:
    """With normalization alone there is nothing to pair: a table with its columns and no rows."""
    place = make({"batch_norm": [True]})
    place.put(lambda _: 0.5)
    pairs = place.write()["pairs"]
    assert pairs.empty
    assert {"experiment", "metric", "n", "gain_mean", "gain_sd", "ci_low", "ci_high", "runs"} <= set(pairs.columns)


def test_twins_share_everything_else(make: Make) -> None:
    """Runs that differ in decay, network, initialization, seed or experiment are not paired."""
    place = make({"batch_norm": [False], "weight_decay": [0.1]}, {"batch_norm": [True], "weight_decay": [0.2]})
    place.put(lambda _: 0.5)
    assert place.write()["pairs"].empty
    place = make({"batch_norm": [False]}, {"batch_norm": [True]})
    place.put(lambda _: 0.5)
    assert place.write()["pairs"].empty


def test_a_shared_run_is_in_both_experiments(make: Make) -> None:
    """A run that two experiments use counts in the cells of both, under each one's name."""
    place = make({"seeds": 2}, {"seeds": 1, "weight_decay": [0.005, 0.1]})
    place.put(lambda run: 0.5 + 0.125 * run.seed)
    cells = place.write()["cells"]
    assert list(cells["experiment"]) == ["e0"] * 2 + ["e1"] * 4
    assert list(cells["n"]) == [2, 2, 1, 1, 1, 1]
    shared = cells[(cells["weight_decay"] == 0.005) & ~cells["batch_norm"]].set_index("experiment")
    assert shared.loc["e1", "runs"] == shared.loc["e0", "runs"].split()[0]
    assert list(shared["test_accuracy_mean"]) == [0.6875, 0.625]


def test_the_order_of_rows_does_not_matter(make: Make) -> None:
    """Shuffled inputs give the same bytes: the configuration orders the tables, and runs are joined by name."""
    place = make({"weight_decay": [0.1, 0.005]})
    written = []
    for order in (1, -1):
        place.put(three_seeds, order=order)
        place.write()
        written.append({name: (place.folder / name).read_bytes() for name in FILES})
    assert written[0] == written[1]
    assert sorted(path.name for path in place.folder.iterdir()) == sorted([*FILES, "runs.csv", "test.csv"])


def test_expectations_go_into_their_table(make: Make) -> None:
    """Each expectation of the study has a row, checked on the joined tables, numbers of networks included."""
    base = {"cells": {"experiment": "e0", "network": [50, 50], "batch_norm": False}, "of": "every_seed"}
    place = make(
        {},
        expectations=[
            base | {"text": "holds", "metric": "test_accuracy", "between": [0.5, 0.54]},
            base | {"text": "fails", "metric": "validation_accuracy", "between": [0.5, 0.54]},
            {
                "text": "gains",
                "cells": {"experiment": "e0", "initialization": "he"},
                "metric": "gain",
                "of": "mean",
                "between": [0.04, 0.05],
            },
        ],
    )
    place.put(three_seeds)
    table = place.write()["expectations"].set_index("text")
    assert table["holds"].to_dict() == {"holds": True, "fails": False, "gains": True}
    assert table["n"].to_dict() == {"holds": 3, "fails": 3, "gains": 2}


def test_networks_of_one_hidden_layer(make: Make) -> None:
    """A study of networks whose names look like numbers is checked like any other."""
    expectation = {
        "text": "x",
        "cells": {"experiment": "e0", "network": [50]},
        "metric": "test_accuracy",
        "of": "every_seed",
        "between": [0, 1],
    }
    place = make({"networks": [[50], [100]]}, expectations=[expectation])
    place.put(lambda _: 0.5)
    (found,) = place.write()["expectations"].to_dict("records")
    assert found["n"] == 6
    assert found["holds"]


def test_tables_of_a_study_that_has_grown_since(make: Make) -> None:
    """Collected tables that lack a run of the present study are out of date: an error, no half-empty cell."""
    make({"seeds": 1}).put(lambda _: 0.5)
    with pytest.raises(IntegrityError, match=r"runs\.csv"):
        make({"seeds": 2}).write()


def test_tables_that_have_not_been_collected(make: Make) -> None:
    """Without runs.csv or test.csv the error names the file and the command that makes it."""
    place = make({})
    with pytest.raises(IntegrityError, match=r"runs\.csv"):
        place.write()
    place.put(lambda _: 0.5)
    (place.folder / "test.csv").unlink()
    with pytest.raises(IntegrityError, match=r"test\.csv"):
        place.write()


def test_a_frame_of_its_own() -> None:
    """The two tables work on a small frame of any origin: the same numbers, no files."""
    common = {
        "experiment": "e",
        "network": "5",
        "layers": 2,
        "initialization": "he",
        "learning_rate": "scheduled",
        "weight_decay": 0.0,
    }
    runs = pd.DataFrame(
        common
        | {"run": f"{norm}{seed}", "batch_norm": norm, "seed": seed, "diverged_at": math.nan}
        | dict.fromkeys(METRICS, value)
        for norm, seed, value in [(False, 1, 1.0), (False, 2, 3.0), (True, 2, 8.0), (True, 1, 4.0)]
    )
    plain, norm = cell_table(runs).to_dict("records")
    assert (plain["test_accuracy_mean"], plain["test_accuracy_sd"]) == (2.0, pytest.approx(math.sqrt(2)))
    assert (norm["test_accuracy_min"], norm["test_accuracy_max"]) == (4.0, 8.0)
    pair = pair_table(runs).to_dict("records")[0]
    assert (pair["gain_min"], pair["gain_mean"], pair["gain_max"]) == (3.0, 4.0, 5.0)


def test_runs_by_experiment(make: Make) -> None:
    """Every experiment's runs in its own order, under its id, shared ones again."""
    place = make({"seeds": 2}, {"seeds": 1})
    place.put(lambda _: 0.5)
    study = place.configuration.study("small")
    table = by_experiment(place.configuration, study, pd.read_csv(place.folder / "runs.csv"))
    for experiment in study.experiments:
        own = table[table["experiment"] == experiment.id]
        assert list(own["run"]) == list(place.configuration.names(experiment.runs))
