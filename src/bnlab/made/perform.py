"""Running a command: on current inputs alone, with a receipt of what it made from them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from bnlab.errors import IntegrityError
from bnlab.files import check_writable, committed
from bnlab.fingerprint import fingerprint_of
from bnlab.made.currency import Currency
from bnlab.made.history import keep_code, keep_settings
from bnlab.made.receipts import Receipt, settings_digest, write_receipt
from bnlab.made.steps import step
from bnlab.runs.record import RECORD
from bnlab.targets import Targets


def perform(command: str, arguments: list[str], compute: Callable[[], None]) -> None:
    """Call `compute`, which is the command with these arguments, and write its receipt.

    A run's record and a data set's manifest are their receipts. Raises IntegrityError, and computes nothing, when an
    input is missing, damaged or not what the present code, configuration and inputs make, and StorageError when
    nothing can be written.
    """
    targets = Targets()
    currency = Currency(targets)
    files, settings = step(targets, command, *arguments)
    currency.require(files)
    check_writable(targets.results)
    keep_code(targets, command)
    if settings:
        keep_settings(targets.results, settings)
    code = targets.code(command)
    if command == "train":
        compute()
        _require_same_code(targets, code, targets.results / "runs" / arguments[0] / RECORD)
        return
    inputs = currency.inputs(files)
    with committed() as written:
        compute()
    outputs = {path.relative_to(targets.results).as_posix(): digest for path, digest in written.items()}
    receipt = Receipt(command, arguments, code, settings_digest(settings), inputs, outputs)
    write_receipt(targets.results, receipt)
    former = currency.receipts.get((command, *arguments))
    for path in {*former.outputs} - {*outputs} if former else ():  # a page of a study that is gone, for example
        (targets.results / path).unlink(missing_ok=True)


def _require_same_code(targets: Targets, code: str, record: Path) -> None:
    """A record names the code that is there when it is stored, which must be the one that was loaded."""
    if fingerprint_of(targets.code_parts("train")) != code:
        record.unlink(missing_ok=True)
        raise IntegrityError(f"{record.parent}: the code was edited while this run trained. Repeat the command.")


def require_current(paths: Iterable[Path]) -> None:
    """Raise IntegrityError unless all of these results are what the present code, configuration and inputs make."""
    Currency(Targets()).require([path.as_posix() for path in paths])
