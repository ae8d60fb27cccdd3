"""CIFAR-shaped generated images for the offline demo, with what makes real images hard for deep networks.

Every class owns a few coarse random patterns. An image shows one of its class's patterns with a random contrast and
sign, so class means coincide and no linear classifier can tell the classes apart, under coarse and fine noise.
Brightness varies from image to image more than anything else does, as in photographs: this one dominant direction is
what nine layers without batch normalization do not get past in a short training.
"""

import numpy as np
import numpy.typing as npt

from bnlab.data.arrays import Arrays
from bnlab.streams import stream

TRAINING, TEST = 6_000, 1_000
CLASSES, PATTERNS_PER_CLASS = 10, 3
SIDE, COARSE = 32, 8  # a pattern is 8 x 8 blocks of 4 x 4 pixels, per colour
BRIGHTNESS, COARSE_NOISE, FINE_NOISE = 2.0, 0.9, 1.0  # relative to a pattern's own standard deviation,
GREY_LEVELS = 20  # which is this many grey levels


def generate(*, training: int = TRAINING, test: int = TEST) -> Arrays:
    """The generated data set, always the same: images uint8 (n, 3072) and labels uint8 (n,), laid out as CIFAR-10's.

    Only element by element arithmetic, no matrix products, so the pixels do not depend on the BLAS library.
    """
    patterns = stream(0, "patterns").standard_normal((CLASSES, PATTERNS_PER_CLASS, 3, COARSE, COARSE))
    train_images, train_labels = _draw(training, patterns, stream(0, "generated training images"))
    test_images, test_labels = _draw(test, patterns, stream(0, "generated test images"))
    names = tuple(f"pattern {k}" for k in range(CLASSES))
    return Arrays(train_images, train_labels, test_images, test_labels, (3, SIDE, SIDE), names)


def _draw(
    n: int, patterns: npt.NDArray[np.float64], random: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    labels = random.integers(0, CLASSES, n, dtype=np.uint8)
    images = np.empty((n, 3, SIDE, SIDE), np.uint8)
    for image, label in zip(images, labels, strict=True):
        pattern = patterns[label, random.integers(PATTERNS_PER_CLASS)]
        contrast = random.choice([-1, 1]) * random.uniform(0.5, 1.5)
        blocks = contrast * pattern + COARSE_NOISE * random.standard_normal(pattern.shape)
        scene = blocks.repeat(SIDE // COARSE, axis=1).repeat(SIDE // COARSE, axis=2)
        scene += FINE_NOISE * random.standard_normal(scene.shape)
        scene += BRIGHTNESS * random.standard_normal()
        image[:] = (128 + GREY_LEVELS * scene).clip(0, 255).round()
    return images.reshape(n, -1), labels
