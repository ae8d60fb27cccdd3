"""bnlab: from CIFAR-10 to the reports of the studies in config/studies.

snakemake --cores 8             everything that config/config.yaml asks for
snakemake --cores 8 demo        one study's report (any file in config/studies)
snakemake --cores 8 results/runs/official/50-50_bn_he_lambda0.005_seed1_9250ba6a/run.json
"""

from snakemake.utils import min_version

min_version("9.18")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/files.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/gradients.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/reporting.smk"


onstart:
    # Snakemake 9.27 looks at all ready jobs a second after each look at them, once more for every job that has ended:
    # a third of a core with a thousand trainings ready. It does so to limit how fast jobs start; here cores limit that.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


rule all:
    """The reports of the configured studies, and every run behind them."""
    default_target: True
    input:
        [page_of(study) for study in config["studies"]],
        [run_files(RUNS[study]) for study in config["studies"]],
        lambda _: [
            file for study in config["studies"] for file in run_files(all_runs(study))
        ],
        lambda _: ledger(),
