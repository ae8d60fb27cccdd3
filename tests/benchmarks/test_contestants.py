"""The benchmark's contestants make the same updates, and its tables say what was measured."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.contestants import AT_ONCE, BNLAB, CONTESTANTS
from benchmarks.problem import NETWORKS, Data, Problem
from benchmarks.scaling import makespan
from benchmarks.updates import PROBLEMS, as_markdown, check, summarize
from bnlab.data.batches import StandardizedBatches
from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split, draw_split
from bnlab.streams import stream


@pytest.fixture(scope="module", params=["float64", "float32"])
def precision(request: pytest.FixtureRequest) -> str:
    """One of the benchmark's two."""
    return request.param


@pytest.fixture(scope="module")
def data(precision: str) -> Data:
    """A few small images, standardized."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (300, 48), dtype=np.uint8)
    rows = draw_split(len(images), training=250, validation=50, random=stream(1, "split"))
    split = Split(*rows, *pixel_statistics(images, rows[0]))
    batches = StandardizedBatches(images, split.scaling, size=len(images), dtype=precision)
    labels = random.integers(0, 10, len(images), dtype=np.uint8)
    return Data(images, labels, split, batches[np.arange(len(images))])


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", CONTESTANTS)
def test_contestants_make_the_same_updates(
    name: str, network: str, batch_norm: bool, precision: str, data: Data
) -> None:
    """Each contestant whose package is installed has bnlab's losses; the floor has none."""
    problem = Problem(network, batch_norm, precision)
    contestant = CONTESTANTS[name]
    if contestant.missing():
        pytest.skip(f"{contestant.package} is not installed")
    if not contestant.competes(problem):
        return
    losses = {each: CONTESTANTS[each].start(problem, data)(AT_ONCE) for each in (BNLAB, name)}
    assert len(losses[name]) == (0 if contestant.tolerance[precision] is None else AT_ONCE)
    check(problem, losses)
    assert losses[BNLAB][-1] != losses[BNLAB][0]


def test_less_work_is_noticed() -> None:
    """A contestant whose losses are not bnlab's, or are no numbers, is not timed."""
    problem = PROBLEMS[0]
    check(problem, {BNLAB: [2.0, 1.0], "textbook NumPy": [2.0, 1.0 + 1e-12]})
    for wrong in (1.0 + 1e-6, float("nan")):
        with pytest.raises(ValueError, match="textbook NumPy"):
            check(problem, {BNLAB: [2.0, 1.0], "textbook NumPy": [2.0, wrong]})


def test_ratios_are_taken_round_by_round() -> None:
    """A slow round of the whole machine changes no ratio."""
    rounds = {BNLAB: [1.0, 1.0, 10.0], "PyTorch": [2.0, 2.0, 20.0]}
    summary = summarize(rounds)
    shipped, peer = summary[BNLAB], summary["PyTorch"]
    assert (shipped["ms"], peer["ms"]) == (1, 2)
    assert (peer["ratio"], peer["ratio_low"], peer["ratio_high"]) == (2, 2, 2)
    sets = ("AVX2", "AVX-512")
    rows = [{"instructions": name, **vars(PROBLEMS[0]), **row} for name in sets for row in (shipped, peer)]
    table = as_markdown(rows)
    assert "| 50-50, AVX2 | 50-50, AVX-512 |" in table
    assert "| PyTorch | 2.00 (2.00) | 2.00 (2.00) |" in table


def test_makespan_of_a_list_schedule() -> None:
    """Each training goes to the core that is free first, in the order given."""
    assert makespan([3, 2, 2, 1], 1) == 8
    assert makespan([3, 2, 2, 1], 2) == 4
    assert makespan([1, 2, 2, 3], 2) == 5
    assert makespan([3, 2, 2, 1], 100) == 3


def test_the_benchmarks_leave_the_package_alone() -> None:
    """Nothing that ships imports them."""
    source = Path(__file__).parents[2] / "src"
    assert not [path for path in source.rglob("*.py") if "benchmarks" in path.read_text(encoding="utf-8")]
