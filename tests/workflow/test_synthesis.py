"""A project with a ledger and a synthesis: the commands that look at results know their files too."""

import re

import pytest
import yaml

from tests.workflow.conftest import Project, new_project

CLAIM = {
    "id": "gain",
    "where": "1",
    "text": "Batch normalization helps.",
    "kind": "direction",
    "metric": "test_accuracy",
    "pairs": [
        {
            "greater": {"experiment": "depth", "batch_norm": True},
            "smaller": {"experiment": "depth", "batch_norm": False},
        }
    ],
}
QUESTION = {
    "id": "depth",
    "label": "Depth",
    "title": "Does it help?",
    "text": "It may.",
    "answer": {"kind": "gain", "experiment": "tiny/depth"},
    "experiments": ["tiny/depth"],
    "claims": ["tiny/gain"],
}
SYNTHESIS = {"title": "All", "summary": "Of one.", "questions": [QUESTION], "searches": ["tiny/weight-decay"]}
WITHOUT_ARGUMENT = ["ledger", "calibrate", "calibration-figure", "answer-figure", "synthesis-page", "site"]


def write(project: Project) -> None:
    """A claim about the tiny study, and a synthesis of it."""
    (project.folder / "config/claims").mkdir()
    report = {"report": "tiny", "study": "tiny", "claims": [CLAIM]}
    for path, content in (("claims/tiny.yaml", report), ("synthesis.yaml", SYNTHESIS)):
        (project.folder / "config" / path).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def test_a_synthesis_is_planned_made_verified_and_shared(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And the commands behind it, which have no argument, are counted and accepted like all others."""
    write(project)
    said = project.bnlab("why").stdout
    for command in WITHOUT_ARGUMENT:
        assert re.search(rf"[ ,]{command} 1[,\n]", said), said
    result = project.snakemake()
    assert result.returncode == 0, result.stdout
    assert f"Open {project.folder}/results/site/index.html\n  Of 1 statement, 1 is inconclusive." in result.stdout
    assert project.planned() == {}
    assert project.bnlab("why").stdout == "Nothing would run.\n"
    verified = project.bnlab("verify")
    assert verified.returncode == 0, verified.stdout
    assert "Asked for by no study: study-site tiny\n" in verified.stdout  # it is part of the site of all now
    assert "study-site tiny: " in project.bnlab("prune", "--remove", "--really").stdout
    assert project.bnlab("prune").stdout == "Every result is a study's.\n"
    assert project.planned() == {}

    project.edit("src/bnlab/claims/trials.py", "\nSHIFTS", "\nUNUSED = 1\nSHIFTS")
    assert project.planned()["calibrate"] == 1
    accepted = project.bnlab("accept", "calibrate", "--because", "Nothing uses it.")
    assert accepted.returncode == 0, accepted.stdout
    assert "calibrate" not in project.planned()
    assert project.snakemake().returncode == 0

    archive = tmp_path_factory.mktemp("archive") / "all.zip"
    exported = project.bnlab("export", str(archive))
    assert exported.returncode == 0, exported.stdout
    other = new_project(tmp_path_factory.mktemp("other"))
    write(other)
    other.edit("src/bnlab/claims/trials.py", "\nSHIFTS", "\nUNUSED = 1\nSHIFTS")
    imported = other.bnlab("import", str(archive))
    assert imported.returncode == 0, imported.stdout
    assert other.planned() == {}


def test_a_page_of_a_question_that_is_gone_is_gone(project: Project) -> None:
    """From the site too, which is to be served as it is."""
    write(project)
    assert project.snakemake().returncode == 0
    pages = project.folder / "results/site"
    assert (pages / "question-depth.html").exists()
    project.edit("config/synthesis.yaml", "id: depth", "id: other")
    assert project.snakemake().returncode == 0
    assert (pages / "question-other.html").exists() and not (pages / "question-depth.html").exists()
    assert project.bnlab("verify").returncode == 0
