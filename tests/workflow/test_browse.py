"""Looking at a finished study: tables, runs, comparisons, frames, networks, and the commands' own examples."""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bnlab
from bnlab.cli import parser
from bnlab.cli.people import PEOPLE
from bnlab.errors import DataError
from tests.workflow.conftest import ROOT, Project

PLAIN, BN = "tiny/5_plain_he_lambda0.005", "tiny/5_bn_he_lambda0.005"
FINE = [
    command for command in PEOPLE if command.name not in ("accept", "keep-reference", "compare-reference", "describe")
]
DOCUMENT = (ROOT / "docs/working-with-results.md").read_text(encoding="utf-8")


def in_tiny(line: str) -> str:
    """An example about the demo, about the tiny study."""
    return re.sub(r"\bdemo\b|\bofficial\b", "tiny", line.replace("demo/50-50", "tiny/5"))


def run(project: Project, line: str) -> "subprocess.CompletedProcess[str]":
    """A line that begins with `bnlab`."""
    words = shlex.split(line)
    assert words[0] == "bnlab"
    return project.bnlab(*words[1:])


@pytest.mark.parametrize("command", PEOPLE, ids=lambda command: command.name)
def test_every_command_for_people_has_an_example(command: Any) -> None:
    """Which it understands, and which its help and the documentation show."""
    parsed: argparse.Namespace = parser().parse_args(shlex.split(command.example)[1:])
    assert parsed.command_ is command
    assert command.example in DOCUMENT


def test_the_examples_work(project: Project) -> None:
    """In the order of the help, on a finished study; those that need another state are in tests of their own."""
    for command in FINE:
        result = run(project, in_tiny(command.example))
        assert result.returncode == 0, (command.example, result.stdout)
    assert (project.folder / "curves.svg").is_file() and (project.folder / "curves.png").is_file()


def test_runs_are_told_apart_by_what_varies(finished: Project) -> None:
    """In a table by their digests; filters, order, columns and formats are as they are asked for."""
    lines = finished.bnlab("runs", "tiny").stdout.splitlines()
    assert lines[0].split("  ")[0] == "run"
    assert len(lines) == 8
    assert "protocol" in lines[0] and "learning rate" not in lines[0]
    rows = json.loads(finished.bnlab("runs", "--where", "protocol=tiny", "--sort=-seed", "--format", "json").stdout)
    assert [row["seed"] for row in rows] == [2, 2, 1, 1, 1]
    shown = finished.bnlab("runs", "tiny", "--columns", "run,seed", "--format", "csv").stdout.splitlines()
    assert shown[0] == "run,seed" and len(shown) == 8
    nothing = finished.bnlab("runs", "tiny", "--where", "state=missing")
    assert nothing.returncode == 0, nothing.stdout
    refused = finished.bnlab("runs", "none")
    assert refused.returncode == 2 and "'none' is no study. config/studies has tiny." in refused.stdout


def test_states_are_told(project: Project) -> None:
    """Done, missing, and outdated after an edit of the trainer."""
    (project.runs()[0] / "run.json").unlink()
    states = json.loads(project.bnlab("runs", "--format", "json").stdout)
    assert sorted(row["state"] for row in states) == ["done"] * 6 + ["missing"]
    project.edit("src/bnlab/training/job.py", "\ndef perform_run", "\nUNUSED = 1\n\n\ndef perform_run")
    states = json.loads(project.bnlab("runs", "--format", "json").stdout)
    assert sorted(row["state"] for row in states) == ["missing"] + ["outdated"] * 6


def test_a_run_is_shown_whole(finished: Project) -> None:
    """By its beginning or its digest; a beginning that several share is refused."""
    name = next(folder.name for folder in finished.runs() if folder.name.startswith("5_bn_he_lambda0.005_seed1"))
    shown = finished.bnlab("show", f"{BN}_seed1").stdout
    for words in (f"tiny/{name}\n", "state                current\n", "batch_size", "validation accuracy", "openblas"):
        assert words in shown
    assert f"snakemake --cores 1 --force results/runs/tiny/{name}/run.json" in shown
    assert finished.bnlab("show", name[-8:]).stdout == shown
    record = json.loads(finished.bnlab("show", name[-8:], "--format", "json").stdout)
    assert record["spec"]["seed"] == 1
    assert "2 stored runs' names begin so" in finished.bnlab("show", BN).stdout
    assert "'tiny/6': no stored run has this name" in finished.bnlab("show", "tiny/6").stdout
    assert finished.bnlab("show", "01234567").returncode == 2


