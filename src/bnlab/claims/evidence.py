"""What a claim is judged by: the cells it names, their runs' values and spreads, and the draws of reported checks."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnlab.analysis.intervals import binomial_variance
from bnlab.analysis.read import read_table
from bnlab.analysis.searches import Candidate
from bnlab.analysis.spread import Alike, Noise
from bnlab.claims.along_curves import along_curves
from bnlab.claims.model import CURVES, SAMPLED, START, Cell, Interpretation, Pair, Selection, place_of
from bnlab.config.claims import is_gain
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import Configuration
from bnlab.errors import IntegrityError
from bnlab.files import sha256
from bnlab.runs.datasets import CIFAR10
from bnlab.runs.spec import RunSpec

DATA = "cifar10"
Values = dict[int, float]
"""A metric of a cell's finished runs, by seed."""


class Evidence:
    """Finds what claims are judged by. Nothing is chosen here: a claim names its cells."""

    def __init__(self, configuration: Configuration, studies: Iterable[str], *, results: Path) -> None:
        """Read the tables of these studies, as `read_tables` does."""
        self.configuration = configuration
        self.results = results
        tables = [read_tables(configuration, study, results=results) for study in studies]
        self.runs = pd.concat([one.runs for one in tables]) if tables else pd.DataFrame()
        self.runs = self.runs[~self.runs.index.duplicated()]
        self.curves = {run: curve for one in tables for run, curve in one.curves.groupby("run")}
        self.names = {run: name for one in tables for run, name in one.names.items()}
        self.stored: dict[tuple[Any, ...], list[RunSpec]] = {}
        for run in self.names:
            self.stored.setdefault(_cell_of(run), []).append(run)
        self.reported_check = cache(self._reported_check)
        """A reported check by name, and our draws of it."""
        self._alike = cache(self._fitted)

    # --- cells and their runs ---------------------------------------------------------------------------------------

    def cells(self, interpretation: Interpretation) -> list[Cell]:
        """The cells that an interpretation names, both sides of every pair included, each with all its stored runs."""
        return [self.whole(cell) for one in interpretation.selections for cell in one.cells(self.configuration)]

    def whole(self, cell: Cell) -> Cell:
        """The cell with every stored run that is like its own but for the seed, whichever study asked for it.

        A run that starts from another is like those of its own experiment alone: theirs start where it does.
        """
        if any(run.warm_start for run in cell.runs):
            return cell
        return Cell(cell.study, cell.experiment, tuple(sorted(self.stored[_cell_of(cell.setting)], key=_seed)))

    def name(self, run: RunSpec) -> str:
        """The name of a run."""
        return self.names[run]

    def diverged(self, run: RunSpec) -> bool:
        """Whether a run diverged."""
        return not pd.isna(self._row(run)["diverged_at"])

    def values(self, cell: Cell, metric: str) -> Values:
        """A metric by seed. A run that diverged has none; one that never starts to learn starts at infinity."""
        finished = [run for run in cell.runs if not self.diverged(run)]
        if metric == "deviation":
            return _deviations({run.seed: float(self._row(run)["test_accuracy"]) for run in finished})
        values = {run.seed: float(self._row(run)[metric]) for run in finished}
        if metric == START:
            return {seed: math.inf if math.isnan(value) else value for seed, value in values.items()}
        return {seed: value for seed, value in values.items() if not math.isnan(value)}

    def idle(self, cell: Cell) -> set[int]:
        """The seeds of a cell's finished runs that never start to learn."""
        return {seed for seed, start in self.values(cell, START).items() if math.isinf(start)}

    def gains(self, cells: Sequence[Cell], metric: str) -> Values:
        """Test or validation accuracy with batch normalization less that without, by seed."""
        accuracy = f"{metric.removesuffix('gain')}accuracy"
        values = {cell.setting.batch_norm: self.values(cell, accuracy) for cell in cells}
        return _differences(values.get(True, {}), values.get(False, {}))

    def candidates(self, cells: Sequence[Cell], metric: str) -> list[Candidate]:
        """Cells as the candidates of a search."""
        return [Candidate(place_of(cell.setting), self.values(cell, metric)) for cell in cells]

    # --- pairs ------------------------------------------------------------------------------------------------------

    def sides(self, pair: Pair) -> tuple[Values, Values]:
        """A pair's metric by seed, greater and smaller."""
        greater, smaller = (self._side(one, pair.metric) for one in (pair.greater, pair.smaller))
        return greater, smaller

    def differences_along(self, pair: Pair) -> dict[int, list[float]]:
        """Greater less smaller at every point of the training curves after the first, by update: one per seed."""
        greater, smaller = (
            {
                run.seed: self.curves[self.names[run]].set_index("update")[CURVES[pair.metric]]
                for run in self.whole(one.cells(self.configuration)[0]).runs
                if not self.diverged(run)
            }
            for one in (pair.greater, pair.smaller)
        )
        points: dict[int, list[float]] = {}
        for seed in sorted(greater.keys() & smaller.keys()):
            for update, value in (greater[seed] - smaller[seed]).dropna().items():
                points.setdefault(int(update), []).append(float(value))
        return {update: values for update, values in sorted(points.items()) if update > 0}

    def _side(self, selection: Selection, metric: str) -> Values:
        cells = [self.whole(cell) for cell in selection.cells(self.configuration)]
        return self.gains(cells, metric) if is_gain(metric) else self.values(cells[0], metric)

    # --- spreads ----------------------------------------------------------------------------------------------------

    def noise(self, cell: Cell, metric: str) -> Noise | None:
        """The noise of a metric over the seeds of a cell, which all cells alike inform."""
        cells, fitted = self._alike(self._likeness(cell.setting, metric), metric)
        own = [i for i, one in enumerate(cells) if set(one.runs) & set(cell.runs)]
        return fitted.noise(own[0] if own else -1)

    def noise_of_search(self, cells: Sequence[Cell], metric: str) -> Noise | None:
        """The noise of a metric in a search: that of all cells alike together."""
        return self._alike(self._likeness(cells[0].setting, metric), metric)[1].pooled

    def noise_of_gain(self, cells: Sequence[Cell], metric: str) -> Noise | None:
        """The noise of the gain of a cell over its twin without batch normalization; of neither may a run stay idle."""
        (normalized,) = (cell for cell in cells if cell.setting.batch_norm)
        likeness = self._likeness(normalized.setting, metric)
        pairs = [(one.setting, self._twins(one)) for one in self.alike(likeness, metric)]
        twins = {setting: twin for setting, twin in pairs if twin and not any(self.idle(one) for one in twin)}
        own = [i for i, setting in enumerate(twins) if setting in normalized.runs]
        return Alike([self.gains(twin, metric) for twin in twins.values()]).noise(own[0] if own else -1)

    def _fitted(self, likeness: tuple[Any, ...], metric: str) -> tuple[list[Cell], Alike]:
        cells = self.alike(likeness, metric)
        return cells, Alike([self.values(one, metric) for one in cells], variance=self._known(cells, metric))

    def alike(self, likeness: tuple[Any, ...], metric: str) -> list[Cell]:
        """The cells that share all that makes a spread; those with a run that never starts to learn are left out."""
        return [
            one for one in self._every_cell() if self._likeness(one.setting, metric) == likeness and not self.idle(one)
        ]

    def groups(self, metric: str) -> Iterator[tuple[tuple[Any, ...], list[Cell], float | None]]:
        """All cells in groups of such as are alike, with what they share, and the variance of a run if known."""
        for likeness in dict.fromkeys(self._likeness(cell.setting, metric) for cell in self._every_cell()):
            if cells := self.alike(likeness, metric):
                yield likeness, cells, self._known(cells, metric)

    def variance_of_split(self, cells: Sequence[Cell], metric: str) -> float:
        """What other images add to a validation accuracy where our seeds all share theirs: the chance of both."""
        protocol = self.configuration.protocols[cells[0].setting.protocol]
        return 0.0 if protocol.split == "random" else 2 * (self._binomial(cells, metric) or 0.0)

    def _known(self, cells: Sequence[Cell], metric: str) -> float | None:
        """The variance of a validation accuracy over seeds that draw their images; None where theory does not say it.

        It is that of the draw, and that of the networks, which shows on images that are always the same.
        """
        split = {self.configuration.protocols[cell.setting.protocol].split for cell in cells}
        drawn = self._binomial(cells, metric) if split == {"random"} else None
        if drawn is None:
            return None
        networks = self._alike(self._likeness(cells[0].setting, "test_accuracy"), "test_accuracy")[1].pooled
        return drawn + networks.total.sd**2 if networks else None

    def _binomial(self, cells: Sequence[Cell], metric: str) -> float | None:
        values = [value for cell in cells for value in self.values(cell, metric).values()]
        if not metric.endswith("validation_accuracy") or not values:
            return None
        return binomial_variance(sum(values) / len(values), self._images(cells[0].setting, metric))

    def _every_cell(self) -> list[Cell]:
        return [Cell("", "", tuple(runs)) for runs in self.stored.values()]

    def _twins(self, cell: Cell) -> list[Cell] | None:
        """The cell and its twin without batch normalization; None if that is not there."""
        protocol, hidden, _, *rest = _cell_of(cell.setting)
        plain = self.stored.get((protocol, hidden, False, *rest))
        return [cell, Cell("", "", tuple(plain))] if plain else None

    def _likeness(self, run: RunSpec, metric: str) -> tuple[Any, ...]:
        """What cells share that lend each other their spread; λ, η, length and scaling may differ."""
        protocol = self.configuration.protocols[run.protocol]
        return (
            protocol.data, protocol.split, protocol.training, self._images(run, metric), run.hidden, run.batch_norm,
            run.initialization, run.learning_rate is None, run.warm_start is None,
        )  # fmt: skip

    def _images(self, run: RunSpec, metric: str) -> int:
        """The number of images on which a metric is judged; zero for the test images, always the same."""
        protocol = self.configuration.protocols[run.protocol]
        if metric.startswith("test") or metric in (START, "deviation"):
            return 0
        part = protocol.training if "training" in metric or metric == "rises" else protocol.validation
        return min(part, protocol.probe) if metric in SAMPLED else part

    def _row(self, run: RunSpec) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.runs.loc[self.names[run]]
        return found

    def _reported_check(self, name: str) -> tuple[Mapping[str, Any], pd.DataFrame]:
        return load_reported_check(name, self.configuration.folder), read_table(
            self.results / "gradients" / DATA / f"{name}.csv"
        )


