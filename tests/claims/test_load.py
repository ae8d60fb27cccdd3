"""The ledger is read strictly: every mistake of every file is answered with file, key and what belongs there."""

import copy
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import Selection, reported_checks_of, studies_of
from bnlab.claims.settings import setting_value
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "config"
EXPERIMENT = {
    "id": "grid",
    "title": "t",
    "text": "t",
    "protocol": "official",
    "networks": [[50, 50]],
    "batch_norm": [False, True],
    "initialization": ["he", 0.1],
    "weight_decay": [0.1, 0.005],
    "seeds": 3,
    "figures": [],
}
SEARCH = EXPERIMENT | {
    "id": "search",
    "batch_norm": [True],
    "initialization": ["he"],
    "learning_rate": [0.01, 0.02, 0.03],
    "weight_decay": {"log_spaced": {"from": 1.0e-5, "to": 1.0e-1, "count": 5}},
}
UNEVEN = SEARCH | {"id": "uneven", "learning_rate": [0.001, 0.002, 0.00302], "weight_decay": [0, 0.1]}
SPARSE = EXPERIMENT | {"id": "sparse", "protocol": "saccardi2022_search"}
LATER = SEARCH | {"id": "later", "weight_decay": {"top": {"search": "search", "count": 2}}}
ONE = {"experiment": "grid", "batch_norm": True, "initialization": "he", "weight_decay": 0.1}
TWIN = ONE | {"batch_norm": False}
CLAIM: dict[str, Any] = {
    "id": "a",
    "where": "1",
    "text": "t",
    "kind": "number",
    "metric": "test_accuracy",
    "cells": ONE,
    "reported": "0.5",
}
DIRECTION: dict[str, Any] = {
    **{key: CLAIM[key] for key in ("id", "where", "text", "metric")},
    "kind": "direction",
    "pairs": [{"greater": ONE, "smaller": TWIN}],
}
MAGNITUDE: dict[str, Any] = {
    "id": "m", "where": "1", "text": "t", "kind": "magnitude", "reported_check": "falk2024", "case": "tiny",
    "reported": ["1e-9", "1e-5"],
}  # fmt: skip
GONE = object()


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Configuration:
    """One study, `small`, under the committed protocols."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "studies").mkdir()
    shutil.copy(COMMITTED / "protocols.yaml", folder)
    study = {"title": "t", "summary": "s", "experiments": [EXPERIMENT, SEARCH, UNEVEN, SPARSE, LATER]}
    (folder / "studies" / "small.yaml").write_text(dump(study))
    return load_configuration(folder, results=folder)


@pytest.fixture
def config(tmp_path: Path, small: Configuration, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """That study in a folder of its own, with the committed reported checks and no claims yet."""
    monkeypatch.chdir(tmp_path)  # the configuration's folder counts, wherever the command runs
    (tmp_path / "claims").mkdir()
    (tmp_path / "reported_checks").symlink_to(COMMITTED / "reported_checks")
    return replace(small, folder=tmp_path)


@pytest.fixture(scope="module")
def committed() -> Configuration:
    """The committed studies."""
    return load_configuration(COMMITTED)


def dump(content: Any) -> str:
    """YAML without references, which the configuration refuses."""
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return str(yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False))


def load(config: Configuration, *claims: Any, **changes: Any) -> Any:
    """Load a file of these claims, mine.yaml."""
    content = {"report": "mine", "study": "small", "claims": list(claims)} | changes
    put(config, "mine", dump(content))
    return load_claims(config)


def put(config: Configuration, report: str, text: str) -> None:
    """Write a file of claims."""
    (config.folder / "claims" / f"{report}.yaml").write_text(text)


def changed(claim: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A claim with some keys changed, or gone."""
    return {key: value for key, value in {**copy.deepcopy(claim), **changes}.items() if value is not GONE}


def message_of(config: Configuration, *claims: Any, **changes: Any) -> str:
    """What is said about a file of these claims."""
    with pytest.raises(ConfigError) as caught:
        load(config, *claims, **changes)
    return str(caught.value)


