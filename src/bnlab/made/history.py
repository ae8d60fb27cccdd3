"""What the digests in receipts and records stand for, kept beside them, so that a change can be named later."""

import json
from pathlib import Path
from typing import Any

from bnlab.files import write_json
from bnlab.made.receipts import Receipt, settings_digest
from bnlab.targets import Targets

FOLDER = "history"


def keep_code(targets: Targets, command: str) -> None:
    """Store the parts of a command's present code."""
    path = history_path(targets.results, targets.code(command))
    if not path.exists():
        write_json(path, targets.code_parts(command))


def keep_settings(results: Path, settings: dict[str, Any]) -> None:
    """Store what a command was told by the configuration."""
    path = history_path(results, settings_digest(settings))
    if not path.exists():
        write_json(path, settings)


def changed_parts(targets: Targets, command: str, then: str) -> list[str] | None:
    """The files below src/bnlab whose code differs between a fingerprint of a command's and its present code.

    None where the parts of the code of then were not kept.
    """
    before, now = _content(history_path(targets.results, then)), targets.code_parts(command)
    if before is None:
        return None
    return [_file(part) for part in sorted({*before, *now}) if before.get(part) != now.get(part)]


def settings_of(results: Path, receipt: Receipt) -> dict[str, Any] | None:
    """What the configuration said to a command then; None where it was not kept."""
    return _content(history_path(results, receipt.settings))


def _file(part: str) -> str:
    return part if "/" in part else f"{part.removeprefix('bnlab.').replace('.', '/')}.py"


def history_path(results: Path, digest: str) -> Path:
    """Where what a digest of code or settings stands for is kept."""
    return results / FOLDER / f"{digest}.json"


def _content(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
