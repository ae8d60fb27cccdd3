"""What is drawn from a prepared data set, and what cannot be scaled."""

from pathlib import Path

import numpy as np
import pytest

from bnlab.data.arrays import Arrays
from bnlab.data.prepared import store
from bnlab.data.split_data import split_data
from bnlab.errors import DataError


def test_a_blank_image_cannot_be_scaled_by_itself(tmp_path: Path) -> None:
    """Its number is named; scaled by the pixels of all, it is an image like others."""
    images = np.random.default_rng(1).integers(0, 256, (60, 12), np.uint8)
    images[7] = 255
    labels = np.arange(60, dtype=np.uint8) % 3
    store(
        tmp_path / "data" / "some", "some", Arrays(images, labels, images[:9], labels[:9], (2, 2, 3), ("a", "b", "c"))
    )
    drawn = {"data": "some", "training": 40, "validation": 20, "seed": 1, "order": "random", "results": tmp_path}
    split_data("pixels", standardization="per_pixel", **drawn)
    with pytest.raises(DataError, match="some: training image 7 is blank"):
        split_data("image", standardization="per_image", **drawn)
    assert [path.name for path in (tmp_path / "splits").iterdir()] == ["pixels.npz"]
