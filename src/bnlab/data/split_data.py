"""From a prepared data set to a stored split. Training reads splits and has no part in drawing them."""

from pathlib import Path

import numpy as np

from bnlab.data.prepared import open_prepared
from bnlab.data.splits import make_split, store_split
from bnlab.errors import DataError


def split_data(
    name: str,
    *,
    data: str,
    training: int,
    validation: int,
    seed: int | None,
    order: str,
    standardization: str,
    results: Path,
) -> None:
    """Draw a split of a prepared data set and store it as results/splits/<name>.npz.

    Raises IntegrityError when the data set is not there, DataError when it has too few images, or blank ones that are
    to be scaled by their own deviation.
    """
    images = open_prepared(results / "data" / data).train_images
    split = make_split(
        images, training=training, validation=validation, seed=seed, order=order, standardization=standardization
    )
    if standardization == "per_image":
        rows = np.concatenate([split.training, split.validation])
        blank = rows[images[rows].max(axis=1) == images[rows].min(axis=1)]
        if len(blank):
            raise DataError(
                f"{data}: training image {blank.min()} is blank, so standardization: per_image, by its own deviation, "
                "would divide by zero. Leave such images out, or choose another standardization."
            )
    store_split(results / "splits" / f"{name}.npz", split)
