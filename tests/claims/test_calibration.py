"""The rules tried on themselves: on runs whose truth is known, and on a few whose outcomes can be counted by hand."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bnlab.claims.calibration import (
    ALL,
    BEST,
    BEST_OF,
    DIRECTION,
    EQUAL,
    METRICS,
    NUMBER,
    calibration_table,
    groups_of,
    searches_of,
)
from bnlab.claims.model import Cell
from bnlab.claims.trials import (
    SHIFTS,
    Group,
    Search,
    best_of_trials,
    best_setting_trials,
    direction_trials,
    equal_trials,
    number_trials,
    printed,
)
from bnlab.runs.spec import RunSpec


def group(*cells, metric="test_accuracy", own_split=False):
    """Cells of three layers with batch normalization."""
    return Group(metric, own_split=own_split, layers=3, batch_norm=True, cells=cells)


def drawn(cells, seeds, *, sd=0.003, shared=0.0, mean=0.5, generator):
    """Cells whose runs are normal around a mean, with what seeds share."""
    effects = shared * generator.standard_normal(seeds)
    return [dict(enumerate(mean + effects + sd * generator.standard_normal(seeds), start=1)) for _ in range(cells)]


def parabola(seeds, *, sd, generator, metric="validation_accuracy"):
    """A search among nine values of λ, of which the middle one is best by half a point."""
    means = 0.5 - 0.005 * (np.arange(9) - 4) ** 2
    cells = [dict(enumerate(mean + sd * generator.standard_normal(seeds))) for mean in means]
    return Search(group(*cells, metric=metric), tuple(range(9)), tuple((10.0**i, 0.0) for i in range(9)), axis=0)


# --- trials -------------------------------------------------------------------------------------------------------


def test_a_run_is_judged_by_the_other_seeds_alone():
    """Nine seeds that agree and one that does not: it is the one alarm, and no part of what it is judged by."""
    cell = {seed: 0.5 + 0.001 * (-1) ** seed for seed in range(1, 10)} | {10: 0.6}
    trials = {trial.seed: trial for trial in number_trials(group(cell))}
    assert {seed for seed, trial in trials.items() if trial.alarm} == {10}
    assert all(trial.decided for trial in trials.values())
    # A spread of a tenth of a point sees half a point; one with seed 10 in it, of three points, does not see two.
    assert trials[10].seen == (1.0, 1.0, 1.0, 1.0)
    assert trials[1].seen == (0.0, 0.0, 0.0, 0.0)


def test_a_seed_is_left_out_of_all_cells():
    """What its runs share must not tell of itself: without it no cell has it."""
    cells = group({1: 0.5, 2: 0.51}, {1: 0.4, 3: 0.41})
    assert cells.without(1).cells == ({2: 0.51}, {3: 0.41})
    assert cells.seeds == [1, 2, 3]


def test_too_few_seeds_decide_nothing():
    """Two cells of three seeds leave too few degrees of freedom; a single run has nobody to judge it."""
    trials = list(number_trials(group({1: 0.50, 2: 0.51, 3: 0.9}, {1: 0.50, 2: 0.52, 3: 0.51}, {1: 0.5})))
    assert len(trials) == 6
    assert not any(trial.decided or trial.alarm for trial in trials)


def test_shifts_of_costs_are_percentages():
    """A cost of 2 with a spread of half a percent: a shift of two percent is .04, of a quarter .005."""
    cell = {seed: 2 + 0.01 * (-1) ** seed for seed in range(1, 21)}
    for trial in number_trials(group(cell, metric="test_cost")):
        assert (trial.seen[0], trial.seen[-1]) == (0.0, 1.0)


def test_numbers_are_rounded_as_reports_round():
    """Test accuracies to a hundredth of a point; all else to a tenth of one, or to three decimals."""
    assert printed(0.53127, "test_accuracy") == "0.5313"
    assert printed(0.53127, "best_validation_accuracy") == "0.531"
    assert printed(1.53127, "training_cost") == "1.531"


@pytest.mark.parametrize("shared", [0.0, 0.004])
def test_false_alarms_are_as_frequent_as_said(shared):
    """Once in twenty, where seeds share nothing and where they share most; what is a detectable shift is seen."""
    generator = np.random.default_rng(1)
    trials = [
        trial for _ in range(12) for trial in number_trials(group(*drawn(4, 12, shared=shared, generator=generator)))
    ]
    assert all(trial.decided for trial in trials)
    assert np.mean([trial.alarm for trial in trials]) == pytest.approx(0.05, abs=0.025)
    seen = np.mean([trial.seen for trial in trials], axis=0)
    assert (np.diff(seen) > 0).all()
    if not shared:  # 1.96 + .84 standard deviations of one more run, .87 points, are seen four times of five
        assert seen[1] < 0.8 < seen[2]


def test_the_best_of_a_search_is_judged_by_other_searches():
    """Once in twenty at most or so; a search that lies two points off is seen."""
    generator = np.random.default_rng(2)
    trials = [trial for _ in range(6) for trial in best_of_trials(parabola(6, sd=0.003, generator=generator))]
    assert len(trials) == 36
    assert sum(trial.alarm for trial in trials) <= 5
    assert np.mean([trial.seen[-1] for trial in trials]) > 0.9


def test_a_best_setting_is_rarely_contradicted():
    """A search's own best is found by the others; one that is two points worse is not."""
    generator = np.random.default_rng(3)
    trials = [trial for _ in range(3) for trial in best_setting_trials(parabola(6, sd=0.003, generator=generator))]
    assert len(trials) == 18
    assert sum(trial.alarm for trial in trials) <= 2
    assert np.mean([trial.seen[-1] for trial in trials]) > 0.9
    assert all(first <= last for trial in trials for first, last in [(trial.seen[0], trial.seen[-1])])