# --- the committed ledger -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", claimed_reports(COMMITTED))
def test_the_committed_ledger_loads(committed: Configuration, report: str) -> None:
    """Each report's claims meet the cells of the committed studies; ids are unique and begin with the report."""
    claims = load_claims(committed, [report])
    ids = [claim.id for claim in claims]
    assert len(set(ids)) == len(ids) > 0
    assert all(one.startswith(f"{report}/") for one in ids)
    assert report in studies_of(claims)


# --- what a file becomes ------------------------------------------------------------------------------------------


def test_a_number(config: Configuration) -> None:
    """Its keys stand where the rules look for them; its cell has its three seeds."""
    (claim,) = load(
        config, changed(CLAIM, truncated=True, note="n", open=["x"], variants=[{"label": "v", "cells": TWIN}])
    )
    assert (claim.id, claim.report, claim.study) == ("mine/a", "mine", "small")
    assert (claim.reported, claim.truncated, claim.note, claim.open) == ("0.5", True, "n", ("x",))
    (cell,) = claim.main.cells[0].cells(config)
    assert [run.seed for run in cell.runs] == [1, 2, 3]
    assert (cell.setting.batch_norm, cell.setting.weight_decay) == (True, 0.1)


def test_a_table_becomes_one_claim_per_entry(config: Configuration) -> None:
    """`over` narrows the main interpretation and every variant to the entry's value, which the id shows."""
    cells = {"experiment": "grid", "batch_norm": True, "initialization": "he"}
    variant = {"label": "plain", "cells": cells | {"batch_norm": False}}
    entries = {0.1: "0.40", 0.005: "0.5"}
    table = changed(CLAIM, text="At {value}.", cells=cells, over="weight_decay", reported=entries, variants=[variant])
    first, second = load(config, table)
    assert [first.text, second.text] == ["At 0.1.", "At 0.005."]
    assert [first.id, second.id] == ["mine/a[0.1]", "mine/a[0.005]"]
    assert [first.reported, second.reported] == ["0.40", "0.5"]
    for claim, value in ((first, 0.1), (second, 0.005)):
        for interpretation, norm in ((claim.main, True), (claim.variants[0], False)):
            (cell,) = interpretation.cells[0].cells(config)
            assert (cell.setting.weight_decay, cell.setting.batch_norm) == (value, norm)


def test_what_is_read_off_curves_is_read_off_curves_alike(config: Configuration) -> None:
    """The highest of more points is higher, and rises add up: all readings have as many points an epoch."""
    variant = {"label": "v", "cells": ONE | {"experiment": "sparse"}}
    load(config, changed(CLAIM, variants=[variant]))
    message = message_of(config, changed(CLAIM, metric="best_validation_accuracy", variants=[variant]))
    assert "claims[0]: is judged by curves that are not sampled alike" in message
    assert "grid every 0.5 epochs on 1,500 images; sparse every 1 epochs on 5,000 images" in message
    pairs = [{"greater": ONE, "smaller": TWIN}, {"greater": ONE | {"experiment": "sparse"}, "smaller": TWIN}]
    assert "not sampled alike" in message_of(config, changed(DIRECTION, metric="rises", pairs=pairs))
    elsewhere = changed(CLAIM, metric="best_validation_accuracy", cells=ONE | {"experiment": "none"})
    assert "expected an experiment of study 'small'" in message_of(config, elsewhere)


