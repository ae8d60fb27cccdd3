"""One self-contained HTML page per study, from its tables and figures. Equal inputs give equal bytes."""

import itertools
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bnlab.analysis.wording import GENERATED_NOTE, short_number
from bnlab.files import write_text
from bnlab.report import numerals
from bnlab.report.claim_rows import claim_rows, verdict_counts
from bnlab.report.exhibits import exhibit_view
from bnlab.report.gradient_figures import gradient_figures
from bnlab.report.gradients import ORACLES, gradient_table
from bnlab.report.inputs import Inputs, read_inputs
from bnlab.report.links import link_groups
from bnlab.report.provenance import run_entries
from bnlab.report.sections import section
from bnlab.study import Configuration

DATA_NAMES = {"cifar10": "CIFAR-10", "generated": "generated images"}
METRIC_NAMES = {
    "test_accuracy": "test accuracy",
    "validation_accuracy": "validation accuracy",
    "bn_gain": "gain in test accuracy from batch normalization",
}


def render_report(configuration: Configuration, study: str, *, results: Path) -> None:
    """Write results/studies/<study>/report.html.

    Reads runs.csv, test.csv, cells.csv, pairs.csv, expectations.csv and figures/*.svg there, and gradient checks, their
    figures, and manifests below `results`. Raises IntegrityError when the tables are about other runs than the
    configuration.
    """
    inputs = read_inputs(configuration, study, results=results)
    page = environment().get_template("study.html.jinja").render(_context(inputs))
    write_text(results / "studies" / study / "report.html", page)


def environment() -> Environment:
    """The templates beside this module, with all that they call."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        percent=numerals.percent,
        points=numerals.points,
        percent_and_sd=numerals.percent_and_sd,
        points_and_sd=numerals.points_and_sd,
        loss_and_sd=numerals.loss_and_sd,
        error=numerals.error,
        short=short_number,
        count=numerals.count,
        generated_note=GENERATED_NOTE,
        data_names=DATA_NAMES,
        metric_names=METRIC_NAMES,
        oracle_names=ORACLES,
    )
    return environment


def _context(inputs: Inputs) -> dict[str, Any]:
    figure_numbers, table_numbers = itertools.count(1), itertools.count(1)
    sections = [section(inputs, experiment, figure_numbers, table_numbers) for experiment in inputs.study.experiments]
    # Published gradients stand in the exhibits' own tables.
    further = inputs.claims[(inputs.claims["experiment"] == "") & (inputs.claims["kind"] != "gradient")]
    expectations = [row for _, row in inputs.expectations.iterrows()]
    return {
        "title": inputs.study.title,
        "study": inputs.study,
        "generated": "generated" in inputs.manifests,
        "n_runs": len(inputs.specs),
        "n_diverged": int(inputs.runs["diverged_at"].notna().sum()),
        "n_held": int(inputs.expectations["holds"].sum()),
        "sections": sections,
        "verdicts": verdict_counts(inputs.claims),
        "further": claim_rows(further, inputs.specs),
        "further_number": next(table_numbers) if len(further) else None,
        "expectations": [(row, link_groups(row["runs"].split(), inputs.specs)) for row in expectations],
        "expectations_number": next(table_numbers) if expectations else None,
        "gradients": [
            (next(table_numbers), gradient_table(found), gradient_figures(inputs, data, figure_numbers))
            for data, found in inputs.gradients.items()
        ],
        "exhibits": [
            exhibit_view(key, exhibit, inputs.checks / data, figure_numbers=figure_numbers, table_numbers=table_numbers)
            for data in inputs.manifests
            for key, exhibit in inputs.exhibits.items()
        ],
        "protocols": {name: asdict(protocol) for name, protocol in inputs.protocols.items()},
        "manifests": inputs.manifests,
        "runs": run_entries(inputs),
    }
