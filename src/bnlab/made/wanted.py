"""What the configuration has use for: all else that is stored was made for another, and can be deleted."""

from functools import cached_property
from pathlib import Path

from bnlab.made.steps import is_known
from bnlab.runs.datasets import CIFAR10
from bnlab.targets import Targets


class Wanted:
    """Tells what a target of the present configuration, a study for example, has use for."""

    def __init__(self, targets: Targets) -> None:
        """targets: of that configuration.

        Raises ConfigError for mistakes in claims, whose tables would seem unwanted.
        """
        self._targets = targets
        _ = targets.claimed_studies

    def __call__(self, command: str, *arguments: str) -> bool:  # noqa: PLR0911 (a table)
        """Whether it is what a command with these arguments makes."""
        targets = self._targets
        if not is_known(targets, command, *arguments):
            return False
        match command, arguments:
            case "gate" | "step-sizes" | "overfit", [data]:
                return data in self._trained_on
            case "reported-check" | "gradient-figure", [data, name]:
                return name in self._shown_on.get(data, ())
            case "sensitivity", [run]:
                return run in targets.known_runs
            case "rank", [study, experiment]:
                return experiment in targets.configuration.study(study).searched
            case "figure" | "test-figure", [study, experiment, figure]:
                return figure in targets.configuration.study(study).experiment(experiment).figures
            case "calibrate" | "calibration-figure", []:
                return bool(targets.reports)
            case ("pdf", ["synthesis"]) | ("site", []):
                return targets.synthesis is not None
            case "study-site", [study]:
                return study not in targets.on_site or not Path(targets.site("synthesis")).exists()
        return True

    @cached_property
    def _trained_on(self) -> set[str]:
        return {data for study in self._targets.studies for data in self._targets.data_of(study)}

    @cached_property
    def _shown_on(self) -> dict[str, set[str]]:
        """What is shown about gradients on each data set; what reports claim about them is about CIFAR-10."""
        shown = {data: {*self._targets.gradient_kinds} for data in self._trained_on}
        for study in self._targets.studies:
            for data in self._targets.data_of(study):
                shown[data].update(self._targets.configuration.study(study).gradients)
        if self._targets.reports:
            shown.setdefault(CIFAR10.name, set()).update(self._targets.reported_checks)
        return shown
