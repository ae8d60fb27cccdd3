"""Claims meet the runs that they are about: values by hand from made-up tables, all the way to the ledger's rows."""

import hashlib
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bnlab.claims.judge import join_claims, summary, write_claims
from bnlab.claims.outcomes import OUTCOMES
from bnlab.config.experiments import meets
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.runs.spec import RunSpec

COMMITTED = Path(__file__).parents[2] / "config"
BASE: dict[str, Any] = {
    "title": "t",
    "text": "t",
    "protocol": "official",
    "networks": [[50, 50]],
    "batch_norm": [False, True],
    "initialization": ["he"],
    "weight_decay": [0.005],
    "seeds": 10,
    "figures": [],
}
EXPERIMENTS = [
    BASE | {"id": "net"},
    BASE | {"id": "single", "batch_norm": [True], "weight_decay": [0.1], "seeds": 1},
    BASE | {"id": "search", "batch_norm": [True], "weight_decay": [0.001, 0.01, 0.02]},
    BASE | {"id": "sigma", "initialization": [0.1], "batch_norm": [False], "seeds": 5},
    BASE | {"id": "fixed", "protocol": "banaei2022", "weight_decay": [0.2]},
    BASE | {"id": "rates", "learning_rate": [0.01, 0.02], "weight_decay": [0.6, 0.7], "batch_norm": [True]},
]
ELSEWHERE = [
    BASE | {"id": "net", "networks": [[7]], "batch_norm": [True], "seeds": 2},
    BASE | {"id": "more", "batch_norm": [True], "seeds": 12},
]
DIGITS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
"""What seeds add to a value, in thousandths, differently in every cell."""
Metrics = Callable[[RunSpec], dict[str, float] | None]
COMMON = {"where": "1", "text": "t"}
NET = {"experiment": "net", "batch_norm": True}
RATES = {"experiment": "rates"}
PLAIN = {"experiment": "net", "batch_norm": False}


def claim(name: str, kind: str, **keys: Any) -> dict[str, Any]:
    """A claim as its file has it."""
    return {"id": name, **COMMON, "kind": kind, **keys}


SAME = {"label": "the same", "cells": NET | {"weight_decay": 0.005}}


def accuracy(name: str, cells: Any, reported: str, **keys: Any) -> dict[str, Any]:
    """A claim about a test accuracy."""
    return claim(name, "number", metric="test_accuracy", cells=cells, reported=reported, **keys)


def dump(content: Any) -> str:
    """YAML without references, which the configuration refuses."""
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return str(yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False))


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> Configuration:
    """Two studies, small and other."""
    folder = tmp_path_factory.mktemp("studies")
    (folder / "studies").mkdir()
    shutil.copy(COMMITTED / "protocols.yaml", folder)
    for name, experiments in (("small", EXPERIMENTS), ("other", ELSEWHERE)):
        text = dump({"title": "t", "summary": "s", "experiments": experiments})
        (folder / "studies" / f"{name}.yaml").write_text(text)
    return load_configuration(folder, results=folder)


@dataclass(frozen=True)
class Workplace:
    """A folder with claims about tables that are written by hand."""

    configuration: Configuration
    results: Path

    def tables(self, metrics: Metrics, *, study: str = "small") -> None:
        """Write a study's tables. metrics: test, validation and cost by run, or None where it diverged."""
        rows, tests, curves = [], [], []
        for name, run in self.configuration.names(self.configuration.study(study).runs).items():
            found = metrics(run) or {}
            rows.append(
                {"run": name, "network": "50", "diverged_at": None if found else 7}
                | {"training_accuracy": math.nan, "validation_accuracy": math.nan}
                | {key: value for key, value in found.items() if key.startswith(("validation", "training"))}
            )
            tests.append({"run": name, "test_accuracy": found.get("test"), "predictions": None})
            learnt = found.get("learnt", 0.0)
            curves += [
                {
                    "run": name,
                    "update": int(100 * epoch),
                    "epoch": epoch,
                    "learning_rate": 0.1 if epoch == 0.5 else 0.0,
                    "probe_cost": 9.0 - epoch,
                    "probe_loss": (2.27 if epoch >= learnt else 2.29) + 0.001 * found.get("training_loss", 0.0),
                    "validation_cost": 1.5 if epoch == 0.5 else 2.0,
                    "validation_loss": 1.2 if epoch == 0.5 else 1.8,
                    "probe_accuracy": 0.9 if epoch == 0.5 else 0.1,
                    "validation_accuracy": 0.8 if epoch == 0.5 else 0.2,
                }
                for epoch in (0.0, 0.5, 1.0)
            ]
        folder = self.results / "studies" / study
        folder.mkdir(parents=True, exist_ok=True)
        for file, table in (("runs", rows), ("test", tests), ("curves", curves)):
            pd.DataFrame(table[::-1] if file == "test" else table).to_csv(folder / f"{file}.csv", index=False)

    def judge(self, *claims: dict[str, Any], report: str = "small", lenders: tuple[str, ...] = ()) -> dict[str, Any]:
        """The rows of the ledger, by id without the report."""
        path = self.configuration.folder / "claims" / f"{report}.yaml"
        content = {"report": report, "study": "small", "lenders": list(lenders), "claims": list(claims)}
        path.write_text(dump(content))
        write_claims(self.configuration, report, results=self.results)
        table = pd.read_csv(
            self.results / "tables" / "claims" / f"{report}.csv",
            dtype={"reported": str, "where": str},
            keep_default_na=False,
            na_values={key: [""] for key in ("ours_mean", "ours_sd", "low", "high", "detectable")},
        )
        return {row["id"].removeprefix(f"{report}/"): row for row in table.to_dict("records")}


