"""One run from its name to its stored result: the trainer, whose import closure is its results' fingerprint."""

import resource
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

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
        network, dtype = training.parameters.network, training.parameters.flat.dtype
        evaluator = Evaluator(
            network, data.train_images, data.train_labels, split, weight_decay=spec.weight_decay, dtype=dtype
        )
        final = {
            part: evaluator(training.parameters, training.statistics, rows)[0]
            for part, rows in (("training", split.training), ("validation", split.validation))
        }
        test = _evaluate_test(training, spec, split, data_folder)

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


def _evaluate_test(training: Training, spec: RunSpec, split: Split, data_folder: Path) -> tuple[Evaluation, np.ndarray]:
    """The one look at the test set: after the last update, for the record, informing nothing here."""
    images, labels = open_test(data_folder)
    evaluator = Evaluator(
        training.parameters.network,
        images,
        labels,
        split,
        weight_decay=spec.weight_decay,
        dtype=training.parameters.flat.dtype,
    )
    return evaluator(training.parameters, training.statistics, np.arange(len(labels)))
