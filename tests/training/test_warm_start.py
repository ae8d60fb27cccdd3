"""A run that continues another starts exactly where that one ended, or is refused."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bnlab.errors import IntegrityError
from bnlab.runs.names import run_name
from bnlab.runs.record import verify_run
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.training.job import perform_run
from bnlab.training.setup import Setup
from bnlab.training.train import Training, train


def digest_of(spec: RunSpec, protocol: Protocol) -> str:
    """The digest that ends a run's name."""
    return run_name(spec, protocol)[-8:]


def folder_of(results: Path, spec: RunSpec, protocol: Protocol) -> Path:
    """A run's folder."""
    return results / "runs" / run_name(spec, protocol)


def state(training: Training) -> list[np.ndarray]:
    """All that a training learned: parameters and averages."""
    statistics = training.statistics
    return [training.parameters.flat, *statistics.mean, *statistics.variance]


@pytest.mark.parametrize("average_start", ["first_batch", "zero_one"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_run_starts_from_where_another_ended(
    results: Path, tiny: SimpleNamespace, batch_norm: bool, average_start: str
) -> None:
    """The same bits as a training whose parameters and averages were set by hand, from the stored model."""
    protocol = tiny.protocol(bn_initial_averages=average_start)
    first = tiny.spec(batch_norm=batch_norm)
    perform_run(first, protocol, results=results)
    second = tiny.spec(batch_norm=batch_norm, weight_decay=0.05, warm_start=digest_of(first, protocol))
    found = perform_run(second, protocol, results=results)

    with np.load(folder_of(results, first, protocol) / "model.npz") as arrays:
        model = dict(arrays)
    by_hand = Setup(second, protocol, tiny.images, tiny.labels, tiny.split)
    for name, view in by_hand.parameters.named():
        view[:] = model[name]
    for i in range(2 if batch_norm else 0):
        by_hand.statistics.mean[i][:] = model[f"mean{i + 1}"]
        by_hand.statistics.variance[i][:] = model[f"variance{i + 1}"]
    by_hand.statistics._started = True
    expected = train(by_hand)
    for one, other in zip(state(found), state(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert found.curves == expected.curves
    verify_run(folder_of(results, second, protocol))


def test_a_warm_start_is_not_a_fresh_one(results: Path, tiny: SimpleNamespace) -> None:
    """The first evaluation of the second run is near the last of the first, and far from that of fresh weights.

    Not equal: the averages have seen one more mini-batch.
    """
    protocol = tiny.protocol(minimum=1e-5, maximum=0.02, step=40, cycles=1)
    first = perform_run(tiny.spec(), protocol, results=results)
    again = tiny.spec(warm_start=digest_of(tiny.spec(), protocol))
    second = perform_run(again, protocol, results=results)
    start, end, on = first.curves[0].probe.loss, first.curves[-1].probe.loss, second.curves[0].probe.loss
    assert start > 2
    assert abs(on - end) < 0.2 * (start - end)
    assert second.curves[-1].probe.loss < end


def test_the_averages_start_warm_too(tiny: SimpleNamespace) -> None:
    """The first mini-batch after a start from another's end counts a tenth, as every other, whatever the start was."""
    frozen = {"minimum": 1e-300, "maximum": 1e-300, "step": 1, "cycles": 1, "curve_points": 2}
    protocol = tiny.protocol(**frozen)
    ended = train(Setup(tiny.spec(), tiny.protocol(), tiny.images, tiny.labels, tiny.split)).statistics
    setup = Setup(tiny.spec(), protocol, tiny.images, tiny.labels, tiny.split)
    setup.parameters.flat[:] = 0  # so that every batch mean and variance is 0
    setup.statistics.resume(ended.mean, ended.variance)
    on = train(setup).statistics
    for before, after in zip((*ended.mean, *ended.variance), (*on.mean, *on.variance), strict=True):
        np.testing.assert_allclose(after, 0.9**2 * before, rtol=1e-12, atol=1e-250)


def test_the_record_says_from_which_run_it_starts(results: Path, tiny: SimpleNamespace) -> None:
    """Its spec names the digest, and reads back as the run."""
    protocol = tiny.protocol()
    perform_run(tiny.spec(), protocol, results=results)
    second = tiny.spec(warm_start=digest_of(tiny.spec(), protocol))
    perform_run(second, protocol, results=results)
    folder = folder_of(results, second, protocol)
    assert f"_after{second.warm_start}_" in folder.name
    spec: dict[str, Any] = json.loads((folder / "run.json").read_text())["spec"]
    assert RunSpec(**spec | {"hidden": tuple(spec["hidden"])}) == second


def refused(results: Path, tiny: SimpleNamespace, spec: RunSpec) -> str:
    """What the IntegrityError says that performing must raise; nothing is stored."""
    before = sorted(results.glob("runs/**/*"))
    with pytest.raises(IntegrityError) as caught:
        perform_run(spec, tiny.protocol(), results=results)
    assert sorted(results.glob("runs/**/*")) == before
    return str(caught.value)


def test_without_its_predecessor_a_run_is_refused(results: Path, tiny: SimpleNamespace) -> None:
    """The message says where it was looked for, by which digest, and what to do."""
    message = refused(results, tiny, tiny.spec(warm_start="3f9a01c2"))
    assert f"{results}/runs/tiny: found 0 runs whose names end in _3f9a01c2" in message
    assert "Train it first" in message


def test_two_predecessors_are_refused(results: Path, tiny: SimpleNamespace) -> None:
    """Digests are short: where two runs share one, none is taken."""
    perform_run(tiny.spec(), tiny.protocol(), results=results)
    folder = folder_of(results, tiny.spec(), tiny.protocol())
    shutil.copytree(folder, folder.with_name(f"10_plain_he_lambda0_seed1_{folder.name[-8:]}"))
    assert "found 2 runs" in refused(results, tiny, tiny.spec(warm_start=folder.name[-8:]))


@pytest.mark.parametrize(
    ("file", "said"),
    [("model.npz", "model.npz: sha256 is "), ("run.json", "run.json: cannot be read as a run's record")],
)
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_predecessor_is_refused(
    results: Path, tiny: SimpleNamespace, file: str, said: str, damage: str
) -> None:
    """Only a model that is as its run's record says is started from."""
    perform_run(tiny.spec(), tiny.protocol(), results=results)
    path = folder_of(results, tiny.spec(), tiny.protocol()) / file
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[:-20])
    message = refused(results, tiny, tiny.spec(warm_start=digest_of(tiny.spec(), tiny.protocol())))
    assert said in message
    assert f"Delete {path.parent}" in message


def test_another_run_s_model_is_refused(results: Path, tiny: SimpleNamespace) -> None:
    """A model of the right shape that belongs to another seed is told apart."""
    for seed in (1, 2):
        perform_run(tiny.spec(seed=seed), tiny.protocol(), results=results)
    one, two = (folder_of(results, tiny.spec(seed=seed), tiny.protocol()) for seed in (1, 2))
    shutil.copy(two / "model.npz", one / "model.npz")
    assert "model.npz: sha256 is " in refused(results, tiny, tiny.spec(warm_start=one.name[-8:]))


@pytest.mark.filterwarnings("error")
def test_what_starts_from_a_diverged_run_diverges_at_once(results: Path, tiny: SimpleNamespace) -> None:
    """As a result like any other: stored, verified, without curves and without a look at the test set."""
    protocol = tiny.protocol(minimum=1e3, maximum=1e3)
    first = tiny.spec(hidden=(10,) * 4, batch_norm=False, weight_decay=0.1)
    assert perform_run(first, protocol, results=results).diverged_at is not None
    second = tiny.spec(hidden=(10,) * 4, batch_norm=False, warm_start=digest_of(first, protocol))
    training = perform_run(second, protocol, results=results)
    assert training.diverged_at == 0
    assert training.curves == []
    record = verify_run(folder_of(results, second, protocol))
    assert record["diverged_at"] == 0
    assert record["final"] is None
    with np.load(folder_of(results, second, protocol) / "test_predictions.npz") as test:
        assert test["predictions"].size == 0