@pytest.fixture
def place(tmp_path: Path, studies: Configuration) -> Workplace:
    """With tables of both studies: see `usual`."""
    (tmp_path / "claims").mkdir()
    (tmp_path / "reported_checks").symlink_to(COMMITTED / "reported_checks")
    found = Workplace(replace(studies, folder=tmp_path), tmp_path / "results")
    found.tables(usual)
    found.tables(usual, study="other")
    return found


def noise(run: RunSpec) -> float:
    """A seed's own thousandths, drawn by what the run is."""
    return 1e-3 * DIGITS[(run.seed + int(1000 * run.weight_decay) + 3 * run.batch_norm) % len(DIGITS)]


def usual(run: RunSpec) -> dict[str, float]:
    """About 0.51 - λ, 0.1 more with batch normalization; validation a hundredth more."""
    test = 0.51 + noise(run) + 0.1 * run.batch_norm - run.weight_decay
    others = {"validation_accuracy": test + 0.01, "training_accuracy": test + 0.1, "training_loss": 1 - test}
    return {"test": test, **others}


def mean_of(place: "Workplace", **cell: Any) -> float:
    """The mean test accuracy of a cell of the small study."""
    runs = {run for run in place.configuration.study("small").runs if meets(run, cell)}
    return sum(usual(run)["test"] for run in runs) / len(runs)


# --- cells, readings, states ----------------------------------------------------------------------------------------


def test_a_number_and_its_runs(place: Workplace) -> None:
    """Mean, sd and interval of the cell's seeds; the names of its runs; every text as it stands."""
    row = place.judge(accuracy("a", NET, "0.609", note="n", open=["x", "y"], variants=[SAME]))["a"]
    assert (row["report"], row["study"], row["experiment"], row["kind"]) == ("small", "small", "net", "number")
    assert (row["where"], row["text"], row["metric"], row["reported"]) == ("1", "t", "test_accuracy", "0.609")
    assert (row["note"], row["open"], row["flags"], row["group"]) == ("n", "x, y", "OPEN", "measured results")
    assert row["ours_mean"] == pytest.approx(mean_of(place, weight_decay=0.005, batch_norm=True), abs=1e-6)
    assert (row["n"], row["diverged"], row["outcome"]) == (10, 0, "REPRODUCED")
    assert row["low"] < 0.609 < row["high"]
    assert 1.5 < row["detectable"] / ((row["high"] - row["low"]) / 2) < 1.9  # (t + t of 80 %) / t, and the rounding
    runs = place.configuration.study("small").experiment("net").runs
    assert row["runs"].split() == [place.configuration.name(run) for run in runs if run.batch_norm]


def test_a_cell_is_all_its_stored_runs(place: Workplace) -> None:
    """A lender that has the same cell adds the seeds that are missing; any other study adds nothing."""
    assert place.judge(accuracy("a", NET, "0.609"))["a"]["n"] == 10
    row = place.judge(accuracy("a", NET, "0.609"), lenders=("other",))["a"]
    assert (row["n"], len(row["runs"].split())) == (12, 12)
    with pytest.raises(ConfigError, match=r"lenders\[0\]: found 'nobody', expected one of config/studies: "):
        place.judge(accuracy("a", NET, "0.609"), lenders=("nobody",))


def test_a_single_run_is_judged_by_the_spread_of_cells_alike(place: Workplace) -> None:
    """Its own has no degree of freedom, that of cells of other λ has; but where there is none, nothing is decided."""
    row = place.judge(accuracy("a", {"experiment": "single"}, "0.48"))["a"]
    assert (row["n"], row["outcome"]) == (1, "NOT REPRODUCED")
    row = place.judge(accuracy("a", {"study": "other", "experiment": "net"}, "0.5"))["a"]
    assert (row["outcome"], row["n"], row["study"], row["experiment"]) == ("INCONCLUSIVE", 2, "other", "")
    assert "The spread has 1 degrees of freedom, and below 8 it decides nothing: 7 more seeds" in row["reason"]


