"""The validated configuration, and the names that several rule files share.

Rules say `conda: "bnlab"`: with `--software-deployment-method conda` they run in the environment of that name, the one
that environment.yml makes; otherwise they run in the environment that Snakemake itself runs in.
"""

import os
import shlex
import sys

# Jobs run this interpreter and this tree's package, whatever else is on the path or installed.
SOURCE = os.path.join(os.path.dirname(workflow.main_snakefile), "src")
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
    PYTHONPATH=SOURCE,
)
sys.path.insert(0, SOURCE)

from bnlab.errors import BnlabError
from bnlab.fingerprint import code_fingerprint
from bnlab.spec import split_name
from bnlab.study import check_selection, load_configuration

try:
    CONFIGURATION = load_configuration()
    check_selection(config, CONFIGURATION, source="config/config.yaml (or --config)")
except BnlabError as error:
    raise WorkflowError(str(error)) from None

STUDIES = CONFIGURATION.studies
# Every run of every study, by its directory below results/runs.
RUNS = CONFIGURATION.names(run for study in STUDIES.values() for run in study.runs)
SELECTED = {run for key in config["studies"] for run in STUDIES[key].runs}
# Edits of these modules, comments and docstrings apart, invalidate what they made.
CODE = {
    name: code_fingerprint(f"bnlab.{module}")
    for name, module in {
        "generate": "data.generate",
        "split": "data.splits",
        "gradients": "gradients.check",
        "train": "experiment.run",
        "collect": "analysis.collect",
        "heldout": "analysis.heldout",
        "tables": "analysis.tables",
        "figures": "analysis.figures",
        "report": "report.render",
    }.items()
}


wildcard_constraints:
    data="cifar10|generated",
    protocol="[a-z][a-z0-9_-]*",
    run="[A-Za-z0-9._-]+",
    split="[a-z0-9_-]+",
    study="|".join(STUDIES),
    experiment="[a-z][a-z0-9_-]*",
    figure="curves|initialization|weight_decay",


def protocol_of(wildcards):
    """The protocol of the run that a job makes."""
    return CONFIGURATION.protocols[wildcards.protocol]


def split_of(wildcards):
    """The split of the run that a job makes; a name of no present run is a clear error."""
    run = CONFIGURATION.parse(f"{wildcards.protocol}/{wildcards.run}")
    return f"results/splits/{split_name(protocol_of(wildcards), run.seed)}.npz"


def record_of(run):
    """A run's record, by its directory below results/runs."""
    return f"results/runs/{run}/run.json"


def records_of(study):
    """The records of all runs of a study."""
    return [record_of(run) for run in CONFIGURATION.names(STUDIES[study].runs)]


def report_of(study):
    """A study's report."""
    return f"results/studies/{study}/report.html"


def data_of(study):
    """The data sets a study's runs are trained on."""
    return sorted(
        {CONFIGURATION.protocols[run.protocol].data for run in STUDIES[study].runs}
    )


def figures_of(study):
    """Every figure of a study."""
    return [
        f"results/studies/{study}/figures/{experiment.id}_{figure}.svg"
        for experiment in STUDIES[study].experiments
        for figure in experiment.figures
    ]
