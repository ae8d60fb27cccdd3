"""What people see: of a whole study, of what is left to do, of what failed, and of targets."""

import re
import shutil
from pathlib import Path


def test_a_whole_study_is_told_in_few_short_lines(finished):
    """A line for each training with its accuracy or its divergence, the page to open, and the log that has the rest."""
    lines = (finished.folder / "console.txt").read_text().splitlines()
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 200
    ended = [re.fullmatch(r"\[(\d)/7\] (\S+): (.*), \d+\.\d s", line) for line in lines if line.startswith("[")]
    assert [one[1] for one in ended] == list("1234567")
    names = {folder.relative_to(finished.folder / "results/runs").as_posix() for folder in finished.runs()}
    assert {one[2] for one in ended} == names
    outcomes = [one[3] for one in ended]
    assert sum(bool(re.fullmatch(r"validation accuracy \d+\.\d\d %", outcome)) for outcome in outcomes) == 6
    assert sum(bool(re.fullmatch(r"diverged at update \d+", outcome)) for outcome in outcomes) == 1
    assert {"train                  7", "total                 25"} <= {*lines}
    # The project got its final name after the run.
    page = f"{finished.folder.with_suffix('.unfinished')}/results/studies/tiny/site/index.html"
    place = lines.index(f"Open {page}")
    assert lines[place + 1].startswith("  2 layers (5): batch normalization changes test accuracy by ")
    # Other tests leave logs there too, so this run's is the one that it names.
    (named,) = (line.removeprefix("Complete log(s): ") for line in lines if line.startswith("Complete log(s): "))
    log = finished.folder / ".snakemake/log" / Path(named).name
    assert "localrule train:" in log.read_text()
    for name in names:
        said = (finished.folder / f"results/logs/train/{name}.log").read_text().splitlines()
        points = len((finished.folder / f"results/runs/{name}/curves.csv").read_text().splitlines()) - 1
        assert len(said) == points + 1  # the last says how it ended


def test_nothing_to_do_still_says_what_to_open(project):
    """The same command again does nothing, and ends with the page."""
    lines = project.snakemake().stdout.splitlines()
    place = lines.index("Nothing to be done (all requested files are present and up to date).")
    assert lines[place + 1] == f"Open {project.folder}/results/studies/tiny/site/index.html"
    assert len(lines) < 10


def test_a_finished_study_is_quiet(finished):
    """Snakemake's own ways to ask what has changed find nothing, although its records name inputs that jobs do not."""
    summary = finished.snakemake("--summary").stdout.splitlines()
    rows = [line.split("\t") for line in summary if line.startswith("results/")]
    assert len(rows) > 30
    assert {(row[4], row[5]) for row in rows} == {("ok", "no update")}
    for what in ("code", "input"):
        assert "results/" not in finished.snakemake("--list-changes", what).stdout


def test_studies_are_listed_with_their_titles(finished):
    """Beside the rules with what they do."""
    assert "tiny (A tiny study)\n" in finished.snakemake("--list").stdout


def test_status_counts_runs_by_what_became_of_them(project):
    """One is missing, and one began and ended without a result: its log is named, and the time that both will take."""
    missing, failed = (folder.relative_to(project.folder / "results/runs") for folder in project.runs()[:2])
    for run in (missing, failed):
        shutil.rmtree(project.folder / "results/runs" / run)
    (project.folder / f"results/logs/train/{missing}.log").unlink()
    (project.folder / f"results/logs/train/{failed}.log").write_text("Killed\n")
    done = project.bnlab("status", "tiny")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"tiny: 7 runs: 5 done, 0 running, 1 failed, 1 missing, \d+ s of one core left", first)
    assert second == f"failed  {failed}: results/logs/train/{failed}.log"
    assert project.bnlab("status").stdout == done.stdout
