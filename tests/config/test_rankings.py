"""A ranking comes back from disk for just the runs it is of, or is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.config.rankings import Ranked, ranking_path, read_ranking, store_ranking
from bnlab.errors import IntegrityError

RUNS = ["official/a_1", "official/b_2"]
RANKING = [Ranked(None, 0.1 + 0.2, 1 / 3, 2), Ranked(0.02, 0.0, 0.25, 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A stored ranking."""
    path = ranking_path("small", "coarse", results=tmp_path)
    store_ranking(path, RANKING, runs=RUNS)
    return path


def test_a_ranking_has_its_place(tmp_path: Path) -> None:
    """Beside the study's other results, one file for each search."""
    assert ranking_path("small", "coarse", results=tmp_path) == tmp_path / "studies/small/rankings/coarse.json"


def test_what_is_stored_is_read(path: Path) -> None:
    """To the last digit, in order; storing again gives the same bytes."""
    assert read_ranking(path, runs=RUNS) == RANKING
    before = path.read_bytes()
    store_ranking(path, RANKING, runs=RUNS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("runs", [[], RUNS[:1], RUNS[::-1], [*RUNS, "official/c_3"], ["official/a_1", "official/b_3"]])
def test_a_ranking_of_other_runs_is_none(path: Path, runs: list[str]) -> None:
    """Fewer, more, others, or in another order: the search was edited since, and is to be ranked anew."""
    assert read_ranking(path, runs=runs) is None


def test_a_missing_ranking_is_none(tmp_path: Path) -> None:
    """Before the search is ranked there is nothing to read, and that is no error."""
    assert read_ranking(tmp_path / "none.json", runs=RUNS) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        json.dumps({"runs": RUNS}).encode(),
        json.dumps({"runs": RUNS, "ranking": [{"weight_decay": 1}]}).encode(),
        json.dumps({"runs": RUNS, "ranking": [{"more": 1}]}).encode(),
        json.dumps({"runs": RUNS, "ranking": 5}).encode(),
    ],
)
def test_a_damaged_ranking_is_refused(path: Path, content: bytes) -> None:
    """The message names the file and what to do."""
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"coarse.json: cannot be read as a ranking .*Delete it and run again"):
        read_ranking(path, runs=RUNS)


def test_a_folder_for_a_ranking_is_refused(path: Path) -> None:
    """What cannot be opened is an error as well, not a missing ranking."""
    path.unlink()
    path.mkdir()
    with pytest.raises(IntegrityError, match=r"coarse.json: cannot be read"):
        read_ranking(path, runs=RUNS)


@given(keep=st.integers(0, 10**6))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_ranking_is_refused(tmp_path: Path, keep: int) -> None:
    """A file of which only the beginning is left is never taken for a shorter ranking."""
    path = tmp_path / "cut.json"
    store_ranking(path, RANKING, runs=RUNS)
    content = path.read_bytes()
    path.write_bytes(content[: keep % (len(content.rstrip()) - 1)])
    with pytest.raises(IntegrityError):
        read_ranking(path, runs=RUNS)