def test_variants_say_what_differs(config: Configuration) -> None:
    """A variant takes cells or pairs over from the claim and changes the metric of all, or the other way round."""
    pairs = [*DIRECTION["pairs"], {"greater": TWIN, "smaller": ONE, "metric": "training_loss"}]
    (claim,) = load(
        config,
        changed(
            DIRECTION,
            pairs=pairs,
            variants=[
                {"label": "cost", "metric": "validation_cost"},
                {"label": "one", "pairs": [{"greater": ONE, "smaller": TWIN}]},
            ],
        ),
    )
    assert [pair.metric for pair in claim.main.pairs] == ["test_accuracy", "training_loss"]
    cost, one = claim.variants
    assert [pair.metric for pair in cost.pairs] == ["validation_cost", "validation_cost"]
    assert [pair.greater for pair in cost.pairs] == [pair.greater for pair in claim.main.pairs]
    assert [(pair.metric, pair.greater.filters["batch_norm"]) for pair in one.pairs] == [("test_accuracy", True)]


def test_a_variant_can_be_named(config: Configuration) -> None:
    """What the file's variant says takes the place of what all cells and pairs of the claim say."""
    variants = {
        "σ = 0.1": {"initialization": 0.1},
        "Searched": {"experiment": {"grid": "search"}, "learning_rate": 0.01},
    }
    claims = [
        changed(CLAIM, variants=["σ = 0.1", {"label": "plain", "cells": TWIN}]),
        changed(LEVEL, id="l", cells=[{"experiment": "grid", "batch_norm": True}], variants=["Searched"]),
        changed(DIRECTION, id="d", variants=["σ = 0.1"]),
    ]
    number, level, direction = load(config, *claims, variants=variants)
    assert [variant.label for variant in number.variants] == ["σ = 0.1", "plain"]
    filters = {"batch_norm": True, "initialization": 0.1, "weight_decay": 0.1}
    assert number.variants[0].cells == (Selection("small", "grid", filters),)
    assert level.variants[0].cells == (Selection("small", "search", {"batch_norm": True, "learning_rate": 0.01}),)
    (pair,) = direction.variants[0].pairs
    assert (pair.greater, pair.metric) == (Selection("small", "grid", filters), "test_accuracy")
    assert pair.smaller == Selection("small", "grid", filters | {"batch_norm": False})


def test_a_named_variant_must_be_there_and_fit(config: Configuration) -> None:
    """Of a name that the file lacks all others are told, and the experiment that has no other in its place."""
    variants = {"Later": {"experiment": {"search": "later"}}, "σ = 0.1": {"initialization": 0.1}}
    message = message_of(config, changed(CLAIM, variants=["Latr"]), variants=variants)
    assert "claims[0].variants[0]: found 'Latr', expected one of the file's variants: Later, σ = 0.1." in message
    message = message_of(config, changed(CLAIM, variants=["Later"]), variants=variants)
    assert "claims[0].variants[0]: found 'Later', which names no experiment in place of 'grid'." in message
    twice = changed(CLAIM, variants=["σ = 0.1", {"label": "σ = 0.1", "cells": TWIN}])
    assert "variants[1].label: 'σ = 0.1' stands here twice" in message_of(config, twice, variants=variants)
    assert "variants[0]: found 'v', expected one of the file's variants: it has none." in message_of(
        config, changed(CLAIM, variants=["v"])
    )


def test_a_metric_can_stand_at_every_pair(config: Configuration) -> None:
    """Then the claim needs none; a gain compares cells with their twins."""
    wide = {key: value for key, value in ONE.items() if key != "batch_norm"}
    pair = {"greater": wide, "smaller": wide | {"initialization": 0.1}, "metric": "test_gain"}
    (claim,) = load(config, changed(DIRECTION, metric=GONE, pairs=[pair]))
    assert claim.main.pairs[0].metric == "test_gain"
    assert "missing 'metric'" in message_of(config, changed(DIRECTION, metric=GONE))
    bare = {"label": "v", "pairs": DIRECTION["pairs"]}
    found = message_of(config, changed(DIRECTION, metric=GONE, pairs=[pair], variants=[bare]))
    assert "claims[0].variants[0]: missing 'metric', which not every pair has." in found
    one_sided = changed(DIRECTION, metric=GONE, pairs=[pair | {"greater": ONE}])
    assert "pairs[0].greater: found no cell with batch_norm false" in message_of(config, one_sided)


