"""What one rounding makes of a training: nothing, or another network."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bnlab.errors import IntegrityError
from bnlab.runs.names import run_name
from bnlab.runs.sensitivity import Trial, read_trials, sensitivity_path, store_trials
from bnlab.training.job import perform_run
from bnlab.training.sensitivity import TRIALS, measure_sensitivity, move


@given(
    values=hnp.arrays(np.float64, 9, elements=st.floats(-1e3, 1e3)),
    size=st.sampled_from([0.0, 1e-300, 1e-17, 1e-9, 0.1]),
    seed=st.integers(0, 9),
)
def test_every_number_moves_and_none_far(values: np.ndarray, size: float, seed: int) -> None:
    """To the next number, or by `size` times itself where that is more; the same seed, the same move."""
    moved, again = values.copy(), values.copy()
    move(moved, size, np.random.default_rng(seed))
    move(again, size, np.random.default_rng(seed))
    assert np.array_equal(moved, again)
    assert (moved != values).all()
    assert (np.abs(moved - values) <= size * np.abs(values) + 2 * np.spacing(np.abs(values))).all()


def test_both_directions_are_taken() -> None:
    """A move that all weights make alike would say little of roundings."""
    ones = np.ones(100)
    move(ones, 0.0, np.random.default_rng(1))
    assert set(ones) == {np.nextafter(1, 0), np.nextafter(1, 2)}


def test_a_calm_training_ends_where_it_ended(results: Path, tiny: SimpleNamespace) -> None:
    """Roundings stay roundings: no prediction changes, in float32 neither."""
    for precision, largest in (("float64", 1e-12), ("float32", 1e-3)):
        protocol = tiny.protocol(precision=precision)
        perform_run(tiny.spec(), protocol, results=results)
        trials = measure_sensitivity(tiny.spec(), protocol, results=results)
        assert trials == read_trials(sensitivity_path(results, run_name(tiny.spec(), protocol)))
        assert len(trials) == TRIALS
        assert all(0 < trial.difference < largest for trial in trials)
        assert [trial.changed for trial in trials] == [0] * TRIALS
        assert len({trial.accuracy for trial in trials}) == 1


def test_a_wild_training_ends_elsewhere(results: Path, tiny: SimpleNamespace) -> None:
    """A rate far too large amplifies them until other images are told apart, each time in another way."""
    protocol = tiny.protocol(maximum=1.0, momentum=0.9, step=150)
    perform_run(tiny.spec(), protocol, results=results)
    trials = measure_sensitivity(tiny.spec(), protocol, results=results)
    assert all(trial.difference > 1e-3 and trial.changed for trial in trials)
    assert len({trial.changed for trial in trials}) > 1


def test_a_chain_passes_on_how_far_it_parted(results: Path, tiny: SimpleNamespace) -> None:
    """What starts from a run that ended elsewhere starts elsewhere."""
    protocol = tiny.protocol()
    first = tiny.spec()
    perform_run(first, protocol, results=results)
    name = run_name(first, protocol)
    second = tiny.spec(weight_decay=0.01, warm_start=name[-8:])
    perform_run(second, protocol, results=results)
    differences = []
    for size in (0.0, 1e-6):
        store_trials(sensitivity_path(results, name), [Trial(size, 0, 0.1)] * TRIALS)
        differences.append(measure_sensitivity(second, protocol, results=results)[0].difference)
    assert differences[0] < 1e-12
    assert 1e-8 < differences[1] < 1e-4


def test_a_diverged_run_has_no_accuracy(results: Path, tiny: SimpleNamespace) -> None:
    """There are no predictions to change."""
    spec = tiny.spec(weight_decay=1e25)
    perform_run(spec, tiny.protocol(), results=results)
    assert {
        (trial.changed, trial.accuracy) for trial in measure_sensitivity(spec, tiny.protocol(), results=results)
    } == {(0, None)}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"trials": [{}]}'])
def test_what_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    """With the command that makes it."""
    path = sensitivity_path(tmp_path, "tiny/x")
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_trials(path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="Make it: snakemake"):
        read_trials(path)