def test_a_comparison_has_the_paired_interval(finished: Project) -> None:
    """The same as in the study's table of pairs; predictions are counted image by image."""
    shown = finished.bnlab("compare", PLAIN, BN, "--format", "csv").stdout
    rows = {line.split(",")[0]: line for line in shown.splitlines()}
    assert rows["batch_norm"] == "batch_norm,false,true"
    assert "hidden" not in rows and '"1, 2"' in rows["seeds"]
    pairs = pd.read_csv(finished.folder / "results/studies/tiny/pairs.csv")
    pair = pairs[(pairs["experiment"] == "depth") & (pairs["metric"] == "test_accuracy")].iloc[0]
    gain, low, high = (f"{100 * pair[key]:+.2f}".replace("-", "−") for key in ("gain_mean", "ci_low", "ci_high"))
    assert f"{gain} (95 % interval {low} to {high}, 2 pairs)" in shown
    apart = []
    for seed in (1, 2):
        files = [
            next(finished.folder.glob(f"results/runs/{name}_seed{seed}_*/test_predictions.npz")) for name in (PLAIN, BN)
        ]
        plain, bn = (np.load(file)["predictions"] for file in files)
        apart.append(np.mean(plain != bn))
    assert f"{100 * np.mean(apart):.2f} %" in shown.split("classify differently")[1]
    assert "expected two or more" in finished.bnlab("compare", PLAIN).stdout
    mixed = finished.bnlab("compare", "tiny/5_plain_he", BN)
    assert mixed.returncode == 2 and "differ in weight_decay" in mixed.stdout
    diverged = finished.bnlab("compare", PLAIN, "tiny/5_plain_he_lambda1e200").stdout
    assert "no seed in common" in diverged and "diverged" in diverged


def test_frames_are_what_the_tables_say(finished: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with their test results, curves with their settings; without a ledger there are no claims."""
    code = """
import bnlab, sys
from bnlab.errors import IntegrityError
bnlab.load_runs("tiny").to_csv("/dev/stdout", index=False)
print("---")
print(len(bnlab.load_curves("tiny")), "batch_norm" in bnlab.load_curves("tiny"))
try:
    bnlab.load_claims()
except IntegrityError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished.folder, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(finished.folder / "src")},
    )  # fmt: skip
    table, _, rest = done.stdout.partition("---\n")
    (finished.folder.parent / "loaded.csv").write_text(table)
    loaded = pd.read_csv(finished.folder.parent / "loaded.csv").set_index("run")
    folder = finished.folder / "results/studies/tiny"
    for name in ("runs", "test"):
        stored = pd.read_csv(folder / f"{name}.csv").set_index("run").drop(columns="predictions", errors="ignore")
        pd.testing.assert_frame_equal(loaded.loc[stored.index, stored.columns], stored, check_dtype=False)
    assert set(loaded["state"]) == {"done"} and (loaded["seconds"] > 0).all()
    curves = pd.read_csv(folder / "curves.csv")
    assert rest.startswith(f"{len(curves)} True\n") and "results/tables/claims.csv: no such file" in rest


def test_a_network_predicts_what_was_stored(finished: Project) -> None:
    """Of the test images, and refuses what is no image."""
    images = np.load(finished.folder / "results/data/generated/test_images.npy")
    for folder in finished.runs():
        one = bnlab.Run(f"{folder.parent.name}/{folder.name}", results=finished.folder / "results")
        stored = np.load(folder / "test_predictions.npz")["predictions"]
        if len(stored):
            np.testing.assert_array_equal(one.network().predict(images), stored)
    assert one.classes[3] == "pattern 3" and len(one.classes) == 10
    with pytest.raises(DataError, match=r"images: found float64 \(1000, 3072\), expected uint8 \(n, 3072\)"):
        one.network().predict(images / 255)


