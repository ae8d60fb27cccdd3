"""What is wrong with a claim: keys that do not belong to its kind, cells that are not there or are too many."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bnlab.claims.model import FIELDS, SEARCHED, Cell, Claim, Interpretation, Selection
from bnlab.config.studies import Configuration
from bnlab.runs.names import initialization_text, network_text, number_text

SHARED = {"id", "where", "text", "kind", "open", "variants", "inconsistent", "not_comparable", "note"}
KINDS: dict[str, tuple[set[str], set[str]]] = {
    "number": ({"metric", "cells", "reported"}, {"truncated", "over", "best_of", "rank", "other_split"}),
    "gradient": ({"reported_check"}, set()),
    "direction": ({"metric", "pairs"}, set()),
    "equal": ({"metric", "pairs"}, set()),
    "level": ({"metric", "cells", "between"}, set()),
    "best": ({"axis", "cells", "reported"}, {"metric"}),
    "setting": ({"property", "cells", "reported"}, {"truncated"}),
    "words": (set(), {"reported"}),
}
"""The keys that a claim of each kind must have, and those that it may have, beside the shared ones."""


def key_problems(item: Mapping[str, Any], where: str) -> Iterator[str]:
    """Keys that a claim of its kind lacks or cannot have, and values that do not go together."""
    kind = item["kind"]
    needed, possible = KINDS[kind]
    if kind != "gradient":
        needed = needed | {"text"}
    if "metric" in needed and all("metric" in pair for pair in item.get("pairs", [{}])):
        needed, possible = needed - {"metric"}, possible | {"metric"}
    for key in sorted(needed - item.keys()):
        yield f"{where}: missing '{key}', which a claim of kind '{kind}' needs."
    for key in sorted(item.keys() - SHARED - needed - possible):
        has = ", ".join(sorted(needed | possible))
        yield f"{where}: found '{key}', which a claim of kind '{kind}' cannot have. It has {has}."
    if kind == "words" and not item.keys() & {"not_comparable", "inconsistent"}:
        yield f"{where}: missing 'not_comparable', the reason why no run can test it."
    if "between" in item and item["between"][0] > item["between"][1]:
        yield f"{where}.between: found {item['between']}, expected low, high."
    if item.get("rank", 1) > item.get("best_of", 1):
        yield f"{where}.rank: found {item['rank']}, expected at most best_of, {item.get('best_of', 'not there')}."
    yield from _variant_problems(item, where)
    yield from _reported_problems(item, where)
    yield from _metric_problems(item, where)


def _variant_problems(item: Mapping[str, Any], where: str) -> Iterator[str]:
    needed, possible = KINDS[item["kind"]]
    labels = [variant["label"] for variant in item.get("variants", ())]
    for i, variant in enumerate(item.get("variants", ())):
        if item["kind"] == "words":
            yield f"{where}.variants: found {len(labels)}, which a claim of kind 'words' cannot have."
            return
        for key in sorted(variant.keys() - needed - possible - {"label"}):
            yield f"{where}.variants[{i}]: found '{key}', which a claim of kind '{item['kind']}' cannot have."
        if variant.keys() == {"label"}:
            yield f"{where}.variants[{i}]: found a label alone, expected what differs: cells, pairs, metric or reported check."
        if variant["label"] in labels[:i]:
            yield f"{where}.variants[{i}].label: '{variant['label']}' stands here twice; labels must differ."


def _reported_problems(item: Mapping[str, Any], where: str) -> Iterator[str]:
    over, reported = item.get("over"), item.get("reported")
    if (over is not None) != isinstance(reported, dict):
        expected = f"a mapping of values of {over} to printed numbers" if over else "one printed number, or `over`"
        yield f"{where}.reported: found {reported!r}, expected {expected}."
    elif isinstance(reported, dict):
        if "{value}" not in item["text"]:
            yield f"{where}.text: found {item['text']!r}, expected {{value}} in it, where an entry's own will stand."
        for key in reported:
            if isinstance(key, bool) or not isinstance(key, int | float):
                yield (
                    f"{where}.reported: found the key {key!r}, expected a number. YAML reads 1e-3 as text; write it "
                    "with a dot and without quotes, as in 1.0e-3."
                )


def _metric_problems(item: Mapping[str, Any], where: str) -> Iterator[str]:
    named = {"metric": item.get("metric")}
    named |= {f"variants[{i}].metric": one.get("metric") for i, one in enumerate(item.get("variants", ()))}
    for key, metric in named.items():
        if metric == "gain" and item["kind"] == "level":
            yield f"{where}.{key}: found gain, which a run alone does not have. Use kind number, or direction."
        elif item["kind"] == "best" and metric not in (None, "validation_accuracy", "best_validation_accuracy"):
            yield f"{where}.{key}: found '{metric}', expected a validation accuracy: nothing else selects."


class CellCheck:
    """Looks for the cells that claims name; `problems` grows."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.problems: list[str] = []

    def check(self, claim: Claim, where: str) -> None:
        """Every cell that is named is there, and as many as the claim's kind needs."""
        for interpretation, key in zip(claim.interpretations, interpretation_keys(claim), strict=True):
            at = f"{where}{key}"
            cells: list[Cell] | None = []
            for i, selection in enumerate(interpretation.cells):
                place = f"{at}.cells[{i}]" if len(interpretation.cells) > 1 else f"{at}.cells"
                found = self._cells(selection, place)
                cells = None if cells is None or found is None else [*cells, *found]
            for i, pair in enumerate(interpretation.pairs):
                for side in ("greater", "smaller"):
                    place = f"{at}.pairs[{i}].{side}"
                    sides = self._cells(getattr(pair, side), place)
                    if sides and pair.metric == "gain":
                        self._check_twins(sides, place)
                    else:
                        self._check_one(sides, place)
            if cells and claim.kind in ("number", "best"):
                self._check_number(claim, interpretation, cells, f"{at}.cells")

    def _cells(self, selection: Selection, where: str) -> list[Cell] | None:
        """What a selection meets; None where that is wrong, which is then written down, or not yet known."""
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
        if experiment.pending and not experiment.runs:
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
        if interpretation.metric == "gain":
            self._check_twins(cells, where)
        elif claim.kind == "number" and claim.best_of is None:
            self._check_one(cells, where)
        else:
            self._check_one(cells, where, but=SEARCHED)
            if claim.best_of is not None and claim.best_of < len(cells):
                self.problems.append(
                    f"{where}: meets {len(cells)} cells, expected at most best_of = {claim.best_of}. Narrow it."
                )

    def _check_twins(self, cells: list[Cell], where: str) -> None:
        self._check_one([cell for cell in cells if cell.setting.batch_norm], where)
        self._check_one([cell for cell in cells if not cell.setting.batch_norm], where)
        if {cell.setting.batch_norm for cell in cells} != {False, True}:
            self.problems.append(
                f"{where}: found no cell with batch_norm {'false' if cells[0].setting.batch_norm else 'true'}, "
                "expected its twin: a gain is the difference of both."
            )

    def _check_one(self, cells: list[Cell] | None, where: str, *, but: tuple[str, ...] = ()) -> None:
        """Write down unless the cells are one, or differ in nothing except `but`."""
        varying = [key for key in FIELDS if key not in but and len(_values(cells or [], key)) > 1]
        if cells and (varying or (not but and len(cells) > 1)):
            ways = "; ".join(f"{key} ({_there(cells, key)})" for key in varying) or "experiment"
            self.problems.append(
                f"{where}: meets {len(cells)} cells of experiment '{cells[0].experiment}', expected one"
                f"{' of each ' + ' and '.join(but) if but else ''}. Narrow it by {ways}."
            )


def interpretation_keys(claim: Claim) -> list[str]:
    """Where a claim's interpretations stand below it."""
    return ["", *(f".variants[{i}]" for i in range(len(claim.variants)))]


def _values(cells: Sequence[Cell], key: str) -> list[Any]:
    return list(dict.fromkeys(getattr(cell.setting, FIELDS[key]) for cell in cells))


def _there(cells: Sequence[Cell], key: str) -> str:
    return ", ".join(_spelled(key, value) for value in _values(cells, key))


def _spelled(key: str, value: Any) -> str:
    if key == "network":
        return network_text(value)
    if key == "initialization":
        return value if isinstance(value, str) else initialization_text(value).removeprefix("sigma")
    if isinstance(value, bool) or value is None:
        return "scheduled" if value is None else str(value).lower()
    return number_text(value)