def test_a_search_of_too_little_is_undecided():
    """Nothing is known of the noise where every candidate has one run left; a seed without a whole search has none."""
    search = parabola(2, sd=0.003, generator=np.random.default_rng(4))
    assert [trial.decided for trial in (*best_of_trials(search), *best_setting_trials(search))] == [False] * 4
    first, *rest = search.group.cells
    partial = replace(search, group=replace(search.group, cells=(first | {5: 0.5}, *rest)))
    assert [trial.seed for trial in best_of_trials(partial)] == [0, 1]


def test_runs_that_are_alike_make_no_direction():
    """Once in twenty a direction, less often a difference; cells of three seeds have but one pair."""
    generator = np.random.default_rng(5)
    cells = group(*drawn(100, 10, sd=0.02, generator=generator))
    assert np.mean([trial.alarm for trial in direction_trials(cells)]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([trial.alarm for trial in equal_trials(cells)]) < 0.05
    assert not list(direction_trials(group({1: 0.5, 2: 0.5, 3: 0.5})))
    assert len(list(direction_trials(group({1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5})))) == 10


# --- the table ----------------------------------------------------------------------------------------------------

OUTLIER = {seed: 0.5 + 0.001 * (-1) ** seed for seed in range(1, 10)} | {10: 0.6}


def test_a_row_by_hand():
    """Ten trials of one cell with one alarm, and three of another that decide nothing."""
    few = replace(group({1: 0.4, 2: 0.5, 3: 0.6}), layers=9, batch_norm=False)
    table = calibration_table([group(OUTLIER), few], []).set_index(["rule", "kind", "part"])
    row = table.loc[NUMBER, "test accuracy", ALL]
    assert (row["cells"], row["trials"], row["undecided"], row["false_alarms"], row["rate"]) == (2, 13, 3, 1, 0.1)
    assert (row["low"], row["high"]) == (0.0025, 0.445)  # Clopper and Pearson's table
    assert (row["at_0.25"], row["at_2"]) == (0.1, 0.1)
    assert math.isnan(row["low_resampled"])  # one cell cannot be resampled
    parts = [part for rule, _, part in table.index if rule == NUMBER]
    assert parts == [ALL, "3 layers", "9 layers", "with batch normalization", "without batch normalization"]
    row = table.loc[NUMBER, "test accuracy", "9 layers"]
    assert (row["trials"], row["undecided"]) == (3, 3)
    assert row[["rate", "low", "high", "at_1"]].isna().all()


def test_rows_are_ordered_and_kinds_told_apart():
    """By rule, then as the metrics come; costs have no directions, and only numbers are told apart by part."""
    generator = np.random.default_rng(6)
    cells = drawn(3, 6, generator=generator)
    groups = [
        group(*cells),
        group(*cells, metric="validation_accuracy", own_split=True),
        group(*cells, metric="validation_accuracy"),
        group(*cells, metric="test_cost"),
    ]
    table = calibration_table(groups, [parabola(4, sd=0.003, generator=generator)])
    whole = table[table["part"] == ALL]
    accuracies = ["test accuracy", "validation accuracy, own split", "validation accuracy, shared split"]
    searched = ["validation accuracy, shared split"]
    expected = {
        NUMBER: [*accuracies, "test cost"],
        BEST_OF: searched,
        BEST: searched,
        DIRECTION: accuracies,
        EQUAL: accuracies,
    }
    assert [*zip(whole["rule"], whole["kind"], strict=True)] == [
        (rule, kind) for rule, kinds in expected.items() for kind in kinds
    ]
    assert set(table.loc[table["part"] != ALL, "rule"]) == {NUMBER}
    assert whole.set_index("rule").loc[[BEST_OF, BEST], "cells"].tolist() == [1, 1]
    assert whole.loc[whole["rule"] == DIRECTION, [f"at_{shift:g}" for shift in SHIFTS]].isna().all(axis=None)


def test_what_depends_on_each_other_is_resampled_together():
    """One split that is unlucky in all cells: the exact interval takes its alarms for many, the resampled one for one.

    On images that are always the same they are of so many cells, and stay many.
    """
    generator = np.random.default_rng(7)
    cells = drawn(12, 10, generator=generator)
    for cell in cells:
        cell[1] += 0.1
    rows = [
        calibration_table([group(*cells, metric="validation_accuracy", own_split=own_split)], []).iloc[0]
        for own_split in (True, False)
    ]
    assert rows[0]["false_alarms"] == rows[1]["false_alarms"] >= 12
    widths = [row["high_resampled"] - row["low_resampled"] for row in rows]
    assert widths[0] > 3 * widths[1]


def test_the_table_is_always_the_same():
    """Its random numbers are."""
    generator = np.random.default_rng(8)
    groups, searches = [group(*drawn(3, 6, generator=generator))], [parabola(4, sd=0.003, generator=generator)]
    assert calibration_table(groups, searches).equals(calibration_table(groups, searches))


# --- from evidence ------------------------------------------------------------------------------------------------


def cell(weight_decay, *, learning_rate=None, seeds=3, protocol="random"):
    """Runs of one cell."""
    return Cell(
        "", "",
        tuple(
            RunSpec(protocol, (50, 50), batch_norm=True, initialization="he", weight_decay=weight_decay, seed=seed,
                    learning_rate=learning_rate)
            for seed in range(1, seeds + 1)
        ),
    )  # fmt: skip


class Evidence:
    """Stands in for the evidence of one group of cells."""

    def __init__(self, cells, split="random"):
        self.cells = cells
        self.configuration = SimpleNamespace(protocols={"random": SimpleNamespace(split=split)})

    def groups(self, _):
        """One group, with a known variance."""
        yield ("likeness",), self.cells, 1e-4

    def values(self, cell, _):
        """An accuracy by seed."""
        return {run.seed: run.weight_decay + run.seed / 100 for run in cell.runs}


@pytest.mark.parametrize("split", ["random", "official_order"])
def test_groups_are_those_of_the_evidence(split):
    """For every metric; test images are the same for all seeds, whatever the split."""
    groups = list(groups_of(Evidence([cell(0.1), cell(0.2, seeds=1)], split)))
    assert [one.metric for one in groups] == list(METRICS)
    for one in groups:
        assert one.cells == ({1: 0.11, 2: pytest.approx(0.12), 3: 0.13}, {1: pytest.approx(0.21)})
        assert (one.layers, one.batch_norm, one.variance) == (3, True, 1e-4)
        assert one.own_split == (split == "random" and not one.metric.startswith("test"))


def test_a_search_is_a_line_of_cells():
    """Of a grid, the line with the most runs along each axis, if it has five values of two runs each or more."""
    grid = [cell(decay, learning_rate=rate) for decay in (1.0, 2.0) for rate in (0.1, 0.2, 0.3, 0.4, 0.5)]
    more = [cell(3.0, learning_rate=rate, seeds=4) for rate in (0.1, 0.2, 0.3, 0.4, 0.5)]
    (search,) = searches_of(Evidence(grid + more))
    assert search.members == (10, 11, 12, 13, 14)
    assert search.places == tuple((3.0, rate) for rate in (0.1, 0.2, 0.3, 0.4, 0.5))
    assert search.axis == 1
    assert [candidate.values[4] for candidate in search.candidates] == [3.04] * 5
    assert not list(searches_of(Evidence([cell(decay) for decay in (1.0, 2.0, 3.0, 4.0)])))
    assert not list(searches_of(Evidence([cell(decay, seeds=1) for decay in (1.0, 2.0, 3.0, 4.0, 5.0)])))
