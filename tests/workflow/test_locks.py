"""After Snakemake was killed or interrupted the same command goes on; while another runs it is refused."""

import functools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from platform import node

import psutil
import pytest

from bnlab.made.masters import masters, own_note
from tests.workflow.conftest import Project


@pytest.fixture
def fresh(fresh: Project) -> Project:
    """A project whose Snakemakes can be told by their command lines."""
    return replace(fresh, alone=True)


def started(project: Project) -> "subprocess.Popen[bytes]":
    """Snakemake at work, in a group of its own: its lock is there, and a first job runs."""
    log = (project.folder / "output.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "tiny"],
        cwd=project.folder, stdout=log, stderr=log, start_new_session=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (list((project.folder / ".snakemake/locks").glob("*")) and list(logs(project))):
        assert time.monotonic() < deadline
        assert process.poll() is None, (project.folder / "output.txt").read_text()
        time.sleep(0.02)
    return process


def logs(project: Project) -> list[Path]:
    """The logs of jobs."""
    return [*(project.folder / "results/logs").glob("*/*")]


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_a_killed_snakemake_blocks_nobody(fresh: Project, finished: Project, kill) -> None:
    """Alone or with all its jobs: the same command says whose lock it removes, and ends as if nothing had been."""
    process = started(fresh)
    kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list((fresh.folder / ".snakemake/locks").glob("*"))
    table = "results/studies/tiny/cells.csv"
    result = fresh.snakemake(table)
    assert result.returncode == 0, result.stdout
    assert f"Removed the lock of a Snakemake that was killed (process {process.pid})." in result.stdout
    assert (fresh.folder / table).read_bytes() == (finished.folder / table).read_bytes()
    assert not list((fresh.folder / ".snakemake/masters").iterdir())


def trainings(project: Project) -> list[psutil.Process]:
    """The processes that train in this project."""
    here = str(project.folder.resolve())
    every = psutil.process_iter(["cmdline", "cwd"])
    return [one for one in every if one.info["cwd"] == here and "train" in (one.info["cmdline"] or [])]


def training(project: Project) -> "subprocess.Popen[bytes]":
    """Snakemake, in a group of its own, with trainings under way that take minutes."""
    project.edit("config/protocols.yaml", "step: 3", "step: 30000")
    process = started(project)
    deadline = time.monotonic() + 120
    while len(trainings(project)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return process


def test_jobs_of_a_killed_snakemake_stop_by_themselves(fresh: Project) -> None:
    """Within seconds, and leave nothing behind, even if nobody waits for their master: it is a zombie then."""
    process = training(fresh)
    process.kill()
    _, living = psutil.wait_procs(trainings(fresh), timeout=10)
    assert not living
    process.wait()
    assert not [path for path in (fresh.folder / "results/runs").rglob("*") if path.is_file()]


def test_an_interrupt_says_how_to_go_on(fresh: Project) -> None:
    """Ctrl-C reaches all processes of the terminal: they end in seconds, with 130, and without a lock or a part."""
    process = training(fresh)
    assert "7 runs: 0 done, 2 running, 0 failed, 5 missing, about " in fresh.bnlab("status", "tiny").stdout
    before = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert time.monotonic() - before < 10
    assert not trainings(fresh)
    output = (fresh.folder / "output.txt").read_text()
    assert output.endswith("Interrupted. What was finished is stored: the same command goes on from there.\n")
    assert "Traceback" not in output
    assert "FAILED" not in output
    assert output.count("interrupted: train ") == 2
    assert not [path for path in (fresh.folder / "results/runs").rglob("*") if path.is_file()]
    assert not list((fresh.folder / ".snakemake/masters").iterdir())
    fresh.edit("config/protocols.yaml", "step: 30000", "step: 3")
    result = fresh.snakemake("results/gradients/generated/step_sizes.svg")
    assert result.returncode == 0, result.stdout
    assert "Removed the lock" not in result.stdout


def test_a_living_snakemake_keeps_its_lock(fresh: Project) -> None:
    """A second one is refused, and a plan is none; one that takes no lock takes none away."""
    process = started(fresh)
    try:
        process.send_signal(signal.SIGSTOP)
        assert "cannot be locked" in fresh.snakemake().stdout
        assert fresh.snakemake("-n").returncode == 0
        assert fresh.snakemake("--nolock", "results/data/generated/manifest.json").returncode == 0
        assert list((fresh.folder / ".snakemake/locks").glob("*"))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_snakemake_of_another_name_keeps_its_lock(fresh: Project) -> None:
    """One that a script calls is told by when its process started, and not by the words that started it."""
    (fresh.folder / "run.py").write_text("import sys\nfrom snakemake.cli import main\nmain(sys.argv[1:])\n")
    process = subprocess.Popen(
        [sys.executable, "run.py", "--cores", "2", "tiny"],
        cwd=fresh.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not list((fresh.folder / ".snakemake/locks").glob("*")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)
        refused = fresh.snakemake("tiny").stdout
        assert "cannot be locked" in refused and "Removed the lock" not in refused
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_number_that_another_process_has_now_is_a_dead_snakemake_s(project: Project) -> None:
    """Its note keeps nothing from being removed, and a living one's does."""
    notes = project.folder / ".snakemake/masters"
    notes.mkdir(parents=True)
    (notes / f"{node()} {os.getpid()} 1").touch()
    assert not next(masters(notes)).may_live
    (project.folder / "results/.import.old").mkdir()
    os.utime(project.folder / "results/.import.old", (0, 0))
    assert project.bnlab("prune", "--remove", "--really").stdout.endswith("Deleted.\n")
    (project.folder / "results/.import.old").mkdir()
    os.utime(project.folder / "results/.import.old", (0, 0))
    (notes / own_note().name).touch()
    refused = project.bnlab("prune", "--remove", "--really")
    assert refused.returncode == 2 and f"at work in this folder (process {os.getpid()} of" in refused.stdout


def test_a_lock_that_goes_while_one_looks_is_none(fresh: Project) -> None:
    """Another Snakemake may end at any moment: its lock is still listed but not there, as a link to nothing."""
    locks = fresh.folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "gone.lock").symlink_to("nowhere")
    result = fresh.snakemake("results/gradients/generated/step_sizes.svg")
    assert result.returncode == 0, result.stdout


def test_another_machine_s_lock_is_kept(fresh: Project) -> None:
    """Whether a process of a host elsewhere lives cannot be known, so it counts as living, until all is unlocked."""
    process = started(fresh)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (note,) = (fresh.folder / ".snakemake/masters").iterdir()
    note.rename(note.with_name(f"elsewhere {note.name.split(' ', 1)[1]}"))
    assert "cannot be locked" in fresh.snakemake().stdout
    assert fresh.snakemake("--unlock").returncode == 0
    assert not list((fresh.folder / ".snakemake/masters").iterdir())
    assert fresh.snakemake("results/data/generated/manifest.json").returncode == 0


def test_writers_that_no_lock_parts_leave_whole_results(fresh: Project, finished: Project) -> None:
    """The first of two to end takes away the locks of both, so a third can train what the second trains."""
    name = finished.runs()[0].relative_to(finished.folder)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", f"{name}/run.json"]
    both = [
        subprocess.Popen(command, cwd=fresh.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    for process in both:
        process.wait(timeout=120)
    result = fresh.snakemake(f"{name}/run.json")
    assert result.returncode == 0, result.stdout
    assert fresh.bnlab("verify").returncode == 0
    for file in ("run.json", "model.npz", "curves.csv", "test_predictions.npz"):
        assert (fresh.folder / name / file).read_bytes() == (finished.folder / name / file).read_bytes()


@pytest.mark.parametrize(
    ("path", "before", "done"),
    [
        ("config/studies.py", '    path = folder / "config.yaml"\n', False),
        ("made/currency.py", '        if self._asked_for and self._asked_for("train"', False),
        ("report/headlines.py", "    lines = []\n    for study, page in pages.items():", True),
    ],
    ids=["while the configuration is read", "while jobs are planned", "while the end is told"],
)
def test_an_interrupt_at_any_time_shows_no_traceback(project: Project, path: str, before: str, done: bool) -> None:
    """Snakemake itself expects it only while jobs run. Here one has to: the page is to be typeset."""
    (project.folder / "results/studies/tiny/page.pdf").unlink()
    indent = before[: len(before) - len(before.lstrip())]
    interrupt = f"{indent}__import__('os').kill(__import__('os').getpid(), {signal.SIGINT:d})\n"
    project.edit(f"src/bnlab/{path}", before, interrupt + before)
    result = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "tiny"],
        cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert result.returncode == 130, result.stdout
    assert "Traceback" not in result.stdout
    assert result.stdout.endswith("Interrupted. What was finished is stored: the same command goes on from there.\n")
    project.edit(f"src/bnlab/{path}", interrupt, "")
    assert (project.planned("tiny") == {}) == done
