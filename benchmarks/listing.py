"""Seconds of `bnlab runs` against the number of runs, beside the mere parsing of their records.

python -m benchmarks.listing [--sizes N ...]
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.dag import python, store_all, study_of
from benchmarks.machine import RESULTS
from benchmarks.tables import Row, markdown, write_csv
from bnlab.files import write_text

SIZES = [500, 5000]


def main() -> None:
    """Write listing.csv and listing.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listing", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="runs; 5,000 take some minutes to be made")
    rows = [measure(size) for size in parser.parse_args().sizes]
    write_csv(RESULTS / "listing.csv", rows)
    lines = [["CPU seconds", *(f"{row['runs']:,} runs" for row in rows)]]
    lines += [[name, *(f"{row[name]:.2f}" for row in rows)] for name in ("bnlab runs", "parsing", "starting")]
    write_text(RESULTS / "listing.md", markdown(lines))


def measure(size: int) -> Row:
    """CPU seconds of the command, of parsing the same records with json, and of the command without a run."""
    print(f"{size} runs", flush=True)
    with study_of(size) as folder:
        empty = python(folder, "-m", "bnlab", "runs", "demo").seconds
        store_all(folder)
        listed = python(folder, "-m", "bnlab", "runs", "grid", expect="done").seconds
        return {"runs": size, "bnlab runs": listed, "parsing": parsing(folder), "starting": empty}


def parsing(folder: Path) -> float:
    """Seconds that json takes for all records."""
    before = time.process_time()
    for path in folder.glob("results/runs/*/*/run.json"):
        json.loads(path.read_bytes())
    return time.process_time() - before


if __name__ == "__main__":
    main()
