"""A study's file expands to exactly the runs it says, whose names change with what they depend on and nothing else."""

import itertools
import math
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.config.studies import Configuration, load_configuration
from bnlab.data import generate
from bnlab.data.arrays import content_digest, data_set_digest
from bnlab.data.cifar10 import OFFICIAL
from bnlab.errors import ConfigError
from bnlab.runs.datasets import BUILT_IN, CIFAR10, GENERATED
from bnlab.runs.names import parse_run_name
from bnlab.runs.spec import Protocol, RunSpec, Schedule
from tests.protocols import changed

COMMITTED = Path(__file__).parents[2] / "config"
NINE_LAYERS = (50, 30, 20, 20, 10, 10, 10, 10)
EXPERIMENT = {
    "id": "a",
    "title": "A title",
    "text": "A text.",
    "protocol": "official",
    "networks": [[50, 50]],
    "batch_norm": [False, True],
    "initialization": ["he"],
    "weight_decay": [0.005],
    "seeds": 1,
    "figures": ["curves"],
}


@pytest.fixture(scope="module")
def committed() -> Configuration:
    """The committed configuration."""
    return load_configuration(COMMITTED)


Plan = Callable[..., Configuration]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Load a configuration of the committed protocols and one study, `small`, of the given experiments."""
    (tmp_path / "studies").mkdir()
    shutil.copy(COMMITTED / "protocols.yaml", tmp_path)

    def load(*experiments: dict[str, Any], **more: Any) -> Configuration:
        content = {
            "title": "t",
            "summary": "s",
            "experiments": [
                deepcopy(EXPERIMENT) | {"id": f"e{i}"} | experiment for i, experiment in enumerate(experiments)
            ],
        }
        (tmp_path / "studies/small.yaml").write_text(yaml.safe_dump(content | more))
        return load_configuration(tmp_path)

    return load


def test_the_official_study_has_235_runs(committed: Configuration) -> None:
    """Twenty and ten pairs, 2 x 3 deviations twice, 20 more seeds, 2 x 2 networks from two schemes and 2 x 8 decays.

    The 20 runs from He's initialization are among the pairs, and 5 of the 20 seeds among those of the shorter training.
    """
    study = committed.study("official")
    assert [(experiment.id, len(experiment.runs)) for experiment in study.experiments] == [
        ("three_layers", 2 * 20),
        ("nine_layers", 2 * 10),
        ("initialization", 2 * 3 * 5),
        ("initialization_shorter", 2 * 3 * 5),
        ("initialization_borderline", 20),
        ("he_or_fan_in", 2 * 2 * 2 * 5),
        ("weight_decay", 2 * 8 * 5),
    ]
    assert len(study.runs) == len(set(study.runs)) == len(committed.names(study.runs)) == 260 - 25
    assert {run.hidden for run in study.runs} == {(50, 50), NINE_LAYERS}
    assert {run.protocol for run in study.runs} == {"official", "shorter"}


def test_what_the_studies_still_wait_for(committed: Configuration) -> None:
    """The searches of three reports, and how many runs each study will have once they are ranked."""
    waiting = {key: study for key, study in committed.studies.items() if study.searched}
    assert {key: study.searched for key, study in waiting.items()} == {
        "falk2024": ("coarse", "fine"),
        "fan2017": ("search", "search_coded", "fine"),
        "saccardi2022": ("coarse", "fine"),
    }
    pending = {
        key: {experiment.id: experiment.pending for experiment in study.experiments if experiment.pending}
        for key, study in waiting.items()
    }
    assert pending["fan2017"] == {"fine": 20 * 3, "fine_coded": 20 * 3, "top": 3 * 5}
    assert pending["saccardi2022"] == {"fine": 6 * 3, "final_best": 5}
    for study in waiting.values():
        for experiment in study.experiments:
            assert (experiment.pending > 0) == (not experiment.runs) == bool(experiment.searches)


def test_every_experiment_of_a_report_says_how_its_runs_go_on(committed: Configuration) -> None:
    """Three of saccardi2022's searches are chains, and no other run of any study starts from another."""
    chained = {
        (key, experiment.id): sum(run.warm_start is not None for run in experiment.runs)
        for key, study in committed.studies.items()
        for experiment in study.experiments
        if any(run.warm_start is not None for run in experiment.runs)
    }
    assert chained == {
        ("saccardi2022", "coarse_warm"): 3 * 9,
        ("saccardi2022", "coarse_coded"): 3 * 9,
        ("saccardi2022", "printed_coded"): 3 * 5,
    }


