"""From stored runs to tables and figures."""


checkpoint rank:
    """Rank the settings of a search; the experiments that build on it are known from then on."""
    input:
        lambda w: run_files(all_runs(w.study, w.experiment), "run.json"),
    output:
        "results/studies/{study}/rankings/{experiment}.json",
    log:
        "results/logs/rank/{study}_{experiment}.log",
    # What waits for it cannot even be counted before.
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["rank"],
        runs=lambda w: ready_runs(w.study, w.experiment),
    shell:
        "python -m bnlab rank {wildcards.study} {wildcards.experiment} > {log} 2>&1"


rule collect:
    """Join the records and curves of a study's runs; test results stay closed."""
    input:
        "config/studies/{study}.yaml",
        lambda w: run_files(all_runs(w.study), "run.json", "curves.csv"),
    output:
        runs="results/studies/{study}/runs.csv",
        curves="results/studies/{study}/curves.csv",
    log:
        "results/logs/collect/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["collect"],
        runs=lambda w: ready_runs(w.study),
    shell:
        "python -m bnlab collect {wildcards.study} > {log} 2>&1"


rule test_results:
    """Open the test predictions of a study's runs: for tables, never for a choice."""
    input:
        "config/studies/{study}.yaml",
        lambda w: run_files(all_runs(w.study), "run.json", "test_predictions.npz"),
    output:
        "results/studies/{study}/test.csv",
    log:
        "results/logs/test_results/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["test_results"],
        runs=lambda w: ready_runs(w.study),
    shell:
        "python -m bnlab test-results {wildcards.study} > {log} 2>&1"


rule tables:
    """Summarize over seeds, as CSV and Markdown."""
    input:
        "results/studies/{study}/runs.csv",
        "results/studies/{study}/test.csv",
    output:
        "results/studies/{study}/cells.csv",
        "results/studies/{study}/cells.md",
        "results/studies/{study}/pairs.csv",
        "results/studies/{study}/pairs.md",
        "results/studies/{study}/expectations.csv",
    log:
        "results/logs/tables/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["tables"],
    shell:
        "python -m bnlab tables {wildcards.study} > {log} 2>&1"


rule figure:
    """Draw one figure of one experiment."""
    input:
        "results/studies/{study}/runs.csv",
        "results/studies/{study}/curves.csv",
    output:
        "results/studies/{study}/figures/{experiment}_{figure}.svg",
        "results/studies/{study}/figures/{experiment}_{figure}.png",
    log:
        "results/logs/figure/{study}_{experiment}_{figure}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["figures"],
    shell:
        "python -m bnlab figure {wildcards.study} {wildcards.experiment} {wildcards.figure} > {log} 2>&1"


rule claims:
    """Join a report's claims with the runs that they are about, and give each its verdict."""
    input:
        lambda w: judged_files(w.report),
    output:
        "results/tables/claims/{report}.csv",
    log:
        "results/logs/claims/{report}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["claims"],
    shell:
        "python -m bnlab claims {wildcards.report} > {log} 2>&1"


rule ledger:
    """Put the claims of all reports into one table, and count their verdicts."""
    input:
        expand("results/tables/claims/{report}.csv", report=REPORTS),
    output:
        "results/tables/claims.csv",
        "results/tables/claims_summary.csv",
    log:
        "results/logs/ledger.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["claims"],
    shell:
        "python -m bnlab ledger > {log} 2>&1"
