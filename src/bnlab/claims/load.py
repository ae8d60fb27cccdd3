"""From the files of config/claims to the validated claims (docs/claims.md); all mistakes of all files are named."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bnlab.analysis.relative_errors import RELATIVE
from bnlab.claims.cells import CellCheck, interpretation_keys
from bnlab.claims.model import CURVES, START, TIED, Claim, Interpretation, Pair, Selection
from bnlab.config.claims import AnyItem, Cells, ClaimsFile, Level, NamedVariant, Variant
from bnlab.config.reader import read_yaml
from bnlab.config.reported_checks import check_reported_check_name, load_reported_check
from bnlab.config.studies import Configuration
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.formatting import count
from bnlab.paths import CONFIG
from bnlab.runs.names import number_text

INTERPRETED = ("label", "metric", "cells", "pairs", "reported_check", "case", "best_of", "settled")
"""The keys of a claim that a variant can change, and its label."""
TAKEN = (
    "where", "kind", "text", "truncated", "read_to", "rank", "other_split", "axis", "throughout", "chosen",
    "continuous", "inconsistent", "not_testable", "note",
)  # fmt: skip
"""The keys of a claim that are taken as they are."""


def claimed_reports(folder: Path = CONFIG) -> list[str]:
    """The reports whose claims there are: every file of claims."""
    return sorted(path.stem for path in (folder / "claims").glob("*.yaml"))


def load_claims(configuration: Configuration, reports: Iterable[str] | None = None) -> tuple[Claim, ...]:
    """The claims of these reports, by default of all, in the order of their files.

    Raises ConfigError with every violation in every file, cells that no study has included.
    """
    known = claimed_reports(configuration.folder)
    problems: list[str] = []
    claims: list[Claim] = []
    for report in known if reports is None else reports:
        path = configuration.folder / "claims" / f"{report}.yaml"
        if report not in known:
            problems.append(f"'{report}' has no claims. config/claims holds: {', '.join(known) or 'nothing'}.")
            continue
        try:
            file = check(ClaimsFile, read_yaml(path), source=str(path))
        except ConfigError as error:
            problems.append(str(error))
            continue
        problems += _file_problems(path, file, configuration)
        if file.study in configuration.studies:
            claims += _Reader(path, file, configuration, problems).claims()
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(claims)


@dataclass
class _Reader:
    """Makes claims of a file's items; `problems` grows."""

    path: Path
    file: ClaimsFile
    configuration: Configuration
    problems: list[str]

    def claims(self) -> Iterator[Claim]:
        """Every claim, tables expanded."""
        for i, item in enumerate(self.file.claims):
            yield from self._of_item(item, f"{self.path}: claims[{i}]")

    def _of_item(self, item: AnyItem, where: str) -> Iterator[Claim]:
        said = dict(item)
        reported = said.get("reported") or ""
        claim = Claim(
            item=f"{self.file.report}/{item.id}",
            report=self.file.report,
            study=self.file.study,
            lenders=tuple(self.file.lenders),
            main=self._interpretation(item),
            variants=tuple(self._variants(item, where)),
            reported=_printed(reported, joined=TIED if item.kind == "best" else " to "),
            between=_bounds(item) if isinstance(item, Level) else None,
            setting=said.get("property", ""),
            open=tuple(item.open),
            **{key: said[key] for key in TAKEN if key in said},
        )
        if claim.kind == "gradient":
            yield from self._published(claim, where)
        elif claim.kind in ("magnitude", "increase"):
            self._check_case(claim.main, where)
            yield claim
        elif isinstance(reported, dict):
            for reading, at in zip(claim.interpretations, interpretation_keys(claim), strict=True):
                if any(said["over"] in one.filters for one in reading.cells):
                    self.problems.append(f"{where}{at}: names {said['over']} itself, whose values are those of `over`.")
            for key, printed in reported.items():
                one = replace(
                    claim,
                    entry=number_text(key),
                    text=claim.text.replace("{value}", number_text(key)),
                    reported=printed,
                    main=_filtered(claim.main, said["over"], key),
                    variants=tuple(_filtered(variant, said["over"], key) for variant in claim.variants),
                )
                self._check(one, f"{where}.reported.{key}")
                yield one
        else:
            self._check(claim, where)
            yield claim

    def _check(self, claim: Claim, where: str) -> None:
        if claim.continuous and not claim.open:
            self.problems.append(f"{where}.continuous: found true, expected `open`, which says what it is of.")
        if claim.open and not claim.variants:
            self.problems.append(
                f"{where}.open: found no variants, expected a reading for each way to take what is left open. "
                "What cannot have been so is `inconsistent`, not open."
            )
        for variant, key in zip(claim.variants, interpretation_keys(claim)[1:], strict=True):
            if replace(variant, label=claim.main.label, settled=claim.main.settled) == claim.main:
                self.problems.append(f"{where}{key}: reads the claim as the main reading does, expected what differs.")
        self.problems += _problems_of_pairs(claim, where)
        check = CellCheck(self.configuration)
        check.check(claim, where)
        self.problems += check.problems

    def _variants(self, item: AnyItem, where: str) -> Iterator[Interpretation]:
        """Every variant of a claim; none where something is wrong."""
        labels: set[str] = set()
        for i, variant in enumerate(getattr(item, "variants", ())):
            at = f"{where}.variants[{i}]"
            label = variant if isinstance(variant, str) else variant.label
            if label in labels:
                self.problems.append(f"{at}.label: '{label}' stands here twice; labels must differ.")
            labels.add(label)
            if not isinstance(variant, str):
                rank, of = getattr(item, "rank", 1), getattr(variant, "best_of", None) or math.inf
                if of < rank:
                    self.problems.append(f"{at}.best_of: found {of}, expected at least the claim's rank, {rank}.")
                yield self._interpretation(item, variant)
            elif named := self._named(item, variant, at):
                yield named

    def _named(self, item: AnyItem, name: str, where: str) -> Interpretation | None:
        """The variant of that name; None if it is wrong, which adds a problem."""
        main, variant = self._interpretation(item), self.file.variants.get(name)
        if variant is None:
            known = ", ".join(self.file.variants) or "it has none"
            self.problems.append(f"{where}: found '{name}', expected one of the file's variants: {known}.")
            return None
        for one in main.selections:
            if variant.experiment and one.experiment not in variant.experiment:
                self.problems.append(
                    f"{where}: found '{name}', which names no experiment in place of '{one.experiment}'."
                )
                return None
        return _changed(main, name, variant)

    def _interpretation(self, item: AnyItem, variant: Variant | None = None) -> Interpretation:
        """The main interpretation of a claim, or that of a variant, which says only what differs."""
        changed = _said(variant) if variant else {}
        said = _said(item) | changed
        metric = said.get("metric", "")
        cells = said.get("cells", [])
        return Interpretation(
            label=said.get("label", ""),
            metric=metric,
            cells=tuple(self._selection(one) for one in (cells if isinstance(cells, list) else [cells])),
            pairs=tuple(
                Pair(
                    self._selection(pair.greater),
                    self._selection(pair.smaller),
                    metric if "metric" in changed else pair.metric or metric,  # a variant's metric is that of all pairs
                )
                for pair in said.get("pairs", ())
            ),
            reported_check=said.get("reported_check", ""),
            case=said.get("case", ""),
            best_of=said.get("best_of"),
            settled=said.get("settled", False),
        )

    def _selection(self, cells: Cells) -> Selection:
        return Selection(cells.study or self.file.study, cells.experiment, cells.filters)

    def _published(self, claim: Claim, where: str) -> Iterator[Claim]:
        """One claim for every published table of the claim's reported check."""
        reported_checks = {}
        for interpretation, key in zip(claim.interpretations, interpretation_keys(claim), strict=True):
            name, at = interpretation.reported_check, f"{where}{key}.reported_check"
            if (reported_check := self._reported_check(name, at)) is None:
                return
            reported_checks[name] = reported_check
            published_in = reported_checks[claim.main.reported_check]["published_in"]
            if reported_check["published_in"] != published_in:
                self.problems.append(f"{at}: found '{name}', expected one of what '{published_in}' publishes.")
        main = reported_checks[claim.main.reported_check]
        if main["report"] != claim.report:
            self.problems.append(
                f"{where}.reported_check: found '{claim.main.reported_check}', which is of report '{main['report']}', "
                f"expected one of '{claim.report}'."
            )
        for table, content in main["published"].items():
            values = [abs(value) for arrays in content["values"].values() for value in arrays.values()]
            yield replace(
                claim,
                entry=table,
                text=claim.text or f"{count(len(values), 'value')} of {table.replace('_', ' ')}: {content['place']}.",
                reported=f"{min(values):.3g} to {max(values):.3g}",
                table=table,
            )

    def _check_case(self, interpretation: Interpretation, where: str) -> None:
        reported_check = self._reported_check(interpretation.reported_check, f"{where}.reported_check")
        cases = [case["id"] for case in reported_check["cases"]] if reported_check else []
        if cases and interpretation.case not in cases:
            self.problems.append(f"{where}.case: found '{interpretation.case}', expected one of {', '.join(cases)}.")
        for case in reported_check["cases"] if reported_check else ():
            if case["id"] == interpretation.case and not {*RELATIVE} & {*case["measures"]}:
                self.problems.append(
                    f"{where}.case: '{interpretation.case}' measures no relative error, expected one with "
                    f"{', '.join(RELATIVE)}."
                )

    def _reported_check(self, name: str, where: str) -> dict[str, Any] | None:
        """The reported check of that name; None if there is none, which adds a problem."""
        try:
            check_reported_check_name(name, self.configuration.folder, source=where)
            return dict(load_reported_check(name, self.configuration.folder))
        except ConfigError as error:
            self.problems.append(str(error))
            return None


