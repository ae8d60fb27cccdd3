"""One run from its name to its stored result: the trainer, whose import closure is its results' fingerprint."""

import math
import resource
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Images, Rows
from bnlab.data.prepared import open_prepared, open_test
from bnlab.data.splits import Split, load_split
from bnlab.datasets import DATA_SETS
from bnlab.errors import IntegrityError
from bnlab.experiment.evaluate import Evaluation, Evaluator
from bnlab.experiment.store import store_run
from bnlab.experiment.train import Training, train
from bnlab.fingerprint import code_fingerprint
from bnlab.spec import Protocol, RunSpec, run_name, split_name


def perform_run(spec: RunSpec, protocol: Protocol, *, results: Path) -> Training:
    """Train, evaluate and store one run below `results`, which holds the prepared data and the split already."""
    started = time.perf_counter()
    data_folder = results / "data" / protocol.data
    data = open_prepared(data_folder)
    if data.digest != DATA_SETS[protocol.data].digest:
        raise IntegrityError(
            f"{data_folder}: holds other images (digest {data.digest}) than this run's name stands for. "
            f"Make them again: python -m bnlab prepare {protocol.data}"
        )
    split = load_split(results / "splits" / f"{split_name(protocol, spec.seed)}.npz")

    training = train(spec, protocol, data.train_images, data.train_labels, split)
    trained = time.perf_counter()

    final = test = None
    if training.diverged_at is None:
        evaluate = _evaluator(training, spec, split, data.train_images, data.train_labels)
        final = {"training": evaluate(split.training)[0], "validation": evaluate(split.validation)[0]}
        if not all(math.isfinite(part.cost) for part in final.values()):
            final, training.diverged_at = None, protocol.schedule.updates
    if final is not None:
        # The one look at the test set: after the last update, for the record, informing nothing here.
        images, labels = open_test(data_folder)
        test = _evaluator(training, spec, split, images, labels)(np.arange(len(labels)))

    name = run_name(spec, protocol)
    store_run(
        results / "runs" / name,
        training,
        identity={
            "run": name,
            "spec": asdict(spec),
            "protocol": asdict(protocol),
            "data": {"name": data.name, "digest": data.digest},
            "probe": f"the first {protocol.probe} training rows of the split",
            "code": code_fingerprint("bnlab.experiment.run"),
        },
        final=final,
        test=test,
        timing={
            "training_seconds": trained - started,
            "total_seconds": time.perf_counter() - started,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
    )
    return training


def _evaluator(
    training: Training, spec: RunSpec, split: Split, images: Images, labels: npt.NDArray[np.uint8]
) -> Callable[[Rows], tuple[Evaluation, npt.NDArray[np.uint8]]]:
    """Evaluates the trained network on rows of the images."""
    parameters = training.parameters
    evaluator = Evaluator(
        parameters.network, images, labels, split, weight_decay=spec.weight_decay, dtype=parameters.flat.dtype
    )

    def evaluate(rows: Rows) -> tuple[Evaluation, npt.NDArray[np.uint8]]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result
            return evaluator(parameters, training.statistics, rows)

    return evaluate
