"""Whether the cells that claims name are there, and as many as each claim needs."""

from collections.abc import Sequence
from typing import Any

from bnlab.claims.model import SAMPLED, SEARCHED, VALIDATED, Cell, Claim, Interpretation, Selection
from bnlab.config.claims import is_gain
from bnlab.config.experiments import FILTERS
from bnlab.config.studies import Configuration
from bnlab.runs.names import initialization_text, network_text, number_text
from bnlab.runs.spec import Protocol


class CellCheck:
    """Checks the cells that claims name, and adds what is wrong with them to `problems`."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.problems: list[str] = []

    def check(self, claim: Claim, where: str) -> None:
        """Check that every cell that a claim names exists, and that there are as many as the claim's kind needs."""
        sampled: list[Cell] = []
        for interpretation, key in zip(claim.interpretations, interpretation_keys(claim), strict=True):
            at = f"{where}{key}"
            cells: list[Cell] | None = []
            for i, selection in enumerate(interpretation.cells):
                place = f"{at}.cells[{i}]" if len(interpretation.cells) > 1 else f"{at}.cells"
                found = self._cells(selection, place)
                sampled += (found or []) if interpretation.metric in SAMPLED else []
                self._check_validation(found, interpretation.metric, place)
                cells = None if cells is None or found is None else [*cells, *found]
            for i, pair in enumerate(interpretation.pairs):
                for side in ("greater", "smaller"):
                    place = f"{at}.pairs[{i}].{side}"
                    sides = self._cells(getattr(pair, side), place)
                    sampled += (sides or []) if pair.metric in SAMPLED else []
                    self._check_validation(sides, pair.metric, place)
                    if sides and is_gain(pair.metric):
                        self._check_twins(sides, place)
                    else:
                        self._check_one(sides, place)
            if cells and claim.kind in ("number", "best"):
                self._check_number(claim, interpretation, cells, f"{at}.cells")
        self._check_sampling(sampled, where)

    def _check_validation(self, cells: list[Cell] | None, metric: str, where: str) -> None:
        """Add a problem where a metric is of validation images that the runs do not have."""
        without = [cell for cell in cells or () if not self.configuration.protocols[cell.setting.protocol].validation]
        if without and (metric in VALIDATED or "validation" in metric):
            self.problems.append(
                f"{where}: found {metric}, but '{without[0].experiment}' is trained with validation: 0. "
                "Expected a metric of training or test images."
            )

    def _check_sampling(self, cells: list[Cell], where: str) -> None:
        """Add a problem where readings are of curves that are not sampled alike, by which alone they can differ."""
        found: dict[tuple[float, int], str] = {}
        for cell in cells:
            found.setdefault(_sampling(self.configuration.protocols[cell.setting.protocol]), cell.experiment)
        if len(found) > 1:
            ways = "; ".join(f"{name} every {apart:g} epochs on {n:,} images" for (apart, n), name in found.items())
            self.problems.append(
                f"{where}: is judged by curves that are not sampled alike, which changes what is read off them. Found "
                f"{ways}. Expected protocols with the same probe and as many curve_points an epoch."
            )

    def _cells(self, selection: Selection, where: str) -> list[Cell] | None:
        """The cells that a selection meets; None if they are not known yet, or if it is wrong, which adds a problem."""
        studies = self.configuration.studies
        if selection.study not in studies:
            known = ", ".join(sorted(studies))
            self.problems.append(f"{where}.study: found '{selection.study}', expected one of config/studies: {known}.")
            return None
        ids = [experiment.id for experiment in studies[selection.study].experiments]
        if selection.experiment not in ids:
            self.problems.append(
                f"{where}.experiment: found '{selection.experiment}', expected an experiment of study "
                f"'{selection.study}': {', '.join(ids)}."
            )
            return None
        experiment = studies[selection.study].experiment(selection.experiment)
        if experiment.pending:
            return None
        cells = selection.cells(self.configuration)
        if not cells:
            everything = Selection(selection.study, selection.experiment, {}).cells(self.configuration)
            asked = ", ".join(f"{key} {_spelled(key, value)}" for key, value in selection.filters.items())
            there = "; ".join(f"{key} {_there(everything, key)}" for key in selection.filters)
            self.problems.append(
                f"{where}: found no cell with {asked}, expected one of experiment '{selection.experiment}' of study "
                f"'{selection.study}', which has {there}."
            )
            return None
        return cells

    def _check_number(self, claim: Claim, interpretation: Interpretation, cells: list[Cell], where: str) -> None:
        if is_gain(interpretation.metric):
            self._check_twins(cells, where)
        elif claim.kind == "number" and interpretation.best_of is None:
            self._check_one(cells, where)
        else:
            self._check_one(cells, where, but=SEARCHED)

    def _check_twins(self, cells: list[Cell], where: str) -> None:
        self._check_one([cell for cell in cells if cell.setting.batch_norm], where)
        self._check_one([cell for cell in cells if not cell.setting.batch_norm], where)
        if {cell.setting.batch_norm for cell in cells} != {False, True}:
            self.problems.append(
                f"{where}: found no cell with batch_norm {'false' if cells[0].setting.batch_norm else 'true'}, "
                "expected its twin: a gain is the difference of both."
            )

    def _check_one(self, cells: list[Cell] | None, where: str, *, but: tuple[str, ...] = ()) -> None:
        """Add a problem unless the cells are one, or differ in nothing except `but`."""
        varying = [key for key in FILTERS if key not in but and len(_values(cells or [], key)) > 1]
        if cells and (varying or (not but and len(cells) > 1)):
            ways = "; ".join(f"{key} ({_there(cells, key)})" for key in varying) or "experiment"
            self.problems.append(
                f"{where}: meets {len(cells)} cells of experiment '{cells[0].experiment}', expected one"
                f"{' of each ' + ' and '.join(but) if but else ''}. Narrow it by {ways}."
            )


def _sampling(protocol: Protocol) -> tuple[float, int]:
    """Epochs from one point of a curve to the next, to a tenth, and images of each part that it is evaluated on."""
    epochs = protocol.schedule.updates * protocol.batch_size / protocol.training
    return round(epochs / max(protocol.curve_points - 1, 1), 1), protocol.probe


def interpretation_keys(claim: Claim) -> list[str]:
    """The keys, below a claim's own, of its interpretations."""
    return ["", *(f".variants[{i}]" for i in range(len(claim.variants)))]


def _values(cells: Sequence[Cell], key: str) -> list[Any]:
    return list(dict.fromkeys(getattr(cell.setting, FILTERS[key]) for cell in cells))


def _there(cells: Sequence[Cell], key: str) -> str:
    return ", ".join(_spelled(key, value) for value in _values(cells, key))


def _spelled(key: str, value: Any) -> str:
    if key == "network":
        return network_text(value)
    if key == "initialization":
        return initialization_text(value).removeprefix("sigma")
    if isinstance(value, bool) or value is None:
        return "scheduled" if value is None else str(value).lower()
    return number_text(value)
