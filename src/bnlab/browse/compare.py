"""Runs side by side: in what they differ, how they ended, and on which test images they disagree.

Test predictions are opened here to be reported; nothing that chooses imports this.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bnlab.analysis.intervals import mean_interval
from bnlab.analysis.test_results import test_arrays
from bnlab.browse.output import write_table
from bnlab.browse.run import Run, find_runs
from bnlab.errors import ConfigError
from bnlab.figures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, house_style, new_figure
from bnlab.figures.style import save as save_figure
from bnlab.formatting import percent, points
from bnlab.paths import RESULTS

COLOURS = (VERMILLION, BLUE, GREEN, ORANGE, PURPLE)
METRICS = ("training_accuracy", "validation_accuracy", "test_accuracy")


def print_comparison(names: Sequence[str], how: str, figure: Path | None) -> None:
    """Compare groups of runs, each by a name or the beginning that the names of several seeds share.

    Prints the settings that differ, means of the outcomes, and, for each group against the first, the mean difference
    of the seeds that both have, with its 95 % interval, and the test images that their runs classify differently.
    figure: their curves are drawn into the files of that name with .svg and .png at the end. Raises ConfigError for a
    name that no stored run's begins with, and for one that matches runs that differ in more than their seed.
    """
    if len(names) < 2:
        raise ConfigError("bnlab compare: found one run, expected two or more.")
    if len({*names}) < len(names):
        raise ConfigError("bnlab compare: found the same name twice, expected different ones.")
    if figure is not None and not figure.name:
        raise ConfigError(f"--figure: found '{figure}', expected a file's name, without its ending.")
    groups = [_group(name) for name in names]
    table = pd.concat([_settings(groups), _outcomes(groups), _differences(groups)], ignore_index=True)
    write_table(table.set_axis(["", *names], axis=1), how)
    if figure is not None:
        save_figure(_curves(groups, names), figure.with_suffix("") if figure.suffix in (".svg", ".png") else figure)


def _group(name: str) -> list[Run]:
    first, *others = group = [Run(run) for run in find_runs(name, results=RESULTS)]
    for other in others:
        said = _said(first), _said(other)
        differing = [key for key in said[0] | said[1] if said[0].get(key) != said[1].get(key)]
        if differing:
            raise ConfigError(
                f"'{name}': {first.name} and {other.name} both match and differ in {', '.join(differing)}. Give more "
                "of the name, or its digest. (`bnlab prune` removes runs that no study has any more.)"
            )
    return group


def _settings(groups: list[list[Run]]) -> pd.DataFrame:
    """The settings in which the groups differ, but for their seeds: a row each."""
    said = [_said(group[0]) for group in groups]
    keys = dict.fromkeys(key for one in said for key in one)
    rows = [[key, *(one.get(key, "–") for one in said)] for key in keys]
    return pd.DataFrame([row for row in rows if len(set(row[1:])) > 1] + [["seeds", *(_seeds(one) for one in groups)]])


def _said(run: Run) -> dict[str, str]:
    """All that a run's name stands for but its seed, and which run of that seed it started from."""
    spec = run.record["spec"] | {"warm_start": run.record["spec"]["warm_start"] is not None}
    content = {
        **spec,
        **run.record["protocol"],
        "images": f"{run.record['data']['name']} {run.record['data']['digest'][:8]}",
    }
    del content["seed"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}


def _seeds(group: list[Run]) -> str:
    return ", ".join(map(str, sorted(run.record["spec"]["seed"] for run in group)))


def _outcomes(groups: list[list[Run]]) -> pd.DataFrame:
    """Means over the runs of a group that did not diverge: a row for each metric."""
    rows: list[list[Any]] = []
    for metric in METRICS:
        values = [list(_values(one, metric).values()) for one in groups]
        if not any(values):
            continue
        means = [float(np.mean(one)) if one else math.nan for one in values]
        rows.append([f"mean {metric.replace('_', ' ')}", *(f"{percent(mean)} %" for mean in means)])
    diverged = [sum(run.record["diverged_at"] is not None for run in group) for group in groups]
    return pd.DataFrame(rows + ([["diverged", *map(str, diverged)]] if any(diverged) else []))


def _values(group: list[Run], metric: str) -> dict[int, float]:
    """A metric by seed, of the runs that did not diverge and that have such a part of the images."""
    part = metric.partition("_")[0]
    ends = {run.record["spec"]["seed"]: (run, run.record["final"]) for run in group if run.record["final"]}
    if part == "test":
        return {seed: float(test_arrays(run.folder)["accuracy"]) for seed, (run, _) in ends.items()}
    return {seed: final[part]["accuracy"] for seed, (_, final) in ends.items() if part in final}


def _differences(groups: list[list[Run]]) -> pd.DataFrame:
    """Against the first group, over the seeds that both have: a row for the interval, and one for the disagreement."""
    first, *others = groups
    gains, apart = [_against(first, other) for other in others], [_disagreement(first, other) for other in others]
    return pd.DataFrame(
        [
            ["test accuracy against the first, points", "", *gains],
            ["test images that they classify differently", "", *apart],
        ]
    )


def _against(first: list[Run], other: list[Run]) -> str:
    ours, theirs = _values(first, "test_accuracy"), _values(other, "test_accuracy")
    gains = [theirs[seed] - ours[seed] for seed in ours if seed in theirs]
    if not gains:
        return "no seed in common"
    low, high = mean_interval(gains)
    interval = f" (95 % interval {points(low)} to {points(high)}, {len(gains)} pairs)" if len(gains) > 1 else ""
    return f"{points(float(np.mean(gains)))}{interval}"


def _disagreement(first: list[Run], other: list[Run]) -> str:
    ours, theirs = (
        {run.record["spec"]["seed"]: test_arrays(run.folder)["predictions"] for run in one} for one in (first, other)
    )
    shared = [seed for seed in ours if seed in theirs and len(ours[seed]) == len(theirs[seed]) > 0]
    if not shared:
        return "no seed in common"
    return f"{percent(float(np.mean([np.mean(ours[seed] != theirs[seed]) for seed in shared])))} %"


def _curves(groups: list[list[Run]], names: Sequence[str]) -> Figure:
    """Loss and accuracy against the epoch: a thin line for each run, one colour for each group.

    On validation images, or on training images where no run has others.
    """
    validated = any(run.curves["validation_loss"].notna().any() for group in groups for run in group)
    part, images = ("validation", "validation images") if validated else ("probe", "training images")
    with house_style():
        figure, canvas = new_figure(2.6 + 0.2 * len(groups), groups[0][0].record["data"]["name"])
        axes = canvas.subplots(1, 2)
        for group, name, colour in zip(groups, names, COLOURS * len(groups), strict=False):
            for panel, metric, scale in zip(axes, (f"{part}_loss", f"{part}_accuracy"), (1, 100), strict=True):
                for run in group:
                    label = name if run is group[0] and panel is axes[0] else None
                    panel.plot(run.curves["epoch"], scale * run.curves[metric], color=colour, lw=1, label=label)
        axes[0].set(xlabel="epoch", ylabel=f"loss on {images}", yscale="log")
        axes[1].set(xlabel="epoch", ylabel=f"accuracy on {images} (%)")
        canvas.legend(loc="outside lower center", ncols=1)
        return figure
