"""One self-contained HTML page per study, from its tables and figures. Equal inputs give equal bytes."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bnlab import formatting
from bnlab.analysis.intervals import LEVEL, POWER
from bnlab.analysis.power import POINTS
from bnlab.claims.outcomes import GRADIENTS
from bnlab.config.studies import Configuration
from bnlab.files import write_text
from bnlab.report.claim_rows import claim_rows, said_once
from bnlab.report.counts import outcome_counts
from bnlab.report.gate_table import ORACLES, gradient_table
from bnlab.report.gradient_figures import gradient_figures
from bnlab.report.inputs import Inputs, read_inputs
from bnlab.report.medium import ALONE, Medium
from bnlab.report.reported_checks import ReportedCheckView, reported_check_view
from bnlab.report.run_list import link_groups, run_entries
from bnlab.report.sections import section
from bnlab.report.settings import shared_and_own

METRIC_NAMES = {
    "test_accuracy": "test accuracy",
    "validation_accuracy": "validation accuracy",
    "gain": "gain in test accuracy from batch normalization",
}


def render_page(configuration: Configuration, study: str, *, results: Path, accepted: Sequence[str] = ()) -> None:
    """Write results/studies/<study>/page.html.

    accepted: changes of code that somebody declared harmless after results were made with older code.

    Reads runs.csv, test.csv, cells.csv, pairs.csv, expectations.csv and the figures with their data there, and gradient
    checks, their figures, and manifests below `results`. Raises IntegrityError when the tables are about other runs
    than the configuration.
    """
    inputs = read_inputs(configuration, study, results=results)
    page = environment().get_template("study.html.jinja").render(study_context(inputs), accepted=accepted)
    write_text(results / "studies" / study / "page.html", page)


def environment(medium: Medium = ALONE, *templates: Path) -> Environment:
    """The templates beside this module, and in folders that go before, with all that they call.

    medium: where links lead, and how figures stand on a page.
    """
    environment = Environment(
        loader=FileSystemLoader([*templates, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        percent=formatting.percent,
        points=formatting.points,
        percent_and_sd=formatting.percent_and_sd,
        points_and_sd=formatting.points_and_sd,
        loss_and_sd=formatting.loss_and_sd,
        error=formatting.error,
        short=formatting.short_number,
        count=formatting.count,
        confidence=f"{100 * LEVEL:.0f}",
        power=f"{100 * POWER:.0f}",
        margin=f"{100 * POINTS:g}",
        generated_note=formatting.GENERATED_NOTE,
        metric_names=METRIC_NAMES,
        oracle_names=ORACLES,
        shared_and_own=shared_and_own,
        heading=2,
        to=medium,
        drawn=medium.drawn,
    )
    return environment


def study_context(inputs: Inputs, *, gate: bool = True) -> dict[str, Any]:
    """What the parts of a study's page show, numbered in their order.  gate: the gradient check among them."""
    figure_numbers, table_numbers = itertools.count(1), itertools.count(1)
    sections = [section(inputs, experiment, figure_numbers, table_numbers) for experiment in inputs.study.experiments]
    # What is said of gradients stands beside the reported checks.
    of_gradients = (inputs.claims["group"] == GRADIENTS) & bool(inputs.reported_checks)
    said_of_gradients = inputs.claims[of_gradients]
    further = inputs.claims[(inputs.claims["experiment"] == "") & ~of_gradients]
    expectations = [row for _, row in inputs.expectations.iterrows()]
    further_number = next(table_numbers) if len(further) else None
    expectations_number = next(table_numbers) if expectations else None
    gradients = [
        (next(table_numbers), gradient_table(found), gradient_figures(inputs, data, figure_numbers))
        for data, found in inputs.gradients.items()
        if gate
    ]
    said_number = next(table_numbers) if len(said_of_gradients) else None
    reported_checks = [
        reported_check_view(
            key, reported_check, inputs.checks / data, figure_numbers=figure_numbers, table_numbers=table_numbers
        )
        for data in inputs.manifests
        for key, reported_check in inputs.reported_checks.items()
    ]
    return {
        "title": inputs.study.title,
        "study": inputs.study,
        "generated": "generated" in inputs.manifests,
        "n_runs": len(inputs.specs),
        "n_diverged": int(inputs.runs["diverged_at"].notna().sum()),
        "n_held": int(inputs.expectations["holds"].sum()),
        "sections": sections,
        "counts": outcome_counts(inputs.claims),
        "claims": said_once(claim_rows(inputs.claims, inputs.specs, _table_numbers(reported_checks))),
        "further": claim_rows(further, inputs.specs),
        "further_number": further_number,
        "expectations": [(row, link_groups(row["runs"].split(), inputs.specs)) for row in expectations],
        "expectations_number": expectations_number,
        "gradients": gradients,
        "said_of_gradients": claim_rows(said_of_gradients, inputs.specs, _table_numbers(reported_checks)),
        "said_of_gradients_number": said_number,
        "reported_checks": reported_checks,
        "protocols": {name: protocol.model_dump() for name, protocol in inputs.protocols.items()},
        "manifests": inputs.manifests,
        "data_names": {one.data.name: one.data.title for one in inputs.protocols.values()},
        "runs": run_entries(inputs),
    }


def _table_numbers(views: Iterable[ReportedCheckView]) -> dict[str | None, int]:
    """The number of the first table on the page that stands beside each published one, by the latter's name.

    A table beside which nothing was published has None for a name.
    """
    numbers: dict[str | None, int] = {}
    for view in views:
        # A reported check has its tables in the order in which its cases name the published ones.
        names = dict.fromkeys(case.get("published") for case in view.reported_check["cases"])
        numbers = dict(zip(names, (table.number for table in view.tables), strict=True)) | numbers
    return numbers
