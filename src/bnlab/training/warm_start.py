"""Start a run from the last state of a stored one."""

from pathlib import Path

import numpy as np

from bnlab.errors import IntegrityError
from bnlab.numerics.parameters import Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.runs.record import MODEL, read_record, verify_file


def load_last_state(digest: str, parameters: Parameters, statistics: RunningStatistics, *, runs: Path) -> None:
    """Overwrite parameters and averages with the last ones of the run whose name ends in `digest`.

    runs: the folder of the protocol's runs. Raises IntegrityError when it does not hold exactly one such run, or when
    that run's files are not as they were stored.
    """
    folders = sorted(runs.glob(f"*_{digest}"))
    if len(folders) != 1:
        raise IntegrityError(
            f"{runs}: found {len(folders)} runs whose names end in _{digest}, expected the one from whose last state "
            "this run starts. Train it first, or ask snakemake for this run, which trains both."
        )
    load_state(folders[0], parameters, statistics)


def n_classes(folder: Path) -> int:
    """How many classes the network of the run in `folder` tells apart. Raises IntegrityError as `load_state` does."""
    record = read_record(folder)
    verify_file(folder / MODEL, record)
    with np.load(folder / MODEL, allow_pickle=False) as arrays:
        return len(arrays[f"b{len(record['spec']['hidden']) + 1}"])


def load_state(folder: Path, parameters: Parameters, statistics: RunningStatistics) -> None:
    """Overwrite parameters and averages with the last ones of the run in `folder`.

    Raises IntegrityError when its files are not as they were stored.
    """
    verify_file(folder / MODEL, read_record(folder))
    with np.load(folder / MODEL, allow_pickle=False) as arrays:
        for name, view in parameters.named():
            view[:] = arrays[name]
        layers = range(1, len(statistics.mean) + 1)
        statistics.resume([arrays[f"mean{i}"] for i in layers], [arrays[f"variance{i}"] for i in layers])
