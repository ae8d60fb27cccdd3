"""The validated configuration, and the names that several rule files share."""

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

from bnlab.claim_settings import claimed_reports, load_claims
from bnlab.cost import estimated_seconds
from bnlab.errors import BnlabError
from bnlab.exhibit_settings import exhibit_names, has_rivals, load_exhibit
from bnlab.fingerprint import code_fingerprint
from bnlab.gradient_settings import (
    load_gate_settings,
    load_overfit_settings,
    load_step_sizes_settings,
)
from bnlab.ledger import exhibits_of as claimed_exhibits
from bnlab.ledger import studies_of as claimed_studies
from bnlab.names import split_name
from bnlab.rankings import ranking_path
from bnlab.stored import is_current
from bnlab.study import check_selection, load_configuration
from bnlab.synthesis_settings import load_synthesis

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
    EXHIBITS = {exhibit: load_exhibit(exhibit) for exhibit in exhibit_names()}
except BnlabError as error:
    raise WorkflowError(str(error)) from None

STUDIES = CONFIGURATION.studies
REPORTS = claimed_reports()
RUNS = {study: CONFIGURATION.names(STUDIES[study].runs) for study in STUDIES}
# Edits of these modules, comments and docstrings apart, invalidate what they made.
CODE = {
    name: code_fingerprint(f"bnlab.{module}")
    for name, module in {
        "split": "data.splits",
        "gradients": "gradients.check",
        "step_sizes": "gradients.step_sizes",
        "overfit": "gradients.overfit",
        "exhibits": "gradients.exhibit",
        "gradient_figures": "analysis.gradient_figures",
        "train": "experiment.run",
        "rank": "analysis.rank",
        "collect": "analysis.collect",
        "heldout": "analysis.heldout",
        "tables": "analysis.tables",
        "claims": "analysis.claims",
        "figures": "analysis.figures",
        "report": "report.render",
        "synthesis": "report.synthesis",
        "pdf": "report.pdf",
    }.items()
}

PAGE = [
    f"src/bnlab/report/{name}"
    for name in ["page.html.jinja", "macros.html.jinja", "report.css"]
]

# Trainings start in the order of their cost, and everything else before any of them: what they wait for; and tables,
# figures and reports, because at every step Snakemake looks at all input files of the jobs that are ready and wait.
FIRST = 10**9


wildcard_constraints:
    data="cifar10|generated",
    protocol="[a-z][a-z0-9_-]*",
    run="[A-Za-z0-9._-]+",
    split="[a-z0-9_-]+",
    study="|".join(STUDIES),
    report="|".join(REPORTS) or "none",
    exhibit="|".join(["step_sizes", "overfit", *EXHIBITS]),
    report_check="|".join(EXHIBITS),
    experiment="[a-z][a-z0-9_-]*",
    figure="curves|grid|initialization|weight_decay",


def needs_of(wildcards):
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
    if run.continues is None:
        return []
    for runs in RUNS.values():
        for name in runs:
            if name.endswith(f"_{run.continues}"):
                return run_files([name], "run.json", "model.npz")
    raise WorkflowError(
        f"{run}: goes on from a run whose name ends in _{run.continues}, which no study has."
    )


def run_of(name):
    """The run of that directory name; one that no study has is read from the name, or refused."""
    for runs in RUNS.values():
        if name in runs:
            return runs[name]
    return CONFIGURATION.parse(name)


def cost_of(run):
    """Seconds that a run will take, more or less."""
    spec = run_of(run)
    return estimated_seconds(spec, CONFIGURATION.protocols[spec.protocol])


def data_files(data):
    """The prepared data set."""
    arrays = [
        "train_images.npy",
        "train_labels.npy",
        "test_images.npy",
        "test_labels.npy",
    ]
    return [f"results/data/{data}/{name}" for name in ["manifest.json", *arrays]]


def run_files(runs, *names):
    """The named files of each run's folder; by default all that make up its result."""
    names = names or ("run.json", "curves.csv", "model.npz", "test_predictions.npz")
    return [f"results/runs/{run}/{name}" for run in runs for name in names]


