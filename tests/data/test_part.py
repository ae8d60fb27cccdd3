"""Parts of data sets, put together."""

import numpy as np
import pytest

from bnlab.data.part import Part, assembled
from bnlab.errors import DataError

IMAGES = np.arange(60, dtype=np.uint8).reshape(10, 2, 3)
LABELS = np.arange(10) % 3
WHOLE = Part("whole", IMAGES, LABELS)
TEST = Part("the test file", IMAGES[:4], LABELS[:4])


def test_two_parts_make_a_data_set() -> None:
    """Images become rows of pixels, labels bytes; without names, labels are their own."""
    arrays = assembled(WHOLE, TEST, test_images=0, classes=())
    assert arrays.train_images.shape == (10, 6) and arrays.test_images.shape == (4, 6)
    assert arrays.train_labels.dtype == np.uint8
    assert arrays.image_shape == (2, 3) and arrays.classes == ("0", "1", "2")
    assert assembled(WHOLE, TEST, test_images=0, classes=["a", "b", "c", "d"]).classes == ("a", "b", "c", "d")


def test_test_images_are_drawn() -> None:
    """Always the same ones; the rest trains, in its order; together they are all of them."""
    first, second = (assembled(WHOLE, None, test_images=3, classes=()) for _ in range(2))
    assert first.digest == second.digest
    assert len(first.test_labels) == 3 and len(first.train_labels) == 7
    together = np.concatenate([first.train_images, first.test_images])
    assert sorted(together[:, 0].tolist()) == IMAGES[:, 0, 0].tolist()
    assert (np.diff(first.train_images[:, 0].astype(int)) > 0).all()


@pytest.mark.parametrize(
    ("training", "test", "drawn", "classes", "said"),
    [
        (WHOLE, None, 0, (), "whole: holds 10 images and no test part.*test_images, found 0, expected 1 to 9"),
        (WHOLE, None, 10, (), "test_images, found 10, expected 1 to 9"),
        (WHOLE, TEST, 3, (), "the test file: holds the test images, so test_images has to go"),
        (WHOLE, TEST, 0, ("a", "b"), "labels go from 0 to 2, but `classes` in config/datasets.yaml names 2 of them"),
        (WHOLE, TEST._replace(images=IMAGES[:4, :, :2]), 0, (), r"the test file: images of shape \(2, 2\), but whole"),
        (WHOLE._replace(images=IMAGES / 255), TEST, 0, (), "whole: images of type float64"),
        (WHOLE._replace(images=IMAGES[:, 0, 0]), TEST, 0, (), r"shape \(10,\); expected uint8"),
        (WHOLE._replace(labels=LABELS[:9]), TEST, 0, (), "expected 10 whole numbers"),
        (WHOLE._replace(labels=LABELS / 2), TEST, 0, (), "labels of type float64"),
        (WHOLE._replace(labels=LABELS - 1), TEST, 0, (), "labels from -1 to 1, expected 0 to at most 255"),
        (WHOLE._replace(labels=LABELS + 254), TEST, 0, (), "labels from 254 to 256"),
        (WHOLE._replace(labels=0 * LABELS), TEST._replace(labels=0 * LABELS[:4]), 0, (), "at least two classes"),
    ],
)
def test_what_does_not_fit_is_refused(training, test, drawn, classes, said) -> None:
    """By the name of the file that is wrong."""
    with pytest.raises(DataError, match=said):
        assembled(training, test, test_images=drawn, classes=classes)