def columns_of(document: str) -> dict[str, set[str]]:
    """The columns that the data dictionary describes, by the file whose heading they stand below."""
    found: dict[str, set[str]] = {}
    for part in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        for name in re.findall(r"`([\w-]+\.csv)`", part.splitlines()[0]):
            found[name] = set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE))
    return found


def test_the_data_dictionary_has_every_column(finished: Project) -> None:
    """Of every CSV below the results, and none that there is not; a site holds copies under other names."""
    described = columns_of((ROOT / "docs/columns.md").read_text(encoding="utf-8"))
    results = finished.folder / "results"
    tables = [path for path in results.rglob("*.csv") if not {"figures", "site"} & {*path.relative_to(results).parts}]
    assert {path.name for path in tables} >= {"runs.csv", "test.csv", "cells.csv", "pairs.csv", "step_sizes.csv"}
    for path in tables:
        columns = set(pd.read_csv(path, nrows=0).columns)
        own_curves = {"run"} if path.parent.parent.parent.name == "runs" else set()
        assert columns == described[path.name] - own_curves, path.name
    for name in ("claims", "family", "calibration"):
        columns = set(pd.read_csv(ROOT / f"docs/reference/{name}.csv", nrows=0).columns)
        assert {column for column in columns if not column.startswith("at_")} <= described[f"{name}.csv"], name


def test_the_document_s_python_runs(finished: Project, tmp_path: Path) -> None:
    """The blocks of docs/working-with-results.md, one after another, draw their figure."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL))
    code = in_tiny(code).replace("docs/figures/", f"{tmp_path}/")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished.folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(finished.folder / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*.png"))


def test_what_cannot_be_compared_or_shown_is_told(project: Project) -> None:
    """The same run twice, a figure without a name, and a run whose times are lost."""
    twice = project.bnlab("compare", PLAIN, PLAIN)
    assert twice.returncode == 2 and "the same name twice" in twice.stdout
    nameless = project.bnlab("compare", PLAIN, BN, "--figure", ".")
    assert nameless.returncode == 2 and nameless.stdout.startswith("bnlab: --figure: found '.'")
    assert project.bnlab("compare", PLAIN, BN, "--figure", "fig.v2").returncode == 0
    assert (project.folder / "fig.v2.svg").is_file()
    folder = project.runs()[0]
    (folder / "timing.json").unlink()
    assert re.search(r"^seconds +–$", project.bnlab("show", folder.name[-8:]).stdout, re.MULTILINE)


def test_runs_that_were_deleted_did_not_fail(project: Project) -> None:
    """Their logs say how the trainings ended."""
    shutil.rmtree(project.folder / "results/runs")
    assert "7 runs: 0 done, 0 running, 0 failed, 7 missing" in project.bnlab("status", "tiny").stdout
    log = next((project.folder / "results/logs/train").rglob("*.log"))
    log.write_text("Killed\n")
    assert "7 runs: 0 done, 0 running, 1 failed, 6 missing" in project.bnlab("status", "tiny").stdout


def test_what_cannot_be_read_is_named(project: Project) -> None:
    """In a line, whatever kind of place it is."""
    for arguments in (["import", "."], ["import", "Snakefile/x"], ["show", "a" * 300]):
        result = project.bnlab(*arguments)
        assert result.returncode in (2, 4, 5) and result.stdout.count("\n") == 1, result.stdout
        assert result.stdout.startswith("bnlab: ")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("bnlab status | true; echo ${PIPESTATUS[0]}", "0", ""),
        ("bnlab runs | true; echo ${PIPESTATUS[0]}", "0", ""),
        ("bnlab status > /dev/full; echo $?", "4", "bnlab: cannot be read or written (No space left on device)."),
        ("bnlab runs >&-; echo $?", "0", ""),
        ("bnlab compare-reference | true; echo ${PIPESTATUS[0]}", "5", "bnlab: "),
    ],
)
def test_nobody_has_to_listen(finished: Project, line: str, code: str, said: str) -> None:
    """A closed pipe is the end, a full disk an error, and neither shows a traceback."""
    done = subprocess.run(
        ["bash", "-c", line.replace("bnlab", f"{sys.executable} -m bnlab", 1)], cwd=finished.folder, text=True,
        capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(finished.folder / "src")},
    )  # fmt: skip
    assert done.stdout.strip() == code and done.stderr.startswith(said) and "rror" not in done.stderr
