"""Train short networks in PyTorch on generated images and store what came out: reference.json.

    python tests/twin/make_reference.py

needs PyTorch, bnlab on the path, and a few seconds. The default test suite, which has no PyTorch, compares the
shipped program with the stored numbers; where there is PyTorch a test makes them again and compares.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from shipped import Data, Outcome, Setting, scale

from bnlab.data.generate import generate
from bnlab.streams import stream

REFERENCE = Path(__file__).with_name("reference.json")
PROJECTIONS = 2

SETTINGS = [
    Setting("50-50", batch_norm=True, step=50, maximum=0.02),
    Setting("50-50", batch_norm=False, step=50, maximum=0.02),
    Setting("9-layer", batch_norm=True, step=50, maximum=0.001),
    Setting("9-layer", batch_norm=False, step=50, maximum=0.02),
    Setting("50-50", batch_norm=True, step=50, maximum=0.002, momentum=0.9),
    Setting("9-layer", batch_norm=True, step=50, maximum=0.0001, momentum=0.9),
    Setting("9-layer", batch_norm=False, step=50, maximum=0.002, momentum=0.9),
    Setting("50-50", batch_norm=True, step=50, minimum=0.002, maximum=0.002, momentum=0.9, as_in_2017=True),
]
"""A whole cycle of 100 updates each, in which the rate rises and falls.

It stays below the official one: on generated images, which one direction dominates, that one makes trainings so
sensitive that rounding alone parts them, PyTorch from PyTorch as well.
"""


def reference_data() -> Data:
    """The 2,000 generated images, 1,900 of them to train: 5 epochs and a bit."""
    arrays = generate(training=2000, test=1)
    return Data.drawn(arrays.train_images, arrays.train_labels, validation=100)


def summary(outcome: Outcome) -> dict[str, Any]:
    """All losses, the accuracy on the validation images, and of every final array a few numbers, by its name."""
    of_arrays = {name: [norm(array), *projections(name, array)] for name, array in outcome.arrays.items()}
    return {"losses": outcome.losses.tolist(), "accuracy": outcome.accuracy} | of_arrays


def norm(array: np.ndarray) -> float:
    """The root of the sum of squares."""
    return float(np.linalg.norm(array))


def projections(name: str, array: np.ndarray) -> list[float]:
    """Scalar products with standard normal arrays: a change of the array changes them by about its norm."""
    normals = (stream(k, f"{name} of the twins").standard_normal(array.shape) for k in range(PROJECTIONS))
    return [float(np.vdot(normal, array)) for normal in normals]


def errors(setting: Setting, outcome: Outcome, stored: dict[str, Any]) -> dict[str, float]:
    """How far an outcome is from a stored summary: of the losses, of each array relative to its norm, of accuracy."""
    found = summary(outcome)
    assert found.keys() == stored.keys()
    losses = np.array(stored["losses"])
    assert outcome.losses.shape == losses.shape == (setting.n_updates,)
    distances = {"losses": float(np.max(np.abs(outcome.losses - losses) / losses))}
    for name in outcome.arrays:
        distance = np.max(np.abs(np.subtract(found[name], stored[name])))
        distances[name] = float(distance / scale(setting, name, stored[name][0]))
    return distances | {"accuracy": abs(found["accuracy"] - stored["accuracy"])}


def text_of(reference: dict[str, dict[str, Any]]) -> str:
    """JSON with a line for each array."""
    return json.dumps(reference, indent=1).replace("\n   ", " ").replace("\n  ]", " ]") + "\n"


def main() -> None:
    """Write the reference."""
    from torch_twin import torch_twin

    data = reference_data()
    reference = {setting.title: summary(torch_twin(setting, data)) for setting in SETTINGS}
    REFERENCE.write_text(text_of(reference), newline="\n")


if __name__ == "__main__":
    main()