def test_another_kind_of_split_lends_no_spread(place: Workplace) -> None:
    """Where seeds of drawn splits lie thirty points apart, those of a fixed one are judged as before."""
    asked = accuracy("a", {"experiment": "fixed", "batch_norm": True}, "0.414")
    first = place.judge(asked)["a"]
    wild = {1: 0.0, 2: 0.3, 3: 0.1}
    place.tables(lambda run: usual(run) | ({} if run.protocol != "official" else {"test": wild.get(run.seed, 0.2)}))
    row = place.judge(asked)["a"]
    assert (row["low"], row["high"], row["outcome"]) == (first["low"], first["high"], "REPRODUCED")


def test_a_cell_of_two_states_has_no_common_interval(place: Workplace) -> None:
    """Four of ten seeds stay at chance: between both states nothing is reproduced, in each it is, with its share."""
    place.tables(
        lambda run: {"test": 0.1, "learnt": math.inf} if run.seed <= 4 else {"test": 0.4 + noise(run), "learnt": 0.5}
    )
    rows = place.judge(accuracy("idle", NET, "0.1"), accuracy("learns", NET, "0.404"), accuracy("between", NET, "0.25"))
    assert [row["outcome"] for row in rows.values()] == ["REPRODUCED", "REPRODUCED", "INCONCLUSIVE"]
    assert "4 of 10 runs never start to learn (12 to 74 %)" in rows["idle"]["reason"]
    assert "6 of 10 runs start to learn" in rows["learns"]["reason"]


def test_a_gain_over_runs_that_never_start_is_of_two_states(place: Workplace) -> None:
    """What lies between a gain over a network that learns and one over a guess is no gain that any pair has."""

    def metrics(run: RunSpec) -> dict[str, float]:
        idle = not run.batch_norm and run.seed <= 4
        return {"test": 0.1 if idle else 0.5 + 0.05 * run.batch_norm + noise(run), "learnt": math.inf if idle else 0.5}

    place.tables(metrics)
    cells = {"experiment": "net"}
    rows = place.judge(
        *(
            claim(name, "number", metric="test_gain", cells=cells, reported=printed)
            for name, printed in {"learns": "0.05", "idle": "0.45", "between": "0.25"}.items()
        )
    )
    assert [row["outcome"] for row in rows.values()] == ["REPRODUCED", "REPRODUCED", "INCONCLUSIVE"]
    assert "among the pairs of one state: in 6 of 10 pairs both runs start to learn" in rows["learns"]["reason"]
    assert "in 4 of 10 pairs a run never starts to learn" in rows["idle"]["reason"]


def test_runs_without_validation_images_stand_beside_others(place: Workplace) -> None:
    """What is read off validation curves is missing for them, and nothing else."""
    curves = place.results / "studies" / "small" / "curves.csv"
    table = pd.read_csv(curves)
    plain = {place.configuration.name(run) for run in place.configuration.study("small").runs if not run.batch_norm}
    table.loc[table["run"].isin(plain), [column for column in table if column.startswith("validation")]] = math.nan
    table.to_csv(curves, index=False)
    lowest = {"metric": "epoch_of_lowest_validation_cost", "reported": "0.5"}
    rows = place.judge(accuracy("a", PLAIN, "0.509"), claim("b", "number", cells=NET, **lowest))
    assert rows["a"]["outcome"] == "REPRODUCED" and rows["b"]["ours_mean"] == 0.5
    assert place.judge(claim("b", "number", cells=PLAIN, **lowest))["b"]["n"] == 0


def test_what_another_claim_judges_is_not_judged_twice(place: Workplace) -> None:
    """Whatever its kind."""
    row = place.judge(accuracy("a", NET, "0.609", not_testable="b judges it."))["a"]
    assert (row["outcome"], row["reason"]) == ("NOT TESTABLE", "b judges it.")


def test_diverged_runs_are_counted_and_left_out(place: Workplace) -> None:
    """One of ten: nine remain. All of them: no such number. Their names stay among the runs."""
    place.tables(lambda run: None if run.batch_norm and run.seed == 2 else usual(run))
    row = place.judge(accuracy("a", NET, "0.609"))["a"]
    assert (row["n"], row["diverged"], len(row["runs"].split())) == (9, 1, 10)
    along = claim("a", "number", metric="best_validation_accuracy", cells=NET, reported="0.8")
    assert place.judge(along)["a"]["n"] == 9  # whatever its curve was before
    place.tables(lambda run: None if run.batch_norm else usual(run))
    rows = place.judge(
        accuracy("a", NET, "0.605"),
        claim("d", "direction", metric="test_accuracy", pairs=[{"greater": NET, "smaller": PLAIN}]),
        claim("l", "level", metric="test_accuracy", cells=NET, between=[0, 1]),
        claim("b", "best", axis="weight_decay", cells={"experiment": "search"}, reported="0.01"),
    )
    assert [row["outcome"] for row in rows.values()] == ["NOT REPRODUCED", *["INCONCLUSIVE"] * 3]
    assert all((row["n"], math.isnan(row["ours_mean"])) == (0, True) for row in rows.values())


