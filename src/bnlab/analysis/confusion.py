"""Which classes networks take for which, counted from their stored predictions on the test images."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from bnlab.analysis.read import read_json
from bnlab.analysis.test_results import test_arrays
from bnlab.data.prepared import MANIFEST


def confusions(runs: Iterable[str], data: str, *, results: Path) -> pd.DataFrame:
    """A row for each run and pair of classes: run, label, predicted, and how many images of the one it took for it.

    Classes are in the order of the data set's. Runs that diverged have no row. Raises IntegrityError when a run's
    predictions are missing or are not what its record says, or the data set's manifest cannot be read.
    """
    folder = results / "data" / data
    classes = read_json(folder / MANIFEST)["classes"]
    labels = np.load(folder / "test_labels.npy").astype(int)
    pairs = pd.MultiIndex.from_product([classes, classes], names=["label", "predicted"])
    tables = [pd.DataFrame(columns=["run", "label", "predicted", "images"])]
    for run in runs:
        predictions = test_arrays(results / "runs" / run)["predictions"]
        if len(predictions):
            images = np.bincount(labels * len(classes) + predictions, minlength=len(pairs))
            tables.append(pd.DataFrame({"run": run, "images": images}, index=pairs).reset_index())
    return pd.concat(tables, ignore_index=True).astype({"images": int})
