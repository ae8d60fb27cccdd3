"""Studies in which one experiment builds on what another found, or starts from its runs."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bnlab.config.rankings import Ranked, ranking_path, store_ranking
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.runs.names import parse_run_name
from bnlab.runs.spec import RunSpec

COMMITTED = Path(__file__).parents[2] / "config"
COARSE = {
    "id": "coarse",
    "title": "t",
    "text": "t",
    "protocol": "demo",
    "networks": [[5]],
    "batch_norm": [True],
    "initialization": ["he"],
    "weight_decay": [0.001, 0.01, 0.1],
    "seeds": 2,
    "figures": [],
}
FINE = COARSE | {"id": "fine", "weight_decay": {"around": {"search": "coarse", "factor": 2, "count": 3}}}
BEST = COARSE | {"id": "best", "weight_decay": {"top": {"search": "fine", "count": 1}}, "seeds": 4}
Plan = Callable[..., Configuration]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Load one study, `small`, of the given experiments; seeds_factor as in config.yaml, unless it is None."""
    (tmp_path / "config/studies").mkdir(parents=True)
    shutil.copy(COMMITTED / "protocols.yaml", tmp_path / "config")
    dumper: Any = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True

    def load(*experiments: dict[str, Any], seeds_factor: Any = None) -> Configuration:
        content = {"title": "t", "summary": "s", "experiments": list(experiments)}
        (tmp_path / "config/studies/small.yaml").write_text(yaml.dump(content, Dumper=dumper))
        if seeds_factor is not None:
            selection = {"studies": ["small"], "cifar10": None, "seeds_factor": seeds_factor}
            (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(selection))
        return load_configuration(tmp_path / "config", results=tmp_path / "results")

    return load


def rank(tmp_path: Path, configuration: Configuration, experiment: str, *decays: float) -> None:
    """Store a ranking of an experiment's present runs, the given weight decays from best to worst."""
    runs = list(configuration.names(configuration.study("small").experiment(experiment).runs))
    ranking = [Ranked(None, decay, 0.5 - place / 100, 2) for place, decay in enumerate(decays)]
    store_ranking(ranking_path("small", experiment, results=tmp_path / "results"), ranking, runs=runs)


def decays(configuration: Configuration, experiment: str) -> list[float]:
    """The weight decays of an experiment's runs, each once, in order."""
    return list(dict.fromkeys(run.weight_decay for run in configuration.study("small").experiment(experiment).runs))


def pending(configuration: Configuration) -> list[int]:
    """How many runs each experiment still waits for."""
    return [experiment.pending for experiment in configuration.study("small").experiments]


def test_runs_appear_as_searches_are_ranked(plan: Plan, tmp_path: Path) -> None:
    """Coarse, then fine around its best, then the best of that: what is not known is counted."""
    configuration = plan(COARSE, FINE, BEST)
    study = configuration.study("small")
    assert [len(experiment.runs) for experiment in study.experiments] == [6, 0, 0]
    assert pending(configuration) == [0, 6, 4]
    assert study.searched == ("coarse", "fine")
    assert [experiment.searches for experiment in study.experiments] == [(), ("coarse",), ("fine",)]

    rank(tmp_path, configuration, "coarse", 0.01, 0.1, 0.001)
    configuration = plan(COARSE, FINE, BEST)
    assert decays(configuration, "fine") == [0.005, 0.01, 0.02]
    assert pending(configuration) == [0, 0, 4]
    assert len(configuration.study("small").runs) == 6 + 6 - 2  # 0.01 is in both

    rank(tmp_path, configuration, "fine", 0.02, 0.005, 0.01)
    configuration = plan(COARSE, FINE, BEST)
    assert decays(configuration, "best") == [0.02]
    assert pending(configuration) == [0, 0, 0]
    names = configuration.names(configuration.study("small").runs)
    assert len(names) == 10 + 2  # two of the four seeds stand in the fine search already
    assert {name: parse_run_name(name, configuration.protocols) for name in names} == names


def test_another_ranking_gives_other_runs(plan: Plan, tmp_path: Path) -> None:
    """What builds on a search follows it; names of runs that stay are the same."""
    configuration = plan(COARSE, FINE)
    rank(tmp_path, configuration, "coarse", 0.01, 0.1, 0.001)
    before = plan(COARSE, FINE)
    rank(tmp_path, configuration, "coarse", 0.1, 0.01, 0.001)
    after = plan(COARSE, FINE)
    assert decays(after, "fine") == [0.05, 0.1, 0.2]
    assert set(before.names(before.study("small").experiment("coarse").runs)) < set(
        after.names(after.study("small").runs)
    )


