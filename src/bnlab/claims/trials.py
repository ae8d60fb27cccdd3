"""The rules of the ledger tried on ourselves: one seed in turn plays the report, and the others judge it.

Whatever a rule then says against the seed is a false alarm. Numbers that are moved before they are judged show what it
can see.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bnlab.analysis.searches import Candidate
from bnlab.analysis.spread import Alike
from bnlab.claims.best import judge_best
from bnlab.claims.differences import judge_direction, judge_equal, margin_of
from bnlab.claims.numbers import judge_best_of, judge_number, printed_range, too_few
from bnlab.claims.outcomes import CONTRADICTED, INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Finding
from bnlab.config.claims import is_accuracy

SHIFTS = (0.25, 0.5, 1.0, 2.0)
"""By how much the truth is moved: points of an accuracy, percent of anything else."""
PAIRINGS, SEED = 10, 20_260_101
"""How often the seeds of a cell are paired at random, and the seed of the random numbers."""

Values = Mapping[int, float]


@dataclass(frozen=True)
class Group:
    """A metric of cells that inform each other's spread, each the values of its runs by seed.

    own_split: whether every seed draws the images on which its runs are judged.  variance: as `Alike` takes it.
    """

    metric: str
    own_split: bool
    layers: int
    batch_norm: bool
    cells: tuple[Values, ...]
    variance: float | None = None

    @property
    def kind(self) -> str:
        """The metric in words and, unless the images are the test images, whose split they are of."""
        words = self.metric.replace("_", " ")
        return words if self.metric.startswith("test") else f"{words}, {'own' if self.own_split else 'shared'} split"

    @property
    def seeds(self) -> list[int]:
        """All seeds of all cells."""
        return sorted({seed for cell in self.cells for seed in cell})

    def without(self, seed: int) -> "Group":
        """The group as if that seed had never been trained."""
        return replace(self, cells=tuple({s: v for s, v in cell.items() if s != seed} for cell in self.cells))

    @cached_property
    def alike(self) -> Alike:
        """What the cells say about each other's noise."""
        return Alike(self.cells, variance=self.variance)


@dataclass(frozen=True)
class Search:
    """A search for a setting: the cells of a group, by number, that are its candidates, and their places on the axes.

    axis: along which the best is claimed.
    """

    group: Group
    members: tuple[int, ...]
    places: tuple[tuple[float, ...], ...]
    axis: int

    @property
    def candidates(self) -> list[Candidate]:
        """The cells as candidates."""
        return [Candidate(place, self.group.cells[i]) for i, place in zip(self.members, self.places, strict=True)]


@dataclass(frozen=True)
class Trial:
    """One judgement of ourselves.

    decided: whether enough was known to decide anything.  alarm: whether the rule spoke against what is true.
    seen: for each of `SHIFTS`, in what share of its cases the rule notices; empty if that was not tried.
    cell: the number of the cell or the search that was judged.  seed: which one played the report, if any.
    """

    decided: bool
    alarm: bool
    cell: int
    seed: int | None = None
    seen: tuple[float, ...] = ()


def number_trials(group: Group) -> Iterator[Trial]:
    """Every run's value, rounded as reports round, judged by the other seeds of its cell."""
    for seed in group.seeds:
        rest = group.without(seed)
        for i, cell in enumerate(group.cells):
            if seed in cell and rest.cells[i]:
                noise, values = rest.alike.noise(i), [*rest.cells[i].values()]
                reported, spread = printed(cell[seed], group.metric), noise.total if noise else None
                found = judge_number(reported, values, spread, metric=group.metric)
                yield _against_interval(found, cell[seed], group.metric, cell=i, seed=seed)


def best_of_trials(search: Search) -> Iterator[Trial]:
    """The best of one seed's whole search, judged by the other seeds' searches."""
    for seed, values, rest in _searches(search):
        noise = rest.group.alike.pooled
        best, metric = max(values), search.group.metric
        found = judge_best_of(printed(best, metric), rest.candidates, noise, metric=metric, best_of=len(values))
        yield _against_interval(found, best, metric, cell=0, seed=seed)


