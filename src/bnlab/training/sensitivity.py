"""How much of a run rounding decides: the same training again, from parameters that are moved by one rounding.

BLAS kernels of different CPUs add in different orders, so that the same run differs by roundings from CPU to CPU. Most
trainings keep such differences as small as they are; some amplify them until other images are told apart (see
docs/reference/README.md).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bnlab.data.prepared import open_prepared, open_test
from bnlab.data.splits import load_split
from bnlab.numerics.arrays import Array
from bnlab.runs.names import run_name, split_name
from bnlab.runs.record import MODEL, TEST, read_record, verify_file
from bnlab.runs.sensitivity import Trial, read_trials, sensitivity_path, store_trials
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream
from bnlab.training.setup import Setup
from bnlab.training.train import train
from bnlab.training.warm_start import load_last_state

TRIALS = 5


def measure_sensitivity(spec: RunSpec, protocol: Protocol, *, results: Path) -> list[Trial]:
    """Train a stored run again, `TRIALS` times, and write sensitivity/<protocol>/<run>.json below `results`.

    Every parameter is moved to the next number above or below, at random; those of a warm start by as much as a trial
    of the run before it ended away. Raises IntegrityError when something that is needed is missing or damaged.
    """
    name = run_name(spec, protocol)
    folder = results / "runs" / name
    record = read_record(folder)
    for file in (MODEL, TEST):
        verify_file(folder / file, record)
    trials = [_trial(spec, protocol, number, results) for number in range(TRIALS)]
    store_trials(sensitivity_path(results, name), trials)
    return trials


def move(array: Array, size: float, random: np.random.Generator) -> None:
    """Move every number of an array up or down at random, by `size` times itself but at least to the next number."""
    up = random.random(array.shape) < 0.5
    next_number = np.nextafter(array, np.where(up, np.inf, -np.inf).astype(array.dtype))
    away = np.where(up, 1 + size, 1 - size).astype(array.dtype) * array
    array[...] = np.where(np.abs(away - array) > np.abs(next_number - array), away, next_number)


def _trial(spec: RunSpec, protocol: Protocol, number: int, results: Path) -> Trial:
    data = open_prepared(results / "data" / protocol.data.name)
    split = load_split(results / "splits" / f"{split_name(protocol, spec.seed)}.npz")
    setup = Setup(spec, protocol, data.train_images, data.train_labels, split)
    size = 0.0
    if spec.warm_start is not None:
        runs = results / "runs" / spec.protocol
        load_last_state(spec.warm_start, setup.parameters, setup.statistics, runs=runs)
        (before,) = (results / "sensitivity" / spec.protocol).glob(f"*_{spec.warm_start}.json")
        size = read_trials(before)[number].difference
    move(setup.parameters.flat, size, stream(number, "sensitivity"))
    training = train(setup)
    folder = results / "runs" / run_name(spec, protocol)
    with np.load(folder / MODEL, allow_pickle=False) as arrays:
        difference = relative_difference(dict(training.parameters.named()), dict(arrays))
    with np.load(folder / TEST, allow_pickle=False) as arrays:
        stored = arrays["predictions"]
    if training.diverged_at is not None or not len(stored):
        return Trial(difference, changed=len(stored), accuracy=None)
    images, labels = open_test(results / "data" / protocol.data.name)
    evaluate = setup.evaluator(images, labels, split.scaling_of_others(images))
    found, predictions = evaluate(training.parameters, training.statistics, np.arange(len(labels)))
    return Trial(difference, int(np.sum(predictions != stored)), found.accuracy)


def relative_difference(one: Mapping[str, Array], other: Mapping[str, Array]) -> float:
    """The largest difference of a parameter, by name, relative to the largest of the other; 0 where both diverged."""
    pairs = [(array, other[name]) for name, array in one.items()]
    with np.errstate(invalid="ignore"):
        apart = max(float(np.nanmax(np.abs(left - right), initial=0)) for left, right in pairs)
    largest = max(float(np.nanmax(np.abs(right), initial=0)) for _, right in pairs)
    return apart / largest if 0 < largest < np.inf and apart < np.inf else 0.0
