"""What a file of config/claims may say (docs/claims.md): its claims by kind, declared once."""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bnlab.config.fields import WITHOUT, Id, Initialization, Interval, different, expect, form
from bnlab.runs.declared import Declared

NUMBER = r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"


Words = Annotated[str, Field(min_length=1)]
Printed = Annotated[str, expect(NUMBER, "a number as printed, in quotes"), Field(pattern=f"^{NUMBER}$")]
RunMetric = Literal[
    "test_accuracy", "test_loss", "test_cost", "validation_accuracy", "validation_loss", "validation_cost",
    "training_accuracy", "training_loss", "training_cost", "best_validation_accuracy", "best_training_accuracy",
    "epochs_until_learning", "epoch_of_lowest_validation_cost", "validation_loss_rise",
    "gap", "rises", "swing", "loss_swing", "deviation",
]  # fmt: skip
Metric = Literal[RunMetric, "test_gain", "validation_gain"]
SearchMetric = Literal["validation_accuracy", "best_validation_accuracy"]
Axis = Literal["weight_decay", "learning_rate"]
Property = Literal[
    "weight_decays", "weight_decay_min", "weight_decay_max", "weight_decay_step",
    "log10_weight_decay_min", "log10_weight_decay_max",
    "learning_rates", "learning_rate_min", "learning_rate_max", "learning_rate_step",
    "log10_learning_rate_min", "log10_learning_rate_max",
    "runs_per_seed", "updates", "epochs", "cycles", "step", "learning_rate_start", "learning_rate_top",
    "training", "validation", "batch_size", "momentum", "bn_decay", "bn_epsilon",
    "layers", "width", "initialization", "weight_decay", "learning_rate",
]  # fmt: skip


def is_gain(metric: str) -> bool:
    """Whether a metric is the accuracy with batch normalization less that without."""
    return metric.endswith("_gain")


def is_accuracy(metric: str) -> bool:
    """Whether a metric is an accuracy or a difference of two, a fraction in the configuration."""
    return metric.endswith("accuracy") or is_gain(metric) or metric in ("gap", "swing", "deviation")


class Filters(Declared):
    """What cells must have; without a key, they may have any value of it."""

    network: list[Annotated[int, Field(ge=1)]] | None = None
    """The widths of the hidden layers."""
    batch_norm: bool | None = None
    """Whether there is batch normalization."""
    initialization: Initialization | None = None
    """he, xavier, fan_in, or the standard deviation of every initial weight."""
    weight_decay: float | None = Field(default=None, ge=0)
    """λ."""
    learning_rate: float | None = Field(default=None, gt=0)
    """A constant learning rate η."""

    @property
    def filters(self) -> dict[str, Any]:
        """What is said here, by key."""
        return self.model_dump(include=set(Filters.model_fields), exclude_none=True)


class Cells(Filters):
    """Cells of an experiment."""

    experiment: str
    """An experiment of the study."""
    study: str | None = None
    """A study other than the file's."""


class Pair(Declared):
    """Two cells whose runs are compared seed by seed."""

    greater: Cells
    """The cell whose metric is claimed to be greater."""
    smaller: Cells
    """The other one."""
    metric: Metric | None = None
    """What is compared here, if not the claim's metric."""


class NamedVariant(Filters):
    """What differs from a claim's main interpretation, in all cells that it names."""

    experiment: Annotated[dict[str, str], Field(min_length=1)] | None = None
    """Which experiment takes the place of which."""
    settled: bool = False
    """Whether report or code settles that it is not meant: then it is tried, and decides nothing."""


class Variant(Declared):
    """Another interpretation of a claim, which says what differs from the main one."""

    label: Words
    """What the ledger calls it."""
    settled: bool = False
    """Whether report or code settles that it is not meant: then it is tried, and decides nothing."""

    @model_validator(mode="after")
    def _says_what_differs(self) -> "Variant":
        if self.model_fields_set <= {"label", "settled"}:
            others = sorted(type(self).model_fields.keys() - {"label", "settled"})
            raise ValueError(f"found a label alone, expected what differs: {' or '.join(others)}")
        return self


SomeCells = Annotated[
    Annotated[list[Cells], Field(min_length=1), Tag("list")] | Annotated[Cells, Tag("mapping")],
    form(list=list, mapping=dict),
]
V = TypeVar("V", bound=Variant)
Variants = list[Annotated[Annotated[str, Tag("name")] | Annotated[V, Tag("mapping")], form(name=str, mapping=dict)]]


class SettingVariant(Variant):
    """A variant of a claim about a setting."""

    cells: SomeCells | None = None
    """Other cells."""


class NumberVariant(SettingVariant):
    """A variant of a claim about a number."""

    metric: Metric | None = None
    """Another metric."""
    best_of: int | None = Field(default=None, ge=1, le=1000)
    """Another number of candidates among which it was selected as the best."""


class LevelVariant(SettingVariant):
    """A variant of a claim about a level."""

    metric: RunMetric | None = None
    """Another metric."""