def test_a_reported_check_becomes_one_claim_per_published_table(config: Configuration) -> None:
    """The one of falk2024; its text says how many values stand where."""
    gradient = {"id": "g", "where": "i", "kind": "gradient", "reported_check": "falk2024"}
    content = {"report": "falk2024", "study": "small", "claims": [gradient]}
    put(config, "falk2024", dump(content))
    (claim,) = load_claims(config)
    assert (claim.id, claim.table) == ("falk2024/g[two_layers]", "two_layers")
    assert (claim.text, claim.reported) == ("4 values of two layers: section i, Table 1.", "3.87e-10 to 3.85e-08")
    assert reported_checks_of([claim]) == ["falk2024"]
    assert studies_of([claim]) == []
    other = changed(gradient, variants=[{"label": "v", "reported_check": "anon"}])
    put(config, "falk2024", dump(content | {"claims": [other]}))
    with pytest.raises(
        ConfigError, match=r"variants\[0\].reported_check: found 'anon', expected one of what 'falk2024' pub"
    ):
        load_claims(config)
    assert "found 'falk2024', which is of report 'falk2024', expected one of 'mine'" in message_of(config, gradient)
    order = {"id": "o", "where": "i", "text": "t", "kind": "magnitude", "reported_check": "falk2024", "case": "tiny"}
    said = message_of(config, order | {"reported": ["1e-7", "1e-6"]})
    assert "claims[0].case: found 'tiny', expected one of small, whole, small_batch_norm." in said
    wrong = message_of(config, gradient | {"reported_check": "falk"})
    assert "mine.yaml: claims[0].reported_check: found 'falk', expected a reported check" in wrong


@pytest.mark.parametrize(
    ("name", "experiment", "expected"),
    [
        ("weight_decays", "search", 5),
        ("learning_rates", "search", 3),
        ("runs_per_seed", "search", 15),
        ("runs_per_seed", "grid", 8),
        ("weight_decay_min", "search", 1e-5),
        ("weight_decay_max", "search", 0.1),
        ("log10_weight_decay_min", "search", -5),
        ("log10_weight_decay_max", "search", -1),
        ("weight_decay_step", "search", math.nan),
        ("weight_decay_step", "grid", 0.095),
        ("learning_rate_step", "search", 0.01),
        ("learning_rate_min", "search", 0.01),
        ("learning_rate_max", "grid", 0.1),
        ("learning_rate_min", "grid", 1e-5),
        ("log10_learning_rate_max", "search", math.log10(0.03)),
        ("log10_weight_decay_min", "uneven", -math.inf),
        ("learning_rate_step", "uneven", math.nan),
        ("updates", "grid", 9000),
        ("cycles", "grid", 2),
        ("step", "grid", 2250),
    ],
)
def test_settings_are_read_off_the_configuration(
    config: Configuration, name: str, experiment: str, expected: float
) -> None:
    """Counts, ends and steps of axes, and the schedule; a scheduled learning rate has the schedule's ends."""
    setting = changed(CLAIM, kind="setting", metric=GONE, property=name, cells={"experiment": experiment})
    (claim,) = load(config, setting)
    found = setting_value(claim.setting, claim.main.cells[0].cells(config), config)
    assert found == pytest.approx(expected, nan_ok=True)


def test_experiments_that_wait_for_a_search_are_not_judged(config: Configuration) -> None:
    """What they will hold is not known yet, so nothing can be said against cells of theirs."""
    (claim,) = load(config, changed(CLAIM, cells={"experiment": "later", "weight_decay": 0.3}))
    assert claim.main.cells[0].cells(config) == []


# --- what is refused ----------------------------------------------------------------------------------------------

LEVEL = changed(CLAIM, kind="level", reported=GONE, between=[0.1, 0.2])
BEST = changed(CLAIM, kind="best", metric=GONE, axis="weight_decay", cells={"experiment": "search"})
WORDS = {**{key: CLAIM[key] for key in ("id", "where", "text")}, "kind": "words", "not_testable": "n"}
MANY = {"experiment": "grid"}

