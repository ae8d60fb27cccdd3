"""Splits are disjoint and reproducible, their statistics exact, and what is stored comes back or is refused."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.data.scaling import pixel_statistics
from bnlab.data.splits import Split, draw_split, load_split, store_split
from bnlab.errors import DataError, IntegrityError
from bnlab.streams import stream

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60).flatmap(lambda t: st.tuples(st.just(t), st.integers(0, 60), st.integers(0, 30)))
"""Training rows, validation rows, rows in neither."""


def images(n: int, d: int = 12, seed: int = 0) -> np.ndarray:
    """Random pixels of any value, none constant."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, d), np.uint8)
    pixels[0], pixels[-1] = 0, 255
    return pixels


def split_of(pixels: np.ndarray, training: int, seed: int = 1) -> Split:
    """A random split with its statistics, as `python -m bnlab split` makes it."""
    rows, validation = draw_split(
        len(pixels), training=training, validation=len(pixels) - training, random=stream(seed, "split")
    )
    return Split(rows, validation, *pixel_statistics(pixels, rows))


@given(sizes=SIZES, seed=SEEDS)
@settings(deadline=None)
def test_the_parts_are_disjoint_and_of_the_sizes_asked_for(sizes: tuple[int, int, int], seed: int) -> None:
    """No image is in both parts or twice in one; all are rows of the data set; int32 is what is stored."""
    training, validation, rest = sizes
    parts = draw_split(sum(sizes), training=training, validation=validation, random=stream(seed, "split"))
    assert [len(part) for part in parts] == [training, validation]
    rows = np.concatenate(parts)
    assert len(set(rows.tolist())) == training + validation
    assert set(rows.tolist()) <= set(range(training + validation + rest))
    assert {part.dtype for part in parts} == {np.dtype(np.int32)}


