"""How fast this machine trains."""

import json

from bnlab.runs.record import TIMING
from bnlab.targets import Targets


def pace(targets: Targets) -> float:
    """How many times as long as estimated (`Targets.duration`) the stored runs took; 1 where none is stored."""
    taken = expected = 0.0
    for path in (targets.results / "runs").glob(f"*/*/{TIMING}"):
        name = f"{path.parent.parent.name}/{path.parent.name}"
        if name in targets.known_runs:
            taken += json.loads(path.read_bytes())["total_seconds"]
            expected += targets.duration(name)
    return taken / expected if expected else 1.0
