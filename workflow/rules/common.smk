"""The validated configuration, its runs, and what a training waits for."""

import os
import shlex
import sys
from functools import cache
from pathlib import Path

# Jobs run this interpreter and this tree's package, whatever else is on the path or installed.
SOURCE = os.path.join(os.path.dirname(workflow.main_snakefile), "src")
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
    PYTHONPATH=SOURCE,
)
sys.path.insert(0, SOURCE)

from snakemake.settings.enums import RerunTrigger

from bnlab.claims.load import claimed_reports, load_claims
from bnlab.runs.duration import estimated_seconds
from bnlab.errors import BnlabError
from bnlab.config.reported_checks import (
    reported_check_names,
    compares_causes,
    load_reported_check,
)
from bnlab.fingerprint import code_fingerprint
from bnlab.config.gradient_checks import (
    load_gate_settings,
    load_overfit_settings,
    load_step_sizes_settings,
)
from bnlab.claims.model import reported_checks_of as claimed_reported_checks
from bnlab.claims.model import studies_of as claimed_studies
from bnlab.runs.names import split_name
from bnlab.config.rankings import ranking_path
from bnlab.runs.record import is_current
from bnlab.config.studies import check_selection, load_configuration
from bnlab.config.synthesis import load_synthesis

try:
    CONFIGURATION = load_configuration()
    check_selection(config, CONFIGURATION, source="config/config.yaml (or --config)")
    load_gate_settings()
    load_step_sizes_settings()
    load_overfit_settings()
    # A project of one's own need not have one.
    SYNTHESIS = (
        load_synthesis(CONFIGURATION)
        if Path("config/synthesis.yaml").exists()
        else None
    )
    REPORTED_CHECKS = {
        reported_check: load_reported_check(reported_check)
        for reported_check in reported_check_names()
    }
except BnlabError as error:
    raise WorkflowError(str(error)) from None

STUDIES = CONFIGURATION.studies
REPORTS = claimed_reports()
RUNS = {study: CONFIGURATION.names(STUDIES[study].runs) for study in STUDIES}
# Edits of these modules, comments and docstrings apart, invalidate what they made.
CODE = {
    name: code_fingerprint(f"bnlab.{module}")
    for name, module in {
        "split": "data.split_data",
        "gradients": "gradients.gate",
        "step_sizes": "gradients.step_sizes",
        "overfit": "gradients.overfit",
        "reported_checks": "gradients.reported_check",
        "gradient_figures": "figures.draw_gradients",
        "train": "training.job",
        "rank": "analysis.rank",
        "collect": "analysis.collect",
        "test_results": "analysis.test_results",
        "tables": "analysis.tables",
        "claims": "claims.judge",
        "figures": "figures.draw",
        "page": "report.study",
        "synthesis": "report.synthesis",
        "pdf": "report.pdf",
    }.items()
}

PAGE = [
    f"src/bnlab/report/templates/{name}"
    for name in ["page.html.jinja", "macros.html.jinja", "page.css"]
]

# Trainings start in the order of their cost, and everything else before any of them: what they wait for; and tables,
# figures and reports, because at every step Snakemake looks at all input files of the jobs that are ready and wait.
# What only reports show of gradients comes after the check that all trainings wait for.
BEFORE_TRAINING, AFTER_GATE = 10**9, 10**8


wildcard_constraints:
    data="cifar10|generated",
    protocol="[a-z][a-z0-9_-]*",
    run="[A-Za-z0-9._-]+",
    split="[a-z0-9_-]+",
    study="|".join(STUDIES),
    report="|".join(REPORTS) or "none",
    gradient_figure="|".join(["step_sizes", "overfit", *REPORTED_CHECKS]),
    reported_check="|".join(REPORTED_CHECKS),
    experiment="[a-z][a-z0-9_-]*",
    figure="curves|grid|initialization|weight_decay",


def training_inputs(wildcards):
    """What a training waits for; nothing at all when the run is stored and current.

    An edge of the graph would retrain a run whenever the gradient check, the split or the data are merely repeated;
    and behind ancient(), which should prevent that, Snakemake overlooks jobs that do have to run (its issue 4166).
    So a current run has no edges. The rerun trigger "input" would see them come and go: the profile leaves it out.
    """
    if RerunTrigger.INPUT in workflow.rerun_triggers:
        raise WorkflowError(
            "The rerun trigger 'input' is on and would train everything again. Run snakemake in the project's folder, "
            "where it finds profiles/default, or with --rerun-triggers mtime params code software-env."
        )
    name = f"{wildcards.protocol}/{wildcards.run}"
    run = run_of(name)
    settings = workflow.dag_settings
    forced = settings.forceall or settings.forcetargets or "train" in settings.forcerun
    forced = forced or any(
        path.startswith(f"results/runs/{name}/") for path in settings.forcerun
    )
    if is_current(Path("results/runs", name), code=CODE["train"]) and not forced:
        return []
    protocol = CONFIGURATION.protocols[run.protocol]
    return [
        *predecessor_files(run),
        *data_files(protocol.data),
        f"results/gradients/{protocol.data}.json",
        f"results/splits/{split_name(protocol, run.seed)}.npz",
    ]


def predecessor_files(run):
    """What a run reads of the run from whose last state it goes on."""
    if run.warm_start is None:
        return []
    for runs in RUNS.values():
        for name in runs:
            if name.endswith(f"_{run.warm_start}"):
                return run_files([name], "run.json", "model.npz")
    raise WorkflowError(
        f"{run}: goes on from a run whose name ends in _{run.warm_start}, which no study has."
    )


def run_of(name):
    """The run of that directory name; one that no study has is read from the name, or refused."""
    for runs in RUNS.values():
        if name in runs:
            return runs[name]
    return CONFIGURATION.parse(name)


def estimated_duration(run):
    """Seconds that a run will take, more or less."""
    spec = run_of(run)
    return estimated_seconds(spec, CONFIGURATION.protocols[spec.protocol])


def all_runs(study, experiment=None):
    """The runs of a study, or of one of its experiments, by their directories below results/runs.

    Snakemake comes back to a study whose grids take over what a search found, once that search is ranked.
    """
    for one in STUDIES[study].experiments:
        if experiment in (None, one.id):
            for search in one.searches:
                checkpoints.rank.get(study=study, experiment=search)
    return ready_runs(study, experiment)


def ready_runs(study, experiment=None):
    """What `all_runs` gives, as far as it is known by now."""
    paths = [
        ranking_path(study, search, results=Path("results"))
        for search in STUDIES[study].searched
    ]
    stamps = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    return names_at(study, experiment, stamps)


@cache
def names_at(study, experiment, stamps):
    """Read the study again when one of its rankings, of which `stamps` are the times, has changed."""
    now = load_configuration().study(study)
    runs = now.runs if experiment is None else now.experiment(experiment).runs
    return list(CONFIGURATION.names(runs))
