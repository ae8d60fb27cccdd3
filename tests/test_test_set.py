"""Who opens the test set: whatever any command of a whole study reads is recorded as the interpreter opens it."""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from bnlab.config.studies import Configuration, load_configuration
from bnlab.runs.names import split_name
from tests.protocols import TINY
from tests.small import make_small

ROOT = Path(__file__).parents[1]
EXPERIMENT: dict[str, Any] = {
    "title": "t",
    "text": "t",
    "protocol": "tiny",
    "networks": [[8, 8]],
    "batch_norm": [True],
    "initialization": ["he"],
    "seeds": 1,
}
STUDY = {
    "title": "t",
    "summary": "s",
    "experiments": [
        EXPERIMENT | {"id": "coarse", "weight_decay": [0.1, 0.005], "figures": ["weight_decay"]},
        EXPERIMENT | {"id": "fine", "weight_decay": {"top": {"search": "coarse", "count": 1}}, "figures": ["curves"]},
    ],
    "expectations": [],
}
CLAIMS = """
report: tiny
study: tiny
claims:
  - {id: a, where: "1", text: t, kind: number, metric: test_accuracy, reported: "0.1",
     cells: {experiment: coarse, batch_norm: true, weight_decay: 0.1}}
"""
RECORD = '''
"""Run the commands given as JSON in this one process; print which files each opened for reading."""

import json, os, sys

stage, opened = "", []

def note(event, arguments):
    if event == "open" and stage and not isinstance(arguments[0], int):
        path, mode, flags = arguments
        if mode.startswith("r") if mode else not flags & (os.O_WRONLY | os.O_RDWR):
            opened.append((stage, os.path.basename(os.fsdecode(path))))

sys.addaudithook(note)

from bnlab.cli import main
from bnlab.training import job

train = job.train

def train_and_say_so(setup, watch):
    global stage
    training = train(setup, watch)
    stage = "train, after the last update"
    return training

job.train = train_and_say_so
for command in json.loads(sys.argv[1]):
    stage = command[0]
    assert main(command) == 0, command
    stage = ""
print(json.dumps(opened))
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a search, another experiment that builds on it, and a claim."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("studies", "claims"):
        (folder / "config" / name).mkdir(parents=True)
    shutil.copytree(ROOT / "config/gradients", folder / "config/gradients")
    make_small(folder / "config")
    (folder / "config/protocols.yaml").write_text(yaml.safe_dump({"tiny": TINY}))
    (folder / "config/studies/tiny.yaml").write_text(json.dumps(STUDY))  # YAML would write aliases
    (folder / "config/claims/tiny.yaml").write_text(CLAIMS)
    return folder


def reads(project: Path, *commands: list[str]) -> dict[str, set[str]]:
    """By file name the stages in which it was opened for reading while these commands ran."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD, json.dumps(commands)], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = defaultdict(set)
    for stage, name in json.loads(done.stdout.splitlines()[-1]):
        found[name].add(stage)
    return found


def configuration(project: Path) -> Configuration:
    """The study as far as its search is ranked by now."""
    return load_configuration(project / "config", results=project / "results")


def test_nothing_that_chooses_opens_the_test_set(project: Path) -> None:
    """Once prepared, test images are read after a run's last update; its predictions by `test-results` and
    `test-figure`, when all is chosen; what came of them by tables, claims and pages. `verify`, which rehashes
    everything, has no other output.
    """
    small = configuration(project)
    first = list(small.names(small.study("tiny").runs))
    found = reads(
        project,
        ["prepare", "generated"],
        ["split", split_name(small.protocols["tiny"], 1)],
        ["gate", "generated"],
        ["step-sizes", "generated"],
        ["overfit", "generated"],
        *(["train", name] for name in first),
        ["rank", "tiny", "coarse"],
    )
    whole = configuration(project)
    later = [name for name in whole.names(whole.study("tiny").runs) if name not in first]
    assert (len(first), len(later)) == (2, 0)  # the best of the coarse search are runs that there are
    for name, stages in reads(
        project,
        ["plan"],
        ["collect", "tiny"],
        ["figure", "tiny", "coarse", "weight_decay"],
        ["figure", "tiny", "fine", "curves"],
        ["gradient-figure", "generated", "step_sizes"],
        ["gradient-figure", "generated", "overfit"],
        ["test-results", "tiny"],
        ["test-figure", "tiny", "coarse", "confusion"],
        ["tables", "tiny"],
        ["claims", "tiny"],
        ["ledger"],
        ["page", "tiny"],
        ["verify"],
    ).items():
        found[name] |= stages
    after = "train, after the last update"
    assert found["test_images.npy"] == {"prepare", after, "verify"}
    assert found["test_labels.npy"] == {"prepare", after, "verify", "test-figure"}
    assert found["test_predictions.npz"] == {"test-results", "test-figure", "verify"} | {after}
    # The last two compare its digest with its receipt.
    assert found["test.csv"] == {"tables", "claims", "page"} | {"ledger", "verify"}
    # The recorder sees what is opened: each of these is read by the command that needs it.
    assert {"train", "gate", "split"} <= found["train_images.npy"]
    assert {"rank", "collect", "test-results"} <= found["run.json"]
    assert "figure" in found["curves.csv"]