class BestVariant(SettingVariant):
    """A variant of a claim about a best setting."""

    metric: SearchMetric | None = None
    """Another metric."""


class PairsVariant(Variant):
    """A variant of a claim about pairs of cells."""

    pairs: list[Pair] | None = Field(default=None, min_length=1)
    """Other pairs."""
    metric: Metric | None = None
    """Another metric, for all pairs."""


class GradientVariant(Variant):
    """A variant of a claim about published gradients."""

    reported_check: str | None = None
    """Another reported check of the same published values."""


class Item(Declared):
    """What claims of every kind have."""

    id: Id
    """Its name, unique in the file."""
    where: Words
    """The section, table or figure of the report."""
    text: Words
    """What is claimed, in our words."""
    open: Annotated[list[Words], different] = Field(default=[])
    """What the report leaves open."""
    inconsistent: str = ""
    """How the report contradicts itself, its author's code or its logs."""
    not_testable: str = ""
    """Why no run can test it."""
    note: str = ""
    """What a reader should know."""


class Number(Item):
    """A number that came out of trainings."""

    kind: Literal["number"]
    """A printed number."""
    metric: Metric
    """The metric that the number is a value of."""
    cells: SomeCells
    """The one cell it is about; several, which differ in λ and η alone, with best_of; two, the twins, for a gain."""
    over: Literal["initialization", "weight_decay", "learning_rate"] | None = None
    """The axis of a table: each of its entries is a claim, whose value stands for {value} in the text."""
    reported: Annotated[
        Annotated[dict[float, Printed], Field(min_length=1), Tag("table")] | Annotated[Printed, Tag("number")],
        form(table=dict, number=object),
    ]
    """The number as printed, in quotes, since its digits count; with `over`, such a number by value of that axis."""
    truncated: bool = False
    """Whether the report cuts digits off instead of rounding."""
    read_to: float = Field(default=0.0, ge=0)
    """How far the number can be from what was drawn, if it was read off a figure; 0 if it was printed."""
    best_of: int | None = Field(default=None, ge=1, le=1000)
    """The number of candidates among which it was selected as the best, whether ours are more or fewer."""
    rank: int = Field(default=1, ge=1, le=1000)
    """Its rank among them; 1 is the best."""
    other_split: bool = False
    """Whether its validation images are others than those that all our seeds share."""
    continuous: bool = False
    """Whether what the report leaves open can take values between those of our readings."""
    variants: Variants[NumberVariant] = Field(default=[])
    """Other interpretations: names of the file's variants, or mappings."""

    @field_validator("over")
    @classmethod
    def _text_with_value(cls, over: Any, info: ValidationInfo) -> Any:
        if over and "{value}" not in info.data.get("text", "{value}"):
            raise ValueError("expected {value} in the text, where an entry's own will stand")
        return over

    @field_validator("reported")
    @classmethod
    def _table_of_axis(cls, reported: Any, info: ValidationInfo) -> Any:
        over = info.data.get("over")
        if "over" in info.data and bool(over) != isinstance(reported, dict):
            form = f"a mapping of values of {over} to printed numbers" if over else "one printed number, or `over`"
            raise ValueError(f"expected {form}")
        return reported

    @field_validator("reported")
    @classmethod
    def _fraction(cls, reported: Any, info: ValidationInfo) -> Any:
        metric = info.data.get("metric", "")
        printed = [*reported.values()] if isinstance(reported, dict) else [reported]
        large = [number for number in printed if abs(float(number)) > 1]
        if large and is_accuracy(metric):
            raise ValueError(f"expected a fraction: {Decimal(large[0]).scaleb(-2)}")
        return reported

    @model_validator(mode="after")
    def _goes_together(self) -> "Number":
        if self.truncated and self.read_to:
            raise ValueError("found both truncated and read_to, expected one: what is read off a figure is not cut off")
        ignored = [key for key in ("best_of", "other_split") if getattr(self, key)]
        if is_gain(self.metric) and ignored:
            raise ValueError(f"found {ignored[0]} with a gain, which is not selected or judged by single runs")
        return self

    @field_validator("rank")
    @classmethod
    def _at_most_all(cls, rank: int, info: ValidationInfo) -> int:
        best_of = info.data.get("best_of")
        if rank > (best_of or 1):
            raise ValueError(f"expected at most best_of, {best_of or 'not there'}")
        return rank


class Gradient(Item):
    """The published values of a reported check, of which each table is a claim."""

    kind: Literal["gradient"]
    """Published gradients and errors."""
    reported_check: str
    """A reported check of config/reported_checks."""
    text: Words = ""
    """What is claimed, in our words; by default how many values stand where."""
    variants: list[GradientVariant] = Field(default=[])
    """Other interpretations."""


