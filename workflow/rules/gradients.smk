"""The gate, without which nothing is trained, and reported checks about gradients, which only pages wait for."""


rule gate:
    """Check gradients, updates and evaluation against independent ones on images of one data set."""
    input:
        due("gate", "{data}"),
    output:
        proof="results/gradients/{data}.json",
    log:
        "results/logs/gradients/{data}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab gate {wildcards.data} > {log} 2>&1"


rule step_sizes:
    """Measure the error of numerical gradients against their step."""
    input:
        due("step-sizes", "{data}"),
    output:
        table="results/gradients/{data}/step_sizes.csv",
    log:
        "results/logs/gradients/{data}_step_sizes.log",
    priority: AFTER_GATE
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab step-sizes {wildcards.data} > {log} 2>&1"


rule overfit:
    """Learn a few images perfectly."""
    input:
        due("overfit", "{data}"),
    output:
        table="results/gradients/{data}/overfit.csv",
    log:
        "results/logs/gradients/{data}_overfit.log",
    priority: AFTER_GATE
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab overfit {wildcards.data} > {log} 2>&1"


rule reported_check:
    """Repeat a report's own gradient check on images of one data set."""
    input:
        due("reported-check", "{data}", "{reported_check}"),
    output:
        table="results/gradients/{data}/{reported_check}.csv",
    log:
        "results/logs/gradients/{data}_{reported_check}.log",
    # The longest takes minutes, more than any training: it must not come last.
    priority: AFTER_GATE
    conda:
        "../envs/bnlab.yaml"
    resources:
        mem_mb=1500,
    shell:
        "python -m bnlab reported-check {wildcards.data} {wildcards.reported_check} > {log} 2>&1"


rule gradient_figure:
    """Draw one figure about gradients: error against step, images learnt perfectly, or a reported check."""
    input:
        due("gradient-figure", "{data}", "{gradient_figure}"),
    output:
        svg=report(
            "results/gradients/{data}/{gradient_figure}.svg",
            caption="../report/gradients.rst",
            category="Figures",
            subcategory="gradients",
            labels={"experiment": "{data}", "figure": "{gradient_figure}"},
        ),
        png="results/gradients/{data}/{gradient_figure}.png",
    log:
        "results/logs/gradients/{data}_{gradient_figure}_figure.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab gradient-figure {wildcards.data} {wildcards.gradient_figure} > {log} 2>&1"
