"""What a claim of the ledger is (docs/claims.md), and which runs and reported checks it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bnlab.config.experiments import FILTERS, meets
from bnlab.config.studies import Configuration
from bnlab.runs.spec import RunSpec

SEARCHED = ("weight_decay", "learning_rate")
"""The axes of a search."""
TIED = " and "
"""What joins printed best settings that share the best value."""
START = "epochs_until_learning"
"""The metric of which a run that never starts to learn has no value."""
CURVES = {
    "training_loss": "probe_loss", "training_cost": "probe_cost", "training_accuracy": "probe_accuracy",
    "validation_loss": "validation_loss", "validation_cost": "validation_cost",
    "validation_accuracy": "validation_accuracy",
}  # fmt: skip
"""The column of a curve that has a metric."""
LOWEST_IS_BEST = tuple(f"{part}_{what}" for part in ("training", "validation", "test") for what in ("loss", "cost"))
SAMPLED = (
    "best_training_accuracy", "best_validation_accuracy", "epoch_of_lowest_validation_cost", "validation_loss_rise",
    "rises", "swing", "loss_swing",
)  # fmt: skip
"""Metrics that depend on how often, and on how many images, a training is evaluated: noise adds to a highest."""


VALIDATED = ("gap", "swing", "loss_swing")
"""Metrics of validation images that do not say so."""


def place_of(run: RunSpec) -> tuple[float, ...]:
    """Where a run lies on the axes of a search; a learning rate that follows the schedule counts as 0."""
    return tuple(float(getattr(run, axis) or 0) for axis in SEARCHED)


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
    case: str = ""
    best_of: int | None = None
    settled: bool = False

    @property
    def selections(self) -> tuple[Selection, ...]:
        """All selections that it names, in order."""
        return (*self.cells, *(side for pair in self.pairs for side in (pair.greater, pair.smaller)))


@dataclass(frozen=True)
class Claim:
    """One number or statement of a report.

    An item of a file of claims becomes one claim, or one for each entry of a table: `entry` says which.
    """

    item: str
    report: str
    study: str
    lenders: tuple[str, ...]
    where: str
    text: str
    kind: str
    main: Interpretation
    variants: tuple[Interpretation, ...]
    reported: str = ""
    truncated: bool = False
    read_to: float = 0.0
    rank: int = 1
    other_split: bool = False
    between: tuple[float, float] | None = None
    chosen: bool = False
    continuous: bool = False
    margin_factor: float = 1.0
    axis: str = ""
    setting: str = ""
    throughout: bool = False
    table: str = ""
    open: tuple[str, ...] = ()
    inconsistent: str = ""
    not_testable: str = ""
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
    """The studies whose tables the claims are joined with, lenders last."""
    claims = list(claims)
    named = [one.study for claim in claims for read in claim.interpretations for one in read.selections]
    return list(dict.fromkeys([*named, *(study for claim in claims for study in claim.lenders)]))


def reported_checks_of(claims: Iterable[Claim]) -> list[str]:
    """The reported checks whose numbers the claims are joined with, in order."""
    named = [interpretation.reported_check for claim in claims for interpretation in claim.interpretations]
    return [name for name in dict.fromkeys(named) if name]
