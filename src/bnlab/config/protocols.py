"""From protocols.yaml to validated protocols."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnlab.config.data_sets import known_data_set, load_data_set_items
from bnlab.config.fields import LARGEST_RATE
from bnlab.config.reader import check_name, read_yaml
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.runs.spec import Protocol


def load_protocols(folder: Path) -> dict[str, Protocol]:
    """The protocols of protocols.yaml by name, each filled in with its defaults."""
    path = folder / "protocols.yaml"
    raw = read_yaml(path)
    if not isinstance(raw, dict) or not all(isinstance(content, dict) for content in raw.values()):
        raise ConfigError(f"{path}: expected a mapping of protocol names to their settings.")
    for name in raw:
        check_name(name, source=str(path), what="protocol")
    contents = {name: _resolve(name, raw, source=str(path)) for name in raw}
    items = load_data_set_items(folder)
    protocols, found = {}, []
    for name, content in contents.items():
        try:
            if "data" in content:
                content["data"] = known_data_set(content["data"], items, source=f"{path}: {name}")
            protocols[name] = check(Protocol, content, source=f"{path}: {name}")
        except ConfigError as error:
            found.append(str(error))
    if found:
        raise ConfigError("\n".join(found))
    for name, protocol in protocols.items():
        _check_protocol(protocol, source=f"{path}: {name}")
    return protocols


def _resolve(name: str, raw: Mapping[str, Any], *, source: str, chain: tuple[str, ...] = ()) -> dict[str, Any]:
    """A protocol's content laid over that of the protocol that it names as its defaults."""
    if name in chain:
        raise ConfigError(f"{source}: {' defaults to '.join((*chain, name))}: a circle.")
    own = dict(raw[name])
    base = own.pop("defaults", None)
    if base is None:
        return own
    if not isinstance(base, str) or base not in raw:
        raise ConfigError(f"{source}: {name}.defaults: found {base!r}, expected one of {', '.join(map(str, raw))}.")
    return _overlay(_resolve(base, raw, source=source, chain=(*chain, name)), own)


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlay(merged[key], value) if both else value
    return merged


def _check_protocol(protocol: Protocol, *, source: str) -> None:
    """Check what the model cannot say: relations between values."""
    schedule, available = protocol.schedule, protocol.data.training_images
    if schedule.minimum > schedule.maximum:
        raise ConfigError(
            f"{source}: schedule.minimum: found {schedule.minimum}, expected at most schedule.maximum = "
            f"{schedule.maximum}."
        )
    if schedule.maximum > LARGEST_RATE:
        raise ConfigError(f"{source}: schedule.maximum: found {schedule.maximum:g}, expected at most {LARGEST_RATE:g}.")
    if protocol.probe > max(protocol.training, protocol.validation):
        raise ConfigError(
            f"{source}: probe: found {protocol.probe}, expected at most {max(protocol.training, protocol.validation)}, "
            "the images of the larger part."
        )
    if protocol.training + protocol.validation > available:
        raise ConfigError(
            f"{source}: training + validation: found {protocol.training} + {protocol.validation}, expected at most "
            f"{available}, the training images of {protocol.data.name}."
        )
    if protocol.standardization == "per_part" and protocol.split == "random":
        raise ConfigError(
            f"{source}: standardization: found per_part, whose parts are files, with split random. Expected split "
            "official_order or validation_first."
        )
    if protocol.curve_points - 1 > schedule.updates // 2:
        raise ConfigError(
            f"{source}: curve_points: found {protocol.curve_points}, expected at most {schedule.updates // 2 + 1}: two "
            f"of the {schedule.updates} updates between points."
        )
    if protocol.batch_size > protocol.training:
        raise ConfigError(
            f"{source}: batch_size: found {protocol.batch_size}, expected at most training = {protocol.training}."
        )
