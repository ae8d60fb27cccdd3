"""Seconds of the commands around the trainings of a finished study: what more cores cannot shorten.

python -m benchmarks.around [STUDY]

The data set counts as prepared, since it is prepared once.
"""

import argparse
import shutil
from pathlib import Path

from benchmarks.machine import RESULTS
from benchmarks.project import project
from benchmarks.tables import Row, markdown, write_csv
from bnlab.config.studies import load_configuration
from bnlab.config.study_file import TEST_FIGURES
from bnlab.files import write_text
from bnlab.runs.names import split_name


def main() -> None:
    """Write around.csv and around.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.around", description=__doc__)
    parser.add_argument("study", nargs="?", default="official", help="a study that was run on this machine")
    study = parser.parse_args().study
    configuration = load_configuration()
    experiments = configuration.study(study).experiments
    protocol = configuration.protocols[experiments[0].runs[0].protocol]
    figures = [
        ["test-figure" if figure in TEST_FIGURES else "figure", study, experiment.id, figure]
        for experiment in experiments
        for figure in experiment.figures
    ]
    commands = [
        ["split", split_name(protocol, 1)],
        ["gate", protocol.data.name],
        ["collect", study],
        ["test-results", study],
        ["tables", study],
        *figures,
        ["page", study],
        ["pdf", study],
        ["study-site", study],
    ]
    rows: list[Row] = []
    with project(Path("results/data") / protocol.data.name) as place:
        (place.folder / "results" / "runs").symlink_to(Path("results/runs").resolve())
        for name in ("gradients", "made"):
            shutil.copytree(f"results/{name}", place.folder / "results" / name, dirs_exist_ok=True)
        for command in commands:
            print(*command, flush=True)
            rows.append({"step": " ".join(command), "seconds": place.measure("-m", "bnlab", *command).wall})
    write_csv(RESULTS / "around.csv", rows)
    lines = [["step", "seconds"], *([f"`{row['step']}`", f"{row['seconds']:.2f}"] for row in rows)]
    write_text(RESULTS / "around.md", markdown(lines))


if __name__ == "__main__":
    main()
