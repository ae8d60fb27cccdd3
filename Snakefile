"""bnlab: from CIFAR-10 to the pages of the studies in config/studies.

snakemake --cores 8             everything that config/config.yaml asks for
snakemake --cores 8 demo        one study's page (any file in config/studies)
snakemake --cores 8 results/runs/official/50-50_bn_he_lambda0.005_seed1_9250ba6a/run.json
"""

from snakemake.utils import min_version

min_version("9.18")


include: "workflow/rules/first.smk"


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/internals.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/gradients.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/reporting.smk"


speak_to_people()
end_in_good_order()
release_dead_lock()


onstart:
    start_jobs_without_a_limit()


onsuccess:
    logger.info("\n".join(pages()))


onerror:
    explain_kills(log)


rule all:
    """The pages of the configured studies, and every run behind them."""
    default_target: True
    input:
        pages=[TARGETS.page(study) for study in config["studies"]],
        known=[TARGETS.run_files(TARGETS.runs[study]) for study in config["studies"]],
        found=lambda _: [
            file
            for study in config["studies"]
            for file in TARGETS.run_files(all_runs(study))
        ],
        ledger=lambda _: ledger(),
