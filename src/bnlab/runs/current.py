"""When a stored result is current."""

from pathlib import Path

from bnlab.errors import IntegrityError
from bnlab.runs.record import RESULT, read_record


def is_current(folder: Path, *, code: str) -> bool:
    """Whether a run's result is complete and was made by the trainer whose fingerprint is `code`.

    Its spec, protocol and data need no check: the folder's name digests them. The files beside the record are not
    rehashed here; whoever reads one does that.
    """
    try:
        return all((folder / name).is_file() for name in RESULT) and bool(read_record(folder)["code"] == code)
    except IntegrityError:
        return False