def test_metrics_along_the_curve(place: Workplace) -> None:
    """What is read off the curves, and where there is nothing to read."""

    def ask(metric: str) -> float:
        asked = claim("a", "number", metric=metric, cells=NET, reported="0.5")
        return float(place.judge(asked)["a"]["ours_mean"])

    assert ask("best_validation_accuracy") == 0.8
    assert ask("best_training_accuracy") == 0.9
    assert ask("epoch_of_lowest_validation_cost") == 0.5
    assert ask("swing") == pytest.approx(0.2 - 0.8)
    assert ask("loss_swing") == pytest.approx(1.2 - 1.8)
    assert ask("rises") == 0
    assert ask("gap") == pytest.approx(0.09)
    assert ask("validation_loss_rise") == pytest.approx(0.5)
    place.tables(lambda run: usual(run) | {"learnt": 0.5})
    assert ask("epochs_until_learning") == 0.5
    assert ask("training_loss") == pytest.approx(1 - mean_of(place, weight_decay=0.005, batch_norm=True), abs=1e-6)


def test_a_start_is_compared_by_ranks(place: Workplace) -> None:
    """Runs that never start are later than any epoch that is printed; ten of them do not decide."""

    def ask(printed: str, learnt: Callable[[RunSpec], float]) -> dict[str, Any]:
        place.tables(lambda run: usual(run) | {"learnt": learnt(run)})
        return place.judge(claim("a", "number", metric="epochs_until_learning", cells=NET, reported=printed))["a"]

    assert ask("0.7", lambda run: 0.5 if run.seed == 1 else math.inf)["outcome"] == "REPRODUCED"
    row = ask("0.3", lambda _: math.inf)
    assert (row["outcome"], row["n"]) == ("INCONCLUSIVE", 10)
    assert "29 more would settle it" in row["reason"]


def test_a_late_start_is_a_sign_test(place: Workplace) -> None:
    """Plain runs that never start are later than those that do, in every pair."""
    pairs = [{"greater": PLAIN, "smaller": NET}]
    place.tables(lambda run: usual(run) | {"learnt": 0.5 if run.batch_norm else math.inf})
    rows = place.judge(
        claim("later", "direction", metric="epochs_until_learning", pairs=pairs),
        claim("sooner", "direction", metric="epochs_until_learning", pairs=[{"greater": NET, "smaller": PLAIN}]),
    )
    assert [row["outcome"] for row in rows.values()] == ["REPRODUCED", "CONTRADICTED"]
    assert "later in 10 of 10 pairs, earlier in 0; 10 and 0 runs not within the training" in rows["later"]["reason"]


def test_gains_are_paired_by_seed(place: Workplace) -> None:
    """With less without, seed by seed; a gain of gains is a direction too."""
    cells = {"experiment": "net"}
    row = place.judge(claim("a", "number", metric="test_gain", cells=cells, reported="0.10"))["a"]
    means = [mean_of(place, weight_decay=0.005, batch_norm=bn, initialization="he") for bn in (True, False)]
    gap = means[0] - means[1]
    assert (row["ours_mean"], row["n"], row["outcome"]) == (pytest.approx(gap, abs=1e-6), 10, "REPRODUCED")
    pair = {"greater": cells, "smaller": {"experiment": "fixed"}, "metric": "test_gain"}
    row = place.judge(claim("e", "equal", metric="test_gain", pairs=[pair]))["e"]
    assert (row["n"], row["outcome"]) == (10, "REPRODUCED")


def test_a_gain_is_of_the_images_that_are_claimed(place: Workplace) -> None:
    """Seed by seed, of test or of validation accuracies."""
    place.tables(lambda run: {"test": 0.5 + 0.1 * run.batch_norm, "validation_accuracy": 0.5 + 0.02 * run.batch_norm})
    for metric, gain in (("test_gain", 0.1), ("validation_gain", 0.02)):
        asked = claim("a", "number", metric=metric, cells={"experiment": "net"}, reported="0.10")
        assert place.judge(asked)["a"]["ours_mean"] == pytest.approx(gain)


