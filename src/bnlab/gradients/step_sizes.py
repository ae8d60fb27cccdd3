"""How the error of a numerical gradient depends on its step h: truncation falls with h, rounding rises."""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bnlab.config.gradient_checks import load_step_sizes_settings
from bnlab.errors import ConfigError
from bnlab.files import write_rows
from bnlab.gradients.complex_step import complex_step
from bnlab.gradients.error_measures import norm_max
from bnlab.gradients.finite_differences import central_differences, forward_differences
from bnlab.gradients.images import first_images, n_classes, standardized
from bnlab.gradients.kinks import NoSmoothDrawError, smooth_costs
from bnlab.gradients.objective import Cost
from bnlab.numerics.parameters import Network
from bnlab.paths import CONFIG, RESULTS
from bnlab.streams import stream

COLUMNS = ("batch_norm", "method", "step", "error")


def measure_step_sizes(data: str, *, config: Path = CONFIG, results: Path = RESULTS) -> None:
    """Write results/gradients/<data>/step_sizes.csv: the errors of numerical gradients by method and step.

    Raises ConfigError when config/gradients/step_sizes.yaml asks for what no parameters keep.
    """
    settings = load_step_sizes_settings(config)
    images, labels = first_images(data, results=results)
    try:
        found = step_size_errors(settings, standardized(images), labels)
    except NoSmoothDrawError as error:
        raise ConfigError(
            f"{error}. Lower margin, spread, batch or largest in config/gradients/step_sizes.yaml."
        ) from None
    write_rows(results / "gradients" / data / "step_sizes.csv", COLUMNS, map(astuple, found))


@dataclass(frozen=True)
class StepError:
    """||a - n|| / max(||a||, ||n||) of the whole gradient for one step; method: "forward", "central" or "complex"."""

    batch_norm: bool
    method: str
    step: float
    error: float


def step_size_errors(
    settings: Mapping[str, Any], pixels: npt.NDArray[np.float64], labels: npt.NDArray[np.uint8]
) -> list[StepError]:
    """The errors of three methods over a range of steps, for one network without and with batch normalization.

    settings: the content of config/gradients/step_sizes.yaml.  pixels: (n, d), standardized, of which the first rows
    and columns are taken.  labels: (n,).  No ReLU switches at any step: the curves show the methods, and no kinks.
    Raises NoSmoothDrawError when there are no such parameters.
    """
    batch = settings["batch"]
    x = pixels[:batch, : settings["inputs"]]
    errors = []
    for batch_norm in (False, True):
        costs = smooth_costs(
            Network((x.shape[1], *settings["hidden"], n_classes(labels)), batch_norm, settings["epsilon"]),
            x,
            labels[:batch],
            weight_decay=settings["weight_decay"],
            margin=settings["margin"],
            spread=settings["spread"],
            random=stream(0, "step sizes"),
        )
        found = ((cost, _errors(cost, settings)) for cost, _ in costs)
        _, of_network = next((cost, rows) for cost, rows in found if not cost.switches)
        errors += of_network
    return errors


def _errors(cost: Cost, settings: Mapping[str, Any]) -> list[StepError]:
    analytic, theta, twin = cost.gradient().flat, cost.parameters.flat, cost.complex_twin()
    everything = np.arange(theta.size)
    steps = _steps(settings, settings["smallest"])
    numerical = {("forward", step): forward_differences(cost, theta, step=step) for step in steps}
    numerical |= {("central", step): central_differences(cost, theta, step=step) for step in steps}
    numerical |= {
        ("complex", step): complex_step(twin, twin.parameters.flat, everything, step=step)
        for step in _steps(settings, settings["smallest_complex"])
    }
    return [
        StepError(
            cost.parameters.network.batch_norm,
            method,
            step,
            norm_max(analytic, n),
        )
        for (method, step), n in numerical.items()
    ]


def _steps(settings: Mapping[str, Any], smallest: float) -> list[float]:
    """Steps from the largest down, evenly spaced in their logarithm."""
    decades = math.log10(settings["largest"] / smallest)
    count = round(settings["per_decade"] * decades)
    return [settings["largest"] / 10 ** (k / settings["per_decade"]) for k in range(count + 1)]
