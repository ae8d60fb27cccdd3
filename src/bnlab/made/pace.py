"""How fast this machine trains."""

import json
from pathlib import Path

from bnlab.runs.record import TIMING
from bnlab.targets import Targets


def pace(targets: Targets) -> float:
    """How many times as long as estimated (`Targets.duration`) the stored runs took; 1 where none is stored."""
    taken = expected = 0.0
    for path in (targets.results / "runs").glob(f"*/*/{TIMING}"):
        name = f"{path.parent.parent.name}/{path.parent.name}"
        if name in targets.known_runs:
            seconds = seconds_of(path.parent)
            if seconds is not None:
                taken += seconds
                expected += targets.duration(name)
    return taken / expected if expected else 1.0


def seconds_of(folder: Path) -> float | None:
    """The seconds that a stored run took; None where its folder does not say."""
    try:
        return float(json.loads((folder / TIMING).read_bytes())["total_seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
