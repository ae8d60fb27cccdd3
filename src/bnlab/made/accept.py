"""Declaring a change of code harmless."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from bnlab.errors import BnlabError, ConfigError
from bnlab.formatting import count
from bnlab.made.accepted import Accepted, read_accepted, write_accepted
from bnlab.made.currency import Currency
from bnlab.made.history import changed_parts, keep_code
from bnlab.made.steps import is_known
from bnlab.runs.record import read_record
from bnlab.targets import ROOTS, Targets


def accept(targets: Targets, command: str, why: str) -> None:
    """Let all that a command made with older code count as made by its present code, and print what that is.

    Raises ConfigError when there is no such command, when no reason is given, and when nothing was made by older code.
    """
    if command not in ROOTS:
        raise ConfigError(f"'{command}' makes nothing. Commands that do: {', '.join(ROOTS)}.")
    if not why.strip():
        raise ConfigError(
            "--because: found nothing, expected the reason why the change is harmless, for who reads the pages."
        )
    currency = Currency(targets)
    made = Counter(code for code in _codes(currency, command) if not currency.is_code(command, code))
    if not made:
        raise ConfigError(f"Nothing that {command} made is out of date because of its code: `bnlab why` says what is.")
    keep_code(targets, command)
    now, day = targets.code(command), time.strftime("%Y-%m-%d")
    accepted = [
        Accepted(command, then, now, changed_parts(targets, command, then) or [], why.strip(), day) for then in made
    ]
    write_accepted(targets.results, [*read_accepted(targets.results), *accepted])
    for one in accepted:
        print(f"Accepted for {count(made[one.then], 'result')} of {one}")


def _codes(currency: Currency, command: str) -> Iterator[str]:
    """The fingerprint of the code that made each thing that is stored and configured."""
    if command == "train":
        for name in currency.targets.known_runs:
            with suppress(BnlabError):  # none stored, or a damaged one, which is trained again in any case
                yield read_record(currency.results / "runs" / name)["code"]
    for maker, receipt in currency.receipts.items():
        if maker[0] == command and is_known(currency.targets, *maker):
            yield receipt.code
