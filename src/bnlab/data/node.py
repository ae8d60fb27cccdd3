"""A copy of a prepared data set on the disk of the machine that trains, where the results lie far away on a network."""

import os
import shutil
from pathlib import Path

from bnlab.data.prepared import FILES, MANIFEST, stored_digest
from bnlab.errors import IntegrityError, StorageError
from bnlab.files import atomic

VARIABLE = "BNLAB_NODE_DATA"


def on_this_node(folder: Path) -> Path:
    """The data set's copy below the folder that BNLAB_NODE_DATA names, made if there is none; else `folder` itself.

    A copy is named by its content, so it can be of no other data set. Its manifest comes last, so until then there is
    none; trainings that start together may all make it, of the same bytes. One that is damaged is made again. Raises
    IntegrityError when `folder` holds no data set, StorageError when the disk refuses.
    """
    place = os.environ.get(VARIABLE)
    if not place:
        return folder
    copy = Path(place) / f"bnlab_{folder.name}_{stored_digest(folder)[:16]}"
    try:
        stored_digest(copy)
    except IntegrityError:
        _copy(folder, copy)
    return copy


def _copy(folder: Path, copy: Path) -> None:
    try:
        for name in (*FILES[1:], MANIFEST):
            with (folder / name).open("rb") as source, atomic(copy / name) as target:
                shutil.copyfileobj(source, target)
    except StorageError as error:
        raise StorageError(
            f"{error} {VARIABLE} names this folder, which is to be on each node's own disk; without it, trainings read "
            "the images where the results are."
        ) from error
