"""The workflow in another folder, as a module of another workflow, and out of a wheel; its graph, report and cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.conftest import ROOT, Project, new_project

EXAMPLE = re.search(r"```python\n(.*?)```", (ROOT / "docs/elsewhere.md").read_text(encoding="utf-8"), re.DOTALL)[1]
"""The other workflow that the document shows, with its placeholders."""


@pytest.fixture
def elsewhere(finished: Project, tmp_path: Path) -> Project:
    """A folder that has the finished project's results and nothing else."""
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    return Project(tmp_path)


def outer(folder: Path, finished: Project, *changes: tuple[str, str]) -> Project:
    """Write the document's workflow there, on the finished project's study, with these changes."""
    text = EXAMPLE
    for old, new in (("PATH/TO/bnlab", str(finished.folder)), ("demo", "tiny"), *changes):
        assert old in text
        text = text.replace(old, new)
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    return Project(folder)


def test_another_folder_has_the_results_and_no_configuration(finished: Project, elsewhere: Project) -> None:
    """Nothing is to be done where all is stored; what is missing is made there, by the project's configuration."""
    there = "-s", str(finished.folder / "Snakefile"), "--directory", str(elsewhere.folder)
    before = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*.csv")}
    assert finished.planned(*there) == {}
    (elsewhere.folder / "results/studies/tiny/cells.csv").unlink()
    done = finished.snakemake(*there, "results/studies/tiny/cells.csv")
    assert done.returncode == 0, done.stdout
    assert f"it takes that of {finished.folder / 'config'}" in done.stdout
    assert (elsewhere.folder / "results/studies/tiny/cells.csv").exists()
    assert before == {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*.csv")}


def test_a_folder_s_own_configuration_comes_first(finished: Project, elsewhere: Project) -> None:
    """A copy that was edited: another seed."""
    shutil.copytree(finished.folder / "config", elsewhere.folder / "config")
    elsewhere.edit("config/studies/tiny.yaml", "seeds: 2", "seeds: 3")
    there = "-s", str(finished.folder / "Snakefile"), "--directory", str(elsewhere.folder)
    assert finished.planned(*there)["train"] == 2
    assert finished.planned() == {}
    assert "    train 2 " in elsewhere.bnlab("why").stdout


@pytest.mark.parametrize("changes", [(), (("as bnlab_*", "exclude all, everything"),)])
def test_another_workflow_uses_it_as_a_module(
    finished: Project, elsewhere: Project, changes: tuple[tuple[str, str], ...]
) -> None:
    """With a prefix and without, it makes the table that is missing and no more, for a rule of the other's own."""
    project = outer(elsewhere.folder, finished, *changes)
    (elsewhere.folder / "results/studies/tiny/cells.csv").unlink()
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    ran = re.findall(r"^(?:local)?rule (\w+):$", done.stdout, re.MULTILINE)
    assert [name.removeprefix("bnlab_") for name in ran] == ["tables", "best"]
    assert (elsewhere.folder / "best.txt").read_text().count(",") > 20
    assert "Nothing to be done" in project.snakemake("-n").stdout


def test_a_module_s_prefix_is_refused(finished: Project, elsewhere: Project) -> None:
    """The commands would not follow it."""
    config = '{"studies": ["tiny"]}'
    done = outer(elsewhere.folder, finished, (config, f'{config}\n    prefix: "theirs"')).snakemake("-n")
    assert done.returncode == 1
    assert "can have neither prefix nor replace_prefix" in done.stdout


def test_graphs_show_what_is_stored_too(finished: Project, elsewhere: Project) -> None:
    """All rules with what they need, the training's among them, although nothing is to be done."""
    there = "-s", str(finished.folder / "Snakefile"), "--directory", str(elsewhere.folder)
    graph = finished.snakemake(*there, "--rulegraph").stdout
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', graph, re.MULTILINE))
    arrows = {(names[a], names[b]) for a, b in re.findall(r"^\s*(\d+) -> (\d+)$", graph, re.MULTILINE)}
    assert {("prepare", "gate"), ("gate", "train"), ("split", "train"), ("train", "collect"), ("page", "pdf")} <= arrows


def test_snakemake_s_report_has_figures_tables_and_pages(finished: Project, tmp_path: Path) -> None:
    """With a caption and labels each, from a tree in which nothing is to be done."""
    done = finished.snakemake("--report", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stdout
    for name in ("depth_curves.svg", "cells.csv", "pairs.csv", "page.html"):
        assert f"Adding {name}" in done.stdout
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("Tables", "Figures", "Pages", "weight_decay", "The page of tiny."):
        assert words in text


def test_a_cache_between_workflows_keeps_trainings(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs that differ in nothing but the network are taken from there, each its own; an edited trainer trains."""
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    runs = [run.relative_to(finished.folder) for run in finished.runs() if "_he_lambda0.005_seed1" in run.name]
    assert len(runs) == 2

    def stored(folder: str, *, edit: bool = False) -> tuple[int, list[bytes]]:
        (tmp_path / folder).mkdir()
        project = new_project(tmp_path / folder)
        results = finished.folder / "results"
        shutil.copytree(results, project.folder / "results", ignore=shutil.ignore_patterns("runs", "studies"))
        if edit:
            project.edit("src/bnlab/training/job.py", "\ndef perform_run", "\nUNUSED = 1\n\n\ndef perform_run")
        done = project.snakemake("--cache", "train", "--", *(f"{run}/run.json" for run in runs))
        assert done.returncode == 0, done.stdout
        models = [(project.folder / run / "model.npz").read_bytes() for run in runs]
        return len(re.findall("Moving output file .*/run.json to cache", done.stdout)), models

    trained, models = stored("one")
    assert (trained, models) == (2, [(finished.folder / run / "model.npz").read_bytes() for run in runs])
    assert stored("other") == (0, models)
    assert stored("edited", edit=True) == (2, models)


def test_a_wheel_has_the_workflow_and_its_configuration(tmp_path: Path) -> None:
    """Built, installed and run in an empty folder, by the package that was installed."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("bnlab-*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    shutil.unpack_archive(wheel, site, "zip")
    empty.mkdir()
    environment = os.environ | {"PYTHONPATH": str(site)}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=empty, env=environment, text=True, timeout=120, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    snakefile = run("bnlab", "snakefile").strip()
    assert snakefile == str(site / "bnlab/project/Snakefile")
    assert "demo: 26 runs" in run("bnlab", "plan", "demo")
    run("snakemake", "-s", snakefile, "--cores", "1", "results/data/generated/manifest.json")
    assert (empty / "results/data/generated/manifest.json").exists()
