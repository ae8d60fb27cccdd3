"""A reference result is kept whole, and a comparison names every number, outcome and prediction that differs."""

import errno
import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from bnlab.analysis.reference import Differences, compare_reference, differences, keep_reference
from bnlab.errors import CheckFailedError, IntegrityError, StorageError
from bnlab.files import write_json
from bnlab.runs.record import RECORD, TIMING, sealed
from bnlab.runs.sensitivity import Trial, sensitivity_path, store_trials

RUNS = [("tiny/5_bn_he_lambda0.1_seed1_00000000", 0.5, "aa"), ("tiny/5_bn_he_lambda0.2_seed1_00000001", None, None)]
"""Name, test accuracy and digest of the predictions; the second diverged."""
ALIKE = ["other/5_bn_he_lambda0.3_seed1_00000002", "other/5_bn_he_lambda0.4_seed2_00000003"]
"""Runs of cells that may inform each other's spread and that of `RUNS`."""
UNLIKE = "tiny/5_plain_he_lambda0.1_seed1_00000004"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two runs in two studies that share one, a ledger, the synthesis and a figure."""
    folder = tmp_path / "results"
    for name, _, _ in RUNS:
        write_json(folder / "runs" / name / RECORD, sealed({"run": name, "environment": {"numpy": "2"}}))
        write_json(folder / "runs" / name / TIMING, {"total_seconds": 90.0})
    tables = {"one": RUNS, "official": RUNS[:1]}
    for study, runs in tables.items():
        (folder / "studies" / study / "figures").mkdir(parents=True)
        table = pd.DataFrame(runs, columns=["run", "test_accuracy", "predictions"])
        table.to_csv(folder / "studies" / study / "test.csv", index=False)
    (folder / "studies" / "official" / "figures" / "depth_curves.png").write_bytes(b"png")
    (folder / "studies" / "synthesis").mkdir()
    (folder / "studies" / "synthesis" / "page.pdf").write_bytes(b"pdf")
    (folder / "tables").mkdir()
    claims = pd.DataFrame(
        {
            "id": ["x", "y", "z", "w", "u", "v"],
            "study": ["one", "other", "other", None, "other", "one"],
            "group": ["measured results", "statements", *["measured results"] * 2, "gradient checks", "statements"],
            "ours_mean": [0.25, None, 0.5, 0.75, 1e-10, 0.875],
            "low": [0.125, None, 0.375, 0.625, None, 0.8125],
            "detectable": [0.01, None, 0.02, 0.03, None, 0.04],
            "variants": ["", None, "", "", "", "other: 49 %"],
            "outcome": ["REPRODUCED", "NOT TESTABLE", "INCONCLUSIVE", "INCONCLUSIVE", "NOT REPRODUCED", "CONTRADICTED"],
            "flags": ["", "INCONSISTENT", "OPEN", "", "", ""],
        }
    )
    claims["runs"] = [" ".join(name for name, _, _ in RUNS), None, ALIKE[0], " ".join(ALIKE), None, UNLIKE]
    claims.to_csv(folder / "tables" / "claims.csv", index=False)
    pd.DataFrame({"report": ["anon"], "claims": [2]}).to_csv(folder / "tables" / "claims_summary.csv", index=False)
    for name in ("family.csv", "calibration.csv", "calibration.png", "answer.png"):
        (folder / "tables" / name).write_text(name)
    return folder


@pytest.fixture
def reference(results: Path, tmp_path: Path) -> Path:
    """The reference that is kept from them."""
    folder = tmp_path / "reference"
    keep_reference(folder, results=results)
    return folder


def test_what_is_kept_equals_what_it_was_kept_from(reference: Path, results: Path) -> None:
    """Nothing differs; every run stands there once; provenance counts runs and minutes."""
    assert differences(reference, results=results) == Differences([], [], [])
    assert len(pd.read_csv(reference / "predictions.csv")) == 2
    assert {path.name for path in reference.iterdir()} == {
        "claims.csv",
        "claims_summary.csv",
        "family.csv",
        "calibration.csv",
        "calibration.png",
        "answer.png",
        "official_depth_curves.png",
        "predictions.csv",
        "sensitivity.csv",
        "provenance.json",
        "synthesis.pdf",
    }
    assert '"core_minutes_of_training": 3.0' in (reference / "provenance.json").read_text()


def test_keeping_again_leaves_nothing_of_before(reference: Path, results: Path) -> None:
    """A figure that is no longer made is no longer in the reference."""
    (results / "studies" / "official" / "figures" / "depth_curves.png").unlink()
    keep_reference(reference, results=results)
    assert not (reference / "official_depth_curves.png").exists()


@pytest.mark.parametrize("missing", ["tables/claims.csv", "studies/synthesis/page.pdf", f"runs/{RUNS[0][0]}/{RECORD}"])
def test_a_reference_outlives_results_that_lack_something(reference: Path, results: Path, missing: str) -> None:
    """Of a demo's results, say, none can be kept: the error names what is missing, and every byte is as it was."""
    (reference / "README.md").write_text("What this is.")
    before = {path.name: path.read_bytes() for path in reference.iterdir()}
    (results / missing).unlink()
    with pytest.raises(IntegrityError, match=missing.rpartition("/")[2]):
        keep_reference(reference, results=results)
    assert {path.name: path.read_bytes() for path in reference.iterdir()} == before