def _bounds(level: Level) -> tuple[float, float]:
    low, high = level.between or (level.at_least, math.inf)
    return low, high


def _printed(reported: Any, *, joined: str) -> str:
    """A printed number, or some of them; a table's entries have their own."""
    if isinstance(reported, dict):
        return ""
    return joined.join(reported) if isinstance(reported, list) else reported


def _problems_of_pairs(claim: Claim, where: str) -> Iterator[str]:
    """What is wrong with the metrics of pairs, which a claim, each pair and a variant can name."""
    for reading, key in zip(claim.interpretations, interpretation_keys(claim), strict=True):
        for metric in dict.fromkeys(pair.metric for pair in reading.pairs):
            if not metric:
                yield f"{where}{key}: missing 'metric', which not every pair has."
            elif claim.throughout and metric not in CURVES:
                yield f"{where}{key}: found throughout with '{metric}', which curves do not have."
            elif claim.kind == "equal" and metric == START:
                yield (
                    f"{where}{key}: found '{metric}' with kind equal: starts are compared by their order alone, which "
                    "cannot show that there is no difference. Expected kind direction, or another metric."
                )


def _file_problems(path: Path, file: ClaimsFile, configuration: Configuration) -> Iterator[str]:
    """What is wrong with a file as a whole."""
    if file.report != path.stem:
        yield f"{path}: report: found '{file.report}', expected the file's name, '{path.stem}'."
    for i, lender in enumerate(file.lenders):
        if lender not in configuration.studies:
            known = ", ".join(sorted(configuration.studies))
            yield f"{path}: lenders[{i}]: found '{lender}', expected one of config/studies: {known}."
    if file.study not in configuration.studies:
        known = ", ".join(sorted(configuration.studies))
        yield f"{path}: study: found '{file.study}', expected one of config/studies: {known}."
    named = {one for item in file.claims for one in getattr(item, "variants", ()) if isinstance(one, str)}
    for label in file.variants.keys() - named:
        yield f"{path}: variants: no claim names '{label}'."
    seen: set[str] = set()
    for i, item in enumerate(file.claims):
        if item.id in seen:
            yield f"{path}: claims[{i}].id: '{item.id}' stands here twice; ids must differ."
        seen.add(item.id)


def _said(declared: BaseModel) -> dict[str, Any]:
    return {key: value for key, value in declared if key in INTERPRETED and value is not None}


def _changed(main: Interpretation, label: str, variant: NamedVariant) -> Interpretation:
    """The main interpretation with a named variant's filters and experiments."""

    def other(one: Selection) -> Selection:
        experiment = variant.experiment[one.experiment] if variant.experiment else one.experiment
        return replace(one, experiment=experiment, filters={**one.filters, **variant.filters})

    pairs = (replace(pair, greater=other(pair.greater), smaller=other(pair.smaller)) for pair in main.pairs)
    return replace(main, label=label, settled=variant.settled, cells=tuple(map(other, main.cells)), pairs=tuple(pairs))


def _filtered(interpretation: Interpretation, axis: str, value: float) -> Interpretation:
    """The interpretation narrowed to one value of an axis."""
    cells = tuple(replace(one, filters={**one.filters, axis: value}) for one in interpretation.cells)
    return replace(interpretation, cells=cells)