def test_validation_on_other_images(place: Workplace) -> None:
    """Where all our seeds share one split, another adds the chance of both; drawn splits hold it already."""

    def width(cells: Any, metric: str = "validation_accuracy", **keys: Any) -> float:
        row = place.judge(claim("a", "number", metric=metric, cells=cells, reported="0.5", **keys))["a"]
        return float(row["high"] - row["low"])

    fixed = {"experiment": "fixed", "batch_norm": True}
    assert width(NET, other_split=True) == width(NET)
    assert width(NET) > 2 * 1.96 * math.sqrt(0.62 * 0.38 / 5000)
    p = mean_of(place, weight_decay=0.2, batch_norm=True) + 0.01
    assert width(fixed, other_split=True) > 2 * 1.96 * math.sqrt(2 * p * (1 - p) / 5000) > width(fixed)
    assert width(fixed, "test_accuracy", other_split=True) == width(fixed, "test_accuracy")  # one set of test images


# --- kinds --------------------------------------------------------------------------------------------------------


def test_directions_levels_and_equality(place: Workplace) -> None:
    """Differences are greater less smaller of the same seed; a level is of all runs of its cells."""
    up, down = [{"greater": NET, "smaller": PLAIN}], [{"greater": PLAIN, "smaller": NET}]
    rows = place.judge(
        claim("up", "direction", metric="test_accuracy", pairs=up),
        claim("down", "direction", metric="test_accuracy", pairs=down),
        claim("loss", "direction", metric="training_loss", pairs=down),
        claim("same", "equal", metric="test_accuracy", pairs=up),
        claim("in", "level", metric="test_accuracy", cells=[NET, PLAIN], between=[0.4, 0.7]),
        claim("some", "level", metric="test_accuracy", cells=[NET, PLAIN], between=[0.55, 0.7]),
        claim("out", "level", metric="test_accuracy", cells=NET, between=[0.1, 0.2]),
        claim("always", "direction", metric="training_loss", pairs=down, throughout=True),
        claim("never", "direction", metric="training_loss", pairs=up, throughout=True),
    )
    assert [row["outcome"] for row in rows.values()] == [
        "REPRODUCED", "CONTRADICTED", "REPRODUCED", "CONTRADICTED", "REPRODUCED", "INCONCLUSIVE", "CONTRADICTED",
        "REPRODUCED", "CONTRADICTED",
    ]  # fmt: skip
    assert (rows["up"]["n"], rows["up"]["reported"], rows["same"]["reported"]) == (10, "> 0", "= 0")
    assert rows["in"]["reported"] == "0.4 to 0.7"
    assert rows["out"]["reason"] == "Between 10 and 20 % lie 0 of 10 runs (95 % interval of this share: 0 to 31 %)."
    assert "above zero at 2 of 2 points" in rows["always"]["reason"]


def test_a_bound_of_ours_is_tried_half_and_twice_as_wide(place: Workplace) -> None:
    """A level that hangs on it is not decided; the bounds of a report are taken as they are."""
    place.tables(lambda run: {"test": 0.08 + 0.001 * noise(run)})
    level = {"metric": "test_accuracy", "cells": NET, "between": [0, 0.1]}
    rows = place.judge(claim("ours", "level", chosen=True, **level), claim("theirs", "level", **level))
    said = [(row["outcome"], row["at_half_margin"], row["at_twice_margin"]) for row in rows.values()]
    assert said == [("INCONCLUSIVE", "CONTRADICTED", "REPRODUCED"), ("REPRODUCED", "", "")]


def test_a_table_is_counted_by_reading(place: Workplace) -> None:
    """How many of its entries each reading reproduces stands in every row."""
    table = {"metric": "test_accuracy", "cells": {"experiment": "search"}, "over": "weight_decay"}
    values = {value: f"{mean_of(place, weight_decay=value, batch_norm=True):.3f}" for value in (0.001, 0.01)}
    other = {"label": "training", "metric": "training_accuracy"}
    rows = place.judge(claim("t", "number", **table | {"text": "{value}"}, reported=values, variants=[other]))
    assert len(rows) == 2
    for row in rows.values():
        assert row["reason"].endswith(" Of the table's 2 entries 2 are reproduced as read here; 0 by 'training'.")


def test_the_margin_decides_what_is_a_difference(place: Workplace) -> None:
    """Of 0.4 points with little noise: none by half a point, one by half of that; so nothing is decided."""
    place.tables(lambda run: {"test": 0.5 + 0.004 * run.batch_norm + 0.1 * noise(run)})
    pairs = [{"greater": NET, "smaller": PLAIN}]
    rows = place.judge(*(claim(kind, kind, metric="test_accuracy", pairs=pairs) for kind in ("direction", "equal")))
    said = [(row["outcome"], row["at_half_margin"], row["at_twice_margin"]) for row in rows.values()]
    assert said == [
        ("INCONCLUSIVE", "REPRODUCED", "NOT REPRODUCED"),
        ("INCONCLUSIVE", "CONTRADICTED", "REPRODUCED"),
    ]


