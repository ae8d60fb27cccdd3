"""The workflow at work: gates, faults, and results that do not depend on how they were made."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest

from bnlab.runs.record import verify_run
from tests.workflow.conftest import Project


def test_every_run_is_stored_and_verifies(finished):
    """Seven runs, each with its record, one of which diverged and says when."""
    records = [verify_run(folder) for folder in finished.runs()]
    assert len(records) == 7
    diverged = [record for record in records if record["final"] is None]
    assert [record["spec"]["weight_decay"] for record in diverged] == [1e200]
    assert diverged[0]["diverged_at"] > 0


def test_each_job_is_one_pasteable_command_with_its_log(project):
    """The commands that Snakemake prints run as they stand, and leave the same bytes; no line is too long to read."""
    result = project.snakemake("-n", "-p", "--forceall")
    assert max(map(len, result.stdout.splitlines())) <= 200
    commands = re.findall(r"^Shell command: (python -m bnlab train \S+) > (\S+) 2>&1$", result.stdout, re.MULTILINE)
    assert len(commands) == 7
    assert all((project.folder / log).is_file() for _, log in commands)
    before = {path: path.read_bytes() for path in project.folder.glob("results/runs/*/*/run.json")}
    environment = os.environ | {"PYTHONPATH": str(project.folder / "src")}
    for command, _ in commands[:2]:
        arguments = command.split()[1:]
        subprocess.run([sys.executable, *arguments], cwd=project.folder, env=environment, check=True)
    assert before == {path: path.read_bytes() for path in before}


def test_results_do_not_depend_on_cores_order_or_surroundings(finished, fresh, monkeypatch):
    """One core, runs asked for in reverse, another folder, time zone and language: the same bytes but for timings."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    fresh = replace(fresh, alone=True)
    names = [str((folder / "run.json").relative_to(finished.folder)) for folder in finished.runs()]
    for name in reversed(names[-2:]):
        assert fresh.snakemake("--cores", "1", name).returncode == 0
    assert fresh.snakemake("--cores", "1").returncode == 0
    compared = 0
    for path in sorted((finished.folder / "results").rglob("*")):
        relative = path.relative_to(finished.folder)
        if path.is_file() and path.name != "timing.json" and "logs" not in relative.parts:
            assert (fresh.folder / relative).read_bytes() == path.read_bytes(), relative
            compared += 1
    assert compared > 50


def test_snakemake_looks_for_jobs_only_when_one_has_ended(fresh, finished):
    """Its limit of jobs per second makes it look every second too, once more for every job that has ended."""
    names = [str((folder / "run.json").relative_to(finished.folder)) for folder in finished.runs()]
    output = fresh.snakemake("--cores", "1", "--verbose", *names).stdout
    looks, ended = output.count("Ready jobs: "), output.count("Finished jobid: ")
    assert ended >= len(names)
    assert looks <= ended + 1


def test_a_wrong_backward_pass_blocks_training(fresh):
    """The gate fails with its own exit code in the log, and not one run is trained."""
    fresh.edit("src/bnlab/numerics/layers.py", "g -= s_hat * (g_gamma", "g += s_hat * (g_gamma")
    result = fresh.snakemake()
    assert result.returncode != 0
    assert "so nothing may be trained" in result.stdout
    assert fresh.runs() == []
    assert not (fresh.folder / "results" / "gradients" / "generated.json").exists()


def test_tampered_curves_are_refused(project):
    """The tables are not built from a file that is not what its run's record says."""
    with (project.runs()[0] / "curves.csv").open("a") as file:
        file.write("1,1,1,1,1,1,1,1,1,1\n")
    (project.folder / "results" / "studies" / "tiny" / "runs.csv").unlink()
    result = project.snakemake()
    assert result.returncode != 0
    assert "curves.csv: sha256 is" in result.stdout


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("config/config.yaml", "studies:", "studis:", "Did you mean 'studies'?"),
        ("config/protocols.yaml", "batch_size: 50", "batch_size: 5000", "expected at most training = 300"),
        ("config/studies/tiny.yaml", "[0.005]", "[-0.005]", "found -0.005, expected at least 0"),
    ],
)
def test_a_bad_configuration_stops_before_any_job(fresh, path, old, new, message):
    """One clear error that names file and key, and nothing made."""
    fresh.edit(path, old, new)
    result = fresh.snakemake()
    assert result.returncode != 0
    assert path in result.stdout
    assert message in result.stdout
    assert not (fresh.folder / "results").exists()