REFUSED: list[tuple[dict[str, Any], str]] = [
    (changed(CLAIM, reported=0.5), "claims[0].reported: found 0.5, expected a number as printed, in quotes"),
    (changed(CLAIM, reported="52.7"), "claims[0].reported: found '52.7', expected a fraction: 0.527."),
    (
        changed(CLAIM, metric="test_gain", reported="-1.5"),
        "claims[0].reported: found '-1.5', expected a fraction: -0.015.",
    ),
    (
        changed(CLAIM, text="{value}", over="weight_decay", reported={0.1: "0.5", 0.005: "50"}),
        "expected a fraction: 0.50",
    ),
    (changed(CLAIM, reported="50 %"), "claims[0].reported: found '50 %', expected a number as printed, in quotes"),
    (changed(CLAIM, kind="nunber"), "claims[0].kind: found 'nunber', expected one of number, gradient"),
    (changed(CLAIM, metric="acc"), "claims[0].metric: found 'acc', expected one of test_accuracy"),
    (changed(CLAIM, truncatd=True), "claims[0]: 'truncatd' is not a key of kind 'number'. Did you mean 'truncated'?"),
    (changed(CLAIM, id="A b"), "claims[0].id: found 'A b', expected a name of lower-case letters"),
    (changed(CLAIM, where=GONE), "claims[0]: missing 'where'"),
    (changed(CLAIM, text=GONE), "claims[0]: missing 'text', which kind 'number' needs."),
    (changed(CLAIM, cells=GONE), "claims[0]: missing 'cells', which kind 'number' needs."),
    (changed(CLAIM, between=[0, 1]), "claims[0]: 'between' is not a key of kind 'number'."),
    (changed(CLAIM, pairs=DIRECTION["pairs"]), "claims[0]: 'pairs' is not a key of kind 'number'."),
    (changed(DIRECTION, reported="1"), "claims[0]: 'reported' is not a key of kind 'direction'."),
    (changed(WORDS, not_testable=GONE), "claims[0]: missing 'not_testable', the reason why no run can test it."),
    (changed(WORDS, variants=[{"label": "v", "cells": ONE}]), "claims[0]: 'variants' is not a key of kind 'words'."),
    (changed(LEVEL, between=[0.2, 0.1]), "claims[0].between: found [0.2, 0.1], expected low, high."),
    (changed(DIRECTION, throughout=True), "found throughout with 'test_accuracy', which curves do not have"),
    (
        changed(
            DIRECTION, metric="training_loss", throughout=True, variants=[{"label": "v", "metric": "test_accuracy"}]
        ),
        "claims[0].variants[0]: found throughout with 'test_accuracy', which curves do not have",
    ),
    (
        changed(DIRECTION, kind="equal", metric="epochs_until_learning"),
        "claims[0]: found 'epochs_until_learning' with kind equal",
    ),
    (changed(LEVEL, between=[9, 11]), "claims[0].between: found [9, 11], expected fractions: 0.09, 0.11."),
    (changed(LEVEL, between=GONE, at_least=11), "claims[0].at_least: found 11, expected fractions: 0.11."),
    (changed(CLAIM, continuous=True), "claims[0].continuous: found true, expected `open`, which says what it is of."),
    (changed(LEVEL, between=GONE), "claims[0]: expected either 'between' or 'at_least'"),
    (changed(LEVEL, at_least=0.1), "claims[0]: expected either 'between' or 'at_least'"),
    (changed(LEVEL, open=["λ"]), "claims[0].open: found no variants, expected a reading for each way to take what is"),
    (changed(BEST, reported=["0.1"]), "claims[0].reported: found ['0.1']"),
    (changed(LEVEL, metric="test_gain"), "claims[0].metric: found 'test_gain', expected one of test_accuracy"),
    (changed(CLAIM, rank=2), "claims[0].rank: found 2, expected at most best_of, not there."),
    (changed(CLAIM, rank=4, best_of=3), "claims[0].rank: found 4, expected at most best_of, 3."),
    (
        changed(CLAIM, text="{value}", over="weight_decay"),
        "claims[0].reported: found '0.5', expected a mapping of values of weight_d",
    ),
    (changed(CLAIM, reported={0.1: "0.5"}), "claims[0].reported: found {0.1: '0.5'}, expected one printed number, or"),
    (
        changed(CLAIM, over="weight_decay", reported={0.1: "0.5"}),
        "claims[0].over: found 'weight_decay', expected {value} in the text, where an entry's own will stand.",
    ),
    (
        changed(CLAIM, over="weight_decay", reported={"1e-3": "0.5"}),
        "claims[0].reported: found the key '1e-3', expected a finite number. YAML reads 1e-3 as text",
    ),
    (changed(CLAIM, variants=[{"label": "v"}]), "claims[0].variants[0]: found a label alone, expected what differs"),
    (changed(CLAIM, variants=[{"cells": ONE}]), "claims[0].variants[0]: missing 'label'"),
    (
        changed(CLAIM, variants=[{"label": "v", "cells": ONE}, {"label": "v", "cells": TWIN}]),
        "claims[0].variants[1].label: 'v' stands here twice",
    ),
    (
        changed(CLAIM, variants=[{"label": "v", "pairs": DIRECTION["pairs"]}]),
        "claims[0].variants[0]: 'pairs' is not a key here. Known keys: best_of, cells, label, metric, settled.",
    ),
    (
        changed(BEST, metric="test_accuracy"),
        "claims[0].metric: found 'test_accuracy', expected one of validation_accuracy, best_validation_accuracy.",
    ),
    # Cells
    (
        changed(CLAIM, cells=ONE | {"study": "smal"}),
        "claims[0].cells.study: found 'smal', expected one of config/studies: small.",
    ),
    (
        changed(CLAIM, cells={"experiment": "grd"}),
        "claims[0].cells.experiment: found 'grd', expected an experiment of study 'small': grid, search, uneven",
    ),
    (
        changed(CLAIM, cells=ONE | {"weight_decay": 0.3}),
        (
            "claims[0].cells: found no cell with batch_norm true, initialization he, weight_decay 0.3, expected one of "
            "experiment 'grid' of study 'small', which has batch_norm false, true; initialization he, 0.1; "
            "weight_decay 0.1, 0.005."
        ),
    ),
    (
        changed(CLAIM, cells=ONE | {"learning_rate": 0.02}),
        (
            "initialization he, weight_decay 0.1, learning_rate 0.02, expected one of experiment 'grid' of study "
            "'small', which has batch_norm false, true; initialization he, 0.1; weight_decay 0.1, 0.005; "
            "learning_rate scheduled."
        ),
    ),
    (
        changed(DIRECTION, pairs=[{"greater": ONE | {"weight_decay": 0.3}, "smaller": TWIN}]),
        "claims[0].pairs[0].greater: found no cell with batch_norm true",
    ),
    (
        changed(CLAIM, cells=ONE | {"network": [50]}),
        "expected one of experiment 'grid' of study 'small', which has network 50-50; batch_norm false, true",
    ),
    (
        changed(CLAIM, cells=MANY | {"initialization": 0.1}),
        (
            "claims[0].cells: meets 4 cells of experiment 'grid', expected one. Narrow it by batch_norm (false, true); "
            "weight_decay (0.1, 0.005)."
        ),
    ),
    (changed(CLAIM, cells=[ONE, TWIN]), "claims[0].cells: meets 2 cells of experiment 'grid', expected one."),
    (changed(CLAIM, cells=[ONE, ONE]), "claims[0].cells: meets 2 cells of experiment 'grid', expected one."),
    (
        changed(CLAIM, text="{value}", over="weight_decay", cells=MANY | {"batch_norm": True}, reported={0.1: "0.5"}),
        "claims[0].reported.0.1.cells: meets 2 cells of experiment 'grid', expected one. Narrow it by initialization",
    ),
    (
        changed(CLAIM, variants=[{"label": "v", "cells": MANY}]),
        "claims[0].variants[0].cells: meets 8 cells of experiment 'grid', expected one.",
    ),
    (
        changed(DIRECTION, pairs=[{"greater": ONE, "smaller": MANY}]),
        "claims[0].pairs[0].smaller: meets 8 cells of experiment 'grid', expected one.",
    ),
    (changed(LEVEL, cells=[ONE, TWIN | {"weight_decay": 3}]), "claims[0].cells[1]: found no cell with"),
    (changed(CLAIM, metric="test_gain"), "claims[0].cells: found no cell with batch_norm false, expected its twin"),
    (
        changed(CLAIM, metric="test_gain", cells=TWIN),
        "claims[0].cells: found no cell with batch_norm true, expected its twin: a gain is the difference of both.",
    ),
    (
        changed(CLAIM, metric="test_gain", cells=[ONE, TWIN, TWIN | {"weight_decay": 0.005}]),
        "claims[0].cells: meets 2 cells of experiment 'grid', expected one. Narrow it by weight_decay (0.1, 0.005).",
    ),
    (
        changed(CLAIM, metric="test_gain", cells=[TWIN, ONE, ONE | {"initialization": 0.1}]),
        "claims[0].cells: meets 2 cells of experiment 'grid', expected one. Narrow it by initialization (he, 0.1).",
    ),
    (
        changed(DIRECTION, metric="test_gain", pairs=[{"greater": MANY, "smaller": MANY | {"initialization": 0.1}}]),
        "claims[0].pairs[0].greater: meets 4 cells of experiment 'grid', expected one. Narrow it by initialization",
    ),
    (
        changed(CLAIM, metric="test_gain", cells=MANY | {"initialization": "he"}),
        "claims[0].cells: meets 2 cells of experiment 'grid', expected one. Narrow it by weight_decay",
    ),
    (
        changed(BEST, cells=MANY),
        (
            "claims[0].cells: meets 8 cells of experiment 'grid', expected one of each weight_decay and learning_rate. "
            "Narrow it by batch_norm (false, true); initialization (he, 0.1)."
        ),
    ),
    (
        changed(CLAIM, rank=2, best_of=3, variants=[{"label": "v", "best_of": 1}]),
        "claims[0].variants[0].best_of: found 1, expected at least the claim's rank, 2.",
    ),
    (changed(CLAIM, best_of=20, cells=MANY), "expected one of each weight_decay and learning_rate. Narrow it by"),
    (changed(CLAIM, metric="gap", reported="20"), "claims[0].reported: found '20', expected a fraction: 0.20."),
    (changed(CLAIM, truncated=True, read_to=0.01), "claims[0]: found both truncated and read_to, expected one"),
    (changed(CLAIM, metric="test_gain", other_split=True), "claims[0]: found other_split with a gain"),
    (changed(CLAIM, variants=[{"label": "v", "cells": ONE}]), "claims[0].variants[0]: reads the claim as the main"),
    (
        changed(CLAIM, text="{value}", over="weight_decay", reported={0.1: "0.5"}),
        "claims[0]: names weight_decay itself, whose values are those of `over`",
    ),
    (
        changed(MAGNITUDE, reported=["1e-5", "1e-9"]),
        "claims[0].reported: found ['1e-5', '1e-9'], expected the smallest",
    ),
]


