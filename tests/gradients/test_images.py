"""Which images gradients are checked on."""

from pathlib import Path

import numpy as np

from bnlab.data.arrays import Arrays
from bnlab.data.prepared import store
from bnlab.gradients.images import IMAGES, first_images


def test_a_set_that_is_sorted_by_class_gives_all_classes(tmp_path: Path) -> None:
    """Its first images are of one; where the first have all classes, they are the first."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (3 * IMAGES, 12), np.uint8)
    mixed = np.arange(3 * IMAGES, dtype=np.uint8) % 3
    for name, labels in (("mixed", mixed), ("sorted", np.sort(mixed))):
        arrays = Arrays(images, labels, images[:9], labels[:9], (2, 2, 3), ("a", "b", "c"))
        store(tmp_path / "data" / name, name, arrays)
    found, labels = first_images("mixed", results=tmp_path)
    assert np.array_equal(found, images[:IMAGES]) and np.array_equal(labels, mixed[:IMAGES])
    found, labels = first_images("sorted", results=tmp_path)
    assert len(found) == IMAGES and np.bincount(labels).min() > IMAGES / 4
