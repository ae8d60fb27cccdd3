"""Batches become arrays only when all six are whole, well formed and the edition's."""

import dataclasses
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.data.arrays import content_digest
from bnlab.data.cifar10 import OFFICIAL, PIXELS, decode
from bnlab.errors import DataError


def opened(members: dict[str, bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """What a reader of archives hands over."""
    return ((name, io.BytesIO(content)) for name, content in members.items())


@pytest.mark.parametrize("version", ["binary", "python"])
@pytest.mark.parametrize("order", [1, -1])
def test_both_versions_decode_to_the_same_arrays(miniature: SimpleNamespace, version: str, order: int) -> None:
    """Either version, in any order of members, gives images and labels in official order."""
    members = dict(list(getattr(miniature, version).items())[::order])
    decoded = decode(opened(members), miniature.edition)
    for name, expected in miniature.arrays.parts.items():
        found = getattr(decoded, name)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.uint8 and found.flags.c_contiguous, name


def test_the_official_batches_have_the_published_size() -> None:
    """10,000 records of one label byte and 3,072 pixel bytes."""
    assert OFFICIAL.binary_bytes == 30_730_000


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_detected(miniature: SimpleNamespace, data: Any) -> None:
    """No single damaged bit of any batch passes for the data set."""
    version = data.draw(st.sampled_from([miniature.binary, miniature.python]))
    name = data.draw(st.sampled_from(sorted(version)))
    damaged = bytearray(version[name])
    # The ends hold all the structure of a pickle; pixels are in between.
    near_the_ends = st.integers(-120, 220).map(lambda i: i % len(damaged))
    place = data.draw(near_the_ends | st.integers(0, len(damaged) - 1))
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decoded = decode(opened(version | {name: bytes(damaged)}), miniature.edition)
    except DataError:
        return
    # What a pickle says beside images and labels (its title, say) may differ: nobody reads it.
    assert version is miniature.python
    for array, expected in miniature.arrays.parts.items():
        np.testing.assert_array_equal(getattr(decoded, array), expected)


@given(label=st.integers(0, 9), pixels=st.binary(min_size=PIXELS, max_size=PIXELS))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_survives_the_round_trip(miniature: SimpleNamespace, label: int, pixels: bytes) -> None:
    """Whatever a record holds, label first, comes back as that image's label and pixels."""
    batch = miniature.binary["test_batch.bin"]
    changed = bytes([label]) + pixels + batch[1 + PIXELS :]
    images = np.frombuffer(pixels + miniature.arrays.test_images.tobytes()[PIXELS:], np.uint8)
    labels = np.array([label, *miniature.arrays.test_labels[1:]], np.uint8)
    edition = dataclasses.replace(miniature.edition, test_digest=content_digest(images, labels))
    decoded = decode(opened(miniature.binary | {"test_batch.bin": changed}), edition)
    assert decoded.test_images.tobytes() == images.tobytes()
    assert decoded.test_labels.tolist() == labels.tolist()


def test_a_label_beyond_the_classes_is_located(miniature: SimpleNamespace) -> None:
    """The message names the batch, the record and the label, in both versions."""
    batch = bytearray(miniature.binary["data_batch_3.bin"])
    batch[2 * (1 + PIXELS)] = 10
    with pytest.raises(DataError, match=r"data_batch_3.bin: record 2 .* label 10, expected 0 to 9"):
        decode(opened(miniature.binary | {"data_batch_3.bin": bytes(batch)}), miniature.edition)
    content = {b"labels": [1, 2, 3, -1], b"data": miniature.arrays.test_images}
    pickled = miniature.python2_pickle(content)
    with pytest.raises(DataError, match=r"test_batch: record 3 .* label -1, expected 0 to 9"):
        decode(opened({"test_batch": pickled}), miniature.edition)


def test_well_formed_but_other_content_is_refused(miniature: SimpleNamespace) -> None:
    """Two exchanged batches are recognised by their digest, and both digests are shown."""
    first, second = "data_batch_1.bin", "data_batch_2.bin"
    exchanged = {first: miniature.binary[second], second: miniature.binary[first]}
    with pytest.raises(
        DataError, match=f"training .* digest [0-9a-f]{{64}}, expected {miniature.edition.train_digest}"
    ):
        decode(opened(miniature.binary | exchanged), miniature.edition)
    other = dataclasses.replace(miniature.edition, test_digest="0" * 64)
    with pytest.raises(DataError, match=f"test .* digest {miniature.edition.test_digest}, expected 000"):
        decode(opened(miniature.binary), other)


@pytest.mark.parametrize("order", [(2, 1, 0), (0, 2, 1), "pixel by pixel"])
def test_another_order_of_channels_is_refused(miniature: SimpleNamespace, order: tuple[int, ...] | str) -> None:
    """Blue for red, green for blue, or the three of each pixel together: images that look right and are not."""
    mixed = {}
    for name, content in miniature.binary.items():
        records = np.frombuffer(content, np.uint8).reshape(-1, 1 + 3072).copy()
        planes = records[:, 1:].reshape(-1, 3, 1024)
        other = planes.swapaxes(1, 2) if isinstance(order, str) else planes[:, list(order)]
        records[:, 1:] = other.reshape(-1, 3072)
        mixed[name] = records.tobytes()
    with pytest.raises(DataError, match=r"the training images and labels have digest"):
        decode(opened(mixed), miniature.edition)


def test_missing_and_repeated_batches_are_named(miniature: SimpleNamespace) -> None:
    """Five batches are not a data set, and neither are seven."""
    without = {name: content for name, content in miniature.binary.items() if "3" not in name}
    with pytest.raises(DataError, match="missing: data_batch_3; expected six"):
        decode(opened(without), miniature.edition)
    with pytest.raises(DataError, match="data_batch_1: found a second time"):
        decode(opened(miniature.binary | miniature.python), miniature.edition)
