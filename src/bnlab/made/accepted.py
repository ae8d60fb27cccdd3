"""Changes of code that somebody has declared harmless, so that what older code made counts as current.

The declaration is of two fingerprints, the older one and that of the code as it is; the next edit ends it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bnlab.config.violations import brief
from bnlab.errors import IntegrityError
from bnlab.files import write_json
from bnlab.targets import ROOTS, Targets

FILE = "accepted.json"


@dataclass(frozen=True)
class Accepted:
    """One command's older code, taken for as good as its present code."""

    command: str
    then: str
    """The fingerprint of the code that made what is stored."""
    now: str
    """The fingerprint of the code that would make the same, as somebody says."""
    changed: list[str]
    """What differs: modules and templates."""
    why: str
    """In the words of who accepted it."""
    day: str
    """When, as 2026-01-31."""

    def __str__(self) -> str:
        """In a line, for people."""
        return f"{self.command}: {', '.join(self.changed) or 'what changed is not known'}. {self.why} ({self.day})"


def read_accepted(results: Path) -> list[Accepted]:
    """All that was accepted, of whatever code. Raises IntegrityError when the file holds something else."""
    path = results / FILE
    if not path.exists():
        return []
    try:
        return TypeAdapter(list[Accepted]).validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"{path}: is not a list of accepted changes ({brief(error)}). Restore it, or delete it and accept again."
        ) from error


def parse_accepted(content: list[dict[str, Any]]) -> list[Accepted]:
    """What an archive says was accepted. Raises ValueError when it is something else."""
    return TypeAdapter(list[Accepted]).validate_python(content)


def in_effect(targets: Targets) -> list[Accepted]:
    """What was accepted as no worse than the code as it is now."""
    return [
        one for one in read_accepted(targets.results) if one.command in ROOTS and one.now == targets.code(one.command)
    ]


def write_accepted(results: Path, accepted: list[Accepted]) -> None:
    """Replace all that was accepted."""
    write_json(results / FILE, [asdict(one) for one in accepted])
