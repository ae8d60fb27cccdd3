"""The last state of a stored run, for a run that goes on from there."""

from pathlib import Path

import numpy as np

from bnlab.errors import IntegrityError
from bnlab.numerics.parameters import Network, Parameters
from bnlab.runs.record import MODEL, read_record, verify_file
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.training.train import Training, running_statistics


def load_predecessor(spec: RunSpec, protocol: Protocol, network: Network, *, results: Path) -> Training | None:
    """Where the run ended from which `spec` goes on: parameters and averages, no curves. None if it starts afresh.

    Raises IntegrityError when that run is not below `results`, or its files are not as they were stored.
    """
    if spec.warm_start is None:
        return None
    folders = sorted((results / "runs" / spec.protocol).glob(f"*_{spec.warm_start}"))
    if len(folders) != 1:
        raise IntegrityError(
            f"{results}/runs/{spec.protocol}: found {len(folders)} runs whose names end in _{spec.warm_start}, expected "
            "the one from whose last state this run goes on. Train it first, or ask snakemake for this run: it will."
        )
    (folder,) = folders
    verify_file(folder / MODEL, read_record(folder))
    parameters = Parameters.zeros(network, np.dtype(protocol.precision))
    statistics = running_statistics(network, protocol)
    with np.load(folder / MODEL, allow_pickle=False) as arrays:
        for name, view in parameters.named():
            view[:] = arrays[name]
        for i in range(len(statistics.mean)):
            statistics.mean[i][:] = arrays[f"mean{i + 1}"]
            statistics.variance[i][:] = arrays[f"variance{i + 1}"]
    return Training(parameters, statistics, [])
