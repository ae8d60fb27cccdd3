"""What a command leaves behind beside its files: what it made them from, and what they hold."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from bnlab.files import write_json

FOLDER = "made"


@dataclass(frozen=True)
class Receipt:
    """Of one command with its arguments. Paths are below the results; digests are sha256, as hex."""

    command: str
    arguments: list[str]
    code: str
    """The fingerprint of the command's code."""
    settings: str
    """The digest of what the configuration said to it."""
    inputs: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    """Paths and digests of what it read, in order."""
    outputs: dict[str, str]
    """Paths and digests of what it wrote."""


def receipt_path(results: Path, command: str, *arguments: str) -> Path:
    """Where the receipt of a command with these arguments is."""
    *folders, name = (command, *arguments)
    return results.joinpath(FOLDER, *folders, f"{name}.json")


def write_receipt(results: Path, receipt: Receipt) -> None:
    """Store a receipt atomically."""
    write_json(receipt_path(results, receipt.command, *receipt.arguments), asdict(receipt))


def read_receipts(results: Path) -> Iterator[Receipt]:
    """All receipts that can be read; what one that cannot was about counts as made by nobody knows what."""
    for path in sorted((results / FOLDER).rglob("*.json")):
        try:
            receipt = _form().validate_json(path.read_bytes())
            if path == receipt_path(results, receipt.command, *receipt.arguments):
                yield receipt
        except (OSError, ValueError):
            continue


@cache
def _form() -> TypeAdapter[Receipt]:
    return TypeAdapter(Receipt)


def settings_digest(settings: Any) -> str:
    """The digest of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()
