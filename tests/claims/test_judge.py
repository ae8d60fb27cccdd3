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
from bnlab.claims.rules import VERDICTS
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import IntegrityError
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
    "seeds": 3,
    "figures": [],
}
EXPERIMENTS = [
    BASE | {"id": "net"},
    BASE | {"id": "single", "batch_norm": [True], "weight_decay": [0.1], "seeds": 1},
    BASE | {"id": "search", "batch_norm": [True], "weight_decay": [0.001, 0.01, 0.02]},
    BASE | {"id": "sigma", "initialization": [0.1], "batch_norm": [False]},
    BASE | {"id": "short", "protocol": "short", "seeds": 1, "weight_decay": [0.3]},
    BASE | {"id": "fixed", "protocol": "banaei2022", "seeds": 3, "weight_decay": [0.2]},
    BASE | {"id": "rates", "learning_rate": [0.01, 0.02], "weight_decay": [0.6, 0.7], "batch_norm": [True]},
    BASE | {"id": "narrow", "networks": [[9]]},
    BASE | {"id": "narrow_fixed", "networks": [[9]], "protocol": "banaei2022"},
]
ELSEWHERE = [BASE | {"id": "net", "networks": [[7]], "batch_norm": [True], "seeds": 2}]
Metrics = Callable[[RunSpec], dict[str, float] | None]
COMMON = {"where": "1", "text": "t"}
NET = {"experiment": "net", "batch_norm": True}
PLAIN = {"experiment": "net", "batch_norm": False}


def claim(name: str, kind: str, **keys: Any) -> dict[str, Any]:
    """A claim as its file has it."""
    return {"id": name, **COMMON, "kind": kind, **keys}


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
                | {key: value for key, value in found.items() if key.startswith(("validation", "training"))}
            )
            tests.append({"run": name, "test_accuracy": found.get("test"), "predictions": None})
            learnt = found.get("learnt", math.inf)
            curves += [
                {
                    "run": name,
                    "epoch": epoch,
                    "probe_cost": 2.27 if epoch >= learnt else 2.29,
                    "probe_accuracy": 0.9 if epoch == 0.5 else 0.1,
                    "validation_accuracy": 0.8 if epoch == 0.5 else 0.2,
                }
                for epoch in (0.0, 0.5, 1.0)
            ]
        folder = self.results / "studies" / study
        folder.mkdir(parents=True, exist_ok=True)
        for file, table in (("runs", rows), ("test", tests), ("curves", curves)):
            pd.DataFrame(table[::-1] if file == "test" else table).to_csv(folder / f"{file}.csv", index=False)

    def judge(self, *claims: dict[str, Any], report: str = "small") -> dict[str, Any]:
        """The rows of the ledger, by id without the report."""
        path = self.configuration.folder / "claims" / f"{report}.yaml"
        path.write_text(dump({"report": report, "study": "small", "claims": list(claims)}))
        write_claims(self.configuration, report, results=self.results)
        table = pd.read_csv(
            self.results / "tables" / "claims" / f"{report}.csv",
            dtype={"reported": str, "where": str},
            keep_default_na=False,
            na_values={key: [""] for key in ("ours_mean", "ours_sd", "low", "high")},
        )
        return {row["id"].removeprefix(f"{report}/"): row for row in table.to_dict("records")}


@pytest.fixture
def place(tmp_path: Path, studies: Configuration) -> Workplace:
    """With tables of both studies: see `usual`."""
    (tmp_path / "claims").mkdir()
    (tmp_path / "reported_checks").symlink_to(COMMITTED / "reported_checks")
    found = Workplace(replace(studies, folder=tmp_path), tmp_path / "results")
    found.tables(usual)
    found.tables(lambda run: {"test": 0.61 + 0.01 * run.seed}, study="other")
    return found


