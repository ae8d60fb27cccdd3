"""Training is what the protocols say, update by update: compared with a second program that is written plainly."""

import json
import math
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import Plain, course_learning_rate

from bnlab.data.splits import Split
from bnlab.numerics.network import Workspace, predict
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream
from bnlab.training.evaluate import BLOCK, Evaluator
from bnlab.training.setup import Setup, batch_rows
from bnlab.training.train import Training, train


def trained(tiny: SimpleNamespace, spec: RunSpec, protocol: Protocol) -> Training:
    """Train on the tiny data set."""
    return train(Setup(spec, protocol, tiny.images, tiny.labels, tiny.split))


RUNS = [
    ({}, {}),
    ({"batch_norm": False}, {}),
    ({"hidden": (), "batch_norm": False}, {}),
    ({"hidden": (8, 7, 6), "initialization": 0.05, "weight_decay": 0.0}, {"batch_size": 50, "momentum": 0.9}),
    ({"hidden": (8, 7), "batch_norm": False, "initialization": "fan_in"}, {"momentum": 0.5, "probe": 30}),
    ({"hidden": (8, 7), "initialization": "xavier"}, {"decay": 0.5}),
    ({"weight_decay": 0.1}, {"bn_epsilon": 1e-3, "bn_decay": 0.5, "minimum": 0.01, "maximum": 0.01, "step": 5}),
]


