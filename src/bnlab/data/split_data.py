"""From a prepared data set to a stored split. Training reads splits and has no part in drawing them."""

from pathlib import Path

from bnlab.data.prepared import open_prepared
from bnlab.data.splits import make_split, store_split


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

    Raises IntegrityError when the data set is not there, DataError when it has too few images.
    """
    images = open_prepared(results / "data" / data).train_images
    split = make_split(
        images, training=training, validation=validation, seed=seed, order=order, standardization=standardization
    )
    store_split(results / "splits" / f"{name}.npz", split)
