"""A copy of a prepared data set on the disk of the machine that trains, where the results lie far away on a network."""

import os
import shutil
import tempfile
from pathlib import Path

from bnlab.data.prepared import FILES, MANIFEST, stored_digest
from bnlab.errors import IntegrityError, StorageError

VARIABLE = "BNLAB_NODE_DATA"


def on_this_node(folder: Path) -> Path:
    """The data set's copy below the folder that BNLAB_NODE_DATA names, made if there is none; else `folder` itself.

    A copy is named by its content, so it can be of no other data set, and appears whole or not at all: trainings that
    start together may all make it, and the first stays. One that is damaged is replaced. Raises IntegrityError when
    `folder` holds no data set, StorageError when the disk refuses.
    """
    place = os.environ.get(VARIABLE)
    if not place:
        return folder
    copy = Path(place) / f"bnlab_{folder.name}_{stored_digest(folder)[:16]}"
    if copy.exists():
        try:
            stored_digest(copy)
        except IntegrityError:
            shutil.rmtree(copy, ignore_errors=True)
    if not copy.exists():
        _copy(folder, copy)
    return copy


def _copy(folder: Path, copy: Path) -> None:
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent, ignore_cleanup_errors=True) as name:
            unfinished = Path(name) / copy.name
            unfinished.mkdir()
            for file in (*FILES[1:], MANIFEST):
                shutil.copyfile(folder / file, unfinished / file)
            try:
                unfinished.rename(copy)
            except OSError:
                if not (copy / MANIFEST).exists():  # else another was faster
                    raise
    except OSError as error:
        raise StorageError(
            f"{copy}: cannot be written ({error.strerror}). {VARIABLE} names a folder on each node's own disk, with "
            "room for the data set; without it, trainings read the images where the results are."
        ) from error
