"""The command line, run as the workflow runs it: what it makes, its messages and its exit codes."""

import errno
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bnlab.config.studies import Configuration, load_configuration
from bnlab.runs.names import split_name
from tests.small import make_small

ROOT = Path(__file__).parents[1]
TINY_PROTOCOL = {
    "defaults": "official",
    "data": "generated",
    "training": 300,
    "validation": 100,
    "batch_size": 20,
    "schedule": {"step": 10, "cycles": 1},
    "curve_points": 3,
    "probe": 50,
}
TINY_STUDY = {
    "title": "Tiny",
    "summary": "A study of four runs that takes seconds.",
    "experiments": [
        {
            "id": "depth",
            "title": "A title",
            "text": "A text.",
            "protocol": "tiny",
            "networks": [[8, 8]],
            "batch_norm": [False, True],
            "initialization": ["he"],
            "weight_decay": [0.005],
            "seeds": 2,
            "figures": ["curves"],
        }
    ],
    "expectations": [
        {
            "text": "Accuracies are fractions, ≤ 1",
            "cells": {"experiment": "depth", "network": [8, 8], "batch_norm": True},
            "metric": "test_accuracy",
            "of": "every_seed",
            "between": [0, 1],
        }
    ],
}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with this tree's package and none of bnlab's own variables."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BNLAB_")}
    return kept | {"PYTHONPATH": str(ROOT / "src")} | more


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder: the committed configuration and a tiny protocol and study besides."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    path = tmp_path / "config/protocols.yaml"
    path.write_text(path.read_text() + yaml.safe_dump({"tiny": TINY_PROTOCOL}))
    (tmp_path / "config/studies/tiny.yaml").write_text(yaml.safe_dump(TINY_STUDY))
    make_small(tmp_path / "config")
    return tmp_path


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bnlab(project: Path) -> Run:
    """Run one command in the project; its exit code must be `code`, and whatever happens there is no traceback."""

    def run(*arguments: str, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bnlab", *arguments],
            cwd=project,
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, done.stderr
        return done

    return run


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def nothing(_: Path) -> None:
    """Leave the project as it is."""


def a_wrong_key(project: Path) -> None:
    """Misspell a key of the official protocol."""
    edit(project / "config/protocols.yaml", "momentum: 0\n", "momentun: 0\n")


def two_wrong_values(project: Path) -> None:
    """Write two values that cannot be into the official protocol."""
    edit(project / "config/protocols.yaml", "batch_size: 100\n", "batch_size: -1\n")
    edit(project / "config/protocols.yaml", "minimum: 1.0e-5", "minimum: 1e-5")


def a_wrong_gradient_setting(project: Path) -> None:
    """Misspell a key of the gradient check."""
    edit(project / "config/gradients/gate.yaml", "batch: 20,", "bacth: 20,")


def a_step_of_zero(project: Path) -> None:
    """Ask for differences between equal costs."""
    edit(project / "config/gradients/gate.yaml", "step: 1.0e-5", "step: 0")


def steps_that_grow(project: Path) -> None:
    """Make the smallest step larger than the largest."""
    edit(project / "config/gradients/step_sizes.yaml", "smallest: 1.0e-12", "smallest: 0.1")


def an_unknown_measure(project: Path) -> None:
    """Misspell a measure of a reported check."""
    edit(project / "config/reported_checks/banaei2022.yaml", "[gradient_mean,", "[gradient_men,")


def no_protocols(project: Path) -> None:
    """Take a part of the configuration away."""
    (project / "config/protocols.yaml").unlink()


def a_file_for_a_folder(project: Path) -> None:
    """Put a file where results go."""
    (project / "results").write_text("")


STALE = "official/50-50_bn_he_lambda0.005_seed1_00000000"
DATA_MISSING = [
    "results/data/generated/manifest.json: no such file",
    "Make it: snakemake --cores 8 results/data/generated/manifest.json",
]
MISSING_COPY: dict[str, str] = {"BNLAB_CIFAR10": "/nowhere/cifar-10-binary.tar.gz"}
FAILURES: list[tuple[str, int, Callable[[Path], None], dict[str, str], list[str]]] = [
    (
        "plan demos",
        2,
        nothing,
        {},
        ["'demos' is not a study", "demo, falk2024, fan2017, official, saccardi2022, short, tiny"],
    ),
    ("plan official", 2, a_wrong_key, {}, ["config/protocols.yaml: official: 'momentun'", "Did you mean 'momentum'?"]),
    (
        "plan official",
        2,
        two_wrong_values,
        {},
        ["protocols.yaml: official: batch_size: found -1", "protocols.yaml: official: schedule.minimum: found '1e-5'"],
    ),
    ("plan official", 2, no_protocols, {}, ["config/protocols.yaml: cannot be read (No such file or directory)"]),
    ("train {name}", 2, a_wrong_key, {}, ["config/protocols.yaml: official: 'momentun' is not a key here"]),
    ("train 50-50_bn", 2, nothing, {}, ["'50-50_bn' is not the name of a run", "`python -m bnlab plan`"]),
    ("train ../../evil", 2, nothing, {}, ["'../../evil' is not the name of a run"]),
    (f"train {STALE}", 2, nothing, {}, [f"'{STALE}' does not belong to the present configuration", "'{official}'"]),
    (
        "train offical/50_bn_he_lambda0_seed1_00000000",
        2,
        nothing,
        {},
        ["'offical'", "It defines: banaei2022, banaei2022_shorter, demo,"],
    ),
    ("prepare mnist", 2, nothing, {}, ["'mnist' is no data set: expected one of cifar10,"]),
    ("split cifar10", 2, nothing, {}, ["'cifar10' is not the name of a split", "cifar10_45000-5000_random-seed1"]),
    (
        "gate generated",
        2,
        a_wrong_gradient_setting,
        {},
        ["config/gradients/gate.yaml: conditions[0]: 'bacth'", "'batch'?"],
    ),
    ("gate generated", 2, a_step_of_zero, {}, ["config/gradients/gate.yaml: step: found 0, expected more"]),
    ("step-sizes generated", 2, steps_that_grow, {}, ["step_sizes.yaml: smallest: found 0.1, expected less than"]),
    ("overfit generated", 5, nothing, {}, DATA_MISSING),
    ("gradient-figure generated mystery", 2, nothing, {}, ["found 'mystery', expected a reported check of"]),
    (
        "gradient-figure generated step_sizes",
        5,
        nothing,
        {},
        [
            "results/gradients/generated/step_sizes.csv: no such file",
            "snakemake --cores 8 results/gradients/generated/step_sizes.csv",
        ],
    ),
    ("collect demos", 2, nothing, {}, ["'demos' is not a study"]),
    ("test-results demos", 2, nothing, {}, ["'demos' is not a study"]),
    (
        "prepare cifar10",
        3,
        nothing,
        MISSING_COPY,
        ["/nowhere/cifar-10-binary.tar.gz", "named by the environment variable BNLAB_CIFAR10", "remove the setting"],
    ),
    (
        "prepare cifar10 --cifar10 nowhere.tar.gz",
        3,
        nothing,
        MISSING_COPY,
        ["nowhere.tar.gz", "named by the configuration key cifar10", "name a complete copy there"],
    ),
    ("prepare generated", 4, a_file_for_a_folder, {}, ["results/data/generated/manifest.json"]),
    ("train {name}", 5, nothing, {}, DATA_MISSING),
    ("split {split}", 5, nothing, {}, DATA_MISSING),
    (
        "reported-check generated fan2017",
        2,
        nothing,
        {},
        ["found 'fan2017', expected a reported check of", "banaei2022"],
    ),
    ("reported-check generated anon", 5, nothing, {}, DATA_MISSING),
    (
        "reported-check generated banaei2022",
        2,
        an_unknown_measure,
        {},
        ["banaei2022.yaml: cases[0].measures[0]: found"],
    ),
    ("gradient-figure generated anon_batch_norm", 5, nothing, {}, ["anon_batch_norm.csv: no such file. Make it:"]),
    ("gate generated", 5, nothing, {}, DATA_MISSING),
    (
        "collect tiny",
        5,
        nothing,
        {},
        ["results/runs/{name}/run.json: no such file. Make it: snakemake"],
    ),
    (
        "test-results tiny",
        5,
        nothing,
        {},
        ["results/runs/{name}/run.json: no such file. Make it: snakemake"],
    ),
    *(
        (f"{command} mnist", 2, nothing, {}, ["'mnist' is not a data set"])
        for command in ("gate", "step-sizes", "overfit")
    ),
    *((f"{command} demos", 2, nothing, {}, ["'demos' is not a study"]) for command in ("tables", "page", "pdf")),
    ("figure demos depth curves", 2, nothing, {}, ["'demos' is not a study"]),
    ("rank tiny depths", 2, nothing, {}, ["has no experiment 'depths'"]),
    ("claims demo", 2, nothing, {}, ["'demo' has no claims"]),
    ("tables tiny", 5, nothing, {}, ["results/studies/tiny/runs.csv"]),
]


def words(configuration: Configuration) -> dict[str, str]:
    """What stands in braces in the table: names that depend on the configuration."""
    name, *_ = configuration.names(configuration.study("tiny").runs)
    official = next(run for run in configuration.study("official").runs if run.batch_norm)
    return {
        "name": name,
        "official": configuration.name(official),
        "split": split_name(configuration.protocols["tiny"], 1),
    }


@pytest.mark.parametrize(
    ("command", "code", "spoil", "variables", "said"),
    FAILURES,
    ids=[f"{case[1]} {case[0]} {case[2].__name__}" for case in FAILURES],
)
def test_failures_have_a_message_and_a_code(
    project: Path,
    bnlab: Run,
    *,
    command: str,
    code: int,
    spoil: Callable[[Path], None],
    variables: dict[str, str],
    said: list[str],
) -> None:
    """2: configuration, 3: data, 4: storage, 5: integrity; the message says what is wrong, and nothing is made."""
    known = words(load_configuration(project / "config"))
    spoil(project)
    before = sorted(project.rglob("*"))
    done = bnlab(*command.format(**known).split(), code=code, **variables)
    assert done.stderr.startswith("bnlab: ")
    for text in said:
        assert text.format(**known) in done.stderr
    assert done.stdout == ""
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize("arguments", [[], ["trian"], ["train"], ["plan", "demo", "more"], ["train", "--fast", "x"]])
def test_wrong_usage_is_explained(bnlab: Run, arguments: list[str]) -> None:
    """No command, an unknown one, an argument too few or too many: exit code 2 and how to use it."""
    assert "usage: bnlab" in bnlab(*arguments, code=2).stderr


def test_help_names_every_command(bnlab: Run) -> None:
    """`--help` lists the commands of the workflow with what each does."""
    text = bnlab("--help").stdout
    for command in (
        "runs",
        "plan",
        "prepare",
        "split",
        "gate",
        "reported-check",
        "train",
        "collect",
        "test-results",
        "tables",
    ):
        assert re.search(rf"^ +{command}\s+\S", text, re.MULTILINE)


def test_commands_that_texts_name_are_there(bnlab: Run) -> None:
    """Whatever command a message, a page, a rule or a document tells a reader to type."""
    known = set(re.findall(r"^  ([a-z-]+) +\S", bnlab("--help").stdout, re.MULTILINE))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [ROOT / path for path in tracked if path.endswith((".py", ".jinja", ".smk", ".md", ".yaml", "Makefile"))]
    named = {name for path in texts for name in re.findall(r"python -m bnlab ([a-z-]+)", path.read_text())}
    assert {"train", "page", "compare-reference"} <= named
    assert named <= known


def test_an_interrupt_is_no_error(project: Path) -> None:
    """Ctrl-C ends a command with exit code 130 and without a traceback."""
    pipe = project / "config/studies/zz.yaml"
    os.mkfifo(pipe)  # planning waits for its content
    process = subprocess.Popen(
        [sys.executable, "-m", "bnlab", "plan", "tiny"],
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    )
    descriptor = open_when_read(pipe)
    time.sleep(0.5)  # a signal just before the blocking read would wait for the read to end
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    os.close(descriptor)
    assert (process.returncode, out, err) == (130, "", "")


def open_when_read(pipe: Path) -> int:
    """Open a pipe for writing as soon as another process opens it for reading."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def inside(project: Path, code: str, *arguments: str, **variables: str) -> str:
    """What `code` prints when it is run in the process of a command, after it."""
    program = (
        "import runpy, sys\n"
        f"sys.argv = ['bnlab', *{list(arguments)!r}]\n"
        "try:\n    runpy.run_module('bnlab', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        f"{code}\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=project, env=environment(**variables), capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()[-1]


def test_commands_use_one_thread(project: Path) -> None:
    """Whatever the user's shell says, every pool of threads of a command has one, and so have those it starts."""
    code = (
        "import os, numpy, threadpoolctl\n"
        "pools = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()]\n"
        f"print([os.environ[name] for name in {THREADS}], pools)"
    )
    said = inside(project, code, "plan", "tiny", **dict.fromkeys(THREADS, "4"))
    assert re.fullmatch(re.escape("['1', '1', '1']") + r" \[1(, 1)*\]", said)


def test_planning_lists_every_run(bnlab: Run, project: Path) -> None:
    """One line a run, in the study's order, all of them missing at first."""
    configuration = load_configuration(project / "config")
    for study, count in (("official", 235), ("tiny", 4)):
        *lines, cost = bnlab("plan", study).stdout.splitlines()
        assert re.fullmatch(rf"{study}: {count} runs, {count} missing, about \d+ core-minutes", cost)
        assert lines == [f"missing  {name}" for name in configuration.names(configuration.study(study).runs)]
        assert len(lines) == count


def test_a_report_s_own_check_is_repeated(bnlab: Run, project: Path) -> None:
    """Its numbers are stored as a table, if the data set has images enough."""
    results = project / "results"
    bnlab("prepare", "generated")
    too_large = bnlab("reported-check", "generated", "saccardi2022_full", code=2)
    assert "images: found 10000, expected at most 6000 on 'generated'" in too_large.stderr
    edit(project / "config/reported_checks/banaei2022.yaml", "draws: 200", "draws: 2")
    bnlab("reported-check", "generated", "banaei2022")
    compared = pd.read_csv(results / "gradients/generated/banaei2022.csv")
    assert len(compared) == 2 * 5 * (6 + 10)
    assert list(compared.columns[:4]) == ["case", "draw", "array", "measure"]
    difference = compared[compared["measure"] == "difference_std"]["value"]
    assert difference.max() < 1e-3


def test_the_whole_chain_on_a_tiny_study(bnlab: Run, project: Path) -> None:
    """From nothing to tables, command by command: files, messages, the gate, and what verification finds."""
    configuration = load_configuration(project / "config")
    runs = configuration.names(configuration.study("tiny").runs)
    first, *others = runs
    results, protocol = project / "results", configuration.protocols["tiny"]

    assert bnlab("prepare", "generated").stdout == "Prepared results/data/generated from generated data.\n"

    too_many = bnlab("split", "generated_6000-1_random-seed1_per-pixel", code=3)
    assert "asks for 6000 + 1 images, but the data set has 6000" in too_many.stderr
    for seed in (1, 2):
        bnlab("split", split_name(protocol, seed))
    assert sorted(path.name for path in (results / "splits").iterdir()) == [
        "generated_300-100_random-seed1_per-pixel.npz",
        "generated_300-100_random-seed2_per-pixel.npz",
    ]

    settings = (project / "config/gradients/gate.yaml").read_text()
    edit(project / "config/gradients/gate.yaml", "relative: 1.0e-13", "relative: 1.0e-30")
    gate = bnlab("gate", "generated", code=6)
    assert "FAILED" in gate.stdout
    assert "nothing may be trained" in gate.stderr
    assert not (results / "gradients").exists()
    (project / "config/gradients/gate.yaml").write_text(settings)
    *reason, checked = bnlab("gate", "generated").stdout.partition("ok ")
    assert "absolute: the largest |a - n|, where the true gradient is zero" in reason[0]
    assert checked
    assert all(line.startswith("ok ") for line in f"ok {checked}".splitlines())
    assert (results / "gradients/generated.json").is_file()

    heavy = "print(sorted({'pandas', 'matplotlib', 'scipy', 'jinja2', 'snakemake'} & set(sys.modules)))"
    assert inside(project, heavy, "train", first) == "[]"  # training stays light
    for name in others:
        said = rf"(update \d+ of 20: batch loss \d.*\n){{3}}{re.escape(name)}: finished\.\n"
        assert re.fullmatch(said, bnlab("train", name).stdout)
    assert bnlab("plan", "tiny").stdout == (
        "".join(f"stored   {name}\n" for name in runs) + "tiny: 4 runs, 0 missing, about 0 core-minutes\n"
    )

    bnlab("collect", "tiny")
    bnlab("test-results", "tiny")
    bnlab("tables", "tiny")
    folder = results / "studies/tiny"
    files = [f"{table}.{kind}" for table in ("cells", "pairs") for kind in ("csv", "md")]
    files += [f"{table}.csv" for table in ("curves", "expectations", "runs", "test")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    assert list(pd.read_csv(folder / "runs.csv")["run"]) == list(runs)
    assert len(pd.read_csv(folder / "curves.csv")) == 3 * len(runs)
    assert list(pd.read_csv(folder / "cells.csv")["n"]) == [2, 2]
    assert list(pd.read_csv(folder / "pairs.csv")["n"]) == [2, 2]
    (expectation,) = pd.read_csv(folder / "expectations.csv").to_dict("records")
    assert expectation["holds"]
    assert "fractions, \\u2264 1: 0 to 1" in bnlab("expectations", "tiny", PYTHONIOENCODING="ascii").stdout
    assert expectation["n"] == 2

    verified = bnlab("verify").stdout
    assert verified.startswith(
        "Not checked: 9 notes of code and configuration\n"
        "Not checked: 4 files timing.json, measurements\n38 files are as they were stored"
    )
    assert "5 in data, 1 in gradients, 6 in made, 16 in runs, 2 in splits, 8 in studies." in verified
    model = results / "runs" / first / "model.npz"
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    assert f"{model.relative_to(project)}: sha256 is" in bnlab("verify", code=5).stderr


def test_the_reported_checks_about_gradients(bnlab: Run, project: Path) -> None:
    """Error against step and images learnt perfectly become tables and figures; a kink that stays is explained."""
    results = project / "results"
    bnlab("prepare", "generated")
    for reported_check in ("step_sizes", "overfit"):
        bnlab(reported_check.replace("_", "-"), "generated")
        # The backend of a notebook's terminal, which is not installed here.
        bnlab("gradient-figure", "generated", reported_check, MPLBACKEND="module://matplotlib_inline.backend_inline")
        assert (results / f"gradients/generated/{reported_check}.svg").is_file()
    assert len(pd.read_csv(results / "gradients/generated/overfit.csv")) == 4 * 5
    edit(project / "config/gradients/gate.yaml", "margin: 1.0e-3", "margin: 10")
    kinks = bnlab("gate", "generated", code=6).stderr
    assert "at none of" in kinks
    assert "Lower margin, spread or batch in config/gradients/gate.yaml" in kinks


def test_a_diverged_run_is_a_result(bnlab: Run, project: Path) -> None:
    """A weight decay that overflows ends the training early, with exit code 0 and a word about it."""
    study: dict[str, Any] = yaml.safe_load((project / "config/studies/tiny.yaml").read_text())
    study["experiments"][0] |= {"weight_decay": [1e25], "seeds": 1}
    (project / "config/studies/tiny.yaml").write_text(yaml.safe_dump(study))
    configuration = load_configuration(project / "config")
    runs = configuration.names(configuration.study("tiny").runs)
    bnlab("prepare", "generated")
    bnlab("split", split_name(configuration.protocols["tiny"], 1))
    bnlab("gate", "generated")
    for name in runs:
        *_, last = bnlab("train", name).stdout.splitlines()
        assert re.fullmatch(re.escape(name) + r": diverged at update [0-9]+\.", last)
    bnlab("collect", "tiny")
    bnlab("test-results", "tiny")
    bnlab("tables", "tiny")
    assert list(pd.read_csv(project / "results/studies/tiny/cells.csv")["diverged"]) == [1, 1]
    (expectation,) = pd.read_csv(project / "results/studies/tiny/expectations.csv").to_dict("records")
    assert not expectation["holds"]
