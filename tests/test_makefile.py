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
    for name in ("Makefile", "requirements.lock", "requirements-test.lock", "requirements-uv.lock"):
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
    assert "install requirements-test.lock" in steps(project)
    os.utime(project / "requirements.lock", (2e9, 2e9))
    assert "-m venv .venv" in steps(project)


def test_running_installs_nothing_that_only_tests_need(project: Path) -> None:
    """The demo and the report take the smaller lock; tests take both."""
    for target, more in (("demo", False), ("report", False), ("test", True), ("lint", True)):
        planned = steps(project, target)
        assert "install requirements.lock" in planned
        assert ("install requirements-test.lock" in planned) == more


def test_uv_installs_and_pip_where_it_cannot(project: Path, tmp_path: Path) -> None:
    """Real commands, with stand-ins for both that say what they were asked for."""
    (project / ".venv/bin").mkdir(parents=True)
    for name, code in (("uv", 1), ("pip", 0)):
        tool = project / ".venv/bin" / name
        tool.write_text(f'#!/bin/sh\necho {name} "$@"\nexit {code}\n')
        tool.chmod(0o755)
    text = (project / "Makefile").read_text() + "\nshow:\n\t$(INSTALL) some.lock\n"
    (project / "Makefile").write_text(text)

    def asked() -> list[str]:
        done = subprocess.run(["make", "-s", "show"], cwd=project, capture_output=True, text=True, check=True)
        return [line.split()[0] for line in done.stdout.splitlines()]

    assert asked() == ["uv", "pip"]
    (project / ".venv/bin/uv").write_text("#!/bin/sh\necho uv\n")
    assert asked() == ["uv"]


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