@pytest.mark.parametrize("name", ["train", "all"])
def test_a_study_named_like_a_rule_is_refused(fresh, name):
    """Each study is a target of its own, so its name must be free."""
    studies = fresh.folder / "config" / "studies"
    (studies / f"{name}.yaml").write_text((studies / "tiny.yaml").read_text())
    result = fresh.snakemake("-n")
    assert result.returncode != 0
    assert f"config/studies/{name}.yaml: '{name}' is the name of a rule. Rename the file" in result.stdout


def test_nothing_in_the_configuration_runs(fresh):
    """Snakemake itself would run the Python of such a file, even to plan; it is read strictly first."""
    path = fresh.folder / "config/config.yaml"
    path.write_text(
        "__use_yte__: true\n__definitions__:\n  - import pathlib\n  - pathlib.Path('ran').touch()\n" + path.read_text()
    )
    result = fresh.snakemake("-n")
    assert result.returncode != 0
    assert "config/config.yaml: '__definitions__' is not a key here" in result.stdout
    assert "config/config.yaml: '__use_yte__' is not a key here" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (fresh.folder / "ran").exists()


def test_a_run_of_another_configuration_is_refused(project):
    """A stale name says what the run is called now."""
    folder = project.runs()[0]
    target = str((folder / "run.json").relative_to(project.folder))
    project.edit("config/protocols.yaml", "probe: 50", "probe: 40")
    shutil.rmtree(folder)
    result = project.snakemake(target)
    assert result.returncode != 0
    assert "does not belong to the present configuration" in result.stdout


