"""`make` sets up an environment where there is none, and where what is there belongs to another folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Makefile and its lock, in a folder with all that a name may have."""
    folder = tmp_path / """my "project" of $HOME, (it's {new})"""
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def steps(project: Path, target: str = "test", **variables: str) -> str:
    """What `make` would do."""
    return subprocess.run(
        ["make", "--no-print-directory", "-n", target],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | variables,
    ).stdout


def ready(project: Path, made_in: Path | str) -> None:
    """Say that the environment is there, and where it was made."""
    (project / ".venv/bin").mkdir(parents=True, exist_ok=True)
    (project / ".venv/bin/.ready").write_text(f"{made_in}\n")
    (project / ".venv/bin/.tested").touch()


def test_an_environment_is_made_once(project: Path) -> None:
    """And again after an edit of the lock."""
    assert "-m venv .venv" in steps(project)
    ready(project, project)
    assert steps(project).splitlines() == ["pytest -n auto"]
    os.utime(project / "requirements-test.lock", (2e9, 2e9))
    assert "-m venv .venv" not in steps(project)
    assert "-r requirements-test.lock" in steps(project)
    os.utime(project / "requirements.lock", (2e9, 2e9))
    assert "-m venv .venv" in steps(project)


def test_running_installs_nothing_that_only_tests_need(project: Path) -> None:
    """The demo and the report take the smaller lock; tests take both."""
    for target, locks in (("demo", 1), ("report", 1), ("test", 2), ("lint", 2)):
        planned = steps(project, target)
        assert planned.count("--require-hashes") == locks, planned
        assert ("-r requirements-test.lock" in planned) == (locks == 2)


def test_uv_installs_where_it_is_there(project: Path, tmp_path: Path) -> None:
    """Into the same environment; without it pip does."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("env", "sh", "bash", "make", "cat", "test", "python3", "pwd"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    assert ".venv/bin/pip install" in steps(project, "demo", PATH=str(tools))
    (tools / "uv").write_text("#!/bin/sh\n")
    (tools / "uv").chmod(0o755)
    assert "uv pip install --python .venv/bin/python" in steps(project, "demo", PATH=str(tools))


@pytest.mark.parametrize("made_in", ["/elsewhere", ""])
def test_a_moved_project_gets_its_own(project: Path, made_in: str) -> None:
    """The other folder's environment would run that folder's code in silence."""
    ready(project, made_in)
    assert "-m venv .venv" in steps(project)


def test_pip_installs_into_the_environment(project: Path) -> None:
    """Whatever the user's configuration of pip says."""
    text = (project / "Makefile").read_text() + "\nshow:\n\t@echo $$PIP_USER\n"
    (project / "Makefile").write_text(text)
    done = subprocess.run(
        ["make", "--no-print-directory", "-s", "show"], cwd=project, capture_output=True, text=True, check=True,
        env=os.environ | {"PIP_USER": "1"},
    )  # fmt: skip
    assert done.stdout == "0\n"


def test_without_a_home_the_project_is_one(project: Path) -> None:
    """Caches need a place; where there is a home, it is used."""
    for home, expected in (("/dev/null", project / ".home"), (str(project), project)):
        shown = subprocess.run(
            ["make", "-s", "--eval", 'show:; @echo "$$HOME"', "show"],
            cwd=project, capture_output=True, text=True, check=True, env=os.environ | {"HOME": home},
        )  # fmt: skip
        assert shown.stdout == f"{expected}\n"
