"""Experiments: grids of runs under one protocol."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bnlab.config.axes import RankingOf, axis_length, axis_values, searches_of
from bnlab.errors import ConfigError
from bnlab.runs.names import network_text, run_name
from bnlab.runs.spec import SCHEMES, Initialization, Protocol, RunSpec

FILTERS = {
    "network": "hidden",
    "batch_norm": "batch_norm",
    "initialization": "initialization",
    "weight_decay": "weight_decay",
    "learning_rate": "learning_rate",
}
"""The keys by which runs of an experiment are chosen, each with the field of a run that it is about."""
SHOW_VALIDATION = ("differences", "gap", "grid", "initialization", "onset", "seeds", "weight_decay")
"""Figures that need a validation part."""
SHOW_PAIRS = ("confusion", "differences", "seeds")
"""Figures that need runs with and without batch normalization."""
LONGEST_NAME = 150
"""The most characters of a network's name, which the names of its runs' folders and logs hold: systems allow 255."""


def meets(run: RunSpec, filters: Mapping[str, Any]) -> bool:
    """Whether a run agrees with these filters, a value by key of `FILTERS`. A network is a list of widths."""
    return all(
        getattr(run, FILTERS[key]) == (tuple(value) if isinstance(value, list) else value)
        for key, value in filters.items()
    )


@dataclass(frozen=True)
class Experiment:
    """A grid of runs, and the figures drawn from it. One section of the page.

    searches: the earlier experiments whose best values its grid takes over. Until these are ranked, `runs` is empty and
    `pending` says how many there will be.
    """

    id: str
    title: str
    text: str
    protocol: str
    runs: tuple[RunSpec, ...]
    figures: tuple[str, ...]
    searches: tuple[str, ...] = ()
    pending: int = 0


def validates(experiment: Experiment, protocols: Mapping[str, Protocol]) -> bool:
    """Whether its runs keep images back, by which something can be chosen."""
    return protocols[experiment.protocol].validation > 0


def expand_experiment(
    content: Mapping[str, Any],
    protocols: Mapping[str, Protocol],
    ranking_of: RankingOf,
    *,
    seeds_factor: float,
    source: str,
) -> Experiment:
    """An experiment from its validated configuration, with every run of its grid.

    Raises ConfigError for an unknown protocol and for runs that cannot be.
    """
    name = content["protocol"]
    if name not in protocols:
        raise ConfigError(f"{source}.protocol: found {name!r}, expected one of {', '.join(sorted(protocols))}.")
    _check_together(content, protocols[name], source=source)
    seeds = _seeds(content["seeds"], seeds_factor)
    rates = content.get("learning_rate", [None])
    decays = content["weight_decay"]
    rate_values = axis_values(rates, "learning_rate", ranking_of, source=f"{source}.learning_rate")
    decay_values = axis_values(decays, "weight_decay", ranking_of, source=f"{source}.weight_decay")
    if "grid" in content["figures"] and rate_values and None in rate_values:
        raise ConfigError(
            f"{source}.figures: found grid, which needs constant learning rates, but the search that learning_rate "
            "takes over has those of its schedule."
        )
    pending = 0
    if rate_values is None or decay_values is None:
        cells = len(content["networks"]) * len(content["initialization"]) * len(content["batch_norm"])
        pending = cells * axis_length(rates) * axis_length(decays) * len(seeds)
    try:
        runs = _grid(content, rate_values or [None], decay_values or [0.0], seeds)
        if content.get("warm_start") and not pending:
            runs = _chained(runs, protocols[name])
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error
    if pending:
        runs = ()  # what is there to be wrong with them is, whatever the search finds
    return Experiment(
        content["id"],
        content["title"],
        content["text"],
        name,
        runs,
        tuple(content["figures"]),
        tuple(searches_of({"learning_rate": rates, "weight_decay": decays})),
        pending,
    )


def _seeds(asked: int | list[int], factor: float) -> Sequence[int]:
    """So many seeds, from 1 on; or those that are listed."""
    if isinstance(asked, list):
        return asked
    # Rounded before it is rounded up: 50 * 1.1 is 55.00000000000001.
    return range(1, max(1, math.ceil(round(asked * factor, 6))) + 1)


def _check_together(content: Mapping[str, Any], protocol: Protocol, *, source: str) -> None:
    """Check what the model of one key cannot see: what others ask for, and the length of names."""
    if protocol.batch_size < 2 and any(content["batch_norm"]):
        raise ConfigError(
            f"{source}.batch_norm: protocol '{content['protocol']}' has batch_size 1, over which nothing can be "
            "normalized."
        )
    if not protocol.validation and (chosen := [name for name in content["figures"] if name in SHOW_VALIDATION]):
        raise ConfigError(
            f"{source}.figures: found {chosen[0]}, which shows validation images, but protocol "
            f"'{content['protocol']}' has validation: 0. Expected curves alone."
        )
    if len(content["batch_norm"]) < 2 and (chosen := [name for name in content["figures"] if name in SHOW_PAIRS]):
        raise ConfigError(f"{source}.figures: found {chosen[0]}, which needs batch_norm: [false, true].")
    if "grid" in content["figures"] and "learning_rate" not in content:
        raise ConfigError(f"{source}.figures: found grid, which needs the axis learning_rate beside weight_decay.")
    for i, hidden in enumerate(content["networks"]):
        if len(network_text(hidden)) > LONGEST_NAME:
            raise ConfigError(
                f"{source}.networks[{i}]: found {len(hidden)} layers, whose widths have {len(network_text(hidden))} "
                f"characters together, expected at most {LONGEST_NAME}: folders are named after them."
            )


def _grid(content: Mapping[str, Any], rates: list[Any], decays: list[Any], seeds: Sequence[int]) -> tuple[RunSpec, ...]:
    """The full grid, seeds innermost."""
    axes = itertools.product(
        content["networks"], content["initialization"], rates, decays, content["batch_norm"], seeds
    )
    return tuple(
        RunSpec(
            content["protocol"],
            tuple(hidden),
            batch_norm,
            _initialization(scheme),
            float(decay),
            seed,
            None if rate is None else float(rate),
        )
        for hidden, scheme, rate, decay, batch_norm, seed in axes
    )


def _chained(runs: tuple[RunSpec, ...], protocol: Protocol) -> tuple[RunSpec, ...]:
    """The same runs, each but the first starting from where the one with the next smaller weight decay ended."""
    last: dict[RunSpec, RunSpec] = {}
    chained = {}
    for run in sorted(runs, key=lambda run: run.weight_decay):
        chain = _with(run, weight_decay=0.0)
        before = last.get(chain)
        warm_start = None if before is None else run_name(before, protocol).rpartition("_")[2]
        last[chain] = chained[run] = _with(run, warm_start=warm_start)
    return tuple(chained[run] for run in runs)


def _with(run: RunSpec, **changes: Any) -> RunSpec:
    return RunSpec(**{**vars(run), **changes})


def _initialization(value: str | float) -> Initialization:
    return value if value in SCHEMES else float(value)