def test_a_reference_outlives_a_full_disk(reference: Path, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write fails, the present reference stays whole; the next attempt replaces it, the README apart."""
    (reference / "README.md").write_text("What this is.")
    before = {path.name: path.read_bytes() for path in reference.iterdir()}
    (results / "studies/synthesis/page.pdf").write_bytes(b"another")
    synchronize, written, fails_at = os.fsync, itertools.count(1), 0

    def refuse(descriptor: int) -> None:
        if next(written) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        synchronize(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    kept = False
    while not kept:
        written, fails_at = itertools.count(1), fails_at + 1
        with suppress(StorageError):
            keep_reference(reference, results=results)
            kept = True
        assert kept or {path.name: path.read_bytes() for path in reference.iterdir()} == before
        assert list(reference.parent.glob(".reference*")) == []
    assert fails_at > len(before)
    assert (reference / "synthesis.pdf").read_bytes() == b"another"
    assert (reference / "README.md").read_text() == "What this is."


def test_a_swap_that_was_killed_is_made_up_for(reference: Path, results: Path) -> None:
    """Between its two renames the reference has another name; the next attempt finds it, and its README."""
    (reference / "README.md").write_text("What this is.")
    reference.replace(reference.with_name(".reference.old"))
    keep_reference(reference, results=results)
    assert differences(reference, results=results) == Differences([], [], [])
    assert (reference / "README.md").read_text() == "What this is."
    assert list(reference.parent.glob(".reference*")) == []


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("tables/claims.csv", "INCONSISTENT", "OPEN", "claims.csv, y, flags: OPEN instead of INCONSISTENT"),
        ("tables/claims.csv", "REPRODUCED", "CONTRADICTED", "claims.csv, x, outcome: CONTRADICTED instead of"),
        ("tables/claims.csv", "0.25", "0.25001", "claims.csv, x, ours_mean: 0.25001 instead of 0.25"),
        ("tables/claims_summary.csv", "anon,2", "anon,3", "claims_summary.csv, anon, claims: 3 instead of 2"),
        ("studies/one/test.csv", "0.5,aa", "0.51,ab", f"{RUNS[0][0]}: other predictions, test accuracy 0.51"),
        ("studies/one/test.csv", "00000001,,", "00000001,0.5,cc", f"{RUNS[1][0]}: other predictions"),
        ("studies/one/test.csv", f"{RUNS[1][0]},,\n", "", f"{RUNS[1][0]}: not among"),
    ],
)
def test_every_difference_of_content_is_named(  # noqa: PLR0917
    reference: Path, results: Path, table: str, old: str, new: str, said: str
) -> None:
    """A changed number, outcome, flag or prediction, a run that is missing."""
    if table == "studies/one/test.csv":
        shutil.rmtree(results / "studies" / "official")
    path = results / table
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = differences(reference, results=results)
    assert len(found.content) == 1
    assert found.content[0].startswith(said)
    assert found.rounding == []


@pytest.fixture
def marked(results: Path, tmp_path: Path) -> Path:
    """A reference whose first run rounding decides: it was tried, and ended between 0.49 and 0.5."""
    trials = [Trial(0.1, 300, 0.49), Trial(1e-9, 0, 0.5), Trial(0.2, 400, None)]
    store_trials(sensitivity_path(results, RUNS[0][0]), trials)
    store_trials(sensitivity_path(results, RUNS[1][0]), [Trial(1e-15, 0, None)])
    folder = tmp_path / "reference"
    keep_reference(folder, results=results)
    return folder


@pytest.mark.parametrize(("accuracy", "within"), [(0.485, True), (0.505, True), (0.52, False)])
def test_a_marked_run_may_differ_within_its_spread(marked: Path, results: Path, accuracy: float, within: bool) -> None:
    """And not beyond; runs whose predictions no trial changed are not marked."""
    assert pd.read_csv(marked / "sensitivity.csv").to_dict("records") == [
        {"run": RUNS[0][0], "difference": 0.2, "changed": 400, "accuracy_low": 0.49, "accuracy_high": 0.5}
    ]
    for study in ("one", "official"):
        path = results / "studies" / study / "test.csv"
        path.write_text(path.read_text().replace("0.5,aa", f"{accuracy},ab"))
    found = differences(marked, results=results)
    lines = [f"{RUNS[0][0]}: other predictions, test accuracy {accuracy}; rounding alone gives 0.49 to 0.5"]
    assert (found.rounding, found.content) == ((lines, []) if within else ([], lines))


def test_claims_on_marked_runs_keep_their_outcomes(marked: Path, results: Path) -> None:
    """Their numbers may differ; what a claim without such runs says may not."""
    path = results / "tables" / "claims.csv"
    genuine = path.read_text()
    path.write_text(genuine.replace("0.25", "0.26"))
    found = differences(marked, results=results)
    assert (len(found.rounding), found.content) == (1, [])
    path.write_text(genuine.replace("REPRODUCED", "NOT REPRODUCED", 1))
    assert len(differences(marked, results=results).content) == 1
    path.write_text(genuine.replace("INCONSISTENT", "OPEN"))
    assert len(differences(marked, results=results).content) == 1


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("0.375", "0.376", True),  # the interval of a cell like the marked run's, whose spread it borrows
        ("0.02", "0.021", True),  # what it can detect
        ("0.5,0.375", "0.51,0.375", False),  # its own mean
        ("0.75", "0.751", True),  # the mean of simulated searches, which has that spread, too
        ("0.8125", "0.8126", False),  # the interval of a cell that is not like it
        ("other: 49 %", "other: 48 %", True),  # another reading of the same study
        ("0.04", "0.05", False),  # what does not hang on that
        ("1e-10", "2e-10", True),  # the error of a difference, which is rounding itself
        ("NOT REPRODUCED", "REPRODUCED", False),
    ],
)
def test_what_rounding_may_change_without_a_marked_run(
    marked: Path, results: Path, old: str, new: str, allowed: bool
) -> None:
    """What is borrowed from cells like a marked run's, and the numbers of gradient checks; never an outcome."""
    path = results / "tables" / "claims.csv"
    genuine = path.read_text()
    assert old in genuine
    path.write_text(genuine.replace(old, new))
    found = differences(marked, results=results)
    assert (len(found.rounding), len(found.content)) == ((1, 0) if allowed else (0, 1))


def test_nothing_is_borrowed_where_no_run_is_marked(reference: Path, results: Path) -> None:
    """Then an interval that differs is a difference."""
    path = results / "tables" / "claims.csv"
    path.write_text(path.read_text().replace("0.375", "0.376"))
    assert len(differences(reference, results=results).content) == 1


def test_rounding_is_no_difference(reference: Path, results: Path) -> None:
    """Another CPU's last digit of a mean is the same number."""
    path = results / "tables" / "claims.csv"
    path.write_text(path.read_text().replace("0.25", "0.25000000000001"))
    assert differences(reference, results=results) == Differences([], [], [])


def test_other_bytes_are_told_apart_from_other_content(reference: Path, results: Path) -> None:
    """A figure or a PDF with other bytes, or none, is named, but no difference of content."""
    (results / "studies" / "synthesis" / "page.pdf").write_bytes(b"other")
    (results / "studies" / "official" / "figures" / "depth_curves.png").unlink()
    found = differences(reference, results=results)
    assert found.content == found.rounding == []
    assert found.files == ["official_depth_curves.png: missing", "synthesis.pdf: other bytes"]


def test_without_a_reference_there_is_nothing_to_compare(results: Path, tmp_path: Path) -> None:
    """The error names the file that is missing."""
    with pytest.raises(IntegrityError, match=r"predictions\.csv: no such file"):
        differences(tmp_path / "nowhere", results=results)


def test_a_comparison_fails_where_content_differs(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says that all is equal, or lists what is not."""
    reference = tmp_path / "reference"
    keep_reference(reference, results=results)
    compare_reference(reference, results=results)
    assert "and every byte" in capsys.readouterr().out
    path = results / "tables" / "claims.csv"
    path.write_text(path.read_text().replace("NOT TESTABLE", "REPRODUCED"))
    with pytest.raises(CheckFailedError, match="1 numbers, outcomes or predictions differ"):
        compare_reference(reference, results=results)
    assert "claims.csv, y, outcome" in capsys.readouterr().out
