"""What was changed, in words, when something is not current: modules, keys of the configuration, files."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from bnlab.data.prepared import MANIFEST
from bnlab.errors import BnlabError
from bnlab.made.currency import Currency
from bnlab.made.history import changed_parts, settings_of
from bnlab.made.receipts import Receipt, settings_digest
from bnlab.made.steps import step
from bnlab.runs.record import RECORD, RESULT, read_record

NEW, UNKNOWN_CODE, UNKNOWN_SETTINGS = "not made yet", "its code (which part was not noted)", "its configuration"
SHOWN = 4
"""How many modules, keys or files one cause names."""


class Changes:
    """By comparison of what is there with what receipts, records and their history say."""

    def __init__(self, currency: Currency) -> None:
        """Nothing is read before it is asked for."""
        self.currency, self.targets, self.results = currency, currency.targets, currency.results

    def causes(self, command: str, *arguments: str) -> list[str]:
        """Why this is not current by itself; nothing when it is, or when only what it is made from has to be made."""
        if self.currency.reason(command, *arguments) is None:
            return []
        match command:
            case "prepare":
                folder = self.results / "data" / arguments[0]
                stored = (folder / MANIFEST).exists()
                return [f"{folder}: {self.currency.reason(command, *arguments)}"] if stored else [NEW]
            case "train":
                return self._of_run(*arguments)
            case "split" if (command, *arguments) not in self.currency.receipts:
                return []  # the trainings that need it say why
        receipt = self.currency.receipts.get((command, *arguments))
        if receipt is None:
            return (self._of_study(arguments[0]) if arguments and arguments[0] in self.targets.studies else []) or [NEW]
        return [*dict.fromkeys(self._of_receipt(receipt))]

    def _of_receipt(self, receipt: Receipt) -> Iterator[str]:
        if not self.currency.is_code(receipt.command, receipt.code):
            yield self._of_code(receipt.command, receipt.code)
        files, settings = step(self.targets, receipt.command, *receipt.arguments)
        if receipt.settings != settings_digest(settings):
            then = settings_of(self.results, receipt)
            yield from [UNKNOWN_SETTINGS] if then is None else self._of_settings(then, settings)
        then_read = {path for path, _ in receipt.inputs}
        now_read = {Path(file).relative_to(self.results).as_posix() for file in files}
        yield from self._of_runs(_runs(now_read - then_read), _runs(then_read - now_read))
        for path, digest in receipt.outputs.items():
            yield from self._of_file(path, digest)
        for path, digest in receipt.inputs:
            # Where an input has to be made again, that says why.
            if not path.startswith("data/") and self.currency.reason_of_file(f"{self.results}/{path}") is None:
                yield from self._of_file(path, digest)

    def _of_file(self, path: str, digest: str) -> Iterator[str]:
        file = f"{self.results}/{path}"
        if self.currency.inputs([file]) != [[path, digest]]:
            yield f"{file} " + ("was changed" if Path(file).is_file() else "is missing")

    def _of_settings(self, then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
        for label in sorted({*then, *now}):
            if label.startswith("runs of "):
                before, after = (_names(part.get(label, {})) for part in (then, now))
                yield from self._of_runs(after - before, before - after)
            elif found := differences(then.get(label), now.get(label)):
                yield _listed(label, found)

    def _of_runs(self, more: set[str], fewer: set[str]) -> Iterator[str]:
        """Why some runs took the place of others: their protocol, or their studies, say something else."""
        unexplained = set()
        for run in sorted(more):
            if change := self._of_protocol(run):
                yield change
            else:
                unexplained.add(run)
        for study in self.targets.studies:
            names = unexplained.intersection(self.targets.runs[study])
            if names or (fewer and not more):
                yield from self._of_study(study)

    def _of_run(self, run: str) -> list[str]:
        folder = self.results / "runs" / run
        if not (folder / RECORD).is_file():
            return list(dict.fromkeys(self._of_runs({run}, set()))) or [NEW]
        missing = [name for name in RESULT if not (folder / name).is_file()]
        if missing:
            return [f"{', '.join(missing)} of a run is missing"]
        try:
            return [self._of_code("train", read_record(folder)["code"])]
        except BnlabError:
            return [f"{RECORD} of a run is damaged"]

    def _of_code(self, command: str, then: str) -> str:
        parts = changed_parts(self.targets, command, then)
        return UNKNOWN_CODE if parts is None else _listed("code", parts)

    @cache  # noqa: B019 (it lasts as long as one look)
    def _of_protocol(self, run: str) -> str | None:
        """What the protocol says otherwise than when a run of the same settings was stored under another name."""
        protocol, name = run.split("/")
        stem = name.rpartition("_")[0]
        for path in sorted((self.results / "runs" / protocol).glob(f"{stem}_*/{RECORD}")):
            try:
                then = read_record(path.parent)["protocol"]
            except BnlabError:
                continue
            found = differences(then, self.targets.protocols[protocol].model_dump(mode="json"))
            if found and path.parent.name != name:
                return _listed("config/protocols.yaml", [f"{protocol}.{one}" for one in found])
        return None

    @cache  # noqa: B019
    def _of_study(self, study: str) -> list[str]:
        """What the study's file says otherwise than when anything was made from it."""
        label = f"config/studies/{study}.yaml"
        for command in ("tables", "page"):
            receipt = self.currency.receipts.get((command, study))
            then = settings_of(self.results, receipt) if receipt else None
            now = step(self.targets, command, study).settings
            if then and (found := differences(then.get(label), now[label])):
                return [_listed(label, found)]
        return []


def differences(then: Any, now: Any, place: str = "") -> list[str]:
    """Keys at which two contents of a file differ, with the values where they are short: `batch_size: 50 → 75`."""
    match then, now:
        case dict(), dict():
            keys = [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]
            inside = (differences(then.get(key), now.get(key), f"{place}.{key}".lstrip(".")) for key in keys)
            return [one for found in inside for one in found]
        case [{"id": _}, *_], [{"id": _}, *_]:
            return differences({one["id"]: one for one in then}, {one["id"]: one for one in now}, place)
    if then == now:
        return []
    if then is None or now is None:
        return [f"{place} (new)" if then is None else f"{place} (gone)"]
    both = _both(then, now)
    return [f"{place}: {both}" if len(both) < 40 else place]


def _both(then: Any, now: Any) -> str:
    match then, now:
        case list(), list():
            more, fewer = ([one for one in a if one not in b] for a, b in ((now, then), (then, now)))
            return " ".join([*(f"+{one}" for one in more), *(f"−{one}" for one in fewer)]) or "in another order"
    return f"{then} → {now}"


def _listed(where: str, what: list[str]) -> str:
    more = f" and {len(what) - SHOWN} more" if len(what) > SHOWN else ""
    return f"{where}: {', '.join(what[:SHOWN])}{more}"


def _runs(paths: Iterable[str]) -> set[str]:
    """The runs whose files these are."""
    return {"/".join(path.split("/")[1:3]) for path in paths if path.startswith("runs/")}


def _names(grouped: dict[str, list[str]]) -> set[str]:
    return {name for names in grouped.values() for name in names}