def test_the_official_protocol_is_the_assignment_s(committed: Configuration) -> None:
    """What the course prescribes, value by value."""
    assert committed.protocols["official"] == Protocol(
        data=CIFAR10,
        training=45_000,
        validation=5_000,
        split="random",
        standardization="per_pixel",
        precision="float64",
        batch_size=100,
        schedule=Schedule(minimum=1e-5, maximum=1e-1, step=2_250, cycles=2),
        shuffling="every_epoch",
        momentum=0.0,
        momentum_restarts=False,
        backward="exact",
        bn_affine=True,
        bn_decay=0.9,
        bn_initial_averages="first_batch",
        bn_epsilon=2.2e-16,
        curve_points=41,
        probe=1_500,
    )


def test_committed_names_are_unique_and_read_back(committed: Configuration) -> None:
    """Every run of every committed study has its own name, from which it is read back."""
    runs = {run for study in committed.studies.values() for run in study.runs}
    names = committed.names(runs)
    assert len(names) == len(runs)
    assert {name: parse_run_name(name, committed.protocols) for name in names} == names
    assert {name: committed.name(run) for name, run in names.items()} == {name: name for name in names}


def test_data_sets_are_what_they_are_said_to_be() -> None:
    """The images that a protocol may split, and the digests in runs' names, are those of the data sets themselves."""
    assert set(BUILT_IN) == {"cifar10", "generated"}
    cifar10, generated = CIFAR10, GENERATED
    assert cifar10.training_images == 5 * OFFICIAL.batch_records == 50_000
    assert cifar10.digest == data_set_digest(OFFICIAL.train_digest, OFFICIAL.test_digest)
    arrays = generate.generate()
    assert generated.training_images == len(arrays.train_images) == len(arrays.train_labels) == generate.TRAINING
    assert generated.digest == data_set_digest(
        content_digest(arrays.train_images, arrays.train_labels),
        content_digest(arrays.test_images, arrays.test_labels),
    )


def test_a_grid_is_a_full_product_with_seeds_innermost(plan: Plan) -> None:
    """Every combination of the axes comes once, the seeds 1 to n of a cell one after the other."""
    experiment = {
        "networks": [[50], [50, 50]],
        "initialization": ["he", "fan_in", 0.1],
        "weight_decay": [0, 0.005],
        "seeds": 3,
    }
    runs = plan(experiment).study("small").experiment("e0").runs
    product = itertools.product([(50,), (50, 50)], ["he", "fan_in", 0.1], [0.0, 0.005], [False, True], [1, 2, 3])
    assert list(runs) == [
        RunSpec("official", hidden, norm, scheme, decay, seed) for hidden, scheme, decay, norm, seed in product
    ]


