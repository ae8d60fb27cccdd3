"""The figures about gradients on the images of one data set."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.exhibits import read_rows
from bnlab.analysis.overfit_figure import draw_overfit
from bnlab.analysis.rivals_figure import draw_rivals
from bnlab.analysis.step_sizes_figure import draw_step_sizes
from bnlab.analysis.style import house_style, save
from bnlab.errors import ConfigError, IntegrityError
from bnlab.exhibit_settings import exhibit_names, has_rivals, load_exhibit

OWN: dict[str, Callable[[pd.DataFrame, str], Figure]] = {"step_sizes": draw_step_sizes, "overfit": draw_overfit}
"""The exhibits that no report has."""


def draw_gradient_figure(data: str, exhibit: str, *, results: Path, config: Path) -> None:
    """Write gradients/<data>/<exhibit>.svg and .png below `results`, from the CSV file of that name.

    Raises ConfigError for an unknown exhibit or one that has no figure, IntegrityError when the file is not there.
    """
    reports = exhibit_names(config)
    if exhibit not in (*OWN, *reports):
        raise ConfigError(f"'{exhibit}' is not an exhibit. Expected one of: {', '.join([*OWN, *reports])}.")
    path = results / "gradients" / data / exhibit
    with house_style():
        figure = _draw_own(exhibit, path, data) if exhibit in OWN else _draw_report_s(exhibit, path, data, config)
        save(figure, path)


def _draw_own(exhibit: str, path: Path, data: str) -> Figure:
    table = path.with_name(f"{exhibit}.csv")
    if not table.is_file():
        raise IntegrityError(f"{table}: no such file. Make it: python -m bnlab {exhibit.replace('_', '-')} {data}")
    return OWN[exhibit](pd.read_csv(table, dtype={"network": str}), data)  # "50" is a network and must stay a text


def _draw_report_s(exhibit: str, path: Path, data: str, config: Path) -> Figure:
    described = load_exhibit(exhibit, config)
    if not has_rivals(described):
        raise ConfigError(f"config/exhibits/{exhibit}.yaml: no case names a `cause`, so there is nothing to draw.")
    return draw_rivals(described, read_rows(path.with_name(f"{exhibit}.csv")), data)
