"""The generated data set is always the same, shaped as CIFAR-10, and hard in the way that real images are."""

import numpy as np
import pytest

from bnlab.data.arrays import Arrays, content_digest, data_set_digest
from bnlab.data.generate import CLASSES, TEST, TRAINING, generate
from bnlab.runs.datasets import GENERATED

SMALL_TRAINING, SMALL_TEST = 2500, 1000


@pytest.fixture(scope="module")
def small() -> Arrays:
    """A part of the data set that is drawn in a moment."""
    return generate(training=SMALL_TRAINING, test=SMALL_TEST)


def test_it_has_the_shape_of_cifar10(small: Arrays) -> None:
    """uint8 images of 3 x 32 x 32 pixels in rows, uint8 labels, as many as asked for."""
    assert {name: (array.shape, array.dtype.name) for name, array in small.parts.items()} == {
        "train_images": ((SMALL_TRAINING, 3072), "uint8"),
        "train_labels": ((SMALL_TRAINING,), "uint8"),
        "test_images": ((SMALL_TEST, 3072), "uint8"),
        "test_labels": ((SMALL_TEST,), "uint8"),
    }
    assert (TRAINING, TEST) == (6000, 1000)
    assert small.image_shape == (3, 32, 32) and len(small.classes) == 10


def test_its_content_is_golden() -> None:
    """The same bytes everywhere and every time; another NumPy or an edit that changes pixels is noticed."""
    arrays = generate(training=300, test=100)
    assert content_digest(arrays.train_images, arrays.train_labels) == (
        "21894810f5927c0860cd49cc45fda44b6854955fd5bbf75083ca662dddc83825"
    )
    assert content_digest(arrays.test_images, arrays.test_labels) == (
        "8e755395702dd1eeab24512b6864990d9252172afe319ae0f4be38621d4b4b1e"
    )


def test_the_whole_of_it_is_the_known_data_set() -> None:
    """Size and digest are those that runs are named after."""
    arrays = generate()
    known = GENERATED
    assert (len(arrays.train_images), len(arrays.test_images)) == (known.training_images, TEST)
    parts = (arrays.train_images, arrays.train_labels), (arrays.test_images, arrays.test_labels)
    assert data_set_digest(*(content_digest(*part) for part in parts)) == known.digest


def test_generating_again_gives_the_same(small: Arrays) -> None:
    """Nothing is left over from one call to the next, and test images do not depend on how many train."""
    again = generate(training=10, test=SMALL_TEST)
    np.testing.assert_array_equal(again.test_images, small.test_images)
    np.testing.assert_array_equal(again.test_labels, small.test_labels)


def test_labels_are_nearly_uniform(small: Arrays) -> None:
    """Every class is about as frequent as every other, within five standard errors."""
    for labels in (small.train_labels, small.test_labels):
        counts = np.bincount(labels, minlength=CLASSES)
        assert len(counts) == CLASSES == 10
        expected = len(labels) / CLASSES
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_training_and_test_images_are_different_draws() -> None:
    """No test image is a training image, and no image comes twice, also when both parts are of one size."""
    arrays = generate(training=200, test=200)
    images = [image.tobytes() for part in (arrays.train_images, arrays.test_images) for image in part]
    assert len(set(images)) == 400
    assert (arrays.train_labels != arrays.test_labels).mean() > 0.8


def test_every_pixel_varies(small: Arrays) -> None:
    """Per-pixel standardization is possible even on a small part."""
    assert small.train_images[:100].astype(float).std(axis=0).min() > 10


def test_class_means_coincide(small: Arrays) -> None:
    """The mean image of each class is that of all, within five standard errors (of the brightness, mostly)."""
    images = small.train_images.astype(float)
    overall, deviation = images.mean(axis=0), images.std(axis=0)
    for label in range(CLASSES):
        of_class = images[small.train_labels == label]
        assert (np.abs(of_class.mean(axis=0) - overall) < 5 * deviation / np.sqrt(len(of_class))).all()


def standardized(small: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Training and test images, averaged over 4 x 4 blocks (which lose only fine noise), standardized."""
    blocks = [
        images.reshape(-1, 3, 8, 4, 8, 4).mean(axis=(3, 5)).reshape(-1, 192)
        for images in (small.train_images, small.test_images)
    ]
    mean, std = blocks[0].mean(axis=0), blocks[0].std(axis=0)
    training, test = ((part - mean) / std for part in blocks)
    return training, test


def least_squares_accuracy(features: np.ndarray, labels: np.ndarray, test: np.ndarray, expected: np.ndarray) -> float:
    """Test accuracy of the linear classifier that fits one-hot labels best, slightly regularized."""
    gram = features.T @ features + 10 * np.eye(features.shape[1])
    weights = np.linalg.solve(gram, features.T @ (np.eye(CLASSES)[labels] - 1 / CLASSES))
    return float(np.mean((test @ weights).argmax(axis=1) == expected))


def test_no_linear_classifier_tells_the_classes_apart(small: Arrays) -> None:
    """Least squares on the pixels stays near the 10 % of guessing."""
    training, test = standardized(small)
    assert least_squares_accuracy(training, small.train_labels, test, small.test_labels) < 0.25


def test_but_there_is_something_to_learn(small: Arrays) -> None:
    """An image's nearest pattern by absolute correlation, the patterns' signs not mattering, tells its class."""
    training, test = standardized(small)
    training, test = (part - part.mean(axis=1, keepdims=True) for part in (training, test))  # without brightness
    training, test = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (training, test))
    likeness = np.abs(test @ training.T)
    of_classes = [likeness[:, small.train_labels == label] for label in range(CLASSES)]
    votes = np.stack([np.sort(of_class)[:, -30:].sum(axis=1) for of_class in of_classes])
    assert np.mean(votes.argmax(axis=0) == small.test_labels) > 0.9


def test_brightness_dominates(small: Arrays) -> None:
    """One direction, the common brightness, holds more variance than any other by far, as in photographs."""
    training, _ = standardized(small)
    variances = np.linalg.eigvalsh(training.T @ training)[::-1]
    assert variances[0] > 0.4 * variances.sum()
    assert variances[0] > 5 * variances[1]
