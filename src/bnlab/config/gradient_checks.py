"""From the files of config/gradients to validated settings."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from bnlab.config.reader import read_yaml, validate
from bnlab.errors import ConfigError

MOVED = 20_000
"""Parameters of one network that the gate moves one by one under one condition: some ten seconds, at most."""


def load_gate_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/gate.yaml."""
    path, settings = _load(folder, "gate")
    for i, hidden in enumerate(settings["networks"]):
        for j, condition in enumerate(settings["conditions"]):
            moved = _moved(hidden, condition["inputs"], condition["entries"])
            if moved > MOVED:
                raise ConfigError(
                    f"{path}: conditions[{j}].entries: with networks[{i}], found {moved:,} parameters to move one by "
                    f"one, expected at most {MOVED:,} (each costs three evaluations). Lower this number of entries per "
                    "array: what is not moved by itself is still covered by random directions and automatic "
                    "differentiation. Or lower the network's widths, or the inputs."
                )
    return settings


def load_step_sizes_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/step_sizes.yaml."""
    path, settings = _load(folder, "step_sizes")
    for key in ("smallest", "smallest_complex"):
        if settings[key] >= settings["largest"]:
            raise ConfigError(
                f"{path}: {key}: found {settings[key]}, expected less than largest, {settings['largest']}. Lower it."
            )
    return settings


def load_overfit_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/overfit.yaml."""
    path, settings = _load(folder, "overfit")
    if settings["schedule"]["minimum"] > settings["schedule"]["maximum"]:
        raise ConfigError(
            f"{path}: schedule.minimum: found {settings['schedule']['minimum']}, expected at most the maximum, "
            f"{settings['schedule']['maximum']}. Lower it."
        )
    return settings


def _load(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    path = folder / "gradients" / f"{name}.yaml"
    settings: dict[str, Any] = read_yaml(path)
    validate(settings, name, source=str(path))
    return path, settings


def _moved(hidden: list[int], inputs: int, entries: int) -> int:
    """How many parameters are moved: of every W, b, gamma and beta of a normalized network up to `entries`."""
    widths = [inputs, *hidden, 10]
    sizes = [below * above for below, above in pairwise(widths)] + widths[1:] + 2 * hidden
    return sum(min(size, entries) for size in sizes)
