"""One figure of one experiment, from the study's tables. Test results are never read here."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.figures.curves import draw_curves
from bnlab.figures.grid import draw_grid
from bnlab.figures.initialization import draw_initialization
from bnlab.figures.style import house_style, save
from bnlab.figures.weight_decay import draw_weight_decay
from bnlab.runs.spec import Protocol

KINDS: dict[str, Callable[[pd.DataFrame, pd.DataFrame, Protocol], Figure]] = {
    "curves": draw_curves,
    "grid": draw_grid,
    "initialization": draw_initialization,
    "weight_decay": draw_weight_decay,
}


def draw_figure(configuration: Configuration, study: str, experiment: str, figure: str, *, results: Path) -> None:
    """Write figures/<experiment>_<figure>.svg and .png below results/studies/<study>.

    Reads runs.csv and curves.csv there. Raises ConfigError for an unknown experiment or figure, IntegrityError when
    a run of the experiment is not in the tables.
    """
    if figure not in KINDS:
        raise ConfigError(f"'{figure}' is not a figure. Expected one of: {', '.join(KINDS)}.")
    specs = configuration.study(study).experiment(experiment).runs
    names = list(configuration.names(specs))
    protocol = configuration.protocols[specs[0].protocol]
    folder = results / "studies" / study
    runs = _of_runs(folder / "runs.csv", names)
    # A run that diverges at once has no curve.
    curves = _of_runs(folder / "curves.csv", runs.loc[runs["diverged_at"] != 0, "run"].tolist())
    with house_style():
        drawn = KINDS[figure](runs, curves, protocol)
        save(drawn, folder / "figures" / f"{experiment}_{figure}")


def _of_runs(path: Path, names: list[str]) -> pd.DataFrame:
    """The rows of these runs, in the order of the names."""
    # "50" is a network and must stay a text.
    table = pd.read_csv(path, dtype={"network": str})
    missing = sorted(set(names) - set(table["run"]))
    if missing:
        raise IntegrityError(
            f"{path}: lacks {len(missing)} of the experiment's runs, among them {missing[0]}. Collect the study's runs "
            "again."
        )
    order = {name: place for place, name in enumerate(names)}
    chosen = table[table["run"].isin(order)]
    return chosen.sort_values("run", key=lambda run: run.map(order), kind="stable", ignore_index=True)
