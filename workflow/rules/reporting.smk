"""The reports, and a target for each study."""


rule page:
    """Put tables, figures and the gradient check together as one self-contained HTML page."""
    input:
        lambda w: expand("results/gradients/{data}.json", data=data_of(w.study)),
        lambda w: reported_checks_of(w.study),
        lambda w: claims_files(w.study),
        lambda w: figures_of(w.study),
        "results/studies/{study}/runs.csv",
        "results/studies/{study}/test.csv",
        "results/studies/{study}/cells.csv",
        "results/studies/{study}/pairs.csv",
        "results/studies/{study}/expectations.csv",
        "config/studies/{study}.yaml",
        lambda w: expand("results/data/{data}/manifest.json", data=data_of(w.study)),
        PAGE,
        "src/bnlab/report/templates/study.html.jinja",
    output:
        "results/studies/{study}/page.html",
    log:
        "results/logs/report/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["page"],
    shell:
        "python -m bnlab page {wildcards.study} > {log} 2>&1"


rule pdf:
    """Typeset a report's page: all of its content comes from there."""
    input:
        "results/studies/{study}/page.html",
        "src/bnlab/report/templates/page.typ",
    output:
        "results/studies/{study}/page.pdf",
    log:
        "results/logs/pdf/{study}.log",
    wildcard_constraints:
        study="|".join([*STUDIES, "synthesis"]),
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["pdf"],
    shell:
        "python -m bnlab pdf {wildcards.study} > {log} 2>&1"


if SYNTHESIS:

    rule synthesis_page:
        """Put the ledger and the studies' answers together as one page."""
        input:
            "config/synthesis.yaml",
            synthesis_inputs,
            PAGE,
            "src/bnlab/report/templates/synthesis.html.jinja",
        output:
            "results/studies/synthesis/page.html",
        log:
            "results/logs/report/synthesis.log",
        priority: BEFORE_TRAINING
        conda:
            "../envs/bnlab.yaml"
        params:
            code=CODE["synthesis"],
        shell:
            "python -m bnlab synthesis > {log} 2>&1"

    rule synthesis:
        """The last report, and all that it rests on."""
        input:
            page_of("synthesis"),
            "results/tables/claims.csv",


# `snakemake --cores 8 official`: one target per file in config/studies.
for study in STUDIES:
    if study == "all" or workflow.is_rule(study):
        raise WorkflowError(
            f"config/studies/{study}.yaml: '{study}' is the name of a rule. Rename the file: a study is a target too."
        )

    rule:
        name:
            study
        input:
            page_of(study),
            # What is known at once need not wait for a search.
            run_files(RUNS[study]),
            lambda _, study=study: run_files(all_runs(study)),
