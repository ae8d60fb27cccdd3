"""`bnlab why` names what was changed, and counts what Snakemake plans; `bnlab accept` ends it."""

import re
import shutil
from collections import Counter
from collections.abc import Callable

import pytest

from tests.workflow.conftest import Project

Edit = Callable[[Project], object]


def in_file(path: str, old: str, new: str) -> Edit:
    """An edit of a file."""
    return lambda project: project.edit(path, old, new)


def without(path: str) -> Edit:
    """A lost folder or file."""

    def remove(project: Project) -> None:
        (found,) = list(project.folder.glob(path))[:1]
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    return remove


def damaged(path: str) -> Edit:
    """A file with a byte more."""

    def damage(project: Project) -> None:
        with (project.folder / path).open("ab") as file:
            file.write(b" ")

    return damage


TINY = "config/studies/tiny.yaml"
EDITS: dict[str, tuple[list[Edit], list[str]]] = {
    "a protocol's key": (
        [in_file("config/protocols.yaml", "batch_size: 60", "batch_size: 75")],
        ["config/protocols.yaml: other.batch_size: 60 → 75"],
    ),
    "a key that another protocol takes over": (
        [in_file("config/protocols.yaml", "step: 3", "step: 4")],
        [
            "config/protocols.yaml: tiny.schedule.step: 3 → 4",
            "config/protocols.yaml: other.schedule.step: 3 → 4",
        ],
    ),
    "more seeds": ([in_file(TINY, "seeds: 2", "seeds: 3")], [f"{TINY}: experiments.depth.seeds: 2 → 3"]),
    "another value of an axis": (
        [in_file(TINY, "[0.25]", "[0.5]")],
        [f"{TINY}: experiments.initialization.initialization: +0.5 −0.25"],
    ),
    "a figure more": (
        [in_file(TINY, "figures: [curves]", "figures: [curves, initialization]")],
        [f"{TINY}: experiments.depth.figures: +initialization"],
    ),
    "a title": ([in_file(TINY, "title: A tiny study", "title: Another")], [f"{TINY}: title: A tiny study → Another"]),
    "a formula": (
        [in_file("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -")],
        ["code: numerics/schedule.py"],
    ),
    "two formulas": (
        [
            in_file("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -"),
            in_file("src/bnlab/numerics/layers.py", "s_hat *= inverse_std", "s_hat *= 1 * inverse_std"),
        ],
        ["code: numerics/layers.py, numerics/schedule.py"],
    ),
    "a plot": ([in_file("src/bnlab/figures/style.py", "import ", "import bnlab\nimport ")], ["code: figures/style.py"]),
    "a template": (
        [in_file("src/bnlab/report/templates/page.typ", "#", "// A remark.\n#")],
        ["code: report/templates/page.typ"],
    ),
    "settings of the gate": (
        [in_file("config/gradients/gate.yaml", "batch: 20,", "batch: 19,")],
        ["config/gradients/gate.yaml: "],
    ),
    "a lost run": ([without("results/runs/tiny/*")], ["not made yet"]),
    "a lost file of a run": ([without("results/runs/tiny/*/curves.csv")], ["curves.csv of a run is missing"]),
    "a lost table": (
        [without("results/studies/tiny/cells.csv")],
        ["results/studies/tiny/cells.csv is missing"],
    ),
    "a damaged table": (
        [damaged("results/studies/tiny/cells.csv")],
        ["results/studies/tiny/cells.csv was changed"],
    ),
    "all of it": (
        [
            in_file("config/protocols.yaml", "batch_size: 60", "batch_size: 75"),
            in_file("src/bnlab/figures/style.py", "import ", "import bnlab\nimport "),
            without("results/runs/tiny/*"),
        ],
        ["config/protocols.yaml: other.batch_size: 60 → 75", "code: figures/style.py", "not made yet"],
    ),
    "a comment": ([in_file("config/protocols.yaml", "tiny:", "# a comment\ntiny:")], []),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_is_named_and_what_snakemake_plans_is_counted(project: Project, name: str) -> None:
    """In at most 20 lines, without digests, every job once."""
    edits, causes = EDITS[name]
    for edit in edits:
        edit(project)
    result = project.bnlab("why")
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert len(lines) <= 20
    for cause in causes:
        assert any(cause in line for line in lines), result.stdout
    assert not re.search(r"\b[0-9a-f]{8,}\b", result.stdout)
    jobs: Counter[str] = Counter()
    for line in lines:
        if line.startswith("    "):
            jobs.update({command: int(number) for command, number in re.findall(r"([a-z-]+) (\d+)", line)})
    assert {command.replace("-", "_"): number for command, number in jobs.items()} == project.planned()
    assert lines[-1].startswith(f"{sum(jobs.values())} job" if jobs else "Nothing would run.")


def test_a_target_has_its_own_answer(project: Project) -> None:
    """What else is out of date is left out; what Snakemake does not know is its error."""
    project.edit("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -")
    run = project.runs()[0].relative_to(project.folder)
    assert "\n1 job, " in project.bnlab("why", f"{run}/run.json").stdout
    refused = project.bnlab("why", "results/none.csv")
    assert refused.returncode == 1
    assert "Snakemake makes no plan" in refused.stdout and "results/none.csv" in refused.stdout


def test_where_the_images_are_is_no_part_of_a_job(fresh: Project) -> None:
    """Their command names the place."""
    fresh.edit("config/config.yaml", "cifar10: null", "cifar10: /some where/cifar.tar.gz")
    said = fresh.bnlab("why", "results/data/cifar10/manifest.json").stdout
    assert said == "not made yet\n    prepare 1\n1 job.\n"


def test_a_harmless_change_is_accepted_until_the_next(project: Project) -> None:
    """Runs stay, the page says so and why, verify too; another edit makes them outdated again."""
    project.edit("src/bnlab/training/job.py", "\ndef perform_run", "\nUNUSED = 1\n\n\ndef perform_run")
    assert project.planned()["train"] == 7
    accepted = project.bnlab("accept", "train", "--because", "Nothing reads it.")
    assert accepted.returncode == 0, accepted.stdout
    assert "Accepted for 7 results of train: training/job.py. Nothing reads it." in accepted.stdout
    assert project.planned() == {"page": 1, "pdf": 1, "study_site": 1}
    shutil.rmtree(project.runs()[0])
    result = project.snakemake()  # a run by the code as it is stands beside those by the older one
    assert result.returncode == 0, result.stdout
    page = (project.folder / "results/studies/tiny/page.html").read_text()
    assert "train: training/job.py. Nothing reads it." in page
    verified = project.bnlab("verify")
    assert verified.returncode == 0, verified.stdout
    assert "Accepted as harmless: train: training/job.py. Nothing reads it." in verified.stdout
    again = project.bnlab("accept", "train", "--because", "Nothing.")
    assert again.returncode == 2 and "Nothing that train made is out of date" in again.stdout
    project.edit("src/bnlab/training/job.py", "UNUSED = 1", "UNUSED = 2")
    assert project.planned()["train"] == 7


def test_what_cannot_be_accepted_is_refused(project: Project) -> None:
    """A change without a reason, and a command that makes nothing; a damaged list is named."""
    assert "expected the reason" in project.bnlab("accept", "train", "--because", " ").stdout
    assert "'verify' makes nothing" in project.bnlab("accept", "verify", "--because", "So.").stdout
    (project.folder / "results/accepted.json").write_text("{")
    assert "results/accepted.json: is not a list of accepted changes" in project.snakemake("-n").stdout