def usual(run: RunSpec) -> dict[str, float]:
    """0.51 - λ and a hundredth less or more by seed, 0.1 more with batch normalization; validation a hundredth more.

    Seeds spread less where λ is not 0.005.
    """
    step = 0.01 if run.weight_decay == 0.005 else 0.008
    test = 0.51 + step * (run.seed - 2) + 0.1 * run.batch_norm - run.weight_decay
    if run.initialization == 0.1:
        test = 0.2 * run.seed
    return {"test": test, "validation_accuracy": test + 0.01, "training_loss": 1 - test, "learnt": 0.5 * run.batch_norm}


# --- values -------------------------------------------------------------------------------------------------------


def test_a_number_and_its_runs(place: Workplace) -> None:
    """Mean, sd and interval of the cell's three seeds; the names of its runs; every text as it stands."""
    row = place.judge(accuracy("a", NET, "0.600", note="n", open=["x", "y"]))["a"]
    assert (row["report"], row["study"], row["experiment"], row["kind"]) == ("small", "small", "net", "number")
    assert (row["where"], row["text"], row["metric"], row["reported"]) == ("1", "t", "test_accuracy", "0.600")
    assert (row["note"], row["open"]) == ("n", "x, y")
    assert (row["ours_mean"], row["ours_sd"], row["n"], row["diverged"]) == (0.605, 0.01, 3, 0)
    half = 4.3026527 * 0.01 * math.sqrt(4 / 3)  # its own spread, which is larger than that of the cells alike
    assert (row["low"], row["high"]) == pytest.approx((0.605 - half, 0.605 + half), abs=1e-6)
    assert row["verdict"] == "REPRODUCED"
    runs = place.configuration.study("small").experiment("net").runs
    assert row["runs"].split() == [place.configuration.name(run) for run in runs if run.batch_norm]


def test_a_cell_of_one_seed_borrows_from_cells_alike(place: Workplace) -> None:
    """Of all λ and protocols, 12 runs in 5 cells of the same network, initialization and batch normalization; the
    others' spread, of σ = 0.1 above all, stays where it is.
    """
    row = place.judge(accuracy("a", {"experiment": "single"}, "0.5"))["a"]
    sd = math.sqrt((0.01**2 + 4 * 0.008**2) / 5)  # net, three of search, fixed: 10 degrees of freedom
    half = 2.2281389 * sd * math.sqrt(2)
    assert row["n"] == 1
    assert (row["low"], row["high"]) == pytest.approx((0.502 - half, 0.502 + half), abs=1e-6)
    row = place.judge(accuracy("a", {"experiment": "short", "batch_norm": False}, "0.2"))["a"]
    half = 2.7764451 * math.sqrt((0.01**2 + 0.008**2) / 2) * math.sqrt(2)  # without: net and fixed, 4
    assert (row["low"], row["high"]) == pytest.approx((0.202 - half, 0.202 + half), abs=1e-6)


def test_another_learning_rate_lends_no_spread(place: Workplace) -> None:
    """The seeds of η = 0.01 lie 1 point apart, those of η = 0.02 lie 30: only the former are like the cell's own."""

    def metrics(run: RunSpec) -> dict[str, float]:
        return {"test": 0.5 + (0.01 if run.learning_rate == 0.01 else 0.3) * (run.seed - 2)}

    place.tables(metrics)
    cells = {"experiment": "rates", "learning_rate": 0.01, "weight_decay": 0.6}
    row = place.judge(accuracy("a", cells, "0.505"))["a"]
    assert row["reason"] == "Within the interval (standard deviation 1 point, 2 degrees of freedom)."
    assert place.judge(accuracy("a", cells, "0.8"))["a"]["verdict"] == "NOT REPRODUCED"


def test_no_spread_decides_nothing(place: Workplace) -> None:
    """Two seeds have their own; one seed of a study without three of anything has none."""
    elsewhere = {"study": "other", "experiment": "net"}
    row = place.judge(accuracy("a", elsewhere, "0.625"))["a"]
    assert (row["verdict"], row["n"], row["study"], row["experiment"]) == ("REPRODUCED", 2, "other", "")
    place.tables(lambda run: {"test": 0.6} if run.seed == 1 else None, study="other")
    row = place.judge(accuracy("a", elsewhere, "0.625"))["a"]
    assert (row["verdict"], row["n"], row["diverged"]) == ("INCONCLUSIVE", 1, 1)


