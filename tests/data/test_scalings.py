"""Every way of scaling pixels is its formula, over the part that it is said to be of, and comes back from disk."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlab.data.batches import ImageStandardizedBatches, PixelBatches, StandardizedBatches, unscaled_batches
from bnlab.data.scaling import Scaling, pixel_sums, scalar_statistics
from bnlab.data.splits import Split, load_split, make_split, store_split
from bnlab.errors import DataError

SEEDS = st.integers(0, 2**32)
ORDERS = ["random", "official_order", "validation_first"]
SCALINGS = ["per_pixel", "scalar", "per_part", "per_image"]
D = 6


def images(n: int, seed: int = 0) -> np.ndarray:
    """Random pixels, (n, 6), whose brightness rises from image to image and differs from pixel to pixel."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 100, (n, D), np.uint8)
    return pixels + np.linspace(0, 100, n).astype(np.uint8)[:, None] + np.arange(D, dtype=np.uint8) * 9


def split_of(pixels: np.ndarray, standardization: str, order: str = "official_order", seed: int = 1) -> Split:
    """Two thirds of the images train and a quarter validates."""
    n = len(pixels)
    return make_split(
        pixels,
        training=2 * n // 3,
        validation=n // 4,
        seed=seed if order == "random" else None,
        order=order,
        standardization=standardization,
    )


def served(pixels: np.ndarray, rows: np.ndarray, scaling: Scaling, dtype: type = np.float64) -> np.ndarray:
    """The rows as a network gets them."""
    return StandardizedBatches(pixels, scaling, size=len(rows), dtype=dtype)[rows].copy()


@given(seed=SEEDS, order=st.sampled_from(ORDERS), n=st.integers(12, 60))
@settings(deadline=None, max_examples=40)
def test_a_scalar_is_one_mean_and_one_deviation_of_both_parts(seed: int, order: str, n: int) -> None:
    """NumPy's over all pixels of all images of both parts, and of no other image; the same for every pixel."""
    pixels = images(n, seed)
    split = split_of(pixels, "scalar", order, seed)
    used = pixels[np.concatenate([split.training, split.validation])].astype(float)
    np.testing.assert_allclose(split.mean, np.full(D, used.mean()), rtol=1e-12)
    np.testing.assert_allclose(split.std, np.full(D, used.std()), rtol=1e-12)
    for rows, scaling in ((split.training, split.scaling), (split.validation, split.validation_scaling)):
        expected = (pixels[rows] - used.mean()) / used.std()
        np.testing.assert_allclose(served(pixels, rows, scaling), expected, rtol=1e-11, atol=1e-12)
    assert split.scaling_of_others(pixels[:3]) == split.scaling


@given(seed=SEEDS, order=st.sampled_from(["official_order", "validation_first"]), n=st.integers(12, 60))
@settings(deadline=None, max_examples=40)
def test_per_part_every_file_is_less_its_own_mean(seed: int, order: str, n: int) -> None:
    """Pixels from 0 to 1, less the mean of every pixel over the part that the image is in; the test set is a part."""
    pixels = images(n, seed)
    split = split_of(pixels, "per_part", order)
    for rows, scaling in ((split.training, split.scaling), (split.validation, split.validation_scaling)):
        x = pixels[rows] / 255
        np.testing.assert_allclose(served(pixels, rows, scaling), x - x.mean(axis=0), rtol=0, atol=1e-14)
    assert not np.allclose(split.mean, split.validation_scaling.mean, rtol=1e-2)
    others = images(7, seed + 1)
    x = others / 255
    found = served(others, np.arange(7), split.scaling_of_others(others))
    np.testing.assert_allclose(found, x - x.mean(axis=0), rtol=0, atol=1e-14)


@given(seed=SEEDS, dtype=st.sampled_from([np.float32, np.float64]), count=st.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_per_image_every_image_is_standardized_alone(seed: int, dtype: type, count: int) -> None:
    """(pixel - image's mean) / image's biased deviation, whatever images train; repeated rows and short blocks too."""
    pixels = images(30, seed)
    rows = np.random.default_rng(seed).integers(0, 30, count)
    expected = np.stack([(image - image.mean()) / image.std() for image in pixels[rows].astype(float)])
    batches = ImageStandardizedBatches(pixels, size=20, dtype=dtype)
    batches[np.arange(20)]  # what an earlier block left in the buffer is of no account
    found = batches[rows]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, atol=1e-12 if dtype is np.float64 else 1e-5)
    split = split_of(pixels, "per_image")
    assert split.scaling.per_image
    np.testing.assert_allclose(served(pixels, rows, split.scaling), expected, atol=1e-12)
    np.testing.assert_allclose(served(pixels, rows, split.scaling_of_others(pixels)), expected, atol=1e-12)
    np.testing.assert_array_equal([split.mean, split.std], [np.zeros(D), np.ones(D)])


