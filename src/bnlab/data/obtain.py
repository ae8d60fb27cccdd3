"""Find CIFAR-10: where the user says, else where other libraries keep it, else by a download."""

import os
from pathlib import Path

from bnlab.data.archive import copies, load
from bnlab.data.arrays import Arrays
from bnlab.data.cifar10 import OFFICIAL, Edition
from bnlab.data.download import fetch
from bnlab.errors import DataError


def obtain(local: Path | None, named_by: str, edition: Edition = OFFICIAL) -> tuple[Arrays, str]:
    """Return the decoded, verified data set and a short text that names its source.

    When the user named a copy, `local`, nothing else is tried; `named_by` tells the messages how it
    was named ("config key cifar10", "environment variable BNLAB_CIFAR10"). Otherwise the usual places
    are searched, and then the mirrors. Raises DataError
    when the named copy cannot be used, or with the reason of each source when none can.
    """
    if local is not None:
        try:
            arrays, copy = load(local, edition)
        except DataError as error:
            raise DataError(
                f"{error}\nThis path is named by the {named_by}: name a complete copy there, "
                "or remove the setting to search the usual places and then download."
            ) from error
        return arrays, f"{copy} ({named_by})"
    failures = []
    for place in filter(copies, usual_places()):
        try:
            arrays, copy = load(place, edition)
            return arrays, str(copy)
        except DataError as error:
            failures.append(str(error))
    for mirror in edition.mirrors:
        try:
            return load(fetch(mirror, edition), edition)[0], mirror + edition.archive
        except DataError as error:
            failures.append(str(error))
    raise DataError(_no_source(failures))


def usual_places() -> list[Path]:
    """The folders in which torchvision (its root is the user's choice) and Keras leave CIFAR-10."""
    home = Path(os.path.expanduser("~"))
    keras = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"
    # Keras 3 extracts the archive, folder and all, into a folder of its own.
    return [
        Path.cwd() / "data",
        home / "data",
        home / "datasets",
        keras,
        keras / "cifar-10-batches-py-target",
    ]


def _no_source(failures: list[str]) -> str:
    searched = ", ".join(str(place) for place in usual_places())
    return "\n".join(
        [
            "CIFAR-10 could not be obtained. Sources tried:",
            f"- the folders {searched}: no usable copy",
            *(f"- {failure}" for failure in failures),
            "Ways on:",
            "- name a local copy (an archive or an extracted folder) in config/config.yaml: cifar10: PATH",
            "- or name it in the environment: BNLAB_CIFAR10=PATH",
            "- or see everything work offline, on generated data: make demo",
        ]
    )
