"""A report's own gradient check, repeated over many draws of the weights from its file in config/reported_checks.

Nothing is judged here: unlike the gate, a reported check may compare a wrong backward pass, or a numerical loss that is
not the one that was differentiated, to see what its numbers look like.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bnlab.config.reported_checks import load_reported_check
from bnlab.files import write_rows
from bnlab.gradients.constant_statistics import constant_statistics_gradient
from bnlab.gradients.error_measures import MEASURES, norm_max
from bnlab.gradients.finite_differences import differences_at
from bnlab.gradients.images import data_batch_images
from bnlab.gradients.objective import Cost
from bnlab.gradients.structured import complex_step_weights, structured_gradient
from bnlab.numerics.initialize import initialize
from bnlab.numerics.optimizer import add_weight_decay
from bnlab.numerics.parameters import Network, Parameters
from bnlab.paths import CONFIG, RESULTS
from bnlab.streams import stream

EPSILON = 2.2e-16
"""Batch normalization's epsilon where a case names no other: that of the protocols."""
COMPLEX_STEP = "complex_step"
"""The measure ‖a − c‖ / max(‖a‖, ‖c‖) of weights at a kink, c by complex step, which no kink disturbs."""

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.float64]
ClassLabels = npt.NDArray[np.uint8]


class Row(NamedTuple):
    """One measure of one array in one draw.

    entries: how many entries were compared.  crossed: at how many of them some ReLU switched between the two
    evaluations.  value_without_crossed: the measure over the others (NaN when there are none).
    """

    case: str
    draw: int
    array: str
    measure: str
    value: float
    value_without_crossed: float
    entries: int
    crossed: int


COLUMNS = Row._fields


def repeat_reported_check(data: str, reported_check: str, *, config: Path = CONFIG, results: Path = RESULTS) -> None:
    """Write results/gradients/<data>/<reported check>.csv: every draw of every case.

    Raises ConfigError when a case asks for more images than there are.
    """
    content = load_reported_check(reported_check, config)
    images = max(case["images"] for case in content["cases"])
    source = f"config/reported_checks/{reported_check}.yaml"
    pixels, labels = data_batch_images(data, images, source=source, results=results)
    rows = compare_reported_check(content, pixels, labels)
    write_rows(results / "gradients" / data / f"{reported_check}.csv", COLUMNS, rows)


def compare_reported_check(reported_check: Mapping[str, Any], pixels: Pixels, labels: ClassLabels) -> Iterator[Row]:
    """Every draw of every case of a validated reported check; standardized pixels, (n, d), labels, (n,), in data order.

    A case takes the first `images` rows and the first `inputs` columns. Cases with the same draw and the same kind
    of network start from the same weights.
    """
    for case in reported_check["cases"]:
        x = np.ascontiguousarray(pixels[: case["images"], : case["inputs"]])
        for draw in range(1, case["draws"] + 1):
            yield from compare(case, x, labels[: case["images"]], draw)


def compare(case: Mapping[str, Any], x: Pixels, labels: ClassLabels, draw: int) -> Iterator[Row]:
    """One draw of one case.  x: (n, d).  labels: (n,)."""
    shape = case["network"]
    network = Network((x.shape[1], *shape["hidden"], 10), shape["batch_norm"], shape.get("epsilon", EPSILON))
    parameters = _drawn(network, case["initialization"], draw)
    where = _chosen(network, case.get("entries"), draw)
    analytic = dict(_analytic(parameters, x, labels, case).named())
    for array, (numerical, crossed) in _numerical(parameters, x, labels, case, where):
        a, n, kinked = (values[where[array]] for values in (analytic[array], numerical, crossed))
        off = np.logical_not(kinked)
        for name in case["measures"]:
            measure = MEASURES[name]
            smooth = measure(a[off], n[off]) if off.any() else float("nan")
            yield Row(case["id"], draw, array, name, measure(a, n), smooth, a.size, int(kinked.sum()))
        if array == "W1" and case["difference"]["loop"] == "structured" and kinked.any():
            again = complex_step_weights(parameters, x, labels, layer=0, where=crossed)
            error = norm_max(analytic[array][crossed], again[crossed])
            yield Row(case["id"], draw, array, COMPLEX_STEP, error, float("nan"), int(kinked.sum()), int(kinked.sum()))


