"""The figures about gradients on the images of one data set."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.overfit_figure import draw_overfit
from bnlab.analysis.step_sizes_figure import draw_step_sizes
from bnlab.analysis.style import house_style, save
from bnlab.errors import ConfigError

EXHIBITS: dict[str, Callable[[pd.DataFrame, str], Figure]] = {"step_sizes": draw_step_sizes, "overfit": draw_overfit}


def draw_gradient_figure(data: str, exhibit: str, *, results: Path) -> None:
    """Write gradients/<data>_<exhibit>.svg and .png below `results`, from the CSV file of that name.

    Raises ConfigError for an unknown exhibit, or when the file is not there.
    """
    if exhibit not in EXHIBITS:
        raise ConfigError(f"'{exhibit}' is not a figure about gradients. Expected one of: {', '.join(EXHIBITS)}.")
    path = results / "gradients" / f"{data}_{exhibit}.csv"
    if not path.is_file():
        raise ConfigError(f"{path}: no such file. Make it: python -m bnlab {exhibit.replace('_', '-')} {data}")
    # "50" is a network and must stay a text.
    table = pd.read_csv(path, dtype={"network": str})
    with house_style():
        save(EXHIBITS[exhibit](table, data), path.with_suffix(""))