class Magnitude(Item):
    """The errors of a gradient check are of some order of magnitude, but no table is printed."""

    kind: Literal["magnitude"]
    """An order of magnitude of a gradient check's errors."""
    reported_check: str
    """A reported check of config/reported_checks."""
    case: str
    """One of its cases."""
    reported: list[Printed] = Field(min_length=2, max_length=2)
    """The smallest and the largest order as printed, in quotes."""

    @field_validator("reported")
    @classmethod
    def _in_order(cls, reported: list[str]) -> list[str]:
        if not 0 <= float(reported[0]) <= float(reported[1]) or not float(reported[1]):
            raise ValueError("expected the smallest order, 0 or more, and the largest")
        return reported


class Increase(Item):
    """The errors of a gradient check grow from the last layer to the first."""

    kind: Literal["increase"]
    """Errors that grow as they propagate backwards."""
    reported_check: str
    """A reported check of config/reported_checks."""
    case: str
    """One of its cases."""


class _Pairs(Item):
    pairs: list[Pair] = Field(min_length=1)
    """What is compared."""
    metric: Metric | None = None
    """What is compared in every pair that has no metric of its own."""
    variants: Variants[PairsVariant] = Field(default=[])
    """Other interpretations: names of the file's variants, or mappings."""


class Direction(_Pairs):
    """A metric is greater here than there."""

    kind: Literal["direction"]
    """A claimed difference."""
    throughout: bool = False
    """Whether it is claimed of every point of the training curves, not only of the end."""


class Equal(_Pairs):
    """A metric is the same here and there."""

    kind: Literal["equal"]
    """A claim of no difference."""


class Level(Item):
    """A metric lies between two bounds."""

    kind: Literal["level"]
    """A claim about where all runs lie."""
    metric: RunMetric
    """The metric that lies between the bounds."""
    cells: SomeCells
    """The cells whose runs must lie there."""
    between: Interval = WITHOUT
    """The bounds: low, high."""
    at_least: float = WITHOUT
    """The bound, where there is one below alone."""
    chosen: bool = False
    """Whether a bound is our choice, or the margin: then half and twice of it must not turn the outcome around."""

    @field_validator("between", "at_least")
    @classmethod
    def _fractions(cls, bounds: Any, info: ValidationInfo) -> Any:
        given = bounds if isinstance(bounds, list) else [bounds]
        if is_accuracy(info.data.get("metric", "")) and max(map(abs, given)) > 1:
            raise ValueError(f"expected fractions: {', '.join(f'{bound / 100:.6g}' for bound in given)}")
        return bounds

    @model_validator(mode="after")
    def _has_bounds(self) -> "Level":
        if (self.between is None) == (self.at_least is None):
            raise ValueError("expected either 'between' or 'at_least'")
        return self

    variants: Variants[LevelVariant] = Field(default=[])
    """Other interpretations: names of the file's variants, or mappings."""


class Best(Item):
    """A setting was the best of a search."""

    kind: Literal["best"]
    """A claimed best setting."""
    axis: Axis
    """What was searched."""
    cells: SomeCells
    """Our search."""
    reported: Annotated[
        Annotated[list[Printed], Field(min_length=2), Tag("list")] | Annotated[Printed, Tag("number")],
        form(list=list, number=object),
    ]
    """The best setting as printed, in quotes; several that share the best value, as a list."""
    metric: SearchMetric = "validation_accuracy"
    """The metric by which the best setting is selected."""
    variants: Variants[BestVariant] = Field(default=[])
    """Other interpretations: names of the file's variants, or mappings."""


class Setting(Item):
    """A number that describes what was done."""

    kind: Literal["setting"]
    """A number that describes what was done, not what came out."""
    cells: SomeCells
    """The cells whose configuration is meant."""
    reported: Printed
    """The number as printed, in quotes."""
    truncated: bool = False
    """Whether the report cuts digits off instead of rounding."""
    variants: Variants[SettingVariant] = Field(default=[])
    """Other interpretations: names of the file's variants, or mappings."""
    property: Property
    """The property of our configuration that it is compared with."""


class InWords(Item):
    """A statement that no run can test."""

    kind: Literal["words"]
    """A statement."""
    reported: Printed | None = None
    """The number it prints, if any, in quotes."""

    @model_validator(mode="after")
    def _has_reason(self) -> "InWords":
        if not self.not_testable:
            raise ValueError("missing 'not_testable', the reason why no run can test it")
        return self


AnyItem = Number | Gradient | Magnitude | Increase | Direction | Equal | Level | Best | Setting | InWords


class ClaimsFile(Declared):
    """config/claims/<report>.yaml: every number and statement of a report."""

    report: str
    """The report, after which the file is named."""
    study: str
    """The study whose experiments are meant where no other is named."""
    lenders: Annotated[list[str], different] = Field(default=[])
    """Other studies whose runs of the same cells count too, and whose cells alike lend their spread."""
    variants: dict[Words, NamedVariant] = Field(default={})
    """Variants by label, for claims to name."""
    claims: list[Annotated[AnyItem, Field(discriminator="kind")]] = Field(min_length=1)
    """The claims, in the order of the report."""
