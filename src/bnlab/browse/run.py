"""One stored run: what its record says, and the network itself."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from bnlab.data.arrays import Images
from bnlab.data.prepared import open_prepared
from bnlab.data.splits import load_split
from bnlab.errors import ConfigError, DataError
from bnlab.numerics.parameters import Network, Parameters
from bnlab.numerics.running_statistics import RunningStatistics
from bnlab.paths import RESULTS
from bnlab.runs.record import CURVES, RECORD, read_record, verify_file
from bnlab.training.evaluate import Evaluator
from bnlab.training.warm_start import load_state, n_classes


class Run:
    """A stored run, by its name, the digest at its end, or a beginning: `Run("demo/50-50_bn_he_lambda0.005_seed1")`."""

    def __init__(self, name: str, *, results: Path = RESULTS) -> None:
        """Raises ConfigError unless it is exactly one."""
        (self.name,) = find_runs(name, results=results, one=True)
        self.folder = results / "runs" / self.name
        self._results = results

    @cached_property
    def record(self) -> dict[str, Any]:
        """What was run, by what, and how it ended. Raises IntegrityError when it is damaged."""
        return read_record(self.folder)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """A row per point (columns: docs/columns.md). Raises IntegrityError when the file is damaged."""
        verify_file(self.folder / CURVES, self.record)
        return pd.read_csv(self.folder / CURVES)

    def network(self) -> "TrainedNetwork":
        """The network as it was after the last update.

        Raises IntegrityError when a file is damaged, or when the split is not there whose statistics scale the pixels.
        """
        return TrainedNetwork(self)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes that `predict` numbers. Raises IntegrityError when the data set is not there."""
        return open_prepared(self._results / "data" / self.record["data"]["name"]).classes

    @property
    def split(self) -> Path:
        """The file of the split that it was trained on."""
        return self._results / "splits" / f"{self.record['split']['name']}.npz"


class TrainedNetwork:
    """What a run has learnt, for images like those that it was trained on."""

    def __init__(self, run: Run) -> None:
        """Read the run's parameters and averages, and its split's statistics."""
        spec, protocol = run.record["spec"], run.record["protocol"]
        self._split = load_split(run.split)
        self._dtype = np.dtype(protocol["precision"])
        pixels, classes = len(self._split.mean), n_classes(run.folder)
        self.shape = Network((pixels, *spec["hidden"], classes), spec["batch_norm"], protocol["bn_epsilon"])
        self.parameters = Parameters.zeros(self.shape, self._dtype)
        self.statistics = RunningStatistics(self.shape, self._dtype, decay=protocol["bn_decay"], from_first=True)
        load_state(run.folder, self.parameters, self.statistics)

    def predict(self, images: Images) -> npt.NDArray[np.uint8]:
        """The class of each image: uint8 (n, d), in the data set's order of pixels, to uint8 (n,).

        Images are scaled as the run's test images were. Raises DataError for arrays of another kind.
        """
        pixels = self.shape.widths[0]
        if images.ndim != 2 or images.shape[1] != pixels or images.dtype != np.uint8:
            raise DataError(f"images: found {images.dtype} {images.shape}, expected uint8 (n, {pixels}).")
        nothing, scaling = np.zeros(len(images), np.uint8), self._split.scaling_of_others(images)
        evaluate = Evaluator(self.shape, images, nothing, scaling, weight_decay=0.0, dtype=self._dtype)
        return evaluate(self.parameters, self.statistics, np.arange(len(images)))[1]


def find_runs(name: str, *, results: Path, one: bool = False) -> list[str]:
    """The stored runs with that name or digest, or whose names begin so: seeds of the same settings, for example.

    Raises ConfigError when there is none, or several and `one` is asked for.
    """
    if (results / "runs" / name / RECORD).is_file():
        return [name]
    if re.fullmatch("[0-9a-f]{8}", name):
        digests = sorted((results / "runs").glob(f"*/*_{name}/{RECORD}"))
        return [path.parent.relative_to(results / "runs").as_posix() for path in digests] or _unknown(name)
    folder = results / "runs" / name.split("/", maxsplit=1)[0]
    stored = sorted(path.parent.relative_to(results / "runs").as_posix() for path in folder.glob(f"*/{RECORD}"))
    found = [stored_name for stored_name in stored if re.match(re.escape(name) + r"(?![0-9.])", stored_name)]
    if not found:
        _unknown(name)
    if one and len(found) > 1:
        raise ConfigError(f"'{name}': {len(found)} stored runs' names begin so: {found[0]}, {found[1]}, ... Name one.")
    return found


def _unknown(name: str) -> NoReturn:
    raise ConfigError(f"'{name}': no stored run has this name, or one that begins so. bnlab runs lists them all.")