@pytest.mark.parametrize("change", [{"weight_decay": [0.001, 0.01]}, {"seeds": 3}, {"initialization": [0.1]}])
def test_a_ranking_of_other_runs_is_ignored(plan: Plan, tmp_path: Path, change: dict[str, Any]) -> None:
    """After an edit of the search its ranking counts no more: what builds on it waits again."""
    rank(tmp_path, plan(COARSE, FINE), "coarse", 0.01, 0.1, 0.001)
    assert pending(plan(COARSE, FINE)) == [0, 0]
    configuration = plan(COARSE | change, FINE)
    assert pending(configuration) == [0, 6]
    assert configuration.study("small").experiment("fine").runs == ()


def test_an_edited_protocol_makes_a_ranking_another_s(plan: Plan, tmp_path: Path) -> None:
    """The runs of the search are named anew, so the old ranking is of others."""
    rank(tmp_path, plan(COARSE, FINE), "coarse", 0.01, 0.1, 0.001)
    protocols = tmp_path / "config/protocols.yaml"
    protocols.write_text(protocols.read_text().replace("bn_decay: 0.9 ", "bn_decay: 0.8 ", 1))
    assert pending(plan(COARSE, FINE)) == [0, 6]


def test_a_damaged_ranking_stops_the_planning(plan: Plan, tmp_path: Path) -> None:
    """It is named, with what to do, and not taken for a missing one."""
    rank(tmp_path, plan(COARSE, FINE), "coarse", 0.01)
    path = ranking_path("small", "coarse", results=tmp_path / "results")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(IntegrityError, match=r"coarse.json: cannot be read as a ranking"):
        plan(COARSE, FINE)