def test_pairs_share_their_seed(place: Workplace) -> None:
    """Of ten and two seeds two pairs are made, whatever the order of the tables."""
    pair = {"greater": NET, "smaller": {"study": "other", "experiment": "net"}}
    row = place.judge(claim("d", "direction", metric="test_accuracy", pairs=[pair]))["d"]
    assert row["n"] == 2
    assert len(row["runs"].split()) == 14  # two more seeds of the net are stored in the other study


def test_best_and_settings(place: Workplace) -> None:
    """The best λ by validation accuracy is the smallest here; settings come from the configuration."""
    cells = {"experiment": "search"}
    rows = place.judge(
        claim("best", "best", axis="weight_decay", cells=cells, reported="0.001"),
        claim("far", "best", axis="weight_decay", cells=cells, reported="0.02"),
        claim("off", "best", axis="weight_decay", cells=cells, reported="0.5"),
        claim("count", "setting", property="weight_decays", cells=cells, reported="3"),
        claim("updates", "setting", property="updates", cells=cells, reported="9001"),
        claim("epochs", "setting", property="epochs", cells=cells, reported="20"),
        claim("width", "setting", property="width", cells=cells, reported="50"),
        claim("rate", "setting", property="learning_rate_top", cells=cells, reported="0.1"),
        claim("decay", "setting", property="weight_decay", cells=NET, reported="0.005"),
        claim("several", "setting", property="weight_decay", cells=cells, reported="0.01"),
    )
    assert [row["outcome"] for row in rows.values()] == [
        "REPRODUCED", "CONTRADICTED", "NOT TESTABLE", "REPRODUCED", "NOT REPRODUCED", "REPRODUCED", "REPRODUCED",
        "REPRODUCED", "REPRODUCED", "NOT REPRODUCED",
    ]  # fmt: skip
    assert [row["metric"] for row in rows.values()][:5] == ["weight_decay"] * 3 + ["weight_decays", "updates"]
    assert rows["updates"]["ours_mean"] == 9000


def test_on_a_grid_a_value_stands_for_its_best_cell(place: Workplace) -> None:
    """λ = 0.6 is best with the second η, λ = 0.7 with the first: 50 % against 45 % decide, not the other cells."""
    found = {(0.6, 0.01): 0.3, (0.6, 0.02): 0.5, (0.7, 0.01): 0.45, (0.7, 0.02): 0.2}
    place.tables(
        lambda run: {"validation_accuracy": found.get((run.weight_decay, run.learning_rate), 0.1) + noise(run)}
    )
    asked = {"axis": "weight_decay", "cells": {"experiment": "rates"}}
    rows = place.judge(claim("a", "best", reported="0.6", **asked), claim("b", "best", reported="0.7", **asked))
    assert [row["outcome"] for row in rows.values()] == ["REPRODUCED", "CONTRADICTED"]
    assert rows["b"]["ours_mean"] == 0.6


def test_the_best_of_a_search_is_above_any_mean(place: Workplace) -> None:
    """Of ten runs like one of ours the best is 1.5 standard deviations up, the last of three as far down."""
    rows = place.judge(
        accuracy("best", NET, "0.620", best_of=10),
        accuracy("worst", NET, "0.600", best_of=10, rank=10),
        accuracy("plain", NET, "0.609"),
    )
    sd = rows["plain"]["ours_sd"]
    assert rows["best"]["ours_mean"] == pytest.approx(rows["plain"]["ours_mean"] + 1.54 * sd, abs=sd / 2)
    assert rows["worst"]["ours_mean"] == pytest.approx(rows["plain"]["ours_mean"] - 1.54 * sd, abs=sd / 2)


def test_a_reading_can_be_the_better_of_several_runs(place: Workplace) -> None:
    """The main reading is one run; what is too high for it can be the best of many."""
    (row,) = place.judge(
        accuracy("a", NET, "0.617", open=["λ"], variants=[{"label": "best of 500", "best_of": 500}])
    ).values()
    assert (row["outcome"], row["variants"].split("[")[1]) == ("NOT COMPARABLE", "reproduced]")


def test_printed_digits_can_have_been_cut_off(place: Workplace) -> None:
    """0.6 that was cut off can have been 0.609; rounded, it cannot. Settings and searches alike."""
    rows = place.judge(
        accuracy("r", NET, "0.5"),
        accuracy("t", NET, "0.6", truncated=True),
        accuracy("s", {"experiment": "search", "weight_decay": 0.02}, "0.5", best_of=3, truncated=True),
        claim("c", "setting", property="weight_decay_max", truncated=True, cells=RATES, reported="0.6"),
    )
    assert [row["outcome"] for row in rows.values()] == ["NOT REPRODUCED", "REPRODUCED", "REPRODUCED", "REPRODUCED"]


