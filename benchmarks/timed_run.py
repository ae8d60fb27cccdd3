"""One run as `python -m bnlab train` makes it, with clocks in it: python -m benchmarks.timed_run RUN FILE.

Writes the CPU seconds of its parts to FILE, as JSON: `start` from the interpreter's first instruction to the first
update; `updates`; `evaluations`, along the curves and at the end; `storing`; and `all`.
"""

import sys
import time
from pathlib import Path
from unittest import mock

from bnlab.blas import use_one_thread

use_one_thread()

from benchmarks.clock import Clock  # noqa: E402 (NumPy must load after it is told of threads)
from bnlab.cli import main  # noqa: E402
from bnlab.files import write_json  # noqa: E402
from bnlab.training import job  # noqa: E402
from bnlab.training.evaluate import Evaluator  # noqa: E402


def timed_run(run: str) -> dict[str, float]:
    """Train and store it; raises SystemExit when that fails."""
    clock = Clock(time.process_time)
    parts = [(job, "train", "updates"), (job, "store_run", "storing"), (Evaluator, "__call__", "evaluations")]
    for owner, name, part in parts:
        mock.patch.object(owner, name, clock.timed(getattr(owner, name), lambda *_, part=part: part)).start()
    if main(["train", run]):
        raise SystemExit(1)
    total = time.process_time()
    return {"start": total - sum(clock.seconds.values()), **clock.seconds, "all": total}


if __name__ == "__main__":
    write_json(Path(sys.argv[2]), timed_run(sys.argv[1]))