def test_diverged_runs_are_counted_and_left_out(place: Workplace) -> None:
    """One of three: two remain. All of them: no such number. Their names stay among the runs."""
    place.tables(lambda run: None if run.batch_norm and run.seed == 2 else usual(run))
    row = place.judge(accuracy("a", NET, "0.605"))["a"]
    assert (row["ours_mean"], row["n"], row["diverged"], len(row["runs"].split())) == (0.605, 2, 1, 3)
    along = claim("a", "number", metric="best_validation_accuracy", cells=NET, reported="0.8")
    assert place.judge(along)["a"]["n"] == 2  # whatever its curve was before
    place.tables(lambda run: None if run.batch_norm else usual(run))
    rows = place.judge(
        accuracy("a", NET, "0.605"),
        claim("d", "direction", metric="test_accuracy", pairs=[{"greater": NET, "smaller": PLAIN}]),
        claim("l", "level", metric="test_accuracy", cells=NET, between=[0, 1]),
        claim("b", "best", axis="weight_decay", cells={"experiment": "search"}, reported="0.01"),
    )
    assert [row["verdict"] for row in rows.values()] == ["NOT REPRODUCED", *["INCONCLUSIVE"] * 3]
    assert all((row["n"], math.isnan(row["ours_mean"])) == (0, True) for row in rows.values())


def test_metrics_along_the_curve(place: Workplace) -> None:
    """The highest accuracies, and the first point whose cost is 1 % below a guess's; never learning is no epoch."""

    def ask(metric: str, cells: Any) -> dict[str, Any]:
        return place.judge(claim("a", "number", metric=metric, cells=cells, reported="0.5"))["a"]

    assert ask("best_validation_accuracy", NET)["ours_mean"] == 0.8
    assert ask("best_training_accuracy", NET)["ours_mean"] == 0.9
    assert ask("epochs_until_learning", NET)["ours_mean"] == 0.5
    assert ask("training_loss", NET)["ours_mean"] == pytest.approx(0.395)
    place.tables(lambda run: usual(run) | {"learnt": 1.0 if run.seed == 1 else math.inf})
    row = ask("epochs_until_learning", NET)
    assert (row["ours_mean"], row["n"], row["diverged"], row["verdict"]) == (1.0, 1, 0, "INCONCLUSIVE")
    place.tables(lambda run: usual(run) | {"learnt": math.inf})
    assert ask("epochs_until_learning", NET)["verdict"] == "NOT REPRODUCED"


def test_gains_are_paired_by_seed(place: Workplace) -> None:
    """With less without, seed by seed, has no spread here; a gain of gains is a direction too."""
    place.tables(lambda run: usual(run) | {"test": usual(run)["test"] + (0.3 if run.seed == 3 else 0)})
    cells = {"experiment": "net"}
    row = place.judge(claim("a", "number", metric="gain", cells=cells, reported="0.10"))["a"]
    assert (row["ours_mean"], row["n"], row["verdict"]) == (0.1, 3, "REPRODUCED")
    assert row["ours_sd"] < 1e-12
    pair = {"greater": cells, "smaller": {"experiment": "fixed"}, "metric": "gain"}
    rows = place.judge(claim("d", "direction", pairs=[pair]), claim("e", "equal", metric="gain", pairs=[pair]))
    assert [row["verdict"] for row in rows.values()] == ["INCONCLUSIVE", "REPRODUCED"]
    assert all("points, 3 pairs" in row["reason"] for row in rows.values())
    asked = {"metric": "gain", "cells": cells, "reported": "0.3"}
    rows = place.judge(claim("r", "number", **asked), claim("t", "number", truncated=True, **asked))
    assert rows["r"]["reason"].startswith("It lies above the interval by 15 points")
    assert rows["t"]["reason"].startswith("It lies above the interval by 20 points")