def test_numbers_have_six_digits(place: Workplace) -> None:
    """The same on every machine."""
    place.tables(lambda run: {"test": 0.123456789 + 1e-4 * run.seed})
    row = place.judge(accuracy("a", NET, "0.1", variants=[{"label": "v", "cells": PLAIN}]))["a"]
    assert row["ours_mean"] == 0.124007
    assert row["variants"].startswith("v: 12.4 %, n = 10 [")


def test_readings_decide_together_where_it_is_open(place: Workplace) -> None:
    """A reading that fails makes an open claim not comparable, and is only named otherwise; means do not matter."""
    variants = [{"label": "plain", "cells": PLAIN}]
    level = {"metric": "test_accuracy", "cells": NET, "between": [0, 1]}
    rows = place.judge(
        accuracy("open", NET, "0.609", variants=variants, open=["λ"]),
        accuracy("closed", NET, "0.609", variants=variants),
        accuracy("other", NET, "0.509", variants=variants),
        accuracy("none", NET, "0.9", variants=variants, open=["λ"]),
        claim("both", "level", open=["λ"], variants=variants, **level),
        accuracy("wrong", NET, "0.609", inconsistent="The table says otherwise."),
        claim("words", "words", not_testable="Nothing to run.", inconsistent="Its code does not."),
        claim("number", "words", not_testable="Another machine.", reported="7"),
    )
    assert [row["outcome"] for row in rows.values()] == [
        "NOT COMPARABLE", "REPRODUCED", "NOT REPRODUCED", "NOT REPRODUCED", "REPRODUCED", "REPRODUCED", "NOT TESTABLE",
        "NOT TESTABLE",
    ]  # fmt: skip
    assert [row["flags"] for row in rows.values()] == ["OPEN", "", "", "OPEN", "OPEN", *["INCONSISTENT"] * 2, ""]
    assert "leaves open: λ, and it matters: plain. As read here: reproduced." in rows["open"]["reason"]
    assert rows["other"]["reason"].endswith("Reproduced with: plain.")
    assert rows["none"]["reason"].endswith("Not with: plain.")
    assert rows["wrong"]["reason"].endswith("Inconsistent: The table says otherwise.")
    assert rows["words"]["reason"] == "Nothing to run. Inconsistent: Its code does not."
    assert [rows["words"][key] for key in ("runs", "study", "experiment", "reported", "table")] == [""] * 5
    assert rows["number"]["reported"] == "7"
    assert rows["open"]["variants"].endswith(", n = 10 [not reproduced]")


