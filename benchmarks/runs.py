"""CPU seconds of the parts of whole runs, and of what every run takes however short it is.

python -m benchmarks.runs [--rounds N]
"""

import argparse
import json

import numpy as np

from benchmarks.instructions import available
from benchmarks.machine import RESULTS, prepared_data
from benchmarks.problem import NETWORKS
from benchmarks.project import Project, project
from benchmarks.tables import Row, markdown, write_csv
from bnlab.files import write_text

PARTS = ("all", "start", "updates", "evaluations", "storing")


def main() -> None:
    """Write runs.csv, start.csv and runs.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is run")
    rounds = parser.parse_args().rounds
    with project(prepared_data()) as place:
        runs = [row for _ in range(rounds) for row in whole_runs(place)]
        starts = start_costs(place, rounds)
    write_csv(RESULTS / "runs.csv", runs)
    write_csv(RESULTS / "start.csv", starts)
    write_text(RESULTS / "runs.md", as_markdown(runs, starts))


def whole_runs(place: Project) -> list[Row]:
    """Train each network with batch normalization from its first to its last file, under every instruction set."""
    rows: list[Row] = []
    for hidden in NETWORKS.values():
        run = place.run(place.whole, hidden, batch_norm=True)
        for instructions in available():
            print(f"{run}, {instructions}", flush=True)
            place.measure("-m", "benchmarks.timed_run", run, "parts.json", instructions=instructions)
            parts = json.loads((place.folder / "parts.json").read_text(encoding="utf-8"))
            rows.append({"run": run, "instructions": instructions} | {part: round(parts[part], 3) for part in PARTS})
    return rows


def start_costs(place: Project, rounds: int) -> list[Row]:
    """CPU seconds of an interpreter, of one that imports what a training imports, and of runs of two updates."""
    run, small = (place.run(protocol, NETWORKS["50-50"], batch_norm=True) for protocol in ("start", "small"))
    imports = (
        "from bnlab.blas import use_one_thread; use_one_thread(); import bnlab.training.job, bnlab.config.protocols"
    )
    commands = {
        "Python": ["-c", "pass"],
        "Python and imports": ["-c", imports],
        "a run of two updates on 300 images": ["-m", "bnlab", "train", small],
        "a run of two updates": ["-m", "bnlab", "train", run],
    }
    return [
        {"process": name, "seconds": place.measure(*command).cpu}
        for _ in range(rounds)
        for name, command in commands.items()
    ]


def as_markdown(runs: list[Row], starts: list[Row]) -> str:
    """Medians over the rounds."""

    def median(rows: list[Row], key: str) -> float:
        return float(np.median([row[key] for row in rows]))  # type: ignore[arg-type]

    lines = [["CPU seconds", *PARTS]]
    for run, instructions in dict.fromkeys((row["run"], row["instructions"]) for row in runs):
        rows = [row for row in runs if (row["run"], row["instructions"]) == (run, instructions)]
        name = str(run).rpartition("_")[0]
        lines.append([f"`{name}`, {instructions}", *(f"{median(rows, part):.2f}" for part in PARTS)])
    for process in dict.fromkeys(row["process"] for row in starts):
        rows = [row for row in starts if row["process"] == process]
        lines.append([str(process), f"{median(rows, 'seconds'):.2f}", *[""] * (len(PARTS) - 1)])
    return markdown(lines)


if __name__ == "__main__":
    main()
