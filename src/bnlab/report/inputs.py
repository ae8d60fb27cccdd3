"""The files that a page is made of, read once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.analysis.read import NAMES, read_json, read_table
from bnlab.config.reported_checks import load_reported_check
from bnlab.config.studies import Configuration, Study
from bnlab.errors import IntegrityError
from bnlab.runs.names import run_name
from bnlab.runs.spec import Protocol, RunSpec


@dataclass(frozen=True)
class Inputs:
    """A study and everything that was found for it. Tables are as `bnlab.analysis` writes them."""

    study: Study
    protocols: dict[str, Protocol]
    specs: dict[str, RunSpec]
    runs: pd.DataFrame
    cells: pd.DataFrame
    pairs: pd.DataFrame
    expectations: pd.DataFrame
    claims: pd.DataFrame
    gradients: dict[str, Any]
    reported_checks: dict[str, dict[str, Any]]
    manifests: dict[str, Any]
    figures: Path
    checks: Path

    def name_of(self, spec: RunSpec) -> str:
        """A run's directory name."""
        return run_name(spec, self.protocols[spec.protocol])

    def protocol_of(self, experiment: str) -> Protocol:
        """The one protocol of all runs of an experiment."""
        return self.protocols[self.study.experiment(experiment).runs[0].protocol]


def read_inputs(configuration: Configuration, study: str, *, results: Path) -> Inputs:
    """Read the study's tables, and the gradient check and manifest of each data set it trains on.

    Raises IntegrityError when the tables are about other runs than the configuration asks for.
    """
    folder = results / "studies" / study
    the_study = configuration.study(study)
    protocols = {run.protocol: configuration.protocols[run.protocol] for run in the_study.runs}
    data_sets = sorted({protocol.data.name for protocol in protocols.values()})
    inputs = Inputs(
        study=the_study,
        protocols=protocols,
        specs=configuration.names(the_study.runs),
        runs=_table(folder / "runs.csv").merge(_table(folder / "test.csv"), on="run", validate="1:1"),
        cells=_table(folder / "cells.csv"),
        pairs=_table(folder / "pairs.csv"),
        expectations=_table(folder / "expectations.csv"),
        claims=claims_of(configuration, study, results=results),
        gradients={data: read_json(results / "gradients" / f"{data}.json") for data in data_sets},
        reported_checks={
            reported_check: load_reported_check(reported_check, configuration.folder)
            for reported_check in the_study.gradients
        },
        manifests={data: read_json(results / "data" / data / "manifest.json") for data in data_sets},
        figures=folder / "figures",
        checks=results / "gradients",
    )
    for table in (inputs.cells, inputs.pairs, inputs.expectations):
        _check_current(" ".join(table["runs"]).split(), inputs)
    return inputs


def claims_of(configuration: Configuration, report: str, *, results: Path) -> pd.DataFrame:
    """The ledger of one report, as `bnlab.claims.judge` wrote it; without rows for a study that is no report's.

    A claim about another study's experiment has none here: it stands in no section of the report's own page.
    """
    if not (configuration.folder / "claims" / f"{report}.yaml").exists():
        return pd.DataFrame(columns=["id", "experiment", "group", "outcome", "number"])
    texts = [
        "experiment", "study", "where", "metric", "reported", "flags", "at_half_margin", "at_twice_margin", "reason",
        "variants", "open", "runs", "table", "measured",
    ]  # fmt: skip
    table = read_table(results / "tables" / "claims" / f"{report}.csv", dtype=dict.fromkeys(texts, str))
    table = table.fillna(dict.fromkeys(texts, "")).assign(number=range(1, len(table) + 1))
    return table.assign(experiment=table["experiment"].where(table["study"] == report, ""))


def _check_current(names: list[str], inputs: Inputs) -> None:
    known = set(inputs.specs) & set(inputs.runs["run"])
    unknown = sorted((set(names) | set(inputs.specs)) - known)
    if unknown:
        raise IntegrityError(
            f"the tables of study '{inputs.study.key}' and config/studies disagree about the run {unknown[0]}. "
            f"Make the tables again: `snakemake --cores 8 {inputs.study.key}`."
        )


def _table(path: Path) -> pd.DataFrame:
    return read_table(path, dtype=NAMES | {"runs": str}).fillna({"runs": ""})