def test_gains_under_two_protocols_are_two_pairs_of_twins(place: Workplace) -> None:
    """Twins share their protocol: of gains 1 point and 3 points apart both spreads are pooled, each around its mean;
    the spread of the wider networks' gains, 20 points, stays where it is.
    """

    def metrics(run: RunSpec) -> dict[str, float]:
        step = 0.2 if run.hidden != (9,) else 0.01 if run.protocol == "official" else 0.03
        return {"test": 0.5 + step * (run.seed - 2) * run.batch_norm}

    place.tables(metrics)
    row = place.judge(claim("a", "number", metric="gain", cells={"experiment": "narrow"}, reported="0"))["a"]
    half = 2.7764451 * math.sqrt((0.01**2 + 0.03**2) / 2) * math.sqrt(4 / 3)  # t of 4 degrees of freedom
    assert (row["low"], row["high"]) == pytest.approx((-half, half), abs=1e-6)


def test_validation_on_other_images(place: Workplace) -> None:
    """Where all our seeds share one split, another split adds the binomial variance; drawn splits hold it already."""

    def width(cells: Any, **keys: Any) -> float:
        asked = claim("a", "number", metric="validation_accuracy", cells=cells, reported="0.5", **keys)
        row = place.judge(asked)["a"]
        return row["high"] - row["low"]

    fixed = {"experiment": "fixed", "batch_norm": True}
    assert width(NET, other_split=True) == width(NET)
    t, mean = 2.2281389, 0.51 + 0.1 - 0.2 + 0.01
    pooled = (0.01**2 + 4 * 0.008**2) / 5
    assert width(fixed) == pytest.approx(2 * t * math.sqrt(pooled * 4 / 3), abs=1e-5)
    variance = pooled * 4 / 3 + mean * (1 - mean) / 5000
    assert width(fixed, other_split=True) == pytest.approx(2 * t * math.sqrt(variance), abs=1e-5)
    rows = place.judge(accuracy("a", fixed, "0.4"), accuracy("b", fixed, "0.4", other_split=True))
    assert rows["a"]["high"] == rows["b"]["high"]  # of test images there is one set alone
    place.tables(lambda _: None)
    assert place.judge(
        claim("a", "number", metric="validation_accuracy", cells=fixed, reported="0.5", other_split=True)
    )["a"]["reason"].startswith("No run of ours finished")


# --- kinds --------------------------------------------------------------------------------------------------------


def test_directions_levels_and_equality(place: Workplace) -> None:
    """Differences are greater less smaller of the same seed; a level is of all runs of its cells."""
    rows = place.judge(
        claim("up", "direction", metric="test_accuracy", pairs=[{"greater": NET, "smaller": PLAIN}]),
        claim("down", "direction", metric="test_accuracy", pairs=[{"greater": PLAIN, "smaller": NET}]),
        claim("loss", "direction", metric="training_loss", pairs=[{"greater": PLAIN, "smaller": NET}]),
        claim("same", "equal", metric="test_accuracy", pairs=[{"greater": NET, "smaller": PLAIN}]),
        claim("in", "level", metric="test_accuracy", cells=[NET, PLAIN], between=[0.4, 0.7]),
        claim("some", "level", metric="test_accuracy", cells=[NET, PLAIN], between=[0.55, 0.7]),
        claim("out", "level", metric="test_accuracy", cells=NET, between=[0.1, 0.2]),
    )
    assert [row["verdict"] for row in rows.values()] == [
        "REPRODUCED", "CONTRADICTED", "REPRODUCED", "CONTRADICTED", "REPRODUCED", "INCONCLUSIVE", "CONTRADICTED",
    ]  # fmt: skip
    assert (rows["up"]["ours_mean"], rows["up"]["n"], rows["up"]["reported"]) == (0.1, 3, "> 0")
    assert rows["same"]["reported"] == "= 0"
    assert all("points" in rows[name]["reason"] for name in ("up", "same"))
    assert rows["out"]["reason"] == "0 of 3 runs lie between 10 and 20 %."
    pairs = [{"greater": PLAIN, "smaller": NET}]
    place.tables(lambda run: {"training_loss": 2 + 0.09 * (not run.batch_norm)})
    row = place.judge(claim("near", "equal", metric="training_loss", pairs=pairs))["near"]
    assert (row["verdict"], row["reason"][-13:]) == ("REPRODUCED", "margin 0.102.")
    assert rows["down"]["ours_mean"] == -0.1
    assert (rows["in"]["n"], rows["in"]["low"], rows["in"]["high"]) == (6, 0.495, 0.615)
    assert rows["in"]["reported"] == "0.4 to 0.7"


