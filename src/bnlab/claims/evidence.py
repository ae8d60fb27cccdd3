"""What a claim is judged by: the cells it names, their runs' values and spreads, and the draws of reported checks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.intervals import Spread, binomial_variance, pooled_spread
from bnlab.analysis.read import read_table
from bnlab.analysis.reported_checks import read_rows, reported_check_table
from bnlab.claims.model import Cell, Interpretation, Pair, Selection
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import Configuration
from bnlab.errors import IntegrityError
from bnlab.files import sha256
from bnlab.runs.spec import RunSpec

DATA = "cifar10"
LEARNING = 0.99 * math.log(10)
"""Below this cost, 1 % below that of a guess, a network has started to learn."""

Values = dict[int, float]
"""A metric of a cell's finished runs, by seed."""


class Evidence:
    """Finds what claims are judged by. Nothing is chosen here: a claim names its cells."""

    def __init__(self, configuration: Configuration, studies: Iterable[str], *, results: Path) -> None:
        """Read the tables of these studies, as `read_tables` does."""
        self.configuration = configuration
        self.results = results
        self.tables = {study: read_tables(configuration, study, results=results) for study in studies}
        self.reported_check = cache(self._reported_check)
        """A reported check by name, and our draws of it beside what was published."""

    def cells(self, interpretation: Interpretation) -> list[Cell]:
        """The cells that an interpretation names, both sides of every pair included."""
        return [cell for one in interpretation.selections for cell in one.cells(self.configuration)]

    def name(self, cell: Cell, run: RunSpec) -> str:
        """The name of a cell's run."""
        return self.tables[cell.study].names[run]

    def diverged(self, cell: Cell, run: RunSpec) -> bool:
        """Whether a cell's run diverged."""
        return not pd.isna(self.tables[cell.study].row(run)["diverged_at"])

    def values(self, cell: Cell, metric: str) -> Values:
        """A metric by seed. A run that diverged, or never started to learn, has none."""
        rows = {run.seed: self.tables[cell.study].row(run) for run in cell.runs if not self.diverged(cell, run)}
        return {seed: float(row[metric]) for seed, row in rows.items() if not pd.isna(row[metric])}

    def gains(self, cells: Sequence[Cell]) -> Values:
        """Test accuracy with batch normalization less that without, by seed."""
        values = {cell.setting.batch_norm: self.values(cell, "test_accuracy") for cell in cells}
        return _differences(values.get(True, {}), values.get(False, {}))

    def differences(self, pair: Pair) -> tuple[Values, list[float]]:
        """Greater minus smaller by seed, and all values of both."""
        greater, smaller = (self._side(one, pair.metric) for one in (pair.greater, pair.smaller))
        return _differences(greater, smaller), [*greater.values(), *smaller.values()]

    def _side(self, selection: Selection, metric: str) -> Values:
        cells = selection.cells(self.configuration)
        return self.gains(cells) if metric == "gain" else self.values(cells[0], metric)

    def pooled(self, cell: Cell, metric: str) -> Spread | None:
        """The common spread of the study's cells that are like this one."""
        alike = [one for one in self._cells_of(cell.study) if _likeness(one.setting) == _likeness(cell.setting)]
        return pooled_spread([*self.values(one, metric).values()] for one in alike)

    def pooled_gain(self, cell: Cell) -> Spread | None:
        """The common spread of the gains of all cells that are alike, each a pair of twins."""
        twins: dict[tuple[Any, ...], list[Cell]] = {}
        for one in self._cells_of(cell.study):
            if _likeness(one.setting, of_twins=True) == _likeness(cell.setting, of_twins=True):
                twins.setdefault(_protocol_and_decay(one.setting), []).append(one)
        return pooled_spread([*self.gains(pair).values()] for pair in twins.values())

    def _cells_of(self, study: str) -> list[Cell]:
        """Every cell of a study once, whatever experiments share its runs."""
        cells: dict[tuple[Any, ...], list[RunSpec]] = {}
        for run in self.configuration.study(study).runs:
            cells.setdefault((*_protocol_and_decay(run), *_likeness(run)), []).append(run)
        return [Cell(study, "", tuple(runs)) for runs in cells.values()]

    def variance_of_split(self, cells: Sequence[Cell], metric: str) -> float:
        """The binomial variance of a validation accuracy on other images, where our seeds all share theirs."""
        values = [value for cell in cells for value in self.values(cell, metric).values()]
        if not metric.endswith("validation_accuracy") or not values:
            return 0.0
        protocol = self.configuration.protocols[cells[0].setting.protocol]
        return 0.0 if protocol.split == "random" else binomial_variance(sum(values) / len(values), protocol.validation)

    def _reported_check(self, name: str) -> tuple[Mapping[str, Any], pd.DataFrame]:
        reported_check = load_reported_check(name, self.configuration.folder)
        rows = read_rows(self.results / "gradients" / DATA / f"{name}.csv")
        return reported_check, reported_check_table(reported_check, rows)