@pytest.mark.parametrize(("spec", "protocol"), RUNS)
def test_a_training_is_that_of_the_plain_program(
    tiny: SimpleNamespace, spec: dict[str, Any], protocol: dict[str, Any]
) -> None:
    """Parameters, averages and every number of the curves agree to 1e-9 with the plain program's."""
    spec, protocol = tiny.spec(**spec), tiny.protocol(**protocol)
    training = trained(tiny, spec, protocol)
    plain = Plain(tiny, spec, protocol).train()
    assert training.diverged_at is None
    for name, found in training.parameters.named():
        np.testing.assert_allclose(found, plain.theta[name], rtol=1e-9, atol=1e-11, err_msg=name)
    for i, (mean, variance) in enumerate(zip(training.statistics.mean, training.statistics.variance, strict=True), 1):
        np.testing.assert_allclose(mean, plain.average[f"mean{i}"], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(variance, plain.average[f"variance{i}"], rtol=1e-9, atol=1e-11)
    since = 0
    for point in training.curves:
        until = min(point.update + 1, len(plain.losses))
        assert point.batch_loss == pytest.approx(np.mean(plain.losses[since:until]), rel=1e-9)
        since = until
        for part, rows in ((point.probe, plain.training), (point.validation, plain.validation)):
            found = (part.loss, part.cost, part.accuracy)
            assert found == pytest.approx(plain.evaluate(point.update, rows[: protocol.probe]), rel=1e-9)
    assert since == len(plain.losses) == protocol.schedule.updates


def test_curve_points_stand_at_both_ends_and_evenly_between(tiny: SimpleNamespace) -> None:
    """As many as asked for, with epoch and scheduled learning rate; the last after exactly all updates."""
    protocol = tiny.protocol()
    curves = trained(tiny, tiny.spec(), protocol).curves
    assert [point.update for point in curves] == [0, 8, 16, 24, 32]
    assert protocol.schedule.updates == 32
    assert [point.epoch for point in curves] == [0, 0.8, 1.6, 2.4, 3.2]
    assert [point.learning_rate for point in curves] == pytest.approx([1e-4, 5e-2, 1e-4, 5e-2, 1e-4])


def test_updates_are_counted_by_the_schedule(tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """2 * step * cycles mini-batches are used, from update 0 on, whatever the number of curve points or epochs."""
    from bnlab.training import update as module

    rates: list[float] = []
    descend = module.descend

    def counted(*arguments: Any, **options: Any) -> None:
        rates.append(options["learning_rate"])
        descend(*arguments, **options)

    monkeypatch.setattr(module, "descend", counted)
    trained(tiny, tiny.spec(), tiny.protocol(step=3, cycles=3, curve_points=2))
    assert rates == pytest.approx([course_learning_rate(t, 1e-4, 5e-2, 3) for t in range(18)])
    assert rates[0] == 1e-4


FROZEN = {"minimum": 1e-300, "maximum": 1e-300, "step": 1, "cycles": 1, "curve_points": 2}
"""Updates so small that no bit of a weight moves."""


@pytest.mark.parametrize("initialization", ["he", 0.001])
def test_twins_start_from_the_same_weights_and_batch(tiny: SimpleNamespace, initialization: Any) -> None:
    """With and without batch normalization: equal initial weights, and the same first mini-batch."""
    protocol = tiny.protocol(**FROZEN)
    with_norm, without = (
        trained(tiny, tiny.spec(batch_norm=batch_norm, initialization=initialization), protocol)
        for batch_norm in (True, False)
    )
    np.testing.assert_array_equal(with_norm.parameters.weights_flat, without.parameters.weights_flat)
    first = stream(1, "batches").permutation(tiny.split.training)[:25]
    x = (tiny.images[first] - tiny.split.mean) / tiny.split.std
    for twin in (with_norm, without):
        s = x @ twin.parameters.weights[0]
        if twin is with_norm:
            one = trained(
                tiny,
                tiny.spec(initialization=initialization),
                tiny.protocol(**FROZEN).model_copy(update={"bn_decay": 1.0}),
            )
            np.testing.assert_allclose(one.statistics.mean[0], s.mean(axis=0), rtol=1e-9, atol=1e-12)
            s = (s - s.mean(axis=0)) / s.std(axis=0)
        h = np.maximum(s, 0) @ twin.parameters.weights[1]
        if twin is with_norm:
            h = (h - h.mean(axis=0)) / h.std(axis=0)
        scores = np.maximum(h, 0) @ twin.parameters.weights[2]
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -log_p[np.arange(25), tiny.labels[first]].mean()
        assert twin.curves[0].batch_loss == pytest.approx(loss, rel=1e-9)


def test_another_seed_is_another_training(tiny: SimpleNamespace) -> None:
    """Weights and batch order both change, on the same split too."""
    one, two = (trained(tiny, tiny.spec(seed=seed), tiny.protocol(**FROZEN)) for seed in (1, 2))
    assert not np.isclose(one.parameters.weights_flat, two.parameters.weights_flat).mean() > 0.01
    orders = [next(batch_rows(tiny.split.training, 25, stream(seed, "batches"))).tolist() for seed in (1, 2)]
    assert orders[0] != orders[1]


def test_a_network_without_batch_norm_starts_at_ln_10(tiny: SimpleNamespace) -> None:
    """With tiny weights it knows nothing, and says so with a loss of ln 10."""
    training = trained(tiny, tiny.spec(batch_norm=False, initialization=1e-6), tiny.protocol(**FROZEN))
    assert training.curves[0].batch_loss == pytest.approx(math.log(10), rel=1e-6)
    assert training.curves[0].validation.loss == pytest.approx(math.log(10), rel=1e-6)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_few_images_are_learnt_by_heart(tiny: SimpleNamespace, batch_norm: bool) -> None:
    """A network that trains must get a handful of images right, all of them."""
    rows = tiny.split.training[:60]
    split = Split(rows, tiny.split.validation, tiny.split.mean, tiny.split.std)
    protocol = tiny.protocol(training=60, batch_size=20, minimum=0.02, maximum=0.02, step=150, cycles=1, probe=60)
    spec = tiny.spec(batch_norm=batch_norm, hidden=(30, 30), weight_decay=0.0)
    last = train(Setup(spec, protocol, tiny.images, tiny.labels, split)).curves[-1]
    assert last.probe.accuracy == 1
    assert last.probe.loss < 0.2


def test_weight_decay_is_in_the_cost_and_not_in_the_loss(tiny: SimpleNamespace) -> None:
    """Cost minus loss is lambda times the squared weights, at every curve point the same for both parts."""
    training = trained(tiny, tiny.spec(weight_decay=0.1), tiny.protocol())
    last = training.curves[-1]
    penalty = 0.1 * float((training.parameters.weights_flat**2).sum())
    assert last.probe.cost - last.probe.loss == pytest.approx(penalty, rel=1e-9)
    assert last.validation.cost - last.validation.loss == pytest.approx(penalty, rel=1e-9)


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7])
def test_evaluation_is_a_mean_over_images_not_blocks(tiny: SimpleNamespace, count: int) -> None:
    """However many rows there are, each counts once, in its own place."""
    training = trained(tiny, tiny.spec(), tiny.protocol(**FROZEN))
    network = training.parameters.network
    evaluator = Evaluator(network, tiny.images, tiny.labels, tiny.split.scaling, weight_decay=0.0, dtype=np.float64)
    rows = np.random.default_rng(1).integers(0, 300, count)
    evaluation, predictions = evaluator(training.parameters, training.statistics, rows)
    alone = [evaluator(training.parameters, training.statistics, rows[i : i + 1]) for i in range(count)]
    assert predictions.tolist() == [int(prediction[0]) for _, prediction in alone]
    assert predictions.dtype == np.uint8
    assert evaluation.loss == pytest.approx(np.mean([single.loss for single, _ in alone]), rel=1e-10)
    assert evaluation.accuracy == np.mean([single.accuracy for single, _ in alone])
    assert evaluation.accuracy == np.mean(predictions == tiny.labels[rows])