def test_pairs_share_their_seed(place: Workplace) -> None:
    """Of three and two seeds two pairs are made, whatever the order of the tables."""
    pair = {"greater": NET, "smaller": {"study": "other", "experiment": "net"}}
    row = place.judge(claim("d", "direction", metric="test_accuracy", pairs=[pair]))["d"]
    assert (row["n"], row["ours_mean"]) == (2, pytest.approx(0.600 - 0.625))
    assert len(row["runs"].split()) == 5


def test_best_and_settings(place: Workplace) -> None:
    """The best λ by validation accuracy is the smallest here; settings come from the configuration."""
    cells = {"experiment": "search"}
    rows = place.judge(
        claim("best", "best", axis="weight_decay", cells=cells, reported="0.001"),
        claim("near", "best", axis="weight_decay", cells=cells, reported="0.0105"),
        claim("far", "best", axis="weight_decay", cells=cells, reported="0.02"),
        claim("off", "best", axis="weight_decay", cells=cells, reported="0.5"),
        claim("count", "setting", property="weight_decays", cells=cells, reported="3"),
        claim("updates", "setting", property="updates", cells=cells, reported="9001"),
    )
    assert [row["verdict"] for row in rows.values()] == [
        "REPRODUCED", "REPRODUCED", "CONTRADICTED", "NOT COMPARABLE", "REPRODUCED", "NOT REPRODUCED",
    ]  # fmt: skip
    assert [row["metric"] for row in rows.values()] == ["weight_decay"] * 4 + ["weight_decays", "updates"]
    asked = {"property": "weight_decay_max", "cells": {"experiment": "rates"}, "reported": "0.6"}
    rows |= place.judge(claim("cut", "setting", truncated=True, **asked), claim("rounded", "setting", **asked))
    assert (rows["cut"]["verdict"], rows["rounded"]["verdict"]) == ("REPRODUCED", "NOT REPRODUCED")
    assert rows["updates"]["ours_mean"] == 9000


def test_on_a_grid_a_value_stands_for_its_best_cell(place: Workplace) -> None:
    """λ = 0.6 is best with the second η, λ = 0.7 with the first: 50 % against 45 % decide, not the other cells."""
    found = {(0.6, 0.01): 0.3, (0.6, 0.02): 0.5, (0.7, 0.01): 0.45, (0.7, 0.02): 0.2}
    place.tables(lambda run: {"validation_accuracy": found.get((run.weight_decay, run.learning_rate), 0.1)})
    asked = {"axis": "weight_decay", "cells": {"experiment": "rates"}}
    rows = place.judge(claim("a", "best", reported="0.6", **asked), claim("b", "best", reported="0.7", **asked))
    assert [row["verdict"] for row in rows.values()] == ["REPRODUCED", "CONTRADICTED"]
    assert (rows["b"]["ours_mean"], rows["b"]["low"]) == (0.6, 0.05)

    def one_seed_diverged(run: RunSpec) -> dict[str, float] | None:
        accuracy = found.get((run.weight_decay, run.learning_rate), 0.1)
        return {"validation_accuracy": accuracy} if (accuracy, run.seed) != (0.5, 3) else None

    place.tables(one_seed_diverged)  # a cell's mean counts, not how many of its runs finished
    assert place.judge(claim("a", "best", reported="0.6", **asked))["a"]["verdict"] == "REPRODUCED"


