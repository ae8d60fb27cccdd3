"""Which files belong to what: to a run, a data set, a study, a report."""

from snakemake.logging import logger


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


def page_of(study):
    """A study's report, for screens and for paper."""
    return [f"results/studies/{study}/page.{ending}" for ending in ("html", "pdf")]


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


def reported_check_files(reported_check):
    """The description of a report's check: its own file, and the one that holds its published tables."""
    if reported_check not in REPORTED_CHECKS:
        return []
    return [
        f"config/reported_checks/{name}.yaml"
        for name in dict.fromkeys(
            [reported_check, REPORTED_CHECKS[reported_check]["published_in"]]
        )
    ]


def reported_checks_of(study):
    """What a study's report shows about gradients on its data: two figures, and the reports' own checks it names."""
    files = []
    for data in data_of(study):
        files += [
            f"results/gradients/{data}/{name}.svg" for name in ("step_sizes", "overfit")
        ]
        for reported_check in STUDIES[study].gradients:
            endings = (
                ["csv", "svg"]
                if compares_causes(REPORTED_CHECKS[reported_check])
                else ["csv"]
            )
            files += [
                f"results/gradients/{data}/{reported_check}.{ending}"
                for ending in endings
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
    reported_checks = claimed_reported_checks(claims)
    return [
        f"config/claims/{report}.yaml",
        *(
            f"results/studies/{study}/{table}.csv"
            for study in claimed_studies(claims)
            for table in ("runs", "curves", "test")
        ),
        *dict.fromkeys(
            file
            for reported_check in reported_checks
            for file in reported_check_files(reported_check)
        ),
        *(
            f"results/gradients/cifar10/{reported_check}.csv"
            for reported_check in reported_checks
        ),
    ]


def claims_files(study):
    """A study's claims with their verdicts, where it is a report's."""
    return [f"results/tables/claims/{study}.csv"] if study in REPORTS else []


def ledger():
    """The ledger of all reports and the synthesis, if all studies that they need are configured."""
    asked = set(config["studies"])
    if missing := [report for report in REPORTS if report not in asked]:
        logger.info(
            f"No ledger and no synthesis: the key `studies` lacks {', '.join(missing)}, of which config/claims has claims."
        )
    if not REPORTS or missing:
        return []
    needed = {
        study for report in REPORTS for study in claimed_studies(claims_of(report))
    }
    if not asked >= needed:
        return []
    last = page_of("synthesis") if SYNTHESIS and asked >= {*SYNTHESIS.studies} else []
    return ["results/tables/claims.csv", "results/tables/claims_summary.csv", *last]


def figures_of(study):
    """Every figure of a study."""
    return [
        f"results/studies/{study}/figures/{experiment.id}_{figure}.svg"
        for experiment in STUDIES[study].experiments
        for figure in experiment.figures
    ]