def test_both_axes_can_wait(plan: Plan, tmp_path: Path) -> None:
    """One axis that waits is enough to keep the whole experiment waiting; its size is known all the same."""
    rates = COARSE | {"learning_rate": [0.01, 0.02]}
    grid = COARSE | {
        "id": "grid",
        "networks": [[5], [6]],
        "batch_norm": [False, True],
        "learning_rate": {"top": {"search": "coarse", "count": 2}},
        "weight_decay": {"evenly_spaced": {"from": 0.1, "to": 0.2, "count": 3}},
        "seeds": 2,
    }
    configuration = plan(rates, grid)
    assert pending(configuration) == [0, 2 * 2 * 2 * 3 * 2]
    runs = list(configuration.names(configuration.study("small").runs))
    ranking = [Ranked(rate, decay, 0.5, 2) for rate in (0.02, 0.01) for decay in (0.001, 0.01, 0.1)]
    store_ranking(ranking_path("small", "coarse", results=tmp_path / "results"), ranking, runs=runs)
    experiment = plan(rates, grid).study("small").experiment("grid")
    assert len(experiment.runs) == 48
    assert list(dict.fromkeys(run.learning_rate for run in experiment.runs)) == [0.02, 0.01]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"networks": [[]]}, "experiments[1]: batch_norm: true was asked of a network without hidden layers"),
        (
            {"weight_decay": {"around": {"search": "coarse", "factor": 1.01, "count": 20}}},
            "experiments[1].weight_decay.around: found 20 values within a factor of 1.01 of 0.001",
        ),
        (
            {"weight_decay": {"top": {"search": "coarse", "count": 4}}},
            "experiments[1].weight_decay.top.count: found 4, expected at most the 3 that 'coarse' tries.",
        ),
    ],
)
def test_what_waits_for_a_search_is_checked_before(plan: Plan, changes: dict[str, Any], said: str) -> None:
    """What cannot be, whatever the search finds, is refused before anything is trained."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        plan(COARSE, FINE | changes)


def test_a_grid_needs_rates_of_its_own(plan: Plan, tmp_path: Path) -> None:
    """Those of a search whose rate is scheduled have no place on its axis."""
    ranking = [Ranked(None, decay, 0.5, 2) for decay in (0.001, 0.01, 0.1)]
    runs = list(plan(COARSE).names(plan(COARSE).study("small").runs))
    store_ranking(ranking_path("small", "coarse", results=tmp_path / "results"), ranking, runs=runs)
    taken = COARSE | {"id": "taken", "learning_rate": {"top": {"search": "coarse", "count": 1}}, "figures": ["grid"]}
    with pytest.raises(ConfigError, match=r"experiments\[1\].figures: found grid, which needs constant learning rates"):
        plan(COARSE, taken)


@pytest.mark.parametrize("search", ["corse", "fine", "best"])
def test_a_search_is_an_earlier_experiment(plan: Plan, search: str) -> None:
    """An unknown one, the experiment itself, and one that comes later are refused, and the earlier ones listed."""
    fine = FINE | {"weight_decay": {"around": {"search": search, "factor": 2, "count": 3}}}
    with pytest.raises(ConfigError, match=rf"experiments\[1\]: search: found '{search}', .*of the study: coarse\."):
        plan(COARSE, fine, BEST)


def test_the_first_experiment_has_nothing_to_build_on(plan: Plan) -> None:
    """And is told so."""
    with pytest.raises(ConfigError, match=r"experiments\[0\]: search: found 'coarse', .*: there is none\."):
        plan(FINE, COARSE)


@pytest.mark.parametrize(
    "change", [{"networks": [[5], [6]]}, {"batch_norm": [False, True]}, {"initialization": ["he", "fan_in"]}]
)
def test_a_search_over_several_networks_has_no_one_best_value(plan: Plan, change: dict[str, Any]) -> None:
    """The message says which search, and what to do."""
    with pytest.raises(ConfigError, match=r"experiments\[1\]: search: 'coarse' compares networks.*Split it in two"):
        plan(COARSE | change, FINE)


@pytest.mark.parametrize(
    ("values", "axis", "found"),
    [([0, 0.01], "weight_decay", "0.0"), (None, "learning_rate", "the schedule")],
)
def test_zero_is_no_centre(plan: Plan, values: list[float] | None, axis: str, found: str) -> None:
    """What could come out best and has nothing around it is refused before anything is trained."""
    coarse = COARSE | ({axis: values} if values else {})
    fine = {key: value for key, value in FINE.items() if key != "weight_decay"} | {
        "weight_decay": [0.1],
        axis: FINE["weight_decay"],
    }
    message = rf"experiments\[1\].{axis}.around: 'coarse' tries {found} too, and nothing is around that"
    with pytest.raises(ConfigError, match=message):
        plan(coarse, fine)


def test_what_a_search_of_a_search_found_is_known_once_it_is_ranked(plan: Plan, tmp_path: Path) -> None:
    """One that tries 0 among the best of another is no mistake while something else is best."""
    coarse = COARSE | {"weight_decay": [0, 0.01, 0.1]}
    again = COARSE | {"id": "again", "weight_decay": {"top": {"search": "coarse", "count": 3}}}
    fine = COARSE | {"id": "fine", "weight_decay": {"around": {"search": "again", "factor": 2, "count": 3}}}
    rank(tmp_path, plan(coarse, again, fine), "coarse", 0.1, 0.0, 0.01)
    rank(tmp_path, plan(coarse, again, fine), "again", 0.1, 0.0, 0.01)
    assert decays(plan(coarse, again, fine), "fine") == [0.05, 0.1, 0.2]
    rank(tmp_path, plan(coarse, again, fine), "again", 0.0, 0.1, 0.01)
    with pytest.raises(ConfigError, match=r"experiments\[2\].weight_decay.around: the best value of 'again' is 0.0"):
        plan(coarse, again, fine)


# --- chains -------------------------------------------------------------------------------------------------------


def chain_of(configuration: Configuration, runs: tuple[RunSpec, ...]) -> dict[float, float | None]:
    """For each weight decay the one of the run that its run starts from."""
    by_digest = {configuration.name(run)[-8:]: run for run in runs}
    chain = {}
    for run in runs:
        before = None if run.warm_start is None else by_digest[run.warm_start]
        assert before is None or (before.seed, before.batch_norm, before.hidden, before.learning_rate) == (
            run.seed, run.batch_norm, run.hidden, run.learning_rate,
        )  # fmt: skip
        chain[run.weight_decay] = None if before is None else before.weight_decay
    return chain


@pytest.mark.parametrize("order", [[0.001, 0.01, 0.1], [0.1, 0.001, 0.01]])
def test_a_warm_start_goes_from_one_decay_to_the_next(plan: Plan, order: list[float]) -> None:
    """Upwards, however they are listed, each seed and network for itself; runs stay in the order of the grid."""
    chained = COARSE | {
        "weight_decay": order, "warm_start": True, "networks": [[5], [6]], "batch_norm": [False, True],
        "learning_rate": [0.1, 0.2], "seeds": 2,
    }  # fmt: skip
    configuration = plan(chained)
    runs = configuration.study("small").runs
    assert len(runs) == 3 * 2 * 2 * 2 * 2
    assert chain_of(configuration, runs) == {0.001: None, 0.01: 0.001, 0.1: 0.01}
    assert sum(run.warm_start is None for run in runs) == 16
    afresh = plan(chained | {"warm_start": False}).study("small").runs
    assert [vars(run) | {"warm_start": None} for run in runs] == [vars(run) for run in afresh]
    names = configuration.names(runs)
    assert len(names) == len(runs)
    assert {name: parse_run_name(name, configuration.protocols) for name in names} == names


def test_the_first_of_a_chain_is_the_run_afresh(plan: Plan) -> None:
    """It is the same run as without a chain; the others are runs of their own."""
    study = plan(COARSE, COARSE | {"id": "chained", "warm_start": True}).study("small")
    afresh, chained = (set(experiment.runs) for experiment in study.experiments)
    assert {run.weight_decay for run in afresh & chained} == {0.001}
    assert len(study.runs) == 6 + 4


def test_a_link_renames_all_that_follow(plan: Plan) -> None:
    """A run's name depends on the whole chain before it, and on nothing after it."""

    def names(*values: float) -> dict[float, str]:
        configuration = plan(COARSE | {"weight_decay": list(values), "warm_start": True, "seeds": 1})
        return {run.weight_decay: name for name, run in configuration.names(configuration.study("small").runs).items()}

    before, after = names(0.001, 0.01, 0.1, 1.0), names(0.001, 0.02, 0.1, 1.0)
    assert before[0.001] == after[0.001]
    assert before[0.1] != after[0.1]
    assert before[1.0] != after[1.0]
    assert names(0.001, 0.01, 0.1) == {key: before[key] for key in (0.001, 0.01, 0.1)}


