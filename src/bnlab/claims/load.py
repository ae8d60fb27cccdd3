"""From the files of config/claims to the validated ledger (docs/claims.md); all mistakes of all files are named."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bnlab.claims.checks import CellCheck, interpretation_keys, key_problems
from bnlab.claims.model import FIELDS, Claim, Interpretation, Pair, Published, Selection
from bnlab.config.reader import read_yaml, violations
from bnlab.config.reported_checks import check_reported_check_name, load_reported_check
from bnlab.config.studies import Configuration
from bnlab.errors import ConfigError
from bnlab.paths import CONFIG
from bnlab.runs.names import number_text


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
        content = read_yaml(path)
        if found := violations(content, "claims", source=str(path)):
            problems += found
            continue
        problems += _file_problems(path, content, configuration)
        if content["study"] in configuration.studies:
            claims += _File(path, content, configuration, problems).claims()
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(claims)


@dataclass
class _File:
    """One file while it is read; `problems` grows."""

    path: Path
    content: Mapping[str, Any]
    configuration: Configuration
    problems: list[str]

    def claims(self) -> Iterator[Claim]:
        """Every claim, tables expanded; none from where something is wrong."""
        for i, item in enumerate(self.content["claims"]):
            where = f"{self.path}: claims[{i}]"
            wrong = list(key_problems(item, where))
            self.problems += wrong
            if not wrong:
                yield from self._of_item(item, where)

    def _of_item(self, item: Mapping[str, Any], where: str) -> Iterator[Claim]:
        claim = Claim(
            item=f"{self.content['report']}/{item['id']}",
            report=self.content["report"],
            study=self.content["study"],
            where=item["where"],
            text=item.get("text", ""),
            kind=item["kind"],
            main=self._reading(item),
            variants=tuple(self._reading(item, variant) for variant in item.get("variants", ())),
            reported=item["reported"] if isinstance(item.get("reported"), str) else "",
            truncated=item.get("truncated", False),
            best_of=item.get("best_of"),
            rank=item.get("rank", 1),
            other_split=item.get("other_split", False),
            between=tuple(item["between"]) if "between" in item else None,
            axis=item.get("axis", ""),
            setting=item.get("property", ""),
            open=tuple(item.get("open", ())),
            inconsistent=item.get("inconsistent", ""),
            not_comparable=item.get("not_comparable", ""),
            note=item.get("note", ""),
        )
        if claim.kind == "gradient":
            yield from self._published(claim, where)
        elif "over" in item:
            for key, printed in item["reported"].items():
                one = replace(
                    claim,
                    entry=number_text(key),
                    text=claim.text.replace("{value}", number_text(key)),
                    reported=printed,
                    main=_filtered(claim.main, item["over"], key),
                    variants=tuple(_filtered(variant, item["over"], key) for variant in claim.variants),
                )
                self._check(one, f"{where}.reported.{key}")
                yield one
        else:
            self._check(claim, where)
            yield claim

    def _check(self, claim: Claim, where: str) -> None:
        check = CellCheck(self.configuration)
        check.check(claim, where)
        self.problems += check.problems

    def _reading(self, item: Mapping[str, Any], variant: Mapping[str, Any] | None = None) -> Interpretation:
        """The main interpretation of a claim, or a variant of it, which says only what differs."""
        said = {key: value for key, value in item.items() if key in ("metric", "cells", "pairs", "reported_check")}
        said |= variant or {}
        cells = said.get("cells", [])
        metric = said.get("metric", "validation_accuracy" if item["kind"] == "best" else "")
        whole = variant is not None and "metric" in variant  # a variant's metric is that of all its pairs
        return Interpretation(
            label=said.get("label", ""),
            metric=metric,
            cells=tuple(self._selection(one) for one in (cells if isinstance(cells, list) else [cells])),
            pairs=tuple(
                Pair(
                    self._selection(pair["greater"]),
                    self._selection(pair["smaller"]),
                    metric if whole else pair.get("metric", metric),
                )
                for pair in said.get("pairs", ())
            ),
            reported_check=said.get("reported_check", ""),
        )

    def _selection(self, content: Mapping[str, Any]) -> Selection:
        filters = {key: value for key, value in content.items() if key in FIELDS}
        return Selection(content.get("study", self.content["study"]), content["experiment"], filters)

    def _published(self, claim: Claim, where: str) -> Iterator[Claim]:
        """One claim for every published value of the claim's reported check."""
        reported_checks = {}
        for interpretation, key in zip(claim.interpretations, interpretation_keys(claim), strict=True):
            try:
                check_reported_check_name(
                    interpretation.reported_check, self.configuration.folder, source=f"{where}{key}.reported_check"
                )
                reported_checks[interpretation.reported_check] = load_reported_check(
                    interpretation.reported_check, self.configuration.folder
                )
            except ConfigError as error:
                self.problems.append(str(error))
                return
        main = reported_checks[claim.main.reported_check]
        self.problems += [
            f"{where}{key}.reported_check: found '{interpretation.reported_check}', expected one of what '{main['published_in']}' publishes."
            for interpretation, key in zip(claim.interpretations, interpretation_keys(claim), strict=True)
            if reported_checks[interpretation.reported_check]["published_in"] != main["published_in"]
        ]
        if main["report"] != claim.report:
            self.problems.append(
                f"{where}.reported_check: found '{claim.main.reported_check}', which is of report '{main['report']}', expected one "
                f"of '{claim.report}'."
            )
        for table, content in main["published"].items():
            for quantity, values in content["values"].items():
                for array, value in values.items():
                    yield replace(
                        claim,
                        entry=f"{table}.{quantity}.{array}",
                        text=claim.text or f"{quantity.replace('_', ' ').capitalize()} of {array}: {content['place']}.",
                        reported=repr(value),
                        main=replace(claim.main, metric=quantity),
                        published=Published(table, quantity, array, value),
                    )


def _file_problems(path: Path, content: Mapping[str, Any], configuration: Configuration) -> list[str]:
    """What is wrong with a file as a whole."""
    problems = []
    if content["report"] != path.stem:
        problems.append(f"{path}: report: found '{content['report']}', expected the file's name, '{path.stem}'.")
    if content["study"] not in configuration.studies:
        known = ", ".join(sorted(configuration.studies))
        problems.append(f"{path}: study: found '{content['study']}', expected one of config/studies: {known}.")
    first: dict[str, int] = {}
    for i, item in enumerate(content["claims"]):
        if first.setdefault(item["id"], i) != i:
            problems.append(f"{path}: claims[{i}].id: '{item['id']}' stands here twice; ids must differ.")
    return problems


def _filtered(interpretation: Interpretation, axis: str, value: float) -> Interpretation:
    """The same at one value of an axis."""
    cells = tuple(replace(one, filters={**one.filters, axis: value}) for one in interpretation.cells)
    return replace(interpretation, cells=cells)
