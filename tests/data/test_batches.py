"""Mini-batches hold the images that were asked for, standardized by the training part."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.data.batches import PixelBatches, StandardizedBatches
from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split

SEEDS = st.integers(0, 2**32)


def images(n: int, d: int = 12, seed: int = 0) -> np.ndarray:
    """Random pixels of any value, none constant."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, d), np.uint8)
    pixels[0], pixels[1] = 0, 255
    return pixels


def split_of(pixels: np.ndarray, training: int) -> Split:
    """The first images train, the rest validate."""
    rows = np.arange(len(pixels), dtype=np.int32)
    return Split(rows[:training], rows[training:], *pixel_statistics(pixels, rows[:training]))


@given(seed=SEEDS, dtype=st.sampled_from([np.float32, np.float64]), count=st.integers(0, 10), d=st.integers(1, 6))
@settings(deadline=None)
def test_standardized_images_are_their_formula(seed: int, dtype: type, count: int, d: int) -> None:
    """(pixel - mean) / std for any rows in any order, repeated ones too, with the mean and std of the training part."""
    pixels = images(40, d, seed)
    split = split_of(pixels, 30)
    rows = np.random.default_rng(seed).integers(0, 40, count)
    batch = StandardizedBatches(pixels, split.scaling, size=10, dtype=dtype)[rows]
    training = pixels[split.training].astype(float)
    expected = (pixels[rows] - training.mean(axis=0)) / training.std(axis=0)
    assert batch.dtype == dtype
    assert batch.shape == (count, d)
    np.testing.assert_allclose(batch, expected, atol=1e-12 if dtype is np.float64 else 1e-4)


def test_the_training_part_is_standardized() -> None:
    """Over the training rows each pixel has mean 0 and standard deviation 1; the validation part played no part."""
    pixels = images(200)
    split = split_of(pixels, 150)
    standardized = StandardizedBatches(pixels, split.scaling, size=150, dtype=np.float64)[split.training]
    np.testing.assert_allclose(standardized.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(standardized.std(axis=0), 1, rtol=1e-14)
    changed = pixels.copy()
    changed[split.validation] ^= 255
    np.testing.assert_array_equal(pixel_statistics(changed, split.training), (split.mean, split.std))


def test_one_buffer_serves_every_batch() -> None:
    """A batch is a view that lasts until the next one, and a short one after a full one holds no leftovers."""
    pixels = images(20)
    split = split_of(pixels, 15)
    served = StandardizedBatches(pixels, split.scaling, size=5, dtype=np.float64)
    first = served[np.arange(5)]
    kept = first.copy()
    second = served[np.arange(10, 13)]
    assert np.shares_memory(first, second)
    np.testing.assert_array_equal(served[np.arange(5)], kept)
    assert served[np.array([13])].shape == (1, 12)


def test_reading_images_changes_none() -> None:
    """The data set, mapped read-only in earnest, is not written to."""
    pixels = images(20)
    pixels.flags.writeable = False
    split = split_of(pixels, 15)
    StandardizedBatches(pixels, split.scaling, size=5, dtype=np.float64)[np.arange(5)]


def test_pixels_are_served_as_they_are() -> None:
    """Without standardization a batch holds the pixel values themselves, exactly."""
    pixels, rows = images(20), np.array([3, 3, 19, 0])
    batch = PixelBatches(pixels, size=5, dtype=np.float64)[rows]
    np.testing.assert_array_equal(batch, pixels[rows])
    assert batch.dtype == np.float64


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_do_not_collide_in_the_cache(dtype: str) -> None:
    """Rows of CIFAR-10's length would begin whole pages apart, which BLAS pays for; each row is in one piece still."""
    batch = PixelBatches(images(5, 3072), size=5, dtype=dtype)[np.arange(5)]
    assert batch.strides[0] % 4096
    assert batch.strides[1] == batch.itemsize
