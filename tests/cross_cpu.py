"""The same study under the BLAS kernels of several CPUs: what differs, and whether `sensitivity` foretells it.

    python -m tests.cross_cpu

Six calm trainings and six wild ones, small, on generated images. Fails where a run differs in predictions that no
rounding changes on one CPU alone, or where a statement about the study turns.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from bnlab.runs.sensitivity import read_trials, sensitivity_path
from bnlab.training.sensitivity import relative_difference
from tests.protocols import TINY
from tests.workflow.conftest import Project, new_project

KERNELS = {"SkylakeX": "avx512f", "Haswell": "avx2", "Sandybridge": "avx", "Nehalem": "sse4_2"}
"""OpenBLAS's names, and what each asks of a CPU."""
SCHEDULE = {"minimum": 1e-5, "maximum": 1e-1, "step": 75, "cycles": 1}
PROTOCOLS = {
    "calm": TINY | {"training": 3000, "validation": 1000, "schedule": SCHEDULE | {"maximum": 0.02}},
    "wild": TINY | {"training": 3000, "validation": 1000, "schedule": SCHEDULE | {"step": 150}, "momentum": 0.95},
}
EXPERIMENT = {
    "title": "t",
    "text": "t",
    "networks": [[10], [10, 10], [10, 10, 10, 10]],
    "batch_norm": [False, True],
    "initialization": ["he"],
    "weight_decay": [0.01],
    "seeds": 1,
    "figures": [],
}
STUDY = {
    "title": "Kernels",
    "summary": "Calm and wild trainings.",
    "experiments": [EXPERIMENT | {"id": protocol, "protocol": protocol} for protocol in PROTOCOLS],
    "expectations": [
        {
            "text": f"{protocol} networks learn something",
            "cells": {"experiment": protocol},
            "metric": "validation_accuracy",
            "of": "mean",
            "between": [0.15, 1],
        }
        for protocol in PROTOCOLS
    ],
}


def trained(folder: Path, kernel: str) -> Project:
    """The study, trained and collected under a kernel."""
    folder.mkdir()
    project = new_project(folder)
    (folder / "config/protocols.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(PROTOCOLS))))
    project.write_study(STUDY)
    call(project, kernel, "snakemake", "--cores", "all", "results/studies/tiny/expectations.csv")
    return project


def call(project: Project, kernel: str, *command: str) -> None:
    """Run a module in the project with that kernel."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project.folder,
        env=os.environ | {"OPENBLAS_CORETYPE": kernel, "PYTHONPATH": str(project.folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def models(project: Project) -> dict[str, dict[str, np.ndarray]]:
    """The last parameters of every run."""
    return {str(run.relative_to(project.folder)): dict(np.load(run / "model.npz")) for run in project.runs()}


def predicted(project: Project) -> dict[str, str]:
    """The digest of every run's predictions."""
    table = pd.read_csv(project.folder / "results/studies/tiny/test.csv")
    return dict(zip(table["run"], table["predictions"], strict=True))


def judged(project: Project) -> tuple[bool, ...]:
    """Whether each of the study's expectations holds."""
    return tuple(pd.read_csv(project.folder / "results/studies/tiny/expectations.csv")["holds"])


def main() -> None:
    """Print, run by run, how far every kernel ends from the first, and what moving weights by one rounding does."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    kernels = [kernel for kernel, flag in KERNELS.items() if flag in flags]
    with tempfile.TemporaryDirectory() as folder:
        projects = {kernel: trained(Path(folder, kernel), kernel) for kernel in kernels}
        first, *others = kernels
        runs = models(projects[first])
        names = [run.removeprefix("results/runs/") for run in runs]
        call(
            projects[first], first, "snakemake", "--cores", "all", *(f"results/sensitivity/{one}.json" for one in names)
        )
        print(f"Largest difference of a parameter from {first}, relative to the largest; * other predictions\n")
        print(f"{'':52}{'moved':>10}" + "".join(f"{kernel:>13}" for kernel in others))
        predictions = {kernel: predicted(project) for kernel, project in projects.items()}
        unforeseen = []
        for run, name in zip(runs, names, strict=True):
            trials = read_trials(sensitivity_path(projects[first].folder / "results", name))
            sensitive = any(trial.changed for trial in trials)
            line = f"{name:52}{max(trial.difference for trial in trials):9.0e}{'*' if sensitive else ' '}"
            for kernel in others:
                apart = relative_difference(models(projects[kernel])[run], runs[run])
                differs = predictions[kernel][name] != predictions[first][name]
                line += f"{apart:12.0e}{'*' if differs else ' '}"
                if differs and not sensitive:
                    unforeseen.append(f"{name} under {kernel}")
            print(line)
        outcomes = {kernel: judged(project) for kernel, project in projects.items()}
    if unforeseen or len(set(outcomes.values())) > 1:
        raise SystemExit(f"unforeseen: {unforeseen}; outcomes: {outcomes}")
    print("\nEvery run that differs was foreseen, and no outcome turns.")


if __name__ == "__main__":
    main()
