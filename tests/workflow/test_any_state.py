"""Whatever state results and configuration are in, a command ends well or with one of our messages and exit codes."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.cli import main
from bnlab.errors import BnlabError
from tests.workflow.conftest import Project

CODES = {0} | {error.exit_code for error in BnlabError.__subclasses__()}
SPLIT = "generated_300-100_random-seed1_per-pixel"
COMMANDS = [
    "plan", "plan tiny", "prepare generated", f"split {SPLIT}", "gate generated", "step-sizes generated",
    "overfit generated", "reported-check generated anon_batch_norm", "gradient-figure generated overfit", "train RUN",
    "rank tiny depth", "collect tiny", "test-results tiny", "tables tiny", "figure tiny depth curves",
    "figure tiny weight-decay weight_decay", "page tiny", "pdf tiny", "claims tiny", "ledger", "synthesis-page",
    "expectations tiny", "verify", "keep-reference", "compare-reference", "status", "runs", "show RUN", "prune",
    "compare RUN RUN_2", "export out.zip", "site", "calibrate", "sensitivity RUN",
]  # fmt: skip


def cut(path: Path) -> None:
    """Keep the first half."""
    content = path.read_bytes()
    replace(path, content[: len(content) // 2])


def replace(path: Path, content: bytes) -> None:
    """Write other content; the old file may have further names."""
    path.unlink()
    path.write_bytes(content)


def drop_a_column(path: Path) -> None:
    """Take the first column, or the first word, out of every line."""
    replace(path, b"\n".join(line.partition(b",")[2] for line in path.read_bytes().split(b"\n")))


def fold(path: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    """Put a link to itself in its place."""
    path.unlink()
    path.symlink_to(path.name)


def other_kinds(path: Path) -> None:
    """Of JSON that is an object, the values by those of another kind."""
    try:
        content = json.loads(path.read_bytes())
        replace(path, json.dumps(dict.fromkeys(content, 5)).encode())
    except (ValueError, TypeError):
        replace(path, b"5")


DAMAGES: list[Callable[[Path], None]] = [
    Path.unlink,
    cut,
    drop_a_column,
    fold,
    loop,
    lambda path: replace(path, b""),
    lambda path: replace(path, b"null"),
    lambda path: replace(path, b"[]"),
    lambda path: replace(path, b"{}"),
    lambda path: replace(path, b"[" * 2000),
    other_kinds,
    lambda path: replace(path, b"\xff\xfe\x00garbage"),
    lambda path: replace(path, b"a: &x [*x]\n"),
    lambda path: replace(path, path.read_bytes().replace(b"1", b"NaN")),
    lambda path: replace(path, path.read_bytes().replace(b"1", b"2")),
    lambda path: shutil.rmtree(path.parent),
]


def files(project: Path) -> list[str]:
    """Everything that a command may read, by its path in the project."""
    found = [*(project / "config").rglob("*"), *(project / "results").rglob("*")]
    return sorted(str(path.relative_to(project)) for path in found if path.is_file() and "logs" not in path.parts)


@given(data=st.data())
@settings(
    max_examples=int(os.environ.get("BNLAB_EXAMPLES", "5")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_state_gives_a_traceback(finished: Project, data: st.DataObject, capfd: pytest.CaptureFixture[str]) -> None:
    """One to three files are damaged, and three commands run: each gives a documented exit code and raises nothing.

    BNLAB_EXAMPLES says how many states are tried.
    """
    run, other = (one.relative_to(finished.folder / "results/runs").as_posix() for one in finished.runs()[:2])
    damages = data.draw(
        st.lists(st.tuples(st.sampled_from(files(finished.folder)), st.sampled_from(DAMAGES)), min_size=1, max_size=3)
    )
    commands = data.draw(st.lists(st.sampled_from(COMMANDS), min_size=3, max_size=3, unique=True))
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        shutil.copytree(finished.folder, project, copy_function=os.link, ignore=shutil.ignore_patterns(".snakemake"))
        for path, damage in damages:
            if (project / path).is_file() and not (project / path).is_symlink():
                damage(project / path)
        os.chdir(project)
        try:
            for command in commands:
                code = main(command.replace("RUN_2", other).replace("RUN", run).split())
                said = capfd.readouterr()
                assert code in CODES, command
                assert (code == 0) == (not said.err.startswith("bnlab: ")), (command, said.err)
        finally:
            os.chdir(before)