def test_the_best_of_a_search(place: Workplace) -> None:
    """Three cells are three tried values: each seed is a search. One cell stands for all that were tried."""
    rows = place.judge(
        accuracy("search", {"experiment": "search"}, "0.609", best_of=3),
        accuracy("last", {"experiment": "search"}, "0.590", best_of=3, rank=3),
        accuracy("one", NET, "0.620", best_of=10),
        accuracy("plain", NET, "0.605"),
    )
    assert (rows["search"]["ours_mean"], rows["search"]["n"]) == (pytest.approx(0.609), 3)
    assert rows["last"]["ours_mean"] == pytest.approx(0.590)
    assert rows["one"]["ours_mean"] == pytest.approx(0.605 + 1.54 * 0.01, abs=3e-3)
    assert {row["verdict"] for row in rows.values()} == {"REPRODUCED"}


def test_a_search_is_judged_like_a_number(place: Workplace) -> None:
    """With the digits of its printed number cut off or rounded, on other validation images or ours, in its unit."""
    cells = {"experiment": "search", "batch_norm": True}
    place.tables(lambda run: {"test": 0.67 + 0.005 * run.seed, "validation_accuracy": 0.67 + 0.005 * run.seed})
    rows = place.judge(
        accuracy("rounded", cells, "0.7", best_of=3),
        accuracy("truncated", cells, "0.7", best_of=3, truncated=True),
    )
    assert [row["verdict"] for row in rows.values()] == ["REPRODUCED", "NOT REPRODUCED"]
    assert re.search(
        r"above the interval by [0-9.]+ points \(best of 3 in 3 searches of ours\)", rows["truncated"]["reason"]
    )
    fixed = {"experiment": "fixed", "batch_norm": True}
    asked = {"metric": "validation_accuracy", "cells": fixed, "reported": "0.68"}
    for tried in (1, 2):  # as many as our cells, and more: searched, and simulated
        rows = place.judge(
            claim("ours", "number", best_of=tried, **asked),
            claim("theirs", "number", best_of=tried, other_split=True, **asked),
        )
        ours, theirs = ((row["high"] - row["low"]) / 2 for row in rows.values())
        assert theirs > math.hypot(ours, 1.96 * math.sqrt(0.68 * 0.32 / 5000)) * 0.97 > ours


def test_printed_digits_can_have_been_cut_off(place: Workplace) -> None:
    """Of a number that no search selected, too."""
    rows = place.judge(accuracy("r", NET, "0.5"), accuracy("t", NET, "0.5", truncated=True))
    assert [row["verdict"] for row in rows.values()] == ["NOT REPRODUCED", "REPRODUCED"]


def test_what_is_open_about_words_is_no_matter_of_means(place: Workplace) -> None:
    """Both interpretations of a level hold, ten points apart: so it holds, whichever was meant."""
    variants = [{"label": "plain", "cells": PLAIN}]
    asked = claim("l", "level", metric="test_accuracy", cells=NET, between=[0, 1], open=["x"], variants=variants)
    assert place.judge(asked)["l"]["verdict"] == "REPRODUCED"


def test_numbers_have_six_digits(place: Workplace) -> None:
    """The same on every machine."""
    place.tables(lambda run: {"test": 0.123456789 + 1e-4 * run.seed})
    row = place.judge(accuracy("a", NET, "0.1", variants=[{"label": "v", "cells": PLAIN}]))["a"]
    assert (row["ours_mean"], row["ours_sd"]) == (0.123657, 0.0001)
    assert row["variants"].startswith("v: 12.37 % [")