@pytest.mark.parametrize("batch_norm", [False, True])
def test_evaluation_is_of_standardized_images(tiny: SimpleNamespace, batch_norm: bool) -> None:
    """Taking the standardization into the first layer changes nothing but rounding, and not the parameters."""
    training = trained(tiny, tiny.spec(batch_norm=batch_norm), tiny.protocol())
    network, rows = training.parameters.network, np.arange(60)
    before = training.parameters.flat.copy()
    evaluator = Evaluator(network, tiny.images, tiny.labels, tiny.split.scaling, weight_decay=0.0, dtype=np.float64)
    evaluation, predictions = evaluator(training.parameters, training.statistics, rows)
    np.testing.assert_array_equal(training.parameters.flat, before)
    x = (tiny.images[rows] - tiny.split.mean) / tiny.split.std
    scores = predict(training.parameters, training.statistics, x, Workspace(network, 60, np.float64)).copy()
    assert predictions.tolist() == scores.argmax(axis=1).tolist()
    log_total = np.log(np.exp(scores).sum(axis=1))
    assert evaluation.loss == pytest.approx(np.mean(log_total - scores[rows, tiny.labels[rows]]), rel=1e-12)


def test_training_does_not_change_its_inputs(tiny: SimpleNamespace) -> None:
    """Images, labels and split serve many runs."""
    rows_and_scales = (tiny.split.training, tiny.split.validation, tiny.split.mean, tiny.split.std)
    arrays = [array.copy() for array in (tiny.images, tiny.labels, *rows_and_scales)]
    for array in arrays:
        array.flags.writeable = False
    train(Setup(tiny.spec(), tiny.protocol(), arrays[0], arrays[1], Split(*arrays[2:])))


def test_only_the_rows_of_the_split_are_used(tiny: SimpleNamespace) -> None:
    """Other images, and labels of validation images, have no influence on the parameters."""
    rows = tiny.split.training[:200]
    split = Split(rows, tiny.split.validation, tiny.split.mean, tiny.split.std)
    images, labels = tiny.images.copy(), tiny.labels.copy()
    others = np.setdiff1d(np.arange(300), rows)
    images[others] ^= 255
    labels[others] = (labels[others] + 1) % 10
    first = train(Setup(tiny.spec(), tiny.protocol(), tiny.images, tiny.labels, split))
    second = train(Setup(tiny.spec(), tiny.protocol(), images, labels, split))
    np.testing.assert_array_equal(first.parameters.flat, second.parameters.flat)
    assert [point.probe for point in first.curves] == [point.probe for point in second.curves]
    assert first.curves[-1].validation != second.curves[-1].validation