@given(seed=st.integers(0, 2**31))
@settings(deadline=None)
def test_a_seed_gives_one_split(seed: int) -> None:
    """Drawing again with the same seed gives the same rows in the same order, with another seed others."""
    first, again, other = (
        np.concatenate(draw_split(100, training=70, validation=20, random=stream(s, "split")))
        for s in (seed, seed, seed + 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_random_split_draws_from_the_whole_data_set() -> None:
    """Its validation part is not a block of the data set, and neither part is in order."""
    training, validation = draw_split(1000, training=800, validation=100, random=stream(1, "split"))
    for rows in (training, validation):
        assert (np.diff(rows) < 0).any()
        assert rows.min() < 50
        assert rows.max() >= 950


def test_official_order_takes_the_first_images() -> None:
    """Without a generator, training rows come first and validation rows next, in order."""
    training, validation = draw_split(10, training=5, validation=3, random=None)
    assert (training.tolist(), validation.tolist()) == ([0, 1, 2, 3, 4], [5, 6, 7])


def test_all_images_can_be_used() -> None:
    """Training and validation may fill the data set, but not exceed it."""
    parts = draw_split(10, training=7, validation=3, random=stream(1, "split"))
    assert sorted(np.concatenate(parts)) == list(range(10))
    for random in (None, stream(1, "split")):
        with pytest.raises(DataError, match=r"asks for 7 \+ 4 images, but the data set has 10(?s:.*)protocols.yaml"):
            draw_split(10, training=7, validation=4, random=random)


@given(n=st.integers(2, 50), d=st.integers(1, 8), seed=SEEDS)
@settings(deadline=None)
def test_statistics_are_numpys(n: int, d: int, seed: int) -> None:
    """Mean and biased standard deviation agree with NumPy's to 1e-12, over the rows alone."""
    pixels = images(n + 5, d, seed)
    rows = np.concatenate([[0], np.random.default_rng(seed).permutation(np.arange(1, n)), [n + 4]])
    mean, std = pixel_statistics(pixels, rows)
    chosen = pixels[rows].astype(float)
    np.testing.assert_allclose(mean, chosen.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, chosen.std(axis=0), rtol=1e-12)
    assert mean.dtype == std.dtype == np.float64


@pytest.mark.parametrize("n", [999, 1000, 1001, 2500])
def test_statistics_of_several_blocks(n: int) -> None:
    """Every row counts once, wherever the blocks of a thousand end."""
    pixels = images(n)
    mean, std = pixel_statistics(pixels, np.arange(n))
    np.testing.assert_allclose(mean, pixels.astype(float).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, pixels.astype(float).std(axis=0), rtol=1e-12)


def test_statistics_do_not_depend_on_the_order_of_rows() -> None:
    """They are exact until the last division, so any order gives the same bits."""
    pixels = images(3000)
    rows = np.arange(3000)
    expected = pixel_statistics(pixels, rows)
    for seed in range(5):
        shuffled = np.random.default_rng(seed).permutation(rows)
        np.testing.assert_array_equal(pixel_statistics(pixels, shuffled), expected)


def test_statistics_are_exact_where_floating_point_sums_are_not() -> None:
    """One pixel out of many thousand that is one grey level off gives the variance of exactly that."""
    pixels = np.full((20_000, 1), 255, np.uint8)
    pixels[7] = 254
    mean, std = pixel_statistics(pixels, np.arange(20_000))
    assert mean[0] == 255 - 1 / 20_000
    assert std[0] == pytest.approx(np.sqrt(19_999) / 20_000, rel=1e-15)


@pytest.mark.parametrize("pixel", [0, 3])
def test_a_constant_pixel_is_refused(pixel: int) -> None:
    """A pixel that never varies in the training part cannot be standardized, even when it varies elsewhere."""
    pixels = images(20, 5)
    pixels[:10, pixel] = 9
    pixels[0, np.arange(5) != pixel] = 200
    pixels[1, np.arange(5) != pixel] = 100
    with pytest.raises(DataError, match=rf"Pixel {pixel} has the same value in all 10 training images"):
        pixel_statistics(pixels, np.arange(10))
    pixel_statistics(pixels, np.arange(11))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Split, Path]:
    """A split and its file, which no test changes."""
    split = split_of(images(30), 20)
    path = tmp_path_factory.mktemp("splits") / "generated_20-10_random-seed1_per-pixel.npz"
    store_split(path, split)
    return split, path


def same(left: Split, right: Split) -> bool:
    """Whether two splits are equal in every bit and dtype."""
    pairs = [(getattr(left, name), getattr(right, name)) for name in ("training", "validation", "mean", "std")]
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_what_is_stored_is_loaded(stored: tuple[Split, Path]) -> None:
    """Rows, statistics and their dtypes come back."""
    split, path = stored
    assert same(load_split(path), split)


def test_equal_splits_have_equal_bytes(stored: tuple[Split, Path], tmp_path: Path) -> None:
    """Storing again gives the same file, and no other."""
    split, path = stored
    store_split(tmp_path / path.name, split)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_missing_split_gives_the_command_that_makes_it(tmp_path: Path) -> None:
    """The message names the file and what to type."""
    path = tmp_path / "generated_20-10_random-seed1_per-pixel.npz"
    with pytest.raises(
        IntegrityError, match=rf"{path}: (?s:.*)python -m bnlab split generated_20-10_random-seed1_per-pixel`"
    ):
        load_split(path)


@pytest.mark.parametrize("cut", [0, 1, 100, -100, -1])
def test_a_cut_split_is_refused(stored: tuple[Split, Path], tmp_path: Path, cut: int) -> None:
    """A file of which only the beginning is left is told from a split."""
    path = tmp_path / stored[1].name
    path.write_bytes(stored[1].read_bytes()[:cut])
    with pytest.raises(IntegrityError, match="python -m bnlab split"):
        load_split(path)


@pytest.mark.parametrize("missing", ["training", "std", "standardization", "digest"])
def test_an_incomplete_split_is_refused(stored: tuple[Split, Path], tmp_path: Path, missing: str) -> None:
    """An archive without one of the arrays is told from a split."""
    path = tmp_path / stored[1].name
    with np.load(stored[1]) as arrays:
        np.savez(path, **{name: arrays[name] for name in arrays.files if name != missing})
    with pytest.raises(IntegrityError, match="python -m bnlab split generated_20-10_random-seed1_per-pixel"):
        load_split(path)


def test_another_split_is_refused(stored: tuple[Split, Path], tmp_path: Path) -> None:
    """One seed's file under the name of another's is whole, and yet the wrong one."""
    path = tmp_path / "generated_20-10_random-seed2_per-pixel.npz"
    path.write_bytes(stored[1].read_bytes())
    with pytest.raises(IntegrityError, match="is another split's, or was changed after it was drawn"):
        load_split(path)


@pytest.mark.parametrize("name", ["training", "validation", "mean", "std", "validation_mean", "standardization"])
def test_a_rewritten_split_is_refused(stored: tuple[Split, Path], tmp_path: Path, name: str) -> None:
    """A sound archive with other content: rows in another order, statistics of other images."""
    path = tmp_path / stored[1].name
    with np.load(stored[1]) as arrays:
        content = {key: arrays[key] for key in arrays.files}
    content[name] = np.array("scalar") if name == "standardization" else content[name][::-1]
    np.savez(path, **content)
    with pytest.raises(IntegrityError, match="was changed after it was drawn"):
        load_split(path)


def test_a_pickled_split_is_not_executed(tmp_path: Path) -> None:
    """Object arrays, which hold pickles, are refused."""
    path = tmp_path / "evil.npz"
    np.savez(path, training=np.array([{"a": 1}], dtype=object), validation=1, mean=1, std=1)
    with pytest.raises(IntegrityError, match="allow_pickle=False"):
        load_split(path)


@given(place=st.integers(0, 2**30), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_bit_changes_a_split_unnoticed(
    stored: tuple[Split, Path], tmp_path: Path, place: int, bit: int
) -> None:
    """One changed bit anywhere is refused, unless it means nothing and the split is what was stored."""
    split, source = stored
    content = bytearray(source.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path = tmp_path / source.name
    path.write_bytes(content)
    with suppress(IntegrityError):
        assert same(load_split(path), split)


def test_every_byte_of_the_rows_is_guarded(stored: tuple[Split, Path], tmp_path: Path) -> None:
    """No bit of the stored rows can be changed unnoticed."""
    split, source = stored
    content = source.read_bytes()
    start = content.index(split.training.tobytes())
    for place in range(start, start + split.training.nbytes):
        path = tmp_path / source.name
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(IntegrityError):
            load_split(path)


def test_the_stated_types_are_the_real_ones() -> None:
    """Rows are int32 and statistics float64, as `Split` says."""
    split = split_of(images(30), 20)
    assert {split.training.dtype, split.validation.dtype} == {np.dtype(np.int32)}
    assert {split.mean.dtype, split.std.dtype} == {np.dtype(np.float64)}
