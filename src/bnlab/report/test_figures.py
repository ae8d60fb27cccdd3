"""Figures of test results, which are opened here when everything is chosen, and which nothing that chooses reads."""

from pathlib import Path

from bnlab.analysis.confusion import confusions
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError
from bnlab.figures.draw import TEST_KINDS, of_runs, write_figure


def draw_test_figure(configuration: Configuration, study: str, experiment: str, figure: str, *, results: Path) -> None:
    """Write figures/<experiment>_<figure>.svg, .png and .csv, its data, below results/studies/<study>.

    Reads runs.csv there, and the predictions of the experiment's runs. Raises ConfigError for an unknown experiment or
    figure, IntegrityError when a run is not in the table or its predictions are not what its record says.
    """
    if figure not in TEST_KINDS:
        raise ConfigError(f"'{figure}' is not a figure of test results. Expected one of: {', '.join(TEST_KINDS)}.")
    specs = configuration.study(study).experiment(experiment).runs
    names = list(configuration.names(specs))
    protocol = configuration.protocols[specs[0].protocol]
    folder = results / "studies" / study
    counted = confusions(names, protocol.data.name, results=results)
    path = folder / "figures" / f"{experiment}_{figure}"
    write_figure(TEST_KINDS[figure], of_runs(folder / "runs.csv", names), counted, protocol, path)
