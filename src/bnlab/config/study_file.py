"""What a file of config/studies may say (docs/adding-a-study.md)."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from bnlab.config.axes import LearningRates, WeightDecays
from bnlab.config.fields import WITHOUT, Id, Initialization, Interval, Layers, different, form
from bnlab.runs.declared import Declared

_Listed = Annotated[list[Annotated[int, Field(ge=1, lt=10**9)]], Field(min_length=1, max_length=1000), different]
Seeds = Annotated[
    Annotated[int, Field(ge=1, le=1000), Tag("number")] | Annotated[_Listed, Tag("list")],
    form(list=list, number=object),
]
FigureKind = Literal[
    "confusion", "curves", "differences", "gap", "grid", "initialization", "onset", "seeds", "weight_decay"
]
TEST_FIGURES = ("confusion",)
"""Those of test results, which nothing that chooses reads."""


class ExperimentItem(Declared):
    """A grid of runs under one protocol, and the figures that are drawn from it. One section of the page."""

    id: Id
    """Its name, in file names too."""
    title: str
    """The heading of its section."""
    text: str
    """What the reader should know before the figures, in plain sentences."""
    protocol: str
    """How its networks are trained: a name in config/protocols.yaml."""
    networks: Annotated[list[Layers], Field(min_length=1), different]
    """The widths of hidden layers, lowest first, of every network; [] is softmax regression."""
    batch_norm: Annotated[list[bool], Field(min_length=1), different]
    """Without batch normalization, with it, or both."""
    initialization: Annotated[list[Initialization], Field(min_length=1), different]
    """The standard deviations of initial weights: he, xavier, fan_in (1 / sqrt of its inputs), or a number."""
    learning_rate: LearningRates = Field(default=WITHOUT)
    """Constant learning rates, in place of the protocol's schedule; without this key, runs follow the schedule."""
    weight_decay: WeightDecays
    """Values of lambda, by which the sum of the squared weights is multiplied in the cost."""
    warm_start: bool = False
    """Whether each run starts from where the one with the next smaller weight decay ended."""
    seeds: Seeds
    """How many seeds every cell of the grid is trained with, from 1, which config.yaml's seeds_factor multiplies; or
    the seeds themselves, [3, 5, 8], as they are."""
    figures: Annotated[list[FigureKind], different]
    """What is drawn."""


class ExpectedCells(Declared):
    """The runs that an expectation is about."""

    experiment: str
    """An experiment of the study."""
    network: Layers = Field(default=WITHOUT)
    """The widths of hidden layers; without it, any."""
    batch_norm: bool = Field(default=WITHOUT)
    """Without or with batch normalization; without this key, either."""
    initialization: Initialization = Field(default=WITHOUT)
    """The standard deviation of the initial weights; without it, any."""
    weight_decay: float = Field(default=WITHOUT, ge=0)
    """Lambda; without it, any."""


class ExpectationItem(Declared):
    """A statement that the finished study is checked against."""

    text: str
    """The statement, for readers."""
    cells: ExpectedCells
    """The runs that it is about."""
    metric: Literal["test_accuracy", "validation_accuracy", "gain"]
    """What is measured; gain is the test accuracy with batch normalization less that without."""
    of: Literal["every_seed", "mean"]
    """Whether every run must lie in the interval, or their mean."""
    between: Interval
    """The lowest and the highest value that are expected, as fractions."""


class StudyFile(Declared):
    """A study: experiments, what to expect of them, and the page that shows them."""

    title: str
    """The title of its page."""
    summary: str
    """A sentence or two below the title."""
    experiments: list[ExperimentItem] = Field(min_length=1)
    """Its grids of runs. `defaults` beside this key are filled into each that does not say otherwise."""
    expectations: list[ExpectationItem] = Field(default=[])
    """Statements that the finished study is checked against."""
    gradients: Annotated[list[str], different] = Field(default=[])
    """Reported checks, files of config/reported_checks, that the page shows."""
