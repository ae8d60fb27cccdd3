"""Whether a stored thing is what the present code, configuration and inputs make.

Nothing here looks at a time: contents decide, so copies, clones, `touch` and clocks that jump change nothing. A thing
is current when its command's receipt says so of code, configuration, inputs and outputs, and its inputs are current
too. Two kinds need no receipt, since names or code hold a digest of all that matters: a run follows its spec, protocol,
data and the trainer's code, not the gate or the split; a data set follows its content.
"""

import os
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

from bnlab.data.prepared import open_prepared, stored_digest
from bnlab.errors import BnlabError, IntegrityError
from bnlab.files import sha256
from bnlab.made.accepted import in_effect
from bnlab.made.receipts import Receipt, read_receipts, settings_digest
from bnlab.made.steps import step
from bnlab.runs.record import RECORD, RESULT, read_record
from bnlab.targets import Targets

NOT_MADE, CODE, SETTINGS = "not made yet", "its code has changed", "its configuration has changed"


class Currency:
    """One look at everything stored: what changes afterwards is for the next one."""

    def __init__(self, targets: Targets, asked_for: Callable[[str, Collection[str]], bool] | None = None) -> None:
        """asked_for: whether a command, with the files that it has written, is to be repeated in any case."""
        self.targets, self.results = targets, targets.results
        self._asked_for = asked_for
        self.receipts = {(one.command, *one.arguments): one for one in read_receipts(self.results)}
        self._accepted = {(one.command, one.then) for one in in_effect(targets)}
        self._makers = {path: maker for maker, one in self.receipts.items() for path in one.outputs}

    @cache  # noqa: B019 (it lasts no longer than the plan or the command that looks)
    def reason(self, command: str, *arguments: str) -> str | None:
        """Why what a command with these arguments makes is not current, in words; None when it is."""
        try:
            if command == "prepare":
                return self._reason_of_data(*arguments)
            if command == "train":
                return self._reason_of_run(*arguments)
            return self._reason_of_receipt(command, *arguments)
        except BnlabError as error:
            return str(error)

    def stored_runs(self) -> list[str]:
        """The names of all runs that have a record, of whatever configuration."""
        return sorted(
            path.parent.relative_to(self.results / "runs").as_posix()
            for path in (self.results / "runs").glob(f"*/*/{RECORD}")
        )

    def is_code(self, command: str, fingerprint: str) -> bool:
        """Whether this is the code of a command, or was accepted as no worse."""
        return fingerprint == self.targets.code(command) or (command, fingerprint) in self._accepted

    def is_as_written(self, command: str, *arguments: str) -> bool:
        """Whether the files of a command with these arguments are what it once wrote, by whatever code."""
        receipt = self.receipts.get((command, *arguments))
        return receipt is not None and self._reason_of_outputs(receipt) is None

    @cache  # noqa: B019
    def record(self, run: str) -> dict[str, Any]:
        """A run's record, read once. Raises IntegrityError when it is missing or damaged."""
        return read_record(self.results / "runs" / run)

    def maker(self, path: str) -> tuple[str, ...] | None:
        """The command, with its arguments, that a file below the results is from."""
        match self._below(path).split("/"):
            case ["data", data, _]:
                return "prepare", data
            case ["runs", protocol, run, _]:
                return "train", f"{protocol}/{run}"
        return self._makers.get(self._below(path))

    def reason_of_file(self, path: str) -> str | None:
        """Why a file below the results is not current; None when it is."""
        if not Path(path).exists():
            return "no such file"
        maker = self.maker(path)
        return "nothing says what made it" if maker is None else self.reason(*maker)

    def require(self, paths: Collection[str]) -> None:
        """Raise IntegrityError unless all of these files are current."""
        for path in paths:
            if reason := self.reason_of_file(path):
                raise IntegrityError(f"{path}: {reason}. Make it: snakemake --cores 8 {path}")

    def inputs(self, paths: Collection[str]) -> list[list[str]]:
        """Files below the results, with digests of their contents, as receipts have them."""
        return [[self._below(path), self._digest(path)] for path in paths]

    def _reason_of_receipt(self, command: str, *arguments: str) -> str | None:
        receipt = self.receipts.get((command, *arguments))
        if receipt is None:
            return NOT_MADE
        if self._asked_for and self._asked_for(command, [f"{self.results}/{path}" for path in receipt.outputs]):
            return "asked for"
        if not self.is_code(command, receipt.code):
            return CODE
        files, settings = step(self.targets, command, *arguments)
        if receipt.settings != settings_digest(settings):
            return SETTINGS
        if [path for path, _ in receipt.inputs] != [self._below(path) for path in files]:
            return "it is made from other files now"
        return self._reason_of_outputs(receipt) or next(filter(None, map(self._reason_of_input, receipt.inputs)), None)

    def _reason_of_outputs(self, receipt: Receipt) -> str | None:
        for path, digest in receipt.outputs.items():
            if self._digest(f"{self.results}/{path}") != digest:
                return f"{path} was changed or deleted"
        return None

    def _reason_of_input(self, one: list[str]) -> str | None:
        path = f"{self.results}/{one[0]}"
        # Nothing that was made from images needs them again.
        if not one[0].startswith("data/") and (reason := self.reason_of_file(path)):
            return f"{one[0]}: {reason}"
        return None if self._digest(path) == one[1] else f"{one[0]} has changed"

    def _reason_of_run(self, run: str) -> str | None:
        if self._asked_for and self._asked_for("train", self.targets.run_files([run])):
            return "asked for"
        folder = f"{self.results}/runs/{run}"  # pathlib would take most of the time that thousands of runs take
        missing = [name for name in RESULT if not os.path.isfile(f"{folder}/{name}")]  # noqa: PTH113
        if missing:
            return f"{missing[0]} is missing"
        return None if self.is_code("train", self.record(run)["code"]) else CODE

    def _reason_of_data(self, data: str) -> str | None:
        folder = self.results / "data" / data
        found = stored_digest(folder)
        if found != self.targets.data_set(data).digest:
            return f"holds other images (digest {found})"
        names = self.targets.class_names(data)
        return None if not names or names == [*open_prepared(folder).classes] else "its classes have other names now"

    @cache  # noqa: B019
    def _digest(self, path: str) -> str:
        """The digest of a file's content; of a run's file, what its record says; of images, that of the data set."""
        match self._below(path).split("/"):
            case ["data", data, _]:
                return self.targets.data_set(data).digest
            case ["runs", protocol, run, name] if name != RECORD:
                digest: str = self.record(f"{protocol}/{run}")["files"][name]
                return digest
        return sha256(Path(path)) if Path(path).is_file() else "no file"

    def _below(self, path: str) -> str:
        return Path(path).relative_to(self.results).as_posix()
