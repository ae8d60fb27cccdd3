"""What an archive of results says of itself: every file with its size and digest, and what made them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, TypeAdapter

from bnlab.config.violations import brief
from bnlab.errors import IntegrityError

NAME = "bnlab.json"
SCHEMA_VERSION = 1
FOLDERS = ("runs", "studies", "tables", "site", "gradients", "sensitivity", "made", "history")
"""The folders below the results that an archive may hold files of: never the images, nor logs."""


@dataclass(frozen=True)
class Manifest:
    """Of one archive."""

    studies: list[str]
    """What was exported, by name, ..."""
    runs: list[str]
    """... and the runs, those of the studies and others."""
    files: dict[str, tuple[NonNegativeInt, str]]
    """The size in bytes and the sha256 of each file, by its path below the results."""
    accepted: list[dict[str, Any]]
    """Changes of code that were declared harmless where this was exported (`bnlab.made.accepted`)."""
    commit: str
    """The version of the code in git; empty where there is none."""

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, indent=2, sort_keys=True) + "\n"


def parse_manifest(text: bytes, archive: Path) -> Manifest:
    """The manifest of an archive. Raises IntegrityError when it is none, and when a path leads elsewhere."""
    try:
        content = json.loads(text)
        version = content.pop("schema_version")
        manifest = TypeAdapter(Manifest).validate_python(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{archive}: {NAME} in it is no list of bnlab's results ({brief(error)}).") from error
    if version != SCHEMA_VERSION:
        raise IntegrityError(
            f"{archive}: has schema version {version}, expected {SCHEMA_VERSION}. Take the bnlab that made it."
        )
    for path in manifest.files:
        parts = path.split("/")
        if parts[0] not in FOLDERS or len(parts) < 2 or {"", ".", ".."} & {*parts} or "\\" in path:
            raise IntegrityError(
                f"{archive}: names a file '{path}', which is no place of a result. Nothing was imported."
            )
    return manifest