@pytest.mark.parametrize(("claim", "said"), REFUSED, ids=[said[-60:] for _, said in REFUSED])
def test_what_cannot_be_is_refused(config: Configuration, claim: dict[str, Any], said: str) -> None:
    """The message names file and key, what was found and what was expected."""
    message = message_of(config, claim)
    assert message.startswith(f"{config.folder / 'claims' / 'mine.yaml'}: claims[0]")
    assert said in message


@pytest.mark.parametrize("metric", ["validation_accuracy", "gap", "best_validation_accuracy", "validation_gain"])
def test_what_runs_do_not_have_is_refused(config: Configuration, metric: str) -> None:
    """Runs that train on all images have no number on validation images, yet would have judged a claim about it."""
    protocols = {name: one.model_copy(update={"validation": 0}) for name, one in config.protocols.items()}
    cells = {key: value for key, value in ONE.items() if key != "batch_norm" or not metric.endswith("gain")}
    message = message_of(replace(config, protocols=protocols), changed(CLAIM, metric=metric, cells=cells))
    assert f"claims[0].cells: found {metric}, but 'grid' is trained with validation: 0." in message


def test_named_variants_are_used(config: Configuration) -> None:
    """One that no claim names is a slip of the pen."""
    assert "variants: no claim names 'unused'." in message_of(config, CLAIM, variants={"unused": {"batch_norm": True}})