def test_single_precision_is_close_and_stays_single(tiny: SimpleNamespace) -> None:
    """A float32 training keeps float32 throughout and follows its float64 twin for a while."""
    single, double = (trained(tiny, tiny.spec(), tiny.protocol(precision=p)) for p in ("float32", "float64"))
    arrays = [single.parameters.flat, *single.statistics.mean, *single.statistics.variance]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    np.testing.assert_allclose(single.parameters.flat, double.parameters.flat, atol=1e-3)
    assert json.dumps([asdict(point) for point in single.curves])  # Python numbers, not NumPy's


@given(n=st.integers(1, 60), batch_size=st.integers(1, 60), epochs=st.integers(1, 4), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_an_epoch_uses_no_image_twice(n: int, batch_size: int, epochs: int, seed: int) -> None:
    """Full mini-batches of distinct rows; what is left over sits out, and comes back for the next shuffle."""
    batch_size = min(batch_size, n)
    rows = 100 + np.arange(n, dtype=np.int32)
    order = batch_rows(rows, batch_size, stream(seed, "batches"))
    for _ in range(epochs):
        batches = [next(order) for _ in range(n // batch_size)]
        assert {len(batch) for batch in batches} == {batch_size}
        used = np.concatenate(batches)
        assert len(set(used.tolist())) == len(used)
        assert set(used.tolist()) <= set(rows.tolist())


def test_every_epoch_is_shuffled_anew() -> None:
    """Orders differ from epoch to epoch, and over many epochs every row is used about equally often."""
    rows, epochs = np.arange(23), 400
    order = batch_rows(rows, 5, stream(1, "batches"))
    seen = [np.concatenate([next(order) for _ in range(4)]) for _ in range(epochs)]
    assert len({tuple(epoch) for epoch in seen}) == epochs
    share = np.bincount(np.concatenate(seen), minlength=23) / epochs
    assert np.abs(share - 20 / 23).max() < 5 * math.sqrt(20 / 23 * 3 / 23 / epochs)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("hidden", [(), (12, 10), (10,) * 8])
def test_a_learning_rate_of_a_thousand_diverges_as_a_result(tiny: SimpleNamespace, hidden: tuple[int, ...]) -> None:
    """No exception and no warning: the update is told, and the curves end before it with finite numbers."""
    protocol = tiny.protocol(minimum=1e3, maximum=1e3, step=100, cycles=1, curve_points=101)
    training = trained(tiny, tiny.spec(hidden=hidden, batch_norm=False, weight_decay=0.1), protocol)
    assert training.diverged_at is not None
    assert 0 < training.diverged_at < 200
    assert [point.update for point in training.curves] == list(range(0, training.diverged_at, 2))
    assert all(math.isfinite(n) for point in training.curves for n in (point.probe.cost, point.validation.cost))


@pytest.mark.filterwarnings("error")
def test_a_training_can_diverge_at_its_very_end(tiny: SimpleNamespace) -> None:
    """When only the last update's cost is not finite, that is where it diverged: nothing is evaluated after it."""
    protocol = tiny.protocol(minimum=1e200, maximum=1e200, step=1, cycles=1, curve_points=2)
    training = trained(tiny, tiny.spec(hidden=(), batch_norm=False, weight_decay=0.0), protocol)
    assert training.diverged_at == 2
    assert [point.update for point in training.curves] == [0]


@pytest.mark.filterwarnings("error")
def test_an_infinite_loss_ends_the_training_at_once(tiny: SimpleNamespace) -> None:
    """Also between curve points, and before any arithmetic turns infinity into NaN."""
    protocol = tiny.protocol(minimum=1e305, maximum=1e305, step=2, cycles=1, curve_points=2)
    training = trained(tiny, tiny.spec(hidden=(), batch_norm=False, weight_decay=0.0), protocol)
    assert training.diverged_at == 1