def test_variants_are_told_in_their_unit(place: Workplace) -> None:
    """Percent, points, or none; a variant of which nothing finished has no number."""
    place.tables(lambda run: usual(run) if run.weight_decay == 0.005 else None)
    variants = [{"label": "plain", "cells": PLAIN}, {"label": "single", "cells": {"experiment": "single"}}]
    pairs = [{"greater": NET, "smaller": PLAIN}]
    rows = place.judge(
        claim("cost", "number", metric="training_loss", cells=NET, reported="0.4", variants=variants),
        claim("up", "direction", metric="test_accuracy", pairs=pairs, variants=[{"label": "v", "pairs": pairs}]),
    )
    assert rows["cost"]["variants"] == "plain: 0.495 [reproduces]; single: nothing finished [does not reproduce]"
    assert rows["up"]["variants"] == "v: 10 points [reproduces]"


def test_words_variants_and_what_is_above(place: Workplace) -> None:
    """Reasons from the file; variants with their means; the first rule that applies."""
    variants = [{"label": "plain", "cells": PLAIN}, {"label": "short", "cells": {"experiment": "single"}}]
    rows = place.judge(
        claim("words", "words", not_comparable="Nothing to run."),
        claim("number", "words", not_comparable="Another machine.", reported="7"),
        accuracy("failed", NET, "0.505", variants=variants),
        accuracy("open", NET, "0.605", variants=variants, open=["λ"]),
        accuracy("wrong", NET, "0.605", inconsistent="The table says otherwise."),
        accuracy("unknown", NET, "0.9", not_comparable="Nobody knows."),
    )
    assert (rows["words"]["verdict"], rows["words"]["reason"]) == ("NOT COMPARABLE", "Nothing to run.")
    assert [rows["words"][key] for key in ("runs", "study", "experiment", "reported", "table", "array")] == [""] * 6
    assert (rows["words"]["item"], rows["words"]["n"]) == ("small/words", 0)
    assert rows["number"]["reported"] == "7"
    assert rows["failed"]["verdict"] == "NOT REPRODUCED"
    assert rows["failed"]["reason"].endswith("Reproduced by: plain, short.")
    assert rows["failed"]["variants"] == "plain: 50.5 % [reproduces]; short: 50.2 % [reproduces]"
    assert rows["open"]["verdict"] == "NOT COMPARABLE"
    assert "By its numbers: reproduced." in rows["open"]["reason"]
    assert "plain: 50.5 % [does not reproduce]" in rows["open"]["variants"]
    assert rows["wrong"]["reason"].startswith("The table says otherwise. By its numbers: reproduced.")
    assert rows["unknown"]["reason"].startswith("Nobody knows. By its numbers: not reproduced.")
    assert (rows["wrong"]["verdict"], rows["unknown"]["verdict"]) == ("INCONSISTENT", "NOT COMPARABLE")


