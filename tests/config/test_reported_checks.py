"""The files of config/reported_checks: every published value is there, and mistakes are refused with a clear error."""

import csv
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from bnlab.analysis.reported_checks import RELATIVE
from bnlab.config.reported_check_file import Measure
from bnlab.config.reported_checks import compares_causes, load_reported_check, reported_check_names
from bnlab.config.studies import load_configuration
from bnlab.errors import ConfigError
from bnlab.gradients.error_measures import MEASURES

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "config"
COLLECTED = ROOT.parent / "shared" / "reference" / "reported.csv"
"""All published numbers in one table, where there is one beside the project; the project does not need it."""
NAMES = {
    "grad_mean": "gradient_mean",
    "grad_std": "gradient_std",
    "grad_diff_mean": "difference_mean",
    "grad_diff_std": "difference_std",
    "grad_diff_max": "difference_max",
    "relative_error": "relative_error",
}
CASE: dict[str, Any] = {
    "id": "a",
    "title": "A case",
    "published": "table",
    "network": {"hidden": [50], "batch_norm": False},
    "inputs": 10,
    "images": 20,
    "initialization": {"weights": "he", "biases": 0, "gamma_beta": 0},
    "weight_decay": 0,
    "difference": {"scheme": "central", "step": 1.0e-5, "loop": "naive"},
    "statistics": "batch",
    "backward": "exact",
    "measures": ["norm_max"],
    "draws": 2,
}
REPORTED_CHECK: dict[str, Any] = {
    "report": "someone",
    "title": "t",
    "text": "t",
    "published": {"table": {"place": "p", "values": {"relative_error": {"W1": 1.0e-9}}}},
    "cases": [CASE],
}


def published_values() -> dict[tuple[str, str, str, str], float]:
    """Every published value of the committed reported checks by report, table, quantity and array."""
    return {
        (reported_check["report"], table, quantity, array): value
        for reported_check in map(load_reported_check_committed, reported_check_names(COMMITTED))
        for table, content in reported_check["published"].items()
        for quantity, values in content["values"].items()
        for array, value in values.items()
    }


def load_reported_check_committed(name: str) -> dict[str, Any]:
    """A committed reported check."""
    return load_reported_check(name, COMMITTED)


def test_no_published_value_is_missing() -> None:
    """As many as each report prints: 4, 24, 80 and 4."""
    assert Counter(report for report, *_ in published_values()) == {
        "falk2024": 4,
        "anon": 24,
        "banaei2022": 80,
        "saccardi2022": 4,
    }


def test_published_values_are_the_collected_ones() -> None:
    """Where the collection of all published numbers lies beside the project, every value agrees to the last digit."""
    if not COLLECTED.is_file():
        pytest.skip("needs the collection of published numbers beside the project")
    with COLLECTED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["experiment"].startswith("grad_check") and row["value"]]
    expected = Counter()
    for row in rows:
        quantity, array, layer = re.fullmatch(r"(\w+)_([A-Za-z]+)(\d+)", row["quantity"]).groups()
        from_zero = row["report"] == "banaei2022" or "_bn" in row["experiment"]
        expected[row["report"], NAMES[quantity], f"{array}{int(layer) + from_zero}", float(row["value"])] += 1
    found = Counter(
        (report, quantity, array, value) for (report, _, quantity, array), value in published_values().items()
    )
    assert found == expected


def test_every_published_value_is_compared() -> None:
    """Each has a case with a measure of its name, or, for a relative error, with some formula of one."""
    compared = {
        (reported_check["report"], case["published"], "relative_error" if measure in RELATIVE else measure)
        for reported_check in map(load_reported_check_committed, reported_check_names(COMMITTED))
        for case in reported_check["cases"]
        if "published" in case
        for measure in case["measures"]
    }
    assert {key[:3] for key in published_values()} <= compared


def test_the_model_knows_the_measures_there_are() -> None:
    """No measure is missing in the model, and none is left there that is gone."""
    assert get_args(Measure) == tuple(MEASURES)


def test_studies_ask_for_reported_checks() -> None:
    """The official study for all, the others not for the scenario of 10,000 images."""
    studies = load_configuration(COMMITTED).studies
    assert sorted(studies["official"].gradients) == reported_check_names(COMMITTED)
    for study in ("short", "demo"):
        assert studies[study].gradients
        assert "saccardi2022_full" not in studies[study].gradients
    assert [
        name for name in reported_check_names(COMMITTED) if compares_causes(load_reported_check_committed(name))
    ] == [
        "anon_all_pixels",
        "anon_batch_norm",
    ]


