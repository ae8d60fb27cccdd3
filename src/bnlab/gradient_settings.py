"""From the files of config/gradients to validated settings."""

from pathlib import Path
from typing import Any

from bnlab.configuration import read_yaml, validate
from bnlab.errors import ConfigError


def load_gate_settings(folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of gradients/gate.yaml."""
    path = folder / "gradients" / "gate.yaml"
    settings: dict[str, Any] = read_yaml(path)
    validate(settings, "gate", source=str(path))
    for i, network in enumerate(settings["networks"]):
        if network["batch_norm"] and not network["hidden"]:
            raise ConfigError(f"{path}: networks[{i}]: batch_norm: true needs hidden layers, found none.")
    return settings
