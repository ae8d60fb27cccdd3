"""One run from its spec to its stored result: the trainer, whose import closure is its results' fingerprint."""

import math
import resource
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bnlab.data.node import on_this_node
from bnlab.data.prepared import PreparedData, open_prepared, open_test
from bnlab.data.splits import load_split
from bnlab.errors import IntegrityError
from bnlab.fingerprint import code_fingerprint
from bnlab.runs.datasets import DataSet
from bnlab.runs.names import run_name, split_name
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.training.evaluate import Evaluation
from bnlab.training.recorder import Watch
from bnlab.training.setup import Setup
from bnlab.training.store import store_run
from bnlab.training.train import Training, train
from bnlab.training.warm_start import load_last_state


def perform_run(spec: RunSpec, protocol: Protocol, *, results: Path, watch: Watch | None = None) -> Training:
    """Train, evaluate and store one run below `results`.

    `results` holds the prepared data already, the split, and the run that a warm start begins from. watch: is told of
    every point of the curves. Raises IntegrityError when one of them is missing or is not what it should be.
    """
    started = time.perf_counter()
    folder = on_this_node(results / "data" / protocol.data.name)
    data = _open_data(folder, protocol.data)
    split_path = results / "splits" / f"{split_name(protocol, spec.seed)}.npz"
    split = load_split(split_path)
    setup = Setup(spec, protocol, data.train_images, data.train_labels, split)
    if spec.warm_start is not None:
        runs = results / "runs" / spec.protocol
        load_last_state(spec.warm_start, setup.parameters, setup.statistics, runs=runs)
    training = train(setup, watch)
    trained = time.perf_counter()

    final, test = _evaluate_parts(setup, training), None
    if final is not None:
        # The one look at the test set: after the last update, for the record, informing nothing here.
        images, labels = open_test(folder)
        evaluate = setup.evaluator(images, labels, split.scaling_of_others(images))
        test = evaluate(training.parameters, training.statistics, np.arange(len(labels)))

    name = run_name(spec, protocol)
    store_run(
        results / "runs" / name,
        training,
        identity={
            "run": name,
            "spec": asdict(spec),
            "protocol": protocol.model_dump(),
            "data": {"name": data.name, "digest": data.digest},
            "split": {"name": split_path.stem, "digest": split.digest},
            "probe": f"the first {protocol.probe} rows of the split's training and validation parts",
            "code": code_fingerprint("bnlab.training.job"),
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


def _open_data(folder: Path, wanted: DataSet) -> PreparedData:
    """The prepared data set, whose content is the one that runs of that name stand for."""
    data = open_prepared(folder)
    if data.digest != wanted.digest:
        raise IntegrityError(
            f"{folder}: holds other images (digest {data.digest}) than this run's name stands for. "
            f"Make them again: python -m bnlab prepare {wanted.name}"
        )
    return data


def _evaluate_parts(setup: Setup, training: Training) -> dict[str, Evaluation] | None:
    """Evaluations of the whole training and validation parts; None, and `diverged_at` set, if one is not finite."""
    if training.diverged_at is not None:
        return None
    final = {
        part: setup.evaluate[part](training.parameters, training.statistics, rows)[0]
        for part, rows in setup.rows.items()
    }
    if all(math.isfinite(part.cost) for part in final.values()):
        return final
    training.diverged_at = setup.protocol.schedule.updates
    return None