def load(folder: Path, content: Any) -> dict[str, Any]:
    """Load a reported check of this content, written without shared parts, which YAML would write as references."""
    (folder / "reported_checks").mkdir(exist_ok=True)
    (folder / "reported_checks" / "mine.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(content))))
    return load_reported_check("mine", folder)


def test_what_cases_share_stands_once(tmp_path: Path) -> None:
    """`common` is put into each case, which may say otherwise, as a whole key."""
    common = {key: value for key, value in CASE.items() if key not in ("id", "title")}
    cases = [{"id": "a", "title": "A"}, {"id": "b", "title": "B", "draws": 7}]
    found = load(
        tmp_path,
        {key: REPORTED_CHECK[key] for key in REPORTED_CHECK if key != "cases"} | {"defaults": common, "cases": cases},
    )
    assert found["cases"] == [common | cases[0], common | cases[1]]


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"measures": ["norm_mx"]},
        "cases[0].measures[0]: found 'norm_mx', expected one of norm_max, norm_sum, elementwise",
    ),
    (
        {"difference": {"scheme": "central", "step": 0, "loop": "naive"}},
        "difference.step: found 0, expected more than 0",
    ),
    (
        {"difference": {"scheme": "back", "step": 1e-5, "loop": "naive"}},
        "difference.scheme: found 'back', expected one",
    ),
    (
        {"inputs": 3072},
        "would take 308,320 evaluations of the cost per draw, at most 20,000 are allowed. Set difference.loop: struct",
    ),
    ({"statistics": "frozen"}, "cases[0].statistics: 'frozen' needs network.batch_norm: true, found false"),
    ({"backward": "constant_statistics"}, "cases[0].backward: 'constant_statistics' needs network.batch_norm: true"),
    ({"network": {"hidden": [5], "batch_norm": True}, "images": 1}, "images: found 1, over which nothing can be norm"),
    (
        {"difference": {"scheme": "central", "step": 1e-5, "loop": "structured"}, "weight_decay": 0.1},
        "cases[0].weight_decay: found 0.1, but structured differences are of the loss alone",
    ),
    ({"published": "tabel"}, "cases[0].published: found 'tabel', expected one of the tables under `published`: table."),
    ({"statistic": "batch"}, "'statistic' is not a key here. Did you mean 'statistics'?"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said[:50] for _, said in WRONG])
def test_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """The message names file and key, what was found and what was expected."""
    assert load(tmp_path, REPORTED_CHECK)["cases"] == [CASE]
    with pytest.raises(ConfigError) as error:
        load(tmp_path, REPORTED_CHECK | {"cases": [CASE | change]})
    assert "mine.yaml: " in str(error.value)
    assert said in str(error.value)


def test_published_arrays_are_the_networks(tmp_path: Path) -> None:
    """A value of an array that no compared network has is a slip of the pen, and so is an array with no such name."""
    for array, said in (
        ("W9", "'table' has values of W9, expected arrays of the case's network: W1, W2"),
        ("V1", "V1"),
    ):
        table = {"table": {"place": "p", "values": {"relative_error": {array: 1.0}}}}
        with pytest.raises(ConfigError, match=re.escape(said)):
            load(tmp_path, REPORTED_CHECK | {"published": table})


def test_cases_and_reported_checks_have_their_own_names(tmp_path: Path) -> None:
    """No id twice; a reported check, or a holder of published tables, that is missing is named with those there are."""
    with pytest.raises(ConfigError, match=r"cases\[1\]\.id: 'a' stands here twice"):
        load(tmp_path, REPORTED_CHECK | {"cases": [CASE, CASE]})
    with pytest.raises(ConfigError, match=r"found 'yours', expected a reported check of .*/reported_checks: mine"):
        load_reported_check("yours", tmp_path)
    with pytest.raises(ConfigError, match=r"mine\.yaml: published: found 'yours'"):
        load(tmp_path, REPORTED_CHECK | {"published": "yours"})
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load(tmp_path, [])


def test_a_study_names_reported_checks_that_are_there(tmp_path: Path) -> None:
    """An unknown reported check is an error of the study's file."""
    shutil.copytree(COMMITTED, tmp_path / "config")
    path = tmp_path / "config" / "studies" / "demo.yaml"
    path.write_text(path.read_text().replace("[anon_batch_norm]", "[anon_batch_norm, fan2017]"))
    with pytest.raises(
        ConfigError, match=r"demo.yaml: gradients\[1\]: found 'fan2017', expected a reported check of .*anon,"
    ):
        load_configuration(tmp_path / "config")


@pytest.mark.parametrize("content", ["", "- 1", "published: falk2024"])
def test_tables_that_another_file_does_not_hold_are_missed(tmp_path: Path, content: str) -> None:
    """An empty one, a list, and one that takes its own from elsewhere."""
    (tmp_path / "reported_checks").mkdir()
    (tmp_path / "reported_checks" / "holder.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"mine.yaml: published: found 'holder', which holds no tables itself"):
        load(tmp_path, REPORTED_CHECK | {"published": "holder"})