def test_a_killed_training_leaves_nothing_and_is_made_up_for(fresh):
    """After kill -9 of a training job no part of its result is there; the same command then trains it."""
    fresh.edit("config/protocols.yaml", "step: 3", "step: 9000")
    listing = fresh.snakemake("-n").stdout
    run = re.search(r"^train (tiny/5_bn_he_lambda0.005_seed1_\w+): run.json is missing$", listing, re.MULTILINE)[1]
    record = f"results/runs/{run}/run.json"
    command = [sys.executable, "-m", "snakemake", "--cores", "1", record]
    snakemake = subprocess.Popen(command, cwd=fresh.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    _wait_for_training(snakemake.pid).kill()
    output, _ = snakemake.communicate(timeout=120)
    assert snakemake.returncode == 1
    assert b"A job was killed (137): out of memory? Let fewer jobs run at once" in output
    assert output.decode().endswith(f"FAILED train {run}: results/logs/train/{run}.log\n")
    assert list((fresh.folder / record).parent.glob("*")) == []
    assert fresh.snakemake(record).returncode == 0
    verify_run((fresh.folder / record).parent)


def test_a_run_whose_code_is_edited_while_it_trains_is_not_kept(project):
    """Its record would name the code that is there at its end, and the numbers would be of another."""
    project.edit("config/protocols.yaml", "step: 3", "step: 9000")
    run = re.search(r"^missing +(tiny/\S+)$", project.bnlab("plan", "tiny").stdout, re.MULTILINE)[1]
    environment = os.environ | {"PYTHONPATH": str(project.folder / "src")}
    command = [sys.executable, "-m", "bnlab", "train", run]
    training = subprocess.Popen(command, cwd=project.folder, env=environment, stderr=subprocess.PIPE, text=True)
    while psutil.Process(training.pid).cpu_times().user < 1.5:
        time.sleep(0.1)
    project.edit("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -")
    assert "the code was edited while this run trained. Repeat the command." in training.communicate(timeout=120)[1]
    assert training.returncode == 5
    assert not (project.folder / "results/runs" / run / "run.json").exists()


def test_touching_is_refused(project):
    """It would report a training as done that is not."""
    shutil.rmtree(project.runs()[0])
    result = project.snakemake("--touch")
    assert result.returncode == 1
    assert "--touch: times decide nothing here. To keep what older code made: bnlab accept" in result.stdout
    assert "validation accuracy" not in result.stdout and "Traceback" not in result.stdout


def _wait_for_training(parent: int) -> psutil.Process:
    """The training process below `parent`, half a second into its work."""
    for _ in range(3000):  # on a busy machine the gradient check before it takes a while
        for process in psutil.Process(parent).children(recursive=True):
            with suppress(psutil.Error):  # it may end while it is looked at
                if process.cmdline()[1:4] == ["-m", "bnlab", "train"]:
                    time.sleep(0.5)
                    return process
        time.sleep(0.1)
    pytest.fail("no training was started")


def test_without_any_source_one_error_names_every_way_on(fresh, tmp_path, monkeypatch):
    """A user's copy that is not there stops the workflow with the path, said once, and leaves no data."""
    fresh.edit("config/protocols.yaml", "data: generated", "data: cifar10")
    monkeypatch.setenv("BNLAB_CIFAR10", str(tmp_path / "nowhere.tar.gz"))
    result = fresh.snakemake()
    assert result.returncode != 0
    assert result.stdout.count("nowhere.tar.gz") == 1
    assert result.stdout.endswith("\nFAILED prepare cifar10: results/logs/prepare/cifar10.log\n")
    assert "BNLAB_CIFAR10" in result.stdout
    assert not (fresh.folder / "results" / "data" / "cifar10" / "manifest.json").exists()


def test_braces_mean_what_they_say(fresh, tmp_path):
    """In the place of CIFAR-10 they are a part of it; in the project's, which Snakemake misreads, they are refused."""
    target = "results/data/cifar10/manifest.json"
    fresh.edit("config/config.yaml", "cifar10: null", "cifar10: '/nowhere/{x} $(touch y) {}'")
    result = fresh.snakemake(target)
    assert "/nowhere/{x} $(touch y) {}: no such file or folder" in result.stdout
    assert not (fresh.folder / "y").exists()
    moved = Project(fresh.folder.rename(tmp_path.with_name(f"{tmp_path.name}{{x}}")))
    result = moved.snakemake("-n")
    assert result.returncode == 1
    assert f"{moved.folder}: Snakemake takes braces in a path for wildcards. Move the project" in result.stdout


def test_a_folder_that_cannot_be_written_stops_before_training(project, tmp_path):
    """Read-only results, as of a shared copy: the message comes at once, and nothing is touched."""
    run = project.runs()[0].relative_to(project.folder / "results/runs")
    script = (
        "mount --bind results results && mount -o remount,ro,bind results || exit 99\n"
        f"{sys.executable} -m bnlab train {run}"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=project.folder, capture_output=True, text=True, check=False
    )
    if done.returncode in (1, 99):
        pytest.skip("no mounts here")
    assert done.returncode == 4
    assert done.stderr.startswith(
        "bnlab: results: no file can be made here (Read-only file system). Nothing was begun."
    )


def test_too_little_memory_is_told(project):
    """However little there is, down to what an import takes."""
    run = project.runs()[0].relative_to(project.folder / "results/runs")
    # At some sizes in between, OpenBLAS ends the process with a line of its own.
    for kilobytes in (60_000, 120_000, 130_000):
        script = f"ulimit -v {kilobytes}; {sys.executable} -m bnlab train {run}"
        done = subprocess.run(["sh", "-c", script], cwd=project.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 4
        assert done.stderr == "bnlab: not enough memory. Free some, or let fewer jobs run at once: --cores\n"
