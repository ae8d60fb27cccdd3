"""The images that the twins train on."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # the tests import the scripts beside them, which also run alone

from make_reference import reference_data
from shipped import Data

from bnlab.data.archive import load
from bnlab.data.cifar10 import OFFICIAL


@pytest.fixture(scope="session")
def generated() -> Data:
    """The 2,000 generated images of the stored reference."""
    return reference_data()


@pytest.fixture(scope="session")
def cifar10(real_cifar10: Path) -> Data:
    """CIFAR-10, divided as the official protocol does: 45,000 images to train, 5,000 to validate."""
    arrays, _ = load(real_cifar10, OFFICIAL)
    return Data.drawn(arrays.train_images, arrays.train_labels, validation=5000)