def _drawn(network: Network, initialization: Mapping[str, Any], draw: int) -> Parameters:
    """Parameters from the streams of one draw; biases, gamma and beta scatter about 0, 1 and 0 when asked to."""
    parameters = Parameters.zeros(network, np.float64)
    # A stream's name decides its draws, so these keep the name that reported checks had when their numbers were made.
    initialize(parameters, initialization["weights"], stream(draw, "exhibit weights"))
    random = stream(draw, "exhibit biases, gamma and beta")
    for name, array in parameters.named():
        if not name.startswith("W"):
            deviation = initialization["gamma_beta" if name.startswith(("gamma", "beta")) else "biases"]
            array += deviation * random.standard_normal(array.shape)
    return parameters


def _chosen(network: Network, entries: int | None, draw: int) -> dict[str, Mask]:
    """Per array the entries that are compared: all, or as many as asked for, drawn at random."""
    random = stream(draw, "exhibit entries")
    chosen = {}
    for name, shape in network.shapes().items():
        size = int(np.prod(shape))
        where = np.ones(size, np.bool_)
        if entries is not None and entries < size:
            where[:] = False
            where[random.choice(size, entries, replace=False)] = True
        chosen[name] = where.reshape(shape)
    return chosen


def _analytic(parameters: Parameters, x: Pixels, labels: ClassLabels, case: Mapping[str, Any]) -> Parameters:
    if case["backward"] == "exact":
        return Cost(parameters, x, labels, weight_decay=case["weight_decay"]).gradient()
    gradient = constant_statistics_gradient(parameters, x, labels)
    add_weight_decay(gradient, parameters, case["weight_decay"], scratch=np.empty_like(parameters.flat))
    return gradient


def _numerical(
    parameters: Parameters, x: Pixels, labels: ClassLabels, case: Mapping[str, Any], where: Mapping[str, Mask]
) -> Iterator[tuple[str, tuple[Pixels, Mask]]]:
    """Yield every array's name, its numerical gradient, NaN where not asked for, and which entries cross a kink."""
    step, scheme, loop = (case["difference"][key] for key in ("step", "scheme", "loop"))
    frozen = case["statistics"] == "frozen"
    if loop == "structured":
        found = structured_gradient(
            parameters, x, labels, layer=0, step=step, scheme=scheme, frozen=frozen, where=where["W1"]
        )
        yield "W1", (found.gradient, found.crossings)
        parameters, x = _above_first_weights(parameters, x)
    cost = Cost(parameters, x, labels, weight_decay=case["weight_decay"], frozen=frozen)
    for name, array in parameters.named():
        if name == "W1" and loop == "structured":
            continue
        gradient, crossed = np.full(array.shape, np.nan), np.zeros(array.shape, np.bool_)
        derivatives = differences_at(cost, array, np.flatnonzero(where[name]), step=step, scheme=scheme)
        gradient[where[name]], crossed[where[name]] = derivatives
        yield name, (gradient, crossed)


def _above_first_weights(parameters: Parameters, x: Pixels) -> tuple[Parameters, Pixels]:
    """The same network and batch with x W1 for x and the identity for W1: all else can be moved at much less cost."""
    network = parameters.network
    width = network.widths[1]
    above = Parameters.zeros(replace(network, widths=(width, *network.widths[1:])), np.float64)
    for (name, array), (_, value) in zip(above.named(), parameters.named(), strict=True):
        array[:] = np.eye(width) if name == "W1" else value
    return above, x @ parameters.weights[0]