def test_published_gradients(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A published error fits within a factor of ten of some case's draws by some formula; else it does not."""
    monkeypatch.chdir(place.results.parent)  # the project's own folder counts, wherever the command runs
    folder = place.results / "gradients" / "cifar10"
    folder.mkdir(parents=True)
    rows = [
        {"case": case, "draw": draw, "array": array, "measure": "norm_max", "value": value * draw,
         "value_without_crossed": value * draw, "entries": 10, "crossed": 0}
        for case in ("small", "whole", "small_batch_norm")
        for draw in (1, 2)
        for array, value in (("W1", 7e-10 if case == "whole" else 1e-13), ("W2", 5e-10), ("b1", 1e-11), ("b2", 1.9e-9))
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "falk2024.csv", index=False)
    gradient = {"id": "g", "where": "i", "kind": "gradient", "reported_check": "falk2024"}
    found = place.judge(gradient, report="falk2024")
    assert [row["verdict"] for row in found.values()] == ["REPRODUCED", "REPRODUCED", "NOT REPRODUCED", "REPRODUCED"]
    w1 = found["g[two_layers.relative_error.W1]"]
    assert (w1["ours_mean"], w1["low"], w1["high"]) == (1.05e-9, 7e-10, 1.4e-9)
    assert (w1["table"], w1["array"]) == ("two_layers", "W1")
    assert "1 of 3 comparisons" in w1["reason"]
    assert "3,072 pixels" in w1["reason"]
    assert (w1["metric"], w1["reported"], w1["experiment"]) == ("relative_error", "7.145e-09", "")
    assert "ReLU" not in w1["reason"]
    crossed = pd.DataFrame(rows)
    crossed.loc[crossed["array"] == "W1", "crossed"] = 1
    crossed.loc[crossed["array"] == "W1", "value_without_crossed"] = 1e-13
    crossed.to_csv(folder / "falk2024.csv", index=False)
    w1 = place.judge(gradient, report="falk2024")["g[two_layers.relative_error.W1]"]
    assert w1["verdict"] == "REPRODUCED"
    assert "entries at which some ReLU switched included" in w1["reason"]
    (folder / "falk2024.csv").unlink()
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*gradients/cifar10/falk2024\.csv"):
        place.judge(gradient, report="falk2024")


def test_moments_of_gradients(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A published moment is compared with that moment alone, not with relative errors."""
    monkeypatch.chdir(place.results.parent)
    folder = place.results / "gradients" / "cifar10"
    folder.mkdir(parents=True)
    gradient = {"id": "g", "where": "i", "kind": "gradient", "reported_check": "banaei2022"}
    measures = ("gradient_mean", "gradient_std", "difference_mean", "difference_std", "difference_max", "norm_max")
    rows = [
        {"case": case["id"], "draw": draw, "array": f"{family}{layer}", "measure": measure, "value": sign,
         "value_without_crossed": sign, "entries": 10, "crossed": 0}
        for case in load_reported_check("banaei2022", COMMITTED)["cases"]
        for draw, sign in ((1, -1e6), (2, 1e6))
        for family in ("W", "b", "gamma", "beta")
        for layer in (1, 2, 3)
        for measure in measures
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "banaei2022.csv", index=False)
    found = place.judge(gradient, report="banaei2022")
    assert {row["verdict"] for row in found.values()} == {"REPRODUCED"}
    assert {row["reason"].partition(",")[0] for row in found.values()} == {"Fits in the one comparison"}


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
    """Every row as it stands in its report's ledger; numbers and words are counted apart, and all reports together."""
    place.judge(accuracy("a", NET, "0.10"), claim("w", "words", not_comparable="x"), report="one")
    place.judge(accuracy("a", NET, "0.610", truncated=True), accuracy("b", NET, "0.9", note="NA"), report="two")
    (place.configuration.folder / "claims" / "three.yaml").write_text("")
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*claims/three\.csv"):
        join_claims(place.configuration.folder, results=place.results)
    (place.configuration.folder / "claims" / "three.yaml").unlink()
    join_claims(place.configuration.folder, results=place.results)
    folder = place.results / "tables"
    parts = [(folder / "claims" / f"{report}.csv").read_text().splitlines() for report in ("one", "two")]
    assert (folder / "claims.csv").read_text().splitlines() == parts[0] + parts[1][1:]
    counts = pd.read_csv(folder / "claims_summary.csv")
    assert list(counts.columns) == ["report", "claims", *VERDICTS, "total"]
    assert counts[["report", "claims", "total"]].to_numpy().tolist() == [
        ["one", "numbers", 1], ["one", "words", 1], ["two", "numbers", 2], ["all", "numbers", 3], ["all", "words", 1],
    ]  # fmt: skip
    assert counts["NOT REPRODUCED"].tolist() == [1, 0, 1, 2, 0]
    assert counts["REPRODUCED"].tolist() == [0, 0, 1, 1, 0]
    assert counts["NOT COMPARABLE"].tolist() == [0, 1, 0, 0, 1]
    assert (counts[list(VERDICTS)].sum(axis=1) == counts["total"]).all()


def test_the_summary_counts_every_verdict() -> None:
    """Whatever word a claim met is a column."""
    table = pd.DataFrame({"report": "r", "kind": "number", "verdict": list(VERDICTS)})
    assert summary(table)[list(VERDICTS)].to_numpy().tolist() == [[1] * 6, [1] * 6]
    assert list(summary(table[:0]).columns) == ["report", "claims", *VERDICTS, "total"]
