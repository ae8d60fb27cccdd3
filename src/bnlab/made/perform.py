"""Running a command: on current inputs alone, with a receipt of what it made from them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from bnlab.files import check_writable, committed
from bnlab.made.currency import Currency
from bnlab.made.history import keep_code, keep_settings
from bnlab.made.receipts import Receipt, settings_digest, write_receipt
from bnlab.made.steps import step
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
    if command == "train":
        compute()
        return
    code, inputs = targets.code(command), currency.inputs(files)
    with committed() as written:
        compute()
    outputs = {path.relative_to(targets.results).as_posix(): digest for path, digest in written.items()}
    receipt = Receipt(command, arguments, code, settings_digest(settings), inputs, outputs)
    write_receipt(targets.results, receipt)


def require_current(paths: Iterable[Path]) -> None:
    """Raise IntegrityError unless all of these results are what the present code, configuration and inputs make."""
    Currency(Targets()).require([path.as_posix() for path in paths])
