"""One run on a screen."""

import json
from typing import Any

import numpy as np
import pandas as pd

from bnlab.browse.output import cell
from bnlab.browse.run import Run
from bnlab.console.duration import duration
from bnlab.formatting import percent
from bnlab.made.currency import Currency
from bnlab.made.pace import seconds_of
from bnlab.targets import Targets

BARS = "▁▂▃▄▅▆▇█"


def print_run(name: str, how: str) -> None:
    """Print what a run is, how it ended, what made it, and the command that makes it again.

    Raises ConfigError unless exactly one stored run's name begins so, IntegrityError when it is damaged.
    """
    run = Run(name)
    if how == "json":
        print(json.dumps(run.record, indent=2))
        return
    record = run.record
    lines: list[tuple[str, Any]] = [
        ("run", run.name),
        ("state", Currency(Targets()).reason("train", run.name) or "current"),
        *record["spec"].items(),
        *_flat(record["protocol"]),
        ("data", f"{record['data']['name']} ({record['data']['digest'][:16]})"),
        ("split", record["split"]["name"]),
        *_outcome(record),
        *_shapes(run.curves),
        ("seconds", None if (seconds := seconds_of(run.folder)) is None else duration(seconds)),
        ("code", record["code"]),
        *record["environment"].items(),
        ("train it again", f"snakemake --cores 1 --force {run.folder}/run.json"),
    ]
    width = max(len(label) for label, _ in lines)
    for label, value in lines:
        print(f"{label:{width}}  {cell(value)}")


def sparkline(values: "pd.Series[float]", *, width: int = 41) -> str:
    """A curve as a line of bars, from its lowest to its highest finite value; a space where it is not finite."""
    places = np.unique(np.linspace(0, len(values) - 1, min(width, len(values))).round().astype(int))
    numbers = values.to_numpy(float)[places]
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return ""
    low, span = finite.min(), np.ptp(finite) or 1.0
    return "".join(
        BARS[round((value - low) / span * (len(BARS) - 1))] if np.isfinite(value) else " " for value in numbers
    )


def _flat(protocol: dict[str, Any]) -> list[tuple[str, Any]]:
    """A protocol's keys; those of its schedule stand with the others."""
    return [
        (f"{key} {inner}", setting) if isinstance(value, dict) else (key, value)
        for key, value in protocol.items()
        for inner, setting in (value.items() if isinstance(value, dict) else [("", value)])
    ]


def _outcome(record: dict[str, Any]) -> list[tuple[str, Any]]:
    if record["final"] is None:
        return [("outcome", f"diverged at update {record['diverged_at']}")]
    return [
        (f"{part} {metric}", f"{percent(value)} %" if metric == "accuracy" else value)
        for part, metrics in record["final"].items()
        for metric, value in sorted(metrics.items())
    ]


def _shapes(curves: pd.DataFrame) -> list[tuple[str, str]]:
    """Its curves, with the values between which they lie."""
    shown = ("probe_loss", "validation_loss", "validation_accuracy")
    return [
        (name.replace("_", " "), f"{sparkline(curves[name])}  {curves[name].min():.4g} to {curves[name].max():.4g}")
        for name in shown
        if curves[name].notna().any()
    ]