def _cell_of(run: RunSpec) -> tuple[Any, ...]:
    """What the runs of a cell share: all but the seed. Of a run that starts from another, not which: that differs."""
    return (
        run.protocol, run.hidden, run.batch_norm, run.initialization, run.weight_decay, run.learning_rate,
        run.warm_start is None,
    )  # fmt: skip


def _seed(run: RunSpec) -> int:
    return run.seed


def _differences(greater: Mapping[int, float], smaller: Mapping[int, float]) -> Values:
    return {seed: greater[seed] - smaller[seed] for seed in sorted(greater.keys() & smaller.keys())}


def _deviations(values: Values) -> Values:
    """How far each lies from the median of all (Brown and Forsythe 1974)."""
    middle = float(np.median(list(values.values()))) if values else math.nan
    return {seed: abs(value - middle) for seed, value in values.items()}


@dataclass(frozen=True)
class Tables:
    """A study's runs, with final and test results and what is read off their curves, by name; curves; the names."""

    runs: pd.DataFrame
    curves: pd.DataFrame
    names: Mapping[RunSpec, str]


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
    names = {run: configuration.name(run) for run in configuration.study(study).runs}
    classes = {name: configuration.protocols[run.protocol].data.classes for run, name in names.items()}
    parts = [along_curves(part, int(n)) for n, part in curves.groupby(curves["run"].map(classes))]
    read_off = pd.concat(parts) if parts else along_curves(curves, CIFAR10.classes)  # all can diverge at once
    runs = runs.merge(test, on="run", validate="1:1").set_index("run").join(read_off)
    runs["gap"] = runs["training_accuracy"] - runs["validation_accuracy"]
    if missing := set(names.values()) - set(runs.index):
        raise IntegrityError(
            f"runs.csv and test.csv of study '{study}' lack {min(missing)}. Make them again: "
            f"python -m bnlab collect {study}; python -m bnlab test-results {study}"
        )
    return Tables(runs, curves, names)
