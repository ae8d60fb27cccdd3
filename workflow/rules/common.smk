"""The project's files, by its validated configuration, and what is common to all rules."""

from pathlib import Path

from snakemake.logging import logger

from bnlab.data.prepared import FILES
from bnlab.targets import Targets

# A workflow that uses this one as a module need not say all of config.yaml.
for key, value in SELECTION.model_dump().items():
    config.setdefault(key, value)

TARGETS = explained(Targets, config)

if str(workflow.modifier.modify_path("results")) != "results":
    raise WorkflowError(
        "bnlab's commands write below results: a module of it can have neither prefix nor replace_prefix."
    )

if CONFIG.is_absolute():
    logger.info(f"Here is no configuration of bnlab's: it takes that of {CONFIG}.")

# Trainings start in the order of their duration, the longest first. Everything else starts before them: what they wait
# for; and tables, figures and pages, because at every step Snakemake looks at all input files of jobs that are ready
# and waiting. What only pages show about gradients comes after the gate, for which all trainings wait.
BEFORE_TRAINING, AFTER_GATE = 10**9, 10**8


wildcard_constraints:
    data="|".join(TARGETS.data_sets),
    protocol="[a-z][a-z0-9_-]*",
    run="[A-Za-z0-9._-]+",
    split="[a-z0-9_-]+",
    study="|".join(TARGETS.studies),
    report="|".join(TARGETS.reports) or "none",
    gradient_figure="|".join([*TARGETS.gradient_kinds, *TARGETS.reported_checks]),
    reported_check="|".join(TARGETS.reported_checks),
    experiment="[a-z][a-z0-9_-]*",
    figure="|".join(TARGETS.figure_kinds),
    test_figure="|".join(TARGETS.test_figure_kinds),


def all_runs(study, experiment=None):
    """The runs of a study, or of one of its experiments, by their directories below results/runs.

    Snakemake comes back to a study whose grids take over what a search found, once that search is ranked.
    """
    for search in TARGETS.searches(study, experiment):
        checkpoints.rank.get(study=study, experiment=search)
    return TARGETS.ready_runs(study, experiment)


def ledger():
    """The files of the ledger and the synthesis, if all their studies are asked for; logs which are not."""
    made = explained(TARGETS.ledger, config["studies"])
    without = "No synthesis" if made else "No ledger and no synthesis"
    if lacking := explained(TARGETS.lacking, config["studies"]):
        logger.info(
            f"{without}: the key `studies` lacks {', '.join(lacking)}, which config/claims or config/synthesis.yaml needs."
        )
    elif TARGETS.synthesis and not made:
        logger.info(f"{without}: config/claims holds no claims.")
    return made
