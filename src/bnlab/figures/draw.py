"""The figures there are, drawn from tables. Test results are never read here."""

from pathlib import Path
from types import ModuleType

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import NAMES, read_table
from bnlab.config.reported_checks import compares_causes, load_reported_check, reported_check_names
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.figures import (
    causes,
    confusion,
    curves,
    differences,
    gap,
    grid,
    initialization,
    onset,
    overfit,
    seeds,
    step_sizes,
    weight_decay,
)
from bnlab.figures.style import house_style, save
from bnlab.runs.spec import Protocol

KINDS: dict[str, ModuleType] = {
    "curves": curves,
    "differences": differences,
    "gap": gap,
    "grid": grid,
    "initialization": initialization,
    "onset": onset,
    "seeds": seeds,
    "weight_decay": weight_decay,
}
"""Figures of an experiment: modules with `draw` and `data`, of (runs, curves, protocol), `caption(protocol, data)`, and
ALTERNATIVE."""
TEST_KINDS: dict[str, ModuleType] = {"confusion": confusion}
"""Figures of test results, of (runs, confusions, protocol), which `bnlab.report.test_figures` opens."""
GRADIENT_KINDS: dict[str, ModuleType] = {"step_sizes": step_sizes, "overfit": overfit}
"""Figures about gradients: modules with `draw(table, data)`, `caption(table)` and ALTERNATIVE."""


def draw_figure(configuration: Configuration, study: str, experiment: str, figure: str, *, results: Path) -> None:
    """Write figures/<experiment>_<figure>.svg, .png and .csv, its data, below results/studies/<study>.

    Reads runs.csv and curves.csv there. Raises ConfigError for an unknown experiment or figure, IntegrityError when
    a run of the experiment is not in the tables.
    """
    if figure not in KINDS:
        raise ConfigError(f"'{figure}' is not a figure. Expected one of: {', '.join(KINDS)}.")
    specs = configuration.study(study).experiment(experiment).runs
    names = list(configuration.names(specs))
    protocol = configuration.protocols[specs[0].protocol]
    folder = results / "studies" / study
    runs = of_runs(folder / "runs.csv", names)
    # A run that diverges at once has no curve.
    along = of_runs(folder / "curves.csv", runs.loc[runs["diverged_at"] != 0, "run"].tolist())
    write_figure(KINDS[figure], runs, along, protocol, folder / "figures" / f"{experiment}_{figure}")


def write_figure(kind: ModuleType, runs: pd.DataFrame, other: pd.DataFrame, protocol: Protocol, path: Path) -> None:
    """Write path.svg, .png and .csv of a kind of figure, from rows of runs.csv and of another table."""
    with house_style():
        save(kind.draw(runs, other, protocol), path)
    write_csv(path.with_name(f"{path.name}.csv"), kind.data(runs, other, protocol))


def draw_gradient_figure(data: str, kind: str, *, results: Path, config: Path) -> None:
    """Write gradients/<data>/<kind>.svg and .png below `results`, from the CSV file of that name.

    kind: one of GRADIENT_KINDS, or a reported check that compares causes. Raises ConfigError for any other,
    IntegrityError when the file is missing.
    """
    known = [*GRADIENT_KINDS, *reported_check_names(config)]
    if kind not in known:
        raise ConfigError(f"'{kind}' is not a figure about gradients. Expected one of: {', '.join(known)}.")
    path = results / "gradients" / data / f"{kind}.csv"
    with house_style():
        if kind in GRADIENT_KINDS:
            table = read_table(path)
            drawn = GRADIENT_KINDS[kind].draw(table, data)
        else:
            reported_check = load_reported_check(kind, config)
            if not compares_causes(reported_check):
                raise ConfigError(
                    f"config/reported_checks/{kind}.yaml: no case names a `cause`, so there is nothing to draw."
                )
            drawn = causes.draw(reported_check, read_table(path), data)
        save(drawn, path.with_suffix(""))


def of_runs(path: Path, names: list[str]) -> pd.DataFrame:
    """The rows of these runs in a table of a study, in the order of the names.

    Raises IntegrityError when one has none.
    """
    table = read_table(path, dtype=NAMES)
    missing = sorted(set(names) - set(table["run"]))
    if missing:
        raise IntegrityError(
            f"{path}: lacks {len(missing)} of the experiment's runs, among them {missing[0]}. Collect the study's runs "
            "again."
        )
    order = {name: place for place, name in enumerate(names)}
    chosen = table[table["run"].isin(order)]
    return chosen.sort_values("run", key=lambda run: run.map(order), kind="stable", ignore_index=True)