@pytest.mark.parametrize(
    "claim",
    [
        CLAIM,
        DIRECTION,
        LEVEL,
        BEST,
        WORDS,
        changed(WORDS, reported="7"),
        changed(CLAIM, metric="test_gain", cells={key: value for key, value in ONE.items() if key != "batch_norm"}),
        changed(CLAIM, best_of=15, rank=3, cells={"experiment": "search"}),
        changed(CLAIM, best_of=20, cells={"experiment": "search"}),
        changed(CLAIM, best_of=2, cells={"experiment": "search"}),
        changed(CLAIM, variants=[{"label": "the better of two", "best_of": 2}]),
        changed(LEVEL, cells=[MANY, {"experiment": "search"}]),
        changed(LEVEL, chosen=True),
        changed(LEVEL, between=GONE, at_least=0.1),
        changed(BEST, reported=["0.1", "0.005"]),
        changed(DIRECTION, kind="equal"),
        changed(CLAIM, cells=ONE | {"network": [50, 50]}),
    ],
)
def test_what_can_be_is_not(config: Configuration, claim: dict[str, Any]) -> None:
    """The claims that the refused ones were made from, and their relatives."""
    assert len(load(config, claim)) == 1


def test_all_mistakes_of_all_files_at_once(config: Configuration) -> None:
    """Of every file, first what its claims may not say, and where that is in order, ids and cells."""
    put(config, "other", "report: another\nstudy: smal\nclaims: [{}]\n")
    put(config, "third", dump({"report": "their", "study": "small", "claims": [CLAIM | {"cells": MANY}, CLAIM]}))
    message = message_of(config, changed(CLAIM, text=GONE), changed(CLAIM, metric="acc"), changed(DIRECTION, id="d"))
    lines = [line.rpartition("/claims/")[2] for line in message.splitlines()]
    assert [re.sub(r": (found|missing|meets|').*", "", line) for line in lines] == [
        "mine.yaml: claims[0]", "mine.yaml: claims[1].metric", "other.yaml: claims[0]",
        "third.yaml: report", "third.yaml: claims[1].id", "third.yaml: claims[0].cells",
    ]  # fmt: skip


def test_a_file_is_of_its_report_and_of_a_study(config: Configuration) -> None:
    """The name of the file is the report's; the study is there; a report without a file is said."""
    assert "mine.yaml: report: found 'yours', expected the file's name, 'mine'." in message_of(
        config, CLAIM, report="yours"
    )
    assert "mine.yaml: study: found 'smal', expected one of config/studies: small." in message_of(
        config, CLAIM, study="smal"
    )
    with pytest.raises(ConfigError, match=re.escape("'yours' has no claims. config/claims holds: mine.")):
        load_claims(config, ["yours"])
    with pytest.raises(ConfigError) as caught:
        load_claims(config, ["yours", "mine"])
    assert "'yours' has no claims" in str(caught.value)
    assert "mine.yaml: study: found 'smal'" in str(caught.value)


def test_no_claims_are_no_mistake(tmp_path: Path) -> None:
    """A project without a ledger loads, and has no claims."""
    assert load_claims(Configuration({}, {}, tmp_path)) == ()