def _likeness(run: RunSpec, *, of_twins: bool = False) -> tuple[Any, ...]:
    """What the runs of two cells must share to lend each other their spread: all but weight decay and protocol."""
    alike = (run.hidden, run.initialization, run.learning_rate)
    return alike if of_twins else (run.batch_norm, *alike)


def _protocol_and_decay(run: RunSpec) -> tuple[Any, ...]:
    """The rest of what makes a cell. Whether a run starts from another counts, not from which: that differs by seed."""
    return run.protocol, run.weight_decay, run.warm_start is None


def _differences(greater: Values, smaller: Values) -> Values:
    return {seed: greater[seed] - smaller[seed] for seed in sorted(greater.keys() & smaller.keys())}


@dataclass(frozen=True)
class Tables:
    """A study's runs, with final and test results and what is read off their curves, indexed by their `names`."""

    runs: pd.DataFrame
    names: Mapping[RunSpec, str]

    def row(self, run: RunSpec) -> Mapping[str, Any]:
        """All that is known of a run."""
        found: Mapping[str, Any] = self.runs.loc[self.names[run]]
        return found


def read_tables(configuration: Configuration, study: str, *, results: Path) -> Tables:
    """Read a study's tables; print the digest of its test results.

    Raises IntegrityError when they lack a run, or when some runs are not known yet.
    """
    folder = results / "studies" / study
    if waiting := [one.id for one in configuration.study(study).experiments if one.pending]:
        raise IntegrityError(
            f"{folder / 'rankings'}: experiment '{waiting[0]}' of study '{study}' waits for a search that is not "
            f"ranked. Make it: snakemake --cores 8 {study}"
        )
    runs, curves, test = (read_table(folder / name) for name in ("runs.csv", "curves.csv", "test.csv"))
    print(f"{folder / 'test.csv'}: sha256 {sha256(folder / 'test.csv')}")
    runs = runs.merge(test, on="run", validate="1:1").set_index("run").join(_along_curves(curves))
    names = {run: configuration.name(run) for run in configuration.study(study).runs}
    if missing := set(names.values()) - set(runs.index):
        raise IntegrityError(
            f"runs.csv and test.csv of study '{study}' lack {min(missing)}. Make them again: "
            f"python -m bnlab collect {study}; python -m bnlab test-results {study}"
        )
    return Tables(runs, names)


def _along_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Per run: the highest accuracies along its curve, and the epoch of the first point where it has learnt."""
    by_run = curves.groupby("run")
    return pd.DataFrame(
        {
            "best_training_accuracy": by_run["probe_accuracy"].max(),
            "best_validation_accuracy": by_run["validation_accuracy"].max(),
            "epochs_until_learning": curves[curves["probe_cost"] < LEARNING].groupby("run")["epoch"].min(),
        }
    )
