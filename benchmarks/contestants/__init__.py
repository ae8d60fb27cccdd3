"""The contestants: each module has `start`, which makes ready and returns `advance`.

advance(count) makes the next `count` updates, fetching of the batches included, and returns the mean cross-entropy of
each mini-batch before its update: what shows that all compute the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from benchmarks.problem import Data, Problem

Advance = Callable[[int], list[float]]

AT_ONCE = 20
"""`advance` is asked for multiples: one that compiles a loop over updates compiles it for so many."""


@dataclass(frozen=True)
class Contestant:
    """A module of this package, the package of others that it needs, and what it can do.

    tolerance: how far, relative, its first losses may be from bnlab's, by precision; a precision that is not named is
    one that it does not compete in. None: it computes no losses.
    """

    module: str
    package: str
    tolerance: dict[str, float | None]
    batch_norm: bool = True
    options: dict[str, str] = field(default_factory=dict)

    def missing(self) -> bool:
        """Whether its package is not installed."""
        return find_spec(self.package) is None

    def competes(self, problem: Problem) -> bool:
        """Whether it can train this network in this precision."""
        return problem.precision in self.tolerance and (self.batch_norm or not problem.batch_norm)

    def start(self, problem: Problem, data: Data) -> Advance:
        """Make ready for a problem."""
        advance: Advance = import_module(f"benchmarks.contestants.{self.module}").start(problem, data, **self.options)
        return advance


EXACT: dict[str, float | None] = {"float64": 1e-10, "float32": 1e-3}
FLOOR, BNLAB = "floor", "bnlab"
CONTESTANTS = {
    FLOOR: Contestant("floor", "numpy", {"float64": None, "float32": None}),
    BNLAB: Contestant("shipped", "numpy", EXACT),
    "PyTorch": Contestant("pytorch", "torch", EXACT),
    "PyTorch, standardized": Contestant("pytorch", "torch", EXACT, options={"mode": "standardized"}),
    "PyTorch, bfloat16": Contestant("pytorch", "torch", {"float32": 0.05}, options={"mode": "bfloat16"}),
    "JAX, jit": Contestant("jaxed", "jax", EXACT, options={"mode": "jit"}),
    "JAX, scan": Contestant("jaxed", "jax", EXACT, options={"mode": "scan"}),
    "JAX, scan, standardized": Contestant("jaxed", "jax", EXACT, options={"mode": "scan standardized"}),
    "scikit-learn": Contestant("scikit", "sklearn", EXACT, batch_norm=False),
    "textbook NumPy": Contestant("textbook", "numpy", EXACT),
}