def test_published_gradients(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """One claim for a published table, and one for each sentence about the errors of a case."""
    monkeypatch.chdir(place.results.parent)  # the project's own folder counts, wherever the command runs
    folder = place.results / "gradients" / "cifar10"
    folder.mkdir(parents=True)
    published = {"W1": 7.145e-9, "W2": 5.068e-10, "b1": 3.846e-8, "b2": 3.865e-10}
    rows = [
        {"case": case, "draw": draw, "array": array, "measure": measure, "value": value * draw,
         "value_without_crossed": value * draw, "entries": 10, "crossed": 0}
        for case in ("small", "whole", "small_batch_norm")
        for measure in ("norm_max", "norm_sum", "elementwise_mean")
        for draw in (1, 2)
        for array, value in published.items()
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "falk2024.csv", index=False)
    gradient = {"id": "g", "where": "i", "kind": "gradient", "reported_check": "falk2024"}
    case = {"reported_check": "falk2024", "case": "small"}
    found = place.judge(
        gradient,
        claim("order", "magnitude", reported=["1e-9", "1e-7"], **case),
        claim("large", "magnitude", reported=["1e-6", "1e-6"], **case),
        claim("up", "increase", **case),
        report="falk2024",
    )
    table = found["g[two_layers]"]
    assert (table["outcome"], table["table"], table["reported"]) == (
        "REPRODUCED", "two_layers", "3.87e-10 to 3.85e-08",
    )  # fmt: skip
    assert [found[key]["outcome"] for key in ("order", "large", "up")] == ["REPRODUCED", "NOT REPRODUCED", "REPRODUCED"]
    assert {row["group"] for row in found.values()} == {"gradient checks"}
    (folder / "falk2024.csv").unlink()
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*gradients/cifar10/falk2024\.csv"):
        place.judge(gradient, report="falk2024")


# --- files --------------------------------------------------------------------------------------------------------


def test_what_was_opened_is_printed(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest of every study's test results that a claim needed, and the fingerprint of the rules."""
    place.judge(
        accuracy("a", NET, "0.605", variants=[{"label": "o", "cells": {"study": "other", "experiment": "net"}}])
    )
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"rules: bnlab.claims.judge, code [0-9a-f]{16}", printed[0])
    for line, study in zip(printed[1:], ("small", "other"), strict=True):
        path = place.results / "studies" / study / "test.csv"
        assert line == f"{path}: sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    place.judge(accuracy("a", NET, "0.605"))
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_same_bytes_every_time(place: Workplace) -> None:
    """Simulations included."""
    asked = [accuracy("a", NET, "0.605"), accuracy("b", NET, "0.62", best_of=10)]
    place.judge(*asked)
    path = place.results / "tables" / "claims" / "small.csv"
    first = path.read_bytes()
    place.judge(*asked)
    assert path.read_bytes() == first


def test_a_search_that_is_not_ranked_is_answered(place: Workplace, tmp_path: Path) -> None:
    """Claims wait for all of their study: a cell that is not known yet must not count as one where nothing finished."""
    later = BASE | {"id": "later", "batch_norm": [True], "weight_decay": {"top": {"search": "search", "count": 1}}}
    folder = tmp_path / "waiting"
    (folder / "studies").mkdir(parents=True)
    shutil.copy(COMMITTED / "protocols.yaml", folder)
    text = dump({"title": "t", "summary": "s", "experiments": [*EXPERIMENTS, later]})
    (folder / "studies" / "small.yaml").write_text(text)
    waiting = Workplace(replace(load_configuration(folder, results=folder), folder=tmp_path), place.results)
    with pytest.raises(IntegrityError, match=r"'later' of study 'small' waits for .* snakemake --cores 8 small"):
        waiting.judge(accuracy("a", NET, "0.605"))


def test_missing_tables_and_runs(place: Workplace) -> None:
    """Both are answered with the command that makes them."""
    folder = place.results / "studies" / "small"
    table = pd.read_csv(folder / "runs.csv")
    table[1:].to_csv(folder / "runs.csv", index=False)
    with pytest.raises(IntegrityError, match=r"lack official/.*python -m bnlab collect small"):
        place.judge(accuracy("a", NET, "0.605"))
    for name in ("test.csv", "curves.csv", "runs.csv"):
        (folder / name).unlink()
        with pytest.raises(IntegrityError, match=f"{name}: no such file. Make it: snakemake --cores 8 .*/small/{name}"):
            place.judge(accuracy("a", NET, "0.605"))


def test_the_ledgers_of_all_reports_together(place: Workplace) -> None:
    """Every row as it stands in its report's ledger; groups are counted apart, and all reports together."""
    place.judge(accuracy("a", NET, "0.10"), claim("w", "words", not_testable="x"), report="one")
    place.judge(
        accuracy("a", NET, "0.609", open=["x"], variants=[SAME]), accuracy("b", NET, "0.9", note="NA"), report="two"
    )
    (place.configuration.folder / "claims" / "three.yaml").write_text("")
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*claims/three\.csv"):
        join_claims(place.configuration.folder, results=place.results)
    (place.configuration.folder / "claims" / "three.yaml").unlink()
    join_claims(place.configuration.folder, results=place.results)
    folder = place.results / "tables"
    parts = [(folder / "claims" / f"{report}.csv").read_text().splitlines() for report in ("one", "two")]
    assert (folder / "claims.csv").read_text().splitlines() == parts[0] + parts[1][1:]
    counts = pd.read_csv(folder / "claims_summary.csv")
    assert counts[["report", "group", "total"]].to_numpy().tolist() == [
        ["one", "measured results", 1], ["one", "statements", 1],
        ["two", "measured results", 2],
        ["all", "measured results", 3], ["all", "statements", 1],
    ]  # fmt: skip
    assert counts["NOT REPRODUCED"].tolist() == [1, 0, 1, 2, 0]
    assert counts["REPRODUCED"].tolist() == [0, 0, 1, 1, 0]
    assert counts["NOT TESTABLE"].tolist() == [0, 1, 0, 0, 1]
    assert counts["OPEN"].tolist() == [0, 0, 1, 1, 0]
    assert (counts[list(OUTCOMES)].sum(axis=1) == counts["total"]).all()


def test_the_summary_counts_every_outcome() -> None:
    """Whatever a claim came to is a column."""
    table = pd.DataFrame({"report": "r", "group": "settings", "outcome": list(OUTCOMES), "flags": "OPEN INCONSISTENT"})
    counts = summary(table)
    assert counts[list(OUTCOMES)].to_numpy().tolist() == [[1] * 6, [1] * 6]
    assert counts[["OPEN", "INCONSISTENT"]].to_numpy().tolist() == [[6, 6], [6, 6]]
    assert list(summary(table[:0]).columns) == ["report", "group", *OUTCOMES, "total", "OPEN", "INCONSISTENT"]