def best_setting_trials(search: Search) -> Iterator[Trial]:
    """The best setting of one seed's whole search, judged by the other seeds' searches.

    It is moved by taking the shift off our own values of it.
    """
    for seed, values, rest in _searches(search):
        noise = rest.group.alike.pooled
        chosen = int(np.argmax(values))
        claimed = search.places[chosen][search.axis]
        if too_few(noise.own if noise else None):
            yield Trial(decided=False, alarm=False, cell=0, seed=seed)
            continue
        outcomes = [
            judge_best([claimed], _lowered(rest.candidates, chosen, shift / 100), noise, axis=search.axis).outcome
            for shift in (0.0, *SHIFTS)
        ]
        alarm, *seen = (outcome == CONTRADICTED for outcome in outcomes)
        yield Trial(decided=True, alarm=alarm, cell=0, seed=seed, seen=tuple(map(float, seen)))


def direction_trials(group: Group) -> Iterator[Trial]:
    """A difference between runs of one cell that differ in nothing but their seeds: to settle on one is wrong."""
    return _null_trials(group, judge_direction, (REPRODUCED, CONTRADICTED))


def equal_trials(group: Group) -> Iterator[Trial]:
    """No difference between runs of one cell that differ in nothing but their seeds: to contradict it is wrong."""
    return _null_trials(group, judge_equal, (CONTRADICTED,))


def printed(value: float, metric: str) -> str:
    """A value as the reports print it: test accuracies with four decimals, all else with three."""
    return f"{value:.{4 if metric.startswith('test') else 3}f}"


def _null_trials(group: Group, rule: Callable[..., Finding], alarms: Sequence[str]) -> Iterator[Trial]:
    """The seeds of a cell in random pairs; cells of fewer than four seeds have no two."""
    generator = np.random.default_rng(SEED)
    for i, cell in enumerate(group.cells):
        values = np.array([*cell.values()])
        margin, pairs = margin_of(group.metric, values.tolist()), len(values) // 2
        for _ in range(PAIRINGS if pairs > 1 else 0):
            drawn = generator.permutation(values)
            differences = drawn[:pairs] - drawn[pairs : 2 * pairs]
            outcome = rule(differences.tolist(), margin, metric=group.metric).outcome
            yield Trial(decided=True, alarm=outcome in alarms, cell=i)


def _against_interval(found: Finding, value: float, metric: str, *, cell: int, seed: int) -> Trial:
    """The trial of a number; moved up and down, it is seen where what would be printed misses the interval."""
    if found.outcome == INCONCLUSIVE:
        return Trial(decided=False, alarm=False, cell=cell, seed=seed)
    unit = 0.01 if is_accuracy(metric) else 0.01 * abs(value)
    seen = []
    for shift in SHIFTS:
        ranges = [printed_range(printed(value + sign * shift * unit, metric)) for sign in (-1, 1)]
        seen.append(sum(high < found.low or low > found.high for low, high in ranges) / 2)
    return Trial(decided=True, alarm=found.outcome == NOT_REPRODUCED, cell=cell, seed=seed, seen=tuple(seen))


def _searches(search: Search) -> Iterator[tuple[int, list[float], Search]]:
    """Every seed with a whole search, its values, and the search as if that seed had never been trained."""
    cells = [search.group.cells[i] for i in search.members]
    for seed in sorted(set.intersection(*(set(cell) for cell in cells))):
        if all(len(cell) > 1 for cell in cells):
            yield seed, [cell[seed] for cell in cells], replace(search, group=search.group.without(seed))


def _lowered(candidates: Sequence[Candidate], chosen: int, by: float) -> list[Candidate]:
    """The candidates with the values of the chosen one lowered."""
    return [
        replace(one, values={seed: value - by for seed, value in one.values.items()}) if i == chosen else one
        for i, one in enumerate(candidates)
    ]