@given(seed=SEEDS, order=st.sampled_from(ORDERS))
@settings(deadline=None, max_examples=20)
def test_per_pixel_scales_everything_by_the_training_part(seed: int, order: str) -> None:
    """Validation and test images too."""
    pixels = images(40, seed)
    split = split_of(pixels, "per_pixel", order, seed)
    training = pixels[split.training].astype(float)
    for scaling in (split.scaling, split.validation_scaling, split.scaling_of_others(pixels[:5])):
        expected = (pixels - training.mean(axis=0)) / training.std(axis=0)
        np.testing.assert_allclose(served(pixels, np.arange(40), scaling), expected, rtol=1e-11, atol=1e-12)


def test_only_images_alone_are_standardized_before_the_affine_map() -> None:
    """What a scaling has still to be applied to: pixels, or images standardized alone."""
    pixels = images(12)
    for standardization in SCALINGS:
        batches = unscaled_batches(pixels, split_of(pixels, standardization).scaling, size=5, dtype=np.float64)
        assert type(batches) is (ImageStandardizedBatches if standardization == "per_image" else PixelBatches)


@given(seed=SEEDS, training=st.integers(1, 20), validation=st.integers(1, 20), rest=st.integers(0, 9))
@settings(deadline=None, max_examples=40)
def test_validation_first_is_the_reverse_of_the_official_order(
    seed: int, training: int, validation: int, rest: int
) -> None:
    """The first rows validate, the next train, and what is left over does neither."""
    pixels = images(training + validation + rest, seed)
    split = make_split(
        pixels, training=training, validation=validation, seed=None, order="validation_first", standardization="scalar"
    )
    assert split.validation.tolist() == list(range(validation))
    assert split.training.tolist() == list(range(validation, validation + training))
    assert {split.training.dtype, split.validation.dtype} == {np.dtype(np.int32)}


@pytest.mark.parametrize("order", ORDERS)
def test_only_a_random_order_depends_on_the_seed(order: str) -> None:
    """The same seed gives the same split, another seed another one, if the order is random."""
    pixels = images(60)
    one, again, other = (split_of(pixels, "scalar", order, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.training, again.training)
    assert np.array_equal(one.training, other.training) == (order != "random")


@pytest.mark.parametrize("standardization", SCALINGS)
@pytest.mark.parametrize("order", ORDERS)
def test_what_is_stored_scales_as_before(tmp_path: Path, standardization: str, order: str) -> None:
    """Of every order and scaling: the same rows, and the same bits of every scaled part, also of other images."""
    pixels, others = images(30), images(8, seed=5)
    split = split_of(pixels, standardization, order)
    store_split(tmp_path / "split.npz", split)
    loaded = load_split(tmp_path / "split.npz")
    assert loaded.standardization == standardization
    assert (loaded.validation_mean is None) == (standardization != "per_part")
    for one, two, all_images in (
        (split.scaling, loaded.scaling, pixels),
        (split.validation_scaling, loaded.validation_scaling, pixels),
        (split.scaling_of_others(others), loaded.scaling_of_others(others), others),
    ):
        rows = np.arange(len(all_images))
        np.testing.assert_array_equal(served(all_images, rows, one), served(all_images, rows, two))
        assert {two.mean.dtype, two.std.dtype} == {np.dtype(np.float64)}
    for part in ("training", "validation"):
        np.testing.assert_array_equal(getattr(loaded, part), getattr(split, part))
        assert getattr(loaded, part).dtype == np.int32


def test_an_unknown_scaling_is_a_mistake() -> None:
    """The configuration refuses it before; here it is no silent default."""
    with pytest.raises(ValueError, match="no such standardization: per_channel"):
        split_of(images(30), "per_channel")


@pytest.mark.parametrize("standardization", ["scalar", "per_part", "per_image"])
def test_a_constant_pixel_is_refused_only_where_it_is_divided_by(standardization: str) -> None:
    """A pixel that never varies stops the scaling per pixel alone."""
    pixels = images(30)
    pixels[:, 2] = 9
    with pytest.raises(DataError, match="Pixel 2"):
        split_of(pixels, "per_pixel")
    split = split_of(pixels, standardization)
    assert np.isfinite(served(pixels, split.training, split.scaling)).all()


def test_sums_are_exact_and_do_not_depend_on_order() -> None:
    """Integers over all blocks, so a scalar's statistics are the same to the last bit in any order of rows."""
    pixels = images(2500)
    rows = np.random.default_rng(1).permutation(2500)
    total, total_of_squares = pixel_sums(pixels, rows)
    assert total.tolist() == pixels.astype(int).sum(axis=0).tolist()
    assert total_of_squares.tolist() == (pixels.astype(int) ** 2).sum(axis=0).tolist()
    for one, other in zip(scalar_statistics(pixels, rows), scalar_statistics(pixels, np.sort(rows)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_scalar_s_deviation_is_exact_beyond_64_bits() -> None:
    """One odd pixel among millions gives the deviation of just that, where n times the sum of squares exceeds 2^63."""
    pixels = np.full((5000, 3072), 255, np.uint8)
    pixels[7, 7] = 254
    n = pixels.size
    mean, std = scalar_statistics(pixels, np.arange(5000))
    assert mean[0] == pytest.approx(255 - 1 / n, rel=1e-15)
    assert std[0] == pytest.approx(np.sqrt(n - 1) / n, rel=1e-15)
    assert n * n * 255**2 > 2**63