def test_a_chain_may_wait_for_a_search(plan: Plan, tmp_path: Path) -> None:
    """Once the search is ranked its links are known."""
    chained = FINE | {"warm_start": True}
    assert pending(plan(COARSE, chained)) == [0, 6]
    rank(tmp_path, plan(COARSE, chained), "coarse", 0.01)
    configuration = plan(COARSE, chained)
    runs = configuration.study("small").experiment("fine").runs
    assert chain_of(configuration, runs) == {0.005: None, 0.01: 0.005, 0.02: 0.01}


# --- seeds_factor -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "asked", "seeds"),
    [
        (1, 5, 5),
        (2, 5, 10),
        (0.2, 5, 1),
        (0.2, 20, 4),
        (0.2, 1, 1),
        (0.001, 3, 1),
        (0.5, 3, 2),
        (1.5, 3, 5),
        (1.1, 50, 55),  # 55.00000000000001 in floating point
        (0.28, 25, 7),
        (3, 1, 3),
    ],
)
def test_one_number_scales_all_seeds(plan: Plan, factor: float, asked: int, seeds: int) -> None:
    """Rounded up, one at least; what waits for a search is counted with them."""
    configuration = plan(COARSE | {"seeds": asked}, FINE | {"seeds": asked}, seeds_factor=factor)
    study = configuration.study("small")
    assert {run.seed for run in study.runs} == set(range(1, seeds + 1))
    assert pending(configuration) == [0, 3 * seeds]


def test_more_seeds_rename_nothing(plan: Plan) -> None:
    """The runs of fewer seeds are among those of more."""
    few = plan(COARSE)
    few_names = set(few.names(few.study("small").runs))
    many = plan(COARSE, seeds_factor=3)
    assert few_names < set(many.names(many.study("small").runs))


@pytest.mark.parametrize("factor", [0, -1, 1001, "2", True, [1], {}, float("nan"), float("inf")])
def test_a_factor_that_is_none_is_refused(plan: Plan, factor: Any) -> None:
    """By every command, since each plans; the message names the file and the key."""
    with pytest.raises(
        ConfigError, match=r"config.yaml: seeds_factor: found .*expected (a finite number|more than 0|at most 1000)"
    ):
        plan(COARSE, seeds_factor=factor)


def test_without_a_selection_the_factor_is_one(plan: Plan) -> None:
    """A folder of studies and protocols alone is planned as it stands."""
    assert len(plan(COARSE).study("small").runs) == 6
