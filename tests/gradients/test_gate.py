"""The gate on data of other kinds than photographs."""

from pathlib import Path

import numpy as np
import pytest

from bnlab.data.part import Part, assembled
from bnlab.data.prepared import store
from bnlab.errors import ConfigError
from bnlab.gradients.gate import run_gate
from bnlab.gradients.images import first_images, n_classes

CONFIG = Path(__file__).parents[2] / "config"


def scans(results: Path, n: int) -> None:
    """Prepare images of 6 x 6 pixels with the same margins in all of them, of three classes."""
    images = np.zeros((n, 8, 8), np.uint8)
    images[:, 1:7, 1:7] = np.random.default_rng(0).integers(0, 256, (n, 6, 6))
    part = Part("scans", images, np.arange(n) % 3)
    store(results / "data" / "scans", "scans", assembled(part, part, test_images=0, classes=()))


def test_pixels_that_never_change_are_left_out(tmp_path: Path) -> None:
    """Nothing could be divided by their deviation; classes are those of the labels."""
    scans(tmp_path, 200)
    images, labels = first_images("scans", results=tmp_path)
    assert images.shape == (200, 36) and n_classes(labels) == 3


def test_too_few_images_for_a_batch_are_told(tmp_path: Path) -> None:
    """With the file to lower it in; nothing is written."""
    scans(tmp_path, 99)
    with pytest.raises(ConfigError, match=r"gate.yaml: its batches take 100 images, but 'scans' has 99 to train on"):
        run_gate("scans", config=CONFIG, results=tmp_path)
    assert not (tmp_path / "gradients").exists()
