"""What trainings hold in memory, alone and side by side: sampled from Linux's smaps_rollup while they run.

python -m benchmarks.memory

PSS shares every page that several processes map (the images, the libraries) fairly among them, so that sums add up; USS
is what a process has for itself, among it the pages of the images that it alone has touched so far; anonymous memory is
what it could share with none.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.machine import RESULTS, prepared_data
from benchmarks.problem import NETWORKS
from benchmarks.project import Project, project
from benchmarks.tables import Row, markdown, write_csv
from bnlab.files import write_text

JOBS = (1, 4, 8)
INTERVAL = 0.1
MEASURES = ("pss_mb", "uss_mb", "anonymous_mb")


def main() -> None:
    """Write memory.csv and memory.md."""
    with project(prepared_data()) as place:
        rows = [side_by_side(place, jobs) for jobs in JOBS]
    write_csv(RESULTS / "memory.csv", rows)
    lines = [["trainings at once", "PSS of one, MB", "USS of one, MB", "anonymous of one, MB", "PSS of all, MB"]]
    lines += [[f"{row[key]:.0f}" for key in ("jobs", *MEASURES, "sum_mb")] for row in rows]
    write_text(RESULTS / "memory.md", markdown(lines))


def side_by_side(place: Project, jobs: int) -> Row:
    """Start trainings at once; peaks of one's PSS, USS and anonymous memory, and of the sum of all PSS, in MB."""
    print(f"{jobs} trainings at once", flush=True)
    runs = [place.run("brief", NETWORKS["50-50"], batch_norm=True, weight_decay=i / 1000) for i in range(1, jobs + 1)]
    processes = [place.start("-m", "bnlab", "train", run) for run in runs]
    peaks, total = np.zeros(len(MEASURES)), 0.0
    while any(process.poll() is None for process in processes):
        samples = np.array([sample(process.pid) for process in processes])
        peaks, total = np.maximum(peaks, samples.max(axis=0)), max(total, samples[:, 0].sum())
        time.sleep(INTERVAL)
    if any(process.returncode for process in processes):
        raise RuntimeError("a training failed; its message stands above")
    return {"jobs": jobs} | dict(zip(MEASURES, peaks.round(1).tolist(), strict=True)) | {"sum_mb": round(total, 1)}


def sample(pid: int) -> tuple[float, float, float]:
    """PSS, USS and anonymous memory of a process in MB, zero when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return 0.0, 0.0, 0.0
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    private = kilobytes.get("Private_Clean", 0) + kilobytes.get("Private_Dirty", 0)
    return kilobytes.get("Pss", 0) / 1024, private / 1024, kilobytes.get("Anonymous", 0) / 1024


if __name__ == "__main__":
    main()
