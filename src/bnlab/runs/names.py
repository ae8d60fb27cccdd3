"""The names of runs and splits: what a person compares, then a digest of everything.

    official/50-50_bn_he_lambda0.005_seed1_3f9a01c2

The last eight hex digits digest the spec, the protocol's whole content and the images, so editing a protocol, or
swapping two values, gives new names and never reuses an old result.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bnlab.errors import ConfigError
from bnlab.runs.spec import SCHEMES, Initialization, Protocol, RunSpec


def run_name(spec: RunSpec, protocol: Protocol) -> str:
    """The run's directory below results/runs, for example official/50-50_bn_he_lambda0.005_seed1_3f9a01c2."""
    return f"{spec.protocol}/{_readable(spec)}_{_digest(spec, protocol)}"


def parse_run_name(name: str, protocols: Mapping[str, Protocol]) -> RunSpec:
    """The spec that `name` stands for: the exact inverse of `run_name`.

    Raises ConfigError when the name is malformed, is not spelled as `run_name` would spell it, names an unknown
    protocol, or carries the digest of another version of its protocol.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(
            f"'{name}' is not the name of a run. Expected something like "
            "official/50-50_bn_he_lambda0.005_seed1_3f9a01c2; `python -m bnlab plan` lists all names."
        )
    part = match.groupdict()
    if part["protocol"] not in protocols:
        raise ConfigError(
            f"'{name}' names the protocol '{part['protocol']}', which config/protocols.yaml does not define. "
            f"It defines: {', '.join(sorted(protocols))}."
        )
    try:
        spec = RunSpec(
            protocol=part["protocol"],
            hidden=() if part["hidden"] == "linear" else tuple(map(int, part["hidden"].split("-"))),
            batch_norm=part["norm"] == "bn",
            initialization=_parse_initialization(part["initialization"]),
            weight_decay=float(part["weight_decay"]),
            seed=int(part["seed"]),
            learning_rate=None if part["learning_rate"] is None else float(part["learning_rate"]),
            warm_start=part["warm_start"],
        )
    except ConfigError as error:
        raise ConfigError(f"'{name}' is not the name of a run. {error}") from error
    expected = run_name(spec, protocols[spec.protocol])
    if name != expected:
        raise ConfigError(
            f"'{name}' does not belong to the present configuration, under which this run is '{expected}'. "
            f"Protocol '{spec.protocol}' was edited, or the name misspelled; `python -m bnlab plan` lists all names."
        )
    return spec


def split_name(protocol: Protocol, seed: int) -> str:
    """The file stem of a split with its standardization, for example cifar10_45000-5000_random-seed1_per-pixel.

    Runs share it whatever else their protocols differ in.
    """
    order = f"random-seed{seed}" if protocol.split == "random" else protocol.split.replace("_", "-")
    scaling = protocol.standardization.replace("_", "-")
    return f"{protocol.data.name}_{protocol.training}-{protocol.validation}_{order}_{scaling}"


@dataclass(frozen=True)
class SplitSettings:
    """Which images train and validate, and what scales them. `seed` is None unless the order is random."""

    data: str
    training: int
    validation: int
    seed: int | None
    order: str
    standardization: str


def parse_split_name(name: str) -> SplitSettings:
    """The inverse of `split_name`. Raises ConfigError when the name is malformed."""
    match = _SPLIT_NAME.fullmatch(name)
    if match is None:
        raise ConfigError(
            f"'{name}' is not the name of a split. Expected something like cifar10_45000-5000_random-seed1_per-pixel."
        )
    seed = match["seed"]
    return SplitSettings(
        data=match["data"],
        training=int(match["training"]),
        validation=int(match["validation"]),
        seed=None if seed is None else int(seed),
        order="random" if seed is not None else match["order"].replace("-", "_"),
        standardization=match["scaling"].replace("-", "_"),
    )


def canonical_json(content: Any) -> str:
    """One spelling for equal content: sorted keys, shortest floats, no spaces, no NaN."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def number_text(value: float) -> str:
    """The shortest text that reads back as `value`: 0.005, 1e-05, 0 (never 0.0), 1e16 (never 1e+16)."""
    return repr(float(value)).removesuffix(".0").replace("e+", "e")


_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?"
_NAME = re.compile(
    r"(?P<protocol>[a-z][a-z0-9_-]*)/"
    r"(?P<hidden>linear|[0-9]{1,6}(?:-[0-9]{1,6}){0,99})_"
    r"(?P<norm>bn|plain)_"
    r"(?P<initialization>he|fan_in|xavier|sigma[0-9.e-]+)_"
    rf"(?:eta(?P<learning_rate>{_NUMBER})_)?"
    rf"lambda(?P<weight_decay>{_NUMBER})_"
    r"(?:after(?P<warm_start>[0-9a-f]{8})_)?"
    r"seed(?P<seed>[0-9]{1,9})_"
    r"(?P<digest>[0-9a-f]{8})"
)


_SPLIT_NAME = re.compile(
    r"(?P<data>[a-z][a-z0-9-]*)_(?P<training>[1-9][0-9]{0,8})-(?P<validation>0|[1-9][0-9]{0,8})_"
    r"(?P<order>random-seed(?P<seed>[1-9][0-9]{0,8})|official-order|validation-first)_"
    r"(?P<scaling>per-pixel|scalar|per-part|per-image)"
)


def _readable(spec: RunSpec) -> str:
    rate = [] if spec.learning_rate is None else [learning_rate_text(spec.learning_rate)]
    return "_".join(
        [
            network_text(spec.hidden),
            "bn" if spec.batch_norm else "plain",
            initialization_text(spec.initialization),
            *rate,
            f"lambda{number_text(spec.weight_decay)}",
            *([] if spec.warm_start is None else [f"after{spec.warm_start}"]),
            f"seed{spec.seed}",
        ]
    )


def network_text(hidden: Sequence[int]) -> str:
    """The widths of the hidden layers: 50-50; linear for none."""
    return "-".join(map(str, hidden)) or "linear"


def initialization_text(initialization: Initialization) -> str:
    """he, fan_in, xavier, or sigma and the standard deviation: sigma0.001."""
    if isinstance(initialization, str):
        return initialization
    return f"sigma{number_text(initialization)}"


def learning_rate_text(learning_rate: float | None) -> str:
    """Eta and the constant rate: eta0.02; scheduled for none."""
    return "scheduled" if learning_rate is None else f"eta{number_text(learning_rate)}"


def _parse_initialization(text: str) -> Initialization:
    if text in SCHEMES:
        return text
    try:
        return float(text.removeprefix("sigma"))
    except ValueError:
        raise ConfigError(f"'{text}' is not an initialization: expected he, fan_in, xavier or sigma<number>.") from None


def _digest(spec: RunSpec, protocol: Protocol) -> str:
    own = {key: value for key, value in vars(spec).items() if value is not None}
    # The canonical JSON of {"data": ..., "protocol": ..., "spec": ...}, of which thousands of runs share the beginning.
    content = f"{_shared(protocol)}{canonical_json(own)}}}"
    return hashlib.sha256(content.encode()).hexdigest()[:8]


@cache
def _shared(protocol: Protocol) -> str:
    content = canonical_json(protocol.model_dump(exclude_defaults=True))
    return f'{{"data":{canonical_json(protocol.data.digest)},"protocol":{content},"spec":'