def runs_of(study, experiment=None):
    """The runs of a study, or of one of its experiments, by their directories below results/runs.

    Snakemake comes back to a study whose grids take over what a search found, once that search is ranked.
    """
    for one in STUDIES[study].experiments:
        if experiment in (None, one.id):
            for search in one.searches:
                checkpoints.rank.get(study=study, experiment=search)
    return known_runs(study, experiment)


def known_runs(study, experiment=None):
    """What `runs_of` gives, as far as it is known by now."""
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


def report_of(study):
    """A study's report, for screens and for paper."""
    return [f"results/studies/{study}/report.{ending}" for ending in ("html", "pdf")]


def data_of(study):
    """The data sets a study's runs are trained on."""
    return sorted(
        {CONFIGURATION.protocols[run.protocol].data for run in STUDIES[study].runs}
    )


def synthesis_inputs(_):
    """The ledger, and the tables and figures of every study that the synthesis shows."""
    files = expand("results/tables/claims/{report}.csv", report=REPORTS)
    for study in SYNTHESIS.studies:
        names = ["runs", "test", "cells", "pairs", "expectations"]
        files += [f"results/studies/{study}/{name}.csv" for name in names]
        files += figures_of(study)
        files += [f"results/gradients/{data}.json" for data in data_of(study)]
    return files


def exhibit_files(exhibit):
    """The description of a report's check: its own file, and the one that holds its published tables."""
    if exhibit not in EXHIBITS:
        return []
    return [
        f"config/exhibits/{name}.yaml"
        for name in dict.fromkeys([exhibit, EXHIBITS[exhibit]["published_in"]])
    ]


def exhibits_of(study):
    """What a study's report shows about gradients on its data: two figures, and the reports' own checks it names."""
    files = []
    for data in data_of(study):
        files += [
            f"results/gradients/{data}/{name}.svg" for name in ("step_sizes", "overfit")
        ]
        for exhibit in STUDIES[study].gradients:
            endings = ["csv", "svg"] if has_rivals(EXHIBITS[exhibit]) else ["csv"]
            files += [
                f"results/gradients/{data}/{exhibit}.{ending}" for ending in endings
            ]
    return files


@cache
def claims_of(report):
    """The claims of a report. Read when something needs them: a study can be edited while no claim about it matters."""
    try:
        return load_claims(CONFIGURATION, [report])
    except BnlabError as error:
        raise WorkflowError(str(error)) from None


def judged_files(report):
    """What a report's claims are judged by, their own file included."""
    claims = claims_of(report)
    exhibits = claimed_exhibits(claims)
    return [
        f"config/claims/{report}.yaml",
        *(
            f"results/studies/{study}/{table}.csv"
            for study in claimed_studies(claims)
            for table in ("runs", "curves", "test")
        ),
        *dict.fromkeys(file for exhibit in exhibits for file in exhibit_files(exhibit)),
        *(f"results/gradients/cifar10/{exhibit}.csv" for exhibit in exhibits),
    ]


def claims_files(study):
    """A study's claims with their verdicts, where it is a report's."""
    return [f"results/tables/claims/{study}.csv"] if study in REPORTS else []


def ledger():
    """The ledger of all reports and the synthesis, if all studies that they need are configured."""
    asked = set(config["studies"])
    if not REPORTS or not asked.issuperset(REPORTS):
        return []
    needed = {
        study for report in REPORTS for study in claimed_studies(claims_of(report))
    }
    if not asked >= needed:
        return []
    last = report_of("synthesis") if SYNTHESIS and asked >= {*SYNTHESIS.studies} else []
    return ["results/tables/claims.csv", "results/tables/claims_summary.csv", *last]


def figures_of(study):
    """Every figure of a study."""
    return [
        f"results/studies/{study}/figures/{experiment.id}_{figure}.svg"
        for experiment in STUDIES[study].experiments
        for figure in experiment.figures
    ]
