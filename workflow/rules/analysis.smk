"""From stored runs to tables and figures."""


checkpoint rank:
    """Rank the settings of a search; the experiments that build on it are known from then on."""
    input:
        due("rank", "{study}", "{experiment}"),
    output:
        ranking="results/studies/{study}/rankings/{experiment}.json",
    log:
        "results/logs/rank/{study}_{experiment}.log",
    # What waits for it cannot even be counted before.
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab rank {wildcards.study} {wildcards.experiment} > {log} 2>&1"


rule collect:
    """Join the records and curves of a study's runs; test results stay closed."""
    input:
        due("collect", "{study}"),
    output:
        runs="results/studies/{study}/runs.csv",
        curves="results/studies/{study}/curves.csv",
    log:
        "results/logs/collect/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab collect {wildcards.study} > {log} 2>&1"


rule test_results:
    """Open the test predictions of a study's runs: for tables, never for a choice."""
    input:
        due("test-results", "{study}"),
    output:
        test="results/studies/{study}/test.csv",
    log:
        "results/logs/test_results/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab test-results {wildcards.study} > {log} 2>&1"


rule tables:
    """Summarize over seeds, as CSV and Markdown."""
    input:
        due("tables", "{study}"),
    output:
        cells=report(
            "results/studies/{study}/cells.csv",
            caption="../report/cells.rst",
            category="Tables",
            subcategory="{study}",
            labels={"table": "settings"},
        ),
        cells_md="results/studies/{study}/cells.md",
        pairs=report(
            "results/studies/{study}/pairs.csv",
            caption="../report/pairs.rst",
            category="Tables",
            subcategory="{study}",
            labels={"table": "gains"},
        ),
        pairs_md="results/studies/{study}/pairs.md",
        expectations="results/studies/{study}/expectations.csv",
    log:
        "results/logs/tables/{study}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab tables {wildcards.study} > {log} 2>&1"


rule figure:
    """Draw one figure of one experiment, and write its data."""
    input:
        due("figure", "{study}", "{experiment}", "{figure}"),
    output:
        svg=report(
            "results/studies/{study}/figures/{experiment}_{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{study}",
            labels={"experiment": "{experiment}", "figure": "{figure}"},
        ),
        png="results/studies/{study}/figures/{experiment}_{figure}.png",
        data="results/studies/{study}/figures/{experiment}_{figure}.csv",
    log:
        "results/logs/figure/{study}_{experiment}_{figure}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab figure {wildcards.study} {wildcards.experiment} {wildcards.figure} > {log} 2>&1"


rule test_figure:
    """Draw one figure of the test results of one experiment, and write its data."""
    input:
        due("test-figure", "{study}", "{experiment}", "{test_figure}"),
    output:
        svg=report(
            "results/studies/{study}/figures/{experiment}_{test_figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{study}",
            labels={"experiment": "{experiment}", "figure": "{test_figure}"},
        ),
        png="results/studies/{study}/figures/{experiment}_{test_figure}.png",
        data="results/studies/{study}/figures/{experiment}_{test_figure}.csv",
    log:
        "results/logs/figure/{study}_{experiment}_{test_figure}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab test-figure {wildcards.study} {wildcards.experiment} {wildcards.test_figure} > {log} 2>&1"


rule claims:
    """Join a report's claims with the runs that they are about, and give each its outcome."""
    input:
        due("claims", "{report}"),
    output:
        outcomes="results/tables/claims/{report}.csv",
    log:
        "results/logs/claims/{report}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab claims {wildcards.report} > {log} 2>&1"


rule ledger:
    """Put the claims of all reports into one table, and count their outcomes."""
    input:
        due("ledger"),
    output:
        ledger=report(
            "results/tables/claims.csv",
            caption="../report/claims.rst",
            category="Ledger",
            labels={"table": "claims"},
        ),
        summary=report(
            "results/tables/claims_summary.csv",
            caption="../report/summary.rst",
            category="Ledger",
            labels={"table": "outcomes by report"},
        ),
        family=report(
            "results/tables/family.csv",
            caption="../report/family.rst",
            category="Ledger",
            labels={"table": "many claims at once"},
        ),
    log:
        "results/logs/ledger.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab ledger > {log} 2>&1"


rule calibrate:
    """Try the rules of the ledger on our own runs: how often they err, and what they can see."""
    input:
        due("calibrate"),
    output:
        table=report(
            "results/tables/calibration.csv",
            caption="../report/calibration.rst",
            category="Ledger",
            labels={"table": "calibration"},
        ),
    log:
        "results/logs/calibrate.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab calibrate > {log} 2>&1"


rule calibration_figure:
    """Draw how often the rules err, and what they can see."""
    input:
        due("calibration-figure"),
    output:
        svg=report(
            "results/tables/calibration.svg",
            caption="../report/calibration.rst",
            category="Ledger",
            labels={"table": "calibration, drawn"},
        ),
        png="results/tables/calibration.png",
    log:
        "results/logs/calibration_figure.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab calibration-figure > {log} 2>&1"