AXES = st.fixed_dictionaries(
    {
        "networks": st.lists(
            st.lists(st.integers(1, 99), min_size=1, max_size=3), min_size=1, max_size=3, unique_by=tuple
        ),
        "batch_norm": st.lists(st.booleans(), min_size=1, max_size=2, unique=True),
        "initialization": st.lists(st.sampled_from(["he", "fan_in", 0.1, 1, 1e-4]), min_size=1, unique=True),
        "weight_decay": st.lists(st.floats(0, 1e30), min_size=1, max_size=3, unique=True),
    }
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(axes=AXES, seeds=st.integers(1, 4))
def test_any_grid_has_its_product_of_runs(plan: Plan, axes: dict[str, list[Any]], seeds: int) -> None:
    """However the axes are chosen, there are as many names as combinations, and each reads back."""
    configuration = plan(axes | {"seeds": seeds})
    names = configuration.names(configuration.study("small").runs)
    assert len(names) == math.prod(map(len, axes.values())) * seeds
    assert {name: parse_run_name(name, configuration.protocols) for name in names} == names


def test_log_spaced_values_are_rounded_to_three_digits(plan: Plan, committed: Configuration) -> None:
    """Eight values from 1e-5 to 1e-1, both ends included, short enough for names; the official study has the same."""
    expected = [1e-05, 3.73e-05, 0.000139, 0.000518, 0.00193, 0.0072, 0.0268, 0.1]
    spaced = {"log_spaced": {"from": 1e-5, "to": 1e-1, "count": 8}}
    small = plan({"weight_decay": spaced, "batch_norm": [True]}).study("small")
    assert [run.weight_decay for run in small.runs] == expected
    official = committed.study("official").experiment("weight_decay").runs
    assert list(dict.fromkeys(run.weight_decay for run in official)) == expected


@pytest.mark.parametrize(
    ("spaced", "expected"),
    [
        ((0.001, 0.1, 2), [0.001, 0.1]),
        ((0.1, 0.001, 3), [0.1, 0.01, 0.001]),
        ((1, 1000, 4), [1.0, 10.0, 100.0, 1000.0]),
    ],
)
def test_log_spaced_values(plan: Plan, spaced: tuple[float, float, int], expected: list[float]) -> None:
    """Both ends exactly, upwards or downwards, from whole numbers too."""
    decay = {"log_spaced": dict(zip(("from", "to", "count"), spaced, strict=True))}
    runs = plan({"weight_decay": decay, "batch_norm": [True]}).study("small").runs
    assert [run.weight_decay for run in runs] == expected


def test_shared_runs_appear_once(plan: Plan) -> None:
    """A run that two experiments ask for is one run of the study, at its first place, and belongs to both."""
    configuration = plan({}, {"weight_decay": [0.005, 0.1]})
    study = configuration.study("small")
    first, second = (experiment.runs for experiment in study.experiments)
    assert set(first) < set(second)
    assert study.runs == (*first, *(run for run in second if run not in first))
    assert list(configuration.names(study.runs)) == list(map(configuration.name, study.runs))


@pytest.mark.parametrize("spelling", ["0.001", "1.0e-3", "1.e-3", "0.1e-2", "0.0010", "+0.001"])
def test_a_number_has_one_name_however_it_is_spelled(plan: Plan, tmp_path: Path, spelling: str) -> None:
    """The same decay or standard deviation in other words names the same runs."""
    axes = {"weight_decay": [0.001], "initialization": [0.001]}
    configuration = plan(axes)
    expected = list(configuration.names(configuration.study("small").runs))
    path = tmp_path / "studies/small.yaml"
    content = path.read_text()
    assert content.count("- 0.001") == 2
    path.write_text(content.replace("- 0.001", f"- {spelling}"))
    assert list(load_configuration(tmp_path).names(load_configuration(tmp_path).study("small").runs)) == expected


def test_whole_numbers_are_the_same_protocol(tmp_path: Path, plan: Plan) -> None:
    """A momentum of 0 or 0.0, a decay of 1 or 1.0: one protocol, one run."""
    axes = {"weight_decay": [1], "initialization": [1]}
    before = plan(axes)
    path = tmp_path / "protocols.yaml"
    assert "momentum: 0\n" in path.read_text()
    path.write_text(path.read_text().replace("momentum: 0\n", "momentum: 0.0\n"))
    after = plan({key: [1.0] for key in axes})
    assert list(before.names(before.study("small").runs)) == list(after.names(after.study("small").runs))


def test_extending_overlays_what_is_nested(committed: Configuration) -> None:
    """A protocol that sets one key of the schedule keeps the others, as it keeps the rest."""
    official, short, demo = (committed.protocols[name] for name in ("official", "short", "demo"))
    assert short == changed(official, step=450, cycles=1)
    assert demo == changed(
        official,
        data=GENERATED,
        training=5_000,
        validation=1_000,
        batch_size=50,
        curve_points=21,
        probe=500,
        step=200,
    )


def test_extending_goes_over_several_steps_in_any_order(tmp_path: Path) -> None:
    """A protocol may extend one that extends a third, and may stand before both."""
    base = yaml.safe_load((COMMITTED / "protocols.yaml").read_text())["official"]
    protocols = {
        "third": {"defaults": "second", "schedule": {"cycles": 50}},
        "second": {"defaults": "first", "schedule": {"step": 5}, "batch_size": 10, "curve_points": 9},
        "first": base,
    }
    (tmp_path / "protocols.yaml").write_text(yaml.safe_dump(protocols, sort_keys=False))
    loaded = load_configuration(tmp_path).protocols
    assert loaded["third"].schedule == Schedule(minimum=1e-5, maximum=0.1, step=5, cycles=50)
    assert loaded["third"].batch_size == 10
    assert loaded["first"].schedule == Schedule(minimum=1e-5, maximum=0.1, step=2_250, cycles=2)


def names_by_protocol(configuration: Configuration) -> dict[str, set[str]]:
    """The names of all runs of all studies, by protocol."""
    names: dict[str, set[str]] = {protocol: set() for protocol in configuration.protocols}
    for study in map(configuration.study, ("official", "short", "demo")):
        for name, run in configuration.names(study.runs).items():
            names[run.protocol].add(name)
    return names


@pytest.mark.parametrize(
    ("edited", "value", "renamed"),
    [
        ("demo", {"probe": 999}, {"demo"}),
        ("short", {"momentum": 0.9}, {"short"}),
        ("official", {"bn_decay": 0.99}, {"official", "short", "shorter", "demo"}),
        ("official", {"training": 44_999}, {"official", "short", "shorter"}),  # demo sets its own
    ],
)
def test_editing_a_protocol_renames_exactly_its_runs(
    tmp_path: Path, committed: Configuration, edited: str, value: dict[str, Any], renamed: set[str]
) -> None:
    """All runs of an edited protocol, and of those that inherit the edit, get new names; all others keep theirs."""
    config = Path(shutil.copytree(COMMITTED, tmp_path / "config"))
    for study in set(committed.studies) - {"official", "short", "demo"}:
        (config / f"studies/{study}.yaml").unlink()
    content = yaml.safe_load((config / "protocols.yaml").read_text())
    content[edited] |= value
    (config / "protocols.yaml").write_text(yaml.safe_dump(content))
    before, after = names_by_protocol(committed), names_by_protocol(load_configuration(config))
    for protocol in ("official", "short", "shorter", "demo"):
        names = before[protocol]
        assert len(names) == len(after[protocol]) > 0
        assert names.isdisjoint(after[protocol]) if protocol in renamed else names == after[protocol]


def test_new_seeds_and_cells_rename_nothing(plan: Plan) -> None:
    """A study that grows keeps the names of the runs it had."""
    before = plan({})
    after = plan({"seeds": 3, "weight_decay": [0.1, 0.005], "networks": [[50], [50, 50]]})
    names = set(before.names(before.study("small").runs))
    assert names < set(after.names(after.study("small").runs))


def test_a_study_knows_its_experiments_and_the_configuration_its_studies(committed: Configuration) -> None:
    """Both are found by their key; an unknown one is answered with those there are."""
    assert committed.study("demo").experiment("depth").id == "depth"
    with pytest.raises(
        ConfigError, match=r"'demos' is not a study. config/studies holds: anon, banaei2022, demo, falk2024,"
    ):
        committed.study("demos")
    with pytest.raises(ConfigError, match=r"no experiment 'dept'. It has: depth, initialization, weight-decay"):
        committed.study("demo").experiment("dept")


def test_expectations_are_read_as_they_stand(plan: Plan) -> None:
    """The interval, the metric and the cells of an expectation; a study may have none."""
    assert plan({}).study("small").expectations == ()
    item = {
        "text": "x",
        "cells": {"experiment": "e0", "batch_norm": True},
        "metric": "test_accuracy",
        "of": "mean",
        "between": [0.1, 1],
    }
    (expectation,) = plan({}, expectations=[item]).study("small").expectations
    assert (expectation.text, expectation.metric, expectation.of) == ("x", "test_accuracy", "mean")
    assert (expectation.low, expectation.high) == (0.1, 1)
    assert expectation.cells == {"experiment": "e0", "batch_norm": True}


def test_a_study_of_softmax_regression(plan: Plan) -> None:
    """A network without hidden layers is planned when batch normalization is not asked of it."""
    configuration = plan({"networks": [[]], "batch_norm": [False]})
    (name,) = configuration.names(configuration.study("small").runs)
    assert name.startswith("official/linear_plain_he_lambda0.005_seed1_")
