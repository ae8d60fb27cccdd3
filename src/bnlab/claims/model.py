"""What a claim of the ledger is (docs/claims.md), and which runs and reported checks it is about."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bnlab.config.experiments import FILTERS, meets
from bnlab.config.studies import Configuration
from bnlab.runs.spec import RunSpec

SEARCHED = ("weight_decay", "learning_rate")


@dataclass(frozen=True)
class Cell:
    """Runs of one experiment that differ in nothing but their seed."""

    study: str
    experiment: str
    runs: tuple[RunSpec, ...]

    @property
    def setting(self) -> RunSpec:
        """Any one of its runs: all agree but for the seed."""
        return self.runs[0]


@dataclass(frozen=True)
class Selection:
    """The cells of an experiment that agree with `filters`, a value by key of `FILTERS`."""

    study: str
    experiment: str
    filters: Mapping[str, Any]

    def cells(self, configuration: Configuration) -> list[Cell]:
        """The cells that exist by now; none while the experiment waits for a search."""
        cells: dict[tuple[Any, ...], list[RunSpec]] = {}
        for run in configuration.study(self.study).experiment(self.experiment).runs:
            if meets(run, self.filters):
                cells.setdefault(tuple(getattr(run, field) for field in FILTERS.values()), []).append(run)
        return [Cell(self.study, self.experiment, tuple(runs)) for runs in cells.values()]


@dataclass(frozen=True)
class Pair:
    """Two cells whose runs are compared seed by seed."""

    greater: Selection
    smaller: Selection
    metric: str


@dataclass(frozen=True)
class Interpretation:
    """One way to understand a claim: the main one, without a label, or a variant."""

    label: str = ""
    metric: str = ""
    cells: tuple[Selection, ...] = ()
    pairs: tuple[Pair, ...] = ()
    reported_check: str = ""

    @property
    def selections(self) -> tuple[Selection, ...]:
        """All selections that it names, in order."""
        return (*self.cells, *(side for pair in self.pairs for side in (pair.greater, pair.smaller)))


@dataclass(frozen=True)
class Published:
    """A printed number of a gradient check: its table, quantity and array in the reported check."""

    table: str
    quantity: str
    array: str
    value: float


@dataclass(frozen=True)
class Claim:
    """One number or statement of a report.

    An item of a file of claims becomes one claim, or one for each entry of a table: `entry` says which.
    """

    item: str
    report: str
    study: str
    where: str
    text: str
    kind: str
    main: Interpretation
    variants: tuple[Interpretation, ...]
    reported: str = ""
    truncated: bool = False
    best_of: int | None = None
    rank: int = 1
    other_split: bool = False
    between: tuple[float, float] | None = None
    axis: str = ""
    setting: str = ""
    published: Published | None = None
    open: tuple[str, ...] = ()
    inconsistent: str = ""
    not_comparable: str = ""
    note: str = ""
    entry: str = ""

    @property
    def id(self) -> str:
        """The item's id, which begins with the report, and in brackets the entry."""
        return f"{self.item}[{self.entry}]" if self.entry else self.item

    @property
    def interpretations(self) -> tuple[Interpretation, ...]:
        """The main one, then the variants."""
        return (self.main, *self.variants)


def studies_of(claims: Iterable[Claim]) -> list[str]:
    """The studies whose tables the claims are joined with, in order."""
    return list(
        dict.fromkeys(one.study for claim in claims for read in claim.interpretations for one in read.selections)
    )


def reported_checks_of(claims: Iterable[Claim]) -> list[str]:
    """The reported checks whose numbers the claims are joined with, in order."""
    named = [interpretation.reported_check for claim in claims for interpretation in claim.interpretations]
    return [name for name in dict.fromkeys(named) if name]


def setting_value(name: str, cells: Sequence[Cell], configuration: Configuration) -> float:
    """The value of a claim's `property` in our configuration of these cells. NaN for the step of uneven values."""
    schedule = configuration.protocols[cells[0].setting.protocol].schedule
    match name:
        case "updates" | "cycles" | "step":
            return float(getattr(schedule, name))
        case "runs_per_seed":
            return float(len(cells))
    axis, _, what = name.removeprefix("log10_").rpartition("_")
    if what in ("decays", "rates"):
        axis = f"{axis}_{what.removesuffix('s')}"
    own = {getattr(cell.setting, axis) for cell in cells}
    values = sorted({schedule.minimum, schedule.maximum} if None in own else own)
    match what:
        case "min":
            return _logarithm(values[0]) if name.startswith("log10") else values[0]
        case "max":
            return _logarithm(values[-1]) if name.startswith("log10") else values[-1]
        case "step":
            return _even_step(values)
    return float(len(own))


def _logarithm(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _even_step(values: Sequence[float]) -> float:
    steps = [above - below for below, above in itertools.pairwise(values)]
    even = bool(steps) and max(steps) - min(steps) <= 1e-6 * max(steps)
    return steps[0] if even else math.nan
