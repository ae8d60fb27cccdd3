"""A wider study is a study of its own, whose file is as if it had been written by hand."""

import shutil
from pathlib import Path

import pytest

from bnlab.config.studies import load_configuration
from bnlab.config.widen import widen
from bnlab.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the configuration."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config"


def test_all_old_runs_are_among_the_new(config: Path) -> None:
    """With the same names, so that they are trained once; the new ones are what was asked for."""
    configuration = load_configuration(config)
    before = configuration.names(configuration.study("demo").experiment("depth").runs)
    made = widen(
        "demo", "wider", experiments=["depth"], seeds=4, added={"networks": [[100, 100], [50, 50]]}, config=config
    )
    after = load_configuration(config).names(made.runs)
    assert before.keys() < after.keys()
    assert {spec.hidden for spec in after.values()} == {spec.hidden for spec in before.values()} | {(100, 100)}
    assert {spec.seed for spec in after.values()} == {1, 2, 3, 4}
    assert len(after) == len(before) // 3 * 4 // 2 * 3
    assert [experiment.id for experiment in made.experiments] == ["depth"]


def test_a_whole_study_keeps_its_experiments(config: Path) -> None:
    """Axes that follow a search stay as they are."""
    before = load_configuration(config).study("official")
    made = widen("official", "more", seeds=40, added={"weight_decay": [0.05]}, config=config)
    assert [experiment.id for experiment in made.experiments] == [experiment.id for experiment in before.experiments]
    assert {run.seed for run in made.runs} == {*range(1, 41)}


@pytest.mark.parametrize(
    ("study", "name", "options", "message"),
    [
        ("none", "wider", {}, "'none' is not a study"),
        ("demo", "official", {}, "official.yaml: is there already"),
        ("demo", "Wi der", {}, "Wi der"),
        ("demo", "tables", {}, "'tables' is the name of a rule"),
        ("demo", "everything", {}, "'everything' is the name of a rule"),
        ("demo", "wider", {"experiments": ["none"]}, "no experiment 'none'"),
        ("demo", "wider", {"seeds": 0}, "seeds: found 0"),
        ("demo", "wider", {"added": {"networks": [[0]]}}, r"networks\[2\]"),
    ],
)
def test_what_is_no_study_is_not_written(config: Path, study: str, name: str, options: dict, message: str) -> None:
    """Nothing is left of it."""
    before = sorted(config.rglob("*"))
    with pytest.raises(ConfigError, match=message):
        widen(study, name, **{"added": {}, "config": config, **options})
    assert sorted(config.rglob("*")) == before


def test_seeds_that_are_listed_stay(config: Path) -> None:
    """So that their runs do; others are added up to the number."""
    path = config / "studies" / "demo.yaml"
    path.write_text(path.read_text().replace("seeds: 3", "seeds: [3, 5, 8]"))
    before = load_configuration(config).study("demo").experiment("depth").runs
    made = widen("demo", "wider", experiments=["depth"], seeds=5, added={}, config=config)
    assert {run.seed for run in before} == {3, 5, 8}
    assert {run.seed for run in made.runs} == {1, 2, 3, 5, 8}
    with pytest.raises(ConfigError, match="weight_decay lists no values, so none can be added to it"):
        widen("falk2024", "more", experiments=["coarse"], seeds=None, added={"weight_decay": [0.01]}, config=config)
