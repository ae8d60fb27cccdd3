"""From the files of config/reported_checks, the reports' own gradient checks, to validated settings."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnlab.config.reader import check_name, read_yaml, with_defaults
from bnlab.config.reported_check_file import ReportedCheckFile
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.numerics.parameters import Network

EVALUATIONS = 20_000
"""The most evaluations of the cost that a draw may take by the naive loop: some seconds for a small network."""


def reported_check_names(folder: Path = Path("config")) -> list[str]:
    """The reported checks there are: every file of reported checks."""
    return sorted(path.stem for path in (folder / "reported_checks").glob("*.yaml"))


def check_reported_check_name(name: str, folder: Path, *, source: str) -> None:
    """Raise ConfigError unless `name`, found at `source`, is a reported check."""
    if name not in reported_check_names(folder):
        known = ", ".join(reported_check_names(folder))
        raise ConfigError(f"{source}: found '{name}', expected a reported check of {folder}/reported_checks: {known}.")


def load_reported_check(name: str, folder: Path = Path("config")) -> dict[str, Any]:
    """The validated content of reported_checks/<name>.yaml, with what stands under `defaults` put into each case.

    `published` may name another reported check, which holds the tables; "published_in" says which one does.
    """
    check_reported_check_name(name, folder, source="reported_check")
    path = folder / "reported_checks" / f"{name}.yaml"
    check_name(name, source=str(path), what="reported_check")
    if name in ("step_sizes", "overfit"):
        raise ConfigError(f"{path}: '{name}' is the name of a figure about gradients. Rename the file.")
    reported_check: dict[str, Any] = with_defaults(read_yaml(path), "cases", source=str(path))
    holder = name
    if isinstance(reported_check, dict) and isinstance(reported_check.get("published"), str):
        holder = reported_check["published"]
        check_reported_check_name(holder, folder, source=f"{path}: published")
        content = read_yaml(folder / "reported_checks" / f"{holder}.yaml")
        tables = content.get("published") if isinstance(content, dict) else None
        if not isinstance(tables, dict):
            raise ConfigError(f"{path}: published: found '{holder}', which holds no tables itself.")
        reported_check["published"] = tables
    check(ReportedCheckFile, reported_check, source=str(path))
    reported_check = {"published": {}, **reported_check, "published_in": holder}
    tables, seen = reported_check["published"], set()
    for i, case in enumerate(reported_check["cases"]):
        where = f"{path}: cases[{i}]"
        if case["id"] in seen:
            raise ConfigError(f"{where}.id: '{case['id']}' stands here twice; ids must differ.")
        seen.add(case["id"])
        network = Network((case["inputs"], *case["network"]["hidden"], 10), case["network"]["batch_norm"])
        _check_case(case, network, source=where)
        _check_published(case, network, tables, source=where)
    return reported_check


def compares_causes(reported_check: Mapping[str, Any]) -> bool:
    """Whether the cases compare several causes with one another, which a figure then shows."""
    return any("cause" in case for case in reported_check["cases"])


def _check_case(case: Mapping[str, Any], network: Network, *, source: str) -> None:
    """Check what the model cannot see: that the settings go together, and that the naive loop would end."""
    if network.batch_norm and case["images"] < 2:
        raise ConfigError(f"{source}.images: found 1, over which nothing can be normalized, expected at least 2.")
    for key, needing in (("statistics", "frozen"), ("backward", "constant_statistics")):
        if case[key] == needing and not network.batch_norm:
            raise ConfigError(f"{source}.{key}: '{needing}' needs network.batch_norm: true, found false.")
    if case["difference"]["loop"] == "structured" and case["weight_decay"]:
        raise ConfigError(
            f"{source}.weight_decay: found {case['weight_decay']}, but structured differences are of the loss alone: "
            "expected 0, or difference.loop: naive."
        )
    sizes = {name: min(math.prod(shape), case.get("entries", math.inf)) for name, shape in network.shapes().items()}
    if case["difference"]["loop"] == "structured":
        del sizes["W1"]
    evaluations = int(sum(sizes.values())) * (2 if case["difference"]["scheme"] == "central" else 1)
    if evaluations > EVALUATIONS:
        raise ConfigError(
            f"{source}: the naive loop would take {evaluations:,} evaluations of the cost per draw, at most "
            f"{EVALUATIONS:,} are allowed. Set difference.loop: structured, or lower `inputs`, `network.hidden` or "
            "`entries` (how many entries of each array are compared)."
        )


def _check_published(case: Mapping[str, Any], network: Network, tables: Mapping[str, Any], *, source: str) -> None:
    """Check that the table a case names is there, and that the case's network has every array of that table."""
    name = case.get("published")
    if name is None:
        return
    if name not in tables:
        known = ", ".join(tables) or "none"
        raise ConfigError(f"{source}.published: found '{name}', expected one of the tables under `published`: {known}.")
    unknown = {array for values in tables[name]["values"].values() for array in values} - network.shapes().keys()
    if unknown:
        raise ConfigError(
            f"{source}.published: '{name}' has values of {min(unknown)}, expected arrays of the case's network: "
            f"{', '.join(network.shapes())}."
        )
