"""What a file of config/reported_checks may say: a report's own gradient check."""

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator

from bnlab.config.fields import WITHOUT, Id, Initialization, different, expect, form
from bnlab.runs.declared import Declared

ARRAY = r"(W|b|gamma|beta)[1-9][0-9]*"
ByArray = Annotated[
    dict[Annotated[str, expect(ARRAY, "an array's name, W1, b1, gamma1, beta1, ..., layers counted from 1")], float],
    Field(min_length=1),
]
"""Numbers by the name of the parameter array."""
Measure = Literal[
    "norm_max", "norm_sum", "elementwise_mean", "sum_ratio", "gradient_mean", "gradient_std", "difference_mean",
    "difference_std", "difference_max",
]  # fmt: skip


class Values(Declared):
    """The numbers of a published table, by what they measure."""

    relative_error: ByArray = Field(default=WITHOUT)
    """Relative errors, by whatever formula."""
    gradient_mean: ByArray = Field(default=WITHOUT)
    """Means of the analytic gradient."""
    gradient_std: ByArray = Field(default=WITHOUT)
    """Standard deviations of the analytic gradient."""
    difference_mean: ByArray = Field(default=WITHOUT)
    """Means of the numerical less the analytic gradient."""
    difference_std: ByArray = Field(default=WITHOUT)
    """Standard deviations of the same difference."""
    difference_max: ByArray = Field(default=WITHOUT)
    """Maxima of the same difference, with its sign."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"found none, expected some of {', '.join(type(self).model_fields)}")
        return self


class PublishedTable(Declared):
    """A table of a report."""

    place: str
    """Where it stands."""
    values: Values
    """Its numbers."""


class CaseNetwork(Declared):
    """The network whose gradient is checked."""

    hidden: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
    """The widths of its hidden layers."""
    batch_norm: bool
    """Whether it has batch normalization."""
    epsilon: float = Field(default=WITHOUT, ge=0)
    """Added to the variance; without it, as in the protocols."""


class CaseInitialization(Declared):
    """How its parameters are drawn."""

    weights: Initialization
    """The standard deviation of the weights: he, xavier, fan_in, or a number."""
    biases: float = Field(ge=0)
    """The standard deviation of the biases about 0."""
    gamma_beta: float = Field(ge=0)
    """The standard deviation of gamma about 1 and of beta about 0."""


class Difference(Declared):
    """How the numerical gradient is taken."""

    scheme: Literal["central", "forward"]
    """(J(+h) - J(-h)) / 2h, or (J(+h) - J(0)) / h."""
    step: float = Field(gt=0)
    """h."""
    loop: Literal["naive", "structured"]
    """One evaluation after another, or only what a moved weight changes (src/bnlab/gradients/structured.py)."""


class Case(Declared):
    """One comparison of an analytic with a numerical gradient, over several draws."""

    id: Id
    """Its name, in tables."""
    title: str
    """Its name, for readers."""
    cause: str = Field(default=WITHOUT)
    """The mistake that the case makes on purpose, where cases compare several."""
    published: str = Field(default=WITHOUT)
    """The published table that it stands beside: a key of `published`."""
    network: CaseNetwork
    """The network."""
    inputs: int = Field(ge=1, le=3072)
    """Pixels of each image, the first ones."""
    images: int = Field(ge=1)
    """Images, the first ones of data_batch_1."""
    initialization: CaseInitialization
    """How parameters are drawn."""
    weight_decay: float = Field(ge=0)
    """Lambda."""
    difference: Difference
    """The numerical gradient that the analytic one is compared with."""
    entries: int = Field(default=WITHOUT, ge=1)
    """How many entries of each array are compared; without it, all."""
    statistics: Literal["batch", "frozen"]
    """What the numerical loss normalizes by: the batch that moved, or the batch before anything moved."""
    backward: Literal["exact", "constant_statistics"]
    """The backward pass: the right one, or one that takes mean and variance for constants."""
    measures: Annotated[list[Measure], Field(min_length=1), different]
    """What is measured (src/bnlab/gradients/error_measures.py)."""
    draws: int = Field(ge=1, le=1000)
    """How many draws of the parameters."""


class ReportedCheckFile(Declared):
    """A report's own gradient check."""

    report: str
    """The report."""
    title: str
    """What it is called on pages."""
    text: str
    """What it is, in a few sentences."""
    published: Annotated[
        Annotated[dict[str, PublishedTable], Tag("tables")] | Annotated[str, Tag("name")],
        form(tables=dict, name=object),
    ] = Field(default={})
    """Published tables by name; or the name of the reported check that holds them."""
    cases: list[Case] = Field(min_length=1)
    """What is compared. `defaults` beside this key are filled into each that does not say otherwise."""
