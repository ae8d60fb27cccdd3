"""One run from its name to its stored result: the trainer, whose import closure is its results' fingerprint."""

import math
import resource
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bnlab.data.prepared import PreparedData, open_prepared, open_test
from bnlab.data.splits import Split, load_split
from bnlab.errors import IntegrityError
from bnlab.fingerprint import code_fingerprint
from bnlab.runs.datasets import DATA_SETS
from bnlab.runs.names import run_name, split_name
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.training.evaluate import Evaluation
from bnlab.training.store import store_run
from bnlab.training.train import Training, evaluator_of, network_of, part_evaluators, train
from bnlab.training.warm_start import load_predecessor


def perform_run(spec: RunSpec, protocol: Protocol, *, results: Path) -> Training:
    """Train, evaluate and store one run below `results`.

    `results` holds the prepared data already, the split, and the run that this one goes on from, if any.
    """
    started = time.perf_counter()
    data_folder = results / "data" / protocol.data
    data = open_prepared(data_folder)
    if data.digest != DATA_SETS[protocol.data].digest:
        raise IntegrityError(
            f"{data_folder}: holds other images (digest {data.digest}) than this run's name stands for. "
            f"Make them again: python -m bnlab prepare {protocol.data}"
        )
    split = load_split(results / "splits" / f"{split_name(protocol, spec.seed)}.npz")

    network = network_of(spec, protocol, n_inputs=data.train_images.shape[1])
    start = load_predecessor(spec, protocol, network, results=results)
    training = train(spec, protocol, data.train_images, data.train_labels, split, start=start)
    trained = time.perf_counter()

    test = None
    final = _final(training, spec, protocol, data, split)
    if final is not None:
        # The one look at the test set: after the last update, for the record, informing nothing here.
        images, labels = open_test(data_folder)
        evaluate = evaluator_of(spec, protocol, images, labels, split.scaling_of_others(images))
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


def _final(
    training: Training, spec: RunSpec, protocol: Protocol, data: PreparedData, split: Split
) -> dict[str, Evaluation] | None:
    """Evaluations of the whole training and validation parts; None, and `diverged_at` set, if one is not finite."""
    if training.diverged_at is not None:
        return None
    evaluators = part_evaluators(spec, protocol, data.train_images, data.train_labels, split)
    rows = {"training": split.training, "validation": split.validation}
    final = {
        part: evaluator(training.parameters, training.statistics, rows[part])[0]
        for part, evaluator in evaluators.items()
    }
    if all(math.isfinite(part.cost) for part in final.values()):
        return final
    training.diverged_at = protocol.schedule.updates
    return None
