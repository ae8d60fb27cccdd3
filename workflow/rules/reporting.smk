"""The pages, and a target for each study."""


rule page:
    """Put tables, figures and the gradient check together as one self-contained HTML page."""
    input:
        due("page", "{study}"),
    output:
        page=report(
            "results/studies/{study}/page.html",
            caption="../report/page.rst",
            category="Pages",
            labels={"page": "{study}"},
        ),
    log:
        "results/logs/report/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab page {wildcards.study} > {log} 2>&1"


rule pdf:
    """Typeset a page: all of its content comes from there."""
    input:
        due("pdf", "{study}"),
    output:
        pdf="results/studies/{study}/page.pdf",
    log:
        "results/logs/pdf/{study}.log",
    wildcard_constraints:
        study="|".join([*TARGETS.studies, "synthesis"]),
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab pdf {wildcards.study} > {log} 2>&1"


rule study_site:
    """Put one study together as a site that opens from disk."""
    input:
        due("study-site", "{study}"),
    output:
        index="results/studies/{study}/site/index.html",
    log:
        "results/logs/site/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab study-site {wildcards.study} > {log} 2>&1"


if TARGETS.synthesis:

    localrules:
        answer_figure,
        synthesis_page,
        site,

    rule answer_figure:
        """Draw all accuracies that reports print beside ours, and how many claims came to what."""
        input:
            due("answer-figure"),
        output:
            svg=report(
                "results/tables/answer.svg",
                caption="../report/answer.rst",
                category="Ledger",
                labels={"table": "printed accuracies, drawn"},
            ),
            png="results/tables/answer.png",
            table="results/tables/answer.csv",
        log:
            "results/logs/answer_figure.log",
        priority: BEFORE_TRAINING
        conda:
            "../envs/bnlab.yaml"
        shell:
            "python -m bnlab answer-figure > {log} 2>&1"

    rule synthesis_page:
        """Put the ledger and the studies' answers together as one page."""
        input:
            due("synthesis-page"),
        output:
            page=report(
                "results/studies/synthesis/page.html",
                caption="../report/page.rst",
                category="Pages",
                labels={"page": "synthesis"},
            ),
        log:
            "results/logs/report/synthesis.log",
        priority: BEFORE_TRAINING
        conda:
            "../envs/bnlab.yaml"
        shell:
            "python -m bnlab synthesis-page > {log} 2>&1"

    rule site:
        """Put everything together as a site that opens from disk: questions, reports, the ledger, runs to compare."""
        input:
            due("site"),
        output:
            index="results/site/index.html",
        log:
            "results/logs/site/synthesis.log",
        priority: BEFORE_TRAINING
        conda:
            "../envs/bnlab.yaml"
        shell:
            "python -m bnlab site > {log} 2>&1"

    rule synthesis:
        """The page and the site on all reports, and all that they rest on."""
        input:
            page=TARGETS.page("synthesis"),
            site=TARGETS.site("synthesis"),
            ledger="results/tables/claims.csv",


# `snakemake --cores 8 official`: one target per file in config/studies.
for study in TARGETS.studies:
    if study in ("all", "everything", "synthesis", *dir(rules)) or workflow.is_rule(
        study
    ):
        raise WorkflowError(
            f"config/studies/{study}.yaml: '{study}' is the name of a rule. Rename the file: a study is a target too."
        )

    rule:
        name:
            study
        input:
            pages=lambda _, study=study: explained(
                TARGETS.pages, study, config["studies"]
            ),
            # What is known at once need not wait for a search.
            known=TARGETS.records(TARGETS.runs[study]),
            found=lambda _, study=study: TARGETS.records(all_runs(study)),

    if rules.has(study):
        getattr(rules, study).rule.docstring = TARGETS.studies[study].title
