"""The figures about gradients on the images of one data set."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.reported_checks import read_rows
from bnlab.config.reported_checks import compares_causes, load_reported_check, reported_check_names
from bnlab.errors import ConfigError, IntegrityError
from bnlab.figures.causes import draw_causes
from bnlab.figures.overfit import draw_overfit
from bnlab.figures.step_sizes import draw_step_sizes
from bnlab.figures.style import house_style, save

OWN: dict[str, Callable[[pd.DataFrame, str], Figure]] = {"step_sizes": draw_step_sizes, "overfit": draw_overfit}
"""The reported checks that no report has."""


def draw_gradient_figure(data: str, reported_check: str, *, results: Path, config: Path) -> None:
    """Write gradients/<data>/<reported_check>.svg and .png below `results`, from the CSV file of that name.

    Raises ConfigError for an unknown reported check or one without a figure, IntegrityError when the file is missing.
    """
    reports = reported_check_names(config)
    if reported_check not in (*OWN, *reports):
        raise ConfigError(
            f"'{reported_check}' is not a reported check. Expected one of: {', '.join([*OWN, *reports])}."
        )
    path = results / "gradients" / data / reported_check
    with house_style():
        figure = (
            _draw_own(reported_check, path, data)
            if reported_check in OWN
            else _draw_report_s(reported_check, path, data, config)
        )
        save(figure, path)


def _draw_own(reported_check: str, path: Path, data: str) -> Figure:
    table = path.with_name(f"{reported_check}.csv")
    if not table.is_file():
        raise IntegrityError(
            f"{table}: no such file. Make it: python -m bnlab {reported_check.replace('_', '-')} {data}"
        )
    return OWN[reported_check](
        pd.read_csv(table, dtype={"network": str}), data
    )  # "50" is a network and must stay a text


def _draw_report_s(reported_check: str, path: Path, data: str, config: Path) -> Figure:
    described = load_reported_check(reported_check, config)
    if not compares_causes(described):
        raise ConfigError(
            f"config/reported_checks/{reported_check}.yaml: no case names a `cause`, so there is nothing to draw."
        )
    return draw_causes(described, read_rows(path.with_name(f"{reported_check}.csv")), data)
