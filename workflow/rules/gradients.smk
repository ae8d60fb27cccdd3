"""The gradient check, which nothing is trained before, and the reports' own checks, which only the report waits for."""


rule check_gradients:
    """Compare analytic gradients with central differences on images of one data set."""
    input:
        "config/gradients/gate.yaml",
        data_files("{data}"),
    output:
        "results/gradients/{data}.json",
    log:
        "results/logs/gradients/{data}.log",
    priority: FIRST
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["gradients"],
    shell:
        "python -m bnlab check-gradients {wildcards.data} > {log} 2>&1"


rule compare_gradients:
    """Repeat a report's own gradient check on images of one data set."""
    input:
        lambda w: exhibit_files(w.exhibit),
        data_files("{data}"),
    output:
        "results/gradients/{data}/{exhibit}.csv",
    log:
        "results/logs/gradients/{data}_{exhibit}.log",
    conda:
        "../envs/bnlab.yaml"
    resources:
        mem_mb=1500,
    params:
        code=CODE["exhibits"],
    shell:
        "python -m bnlab compare-gradients {wildcards.data} {wildcards.exhibit} > {log} 2>&1"


rule gradient_figure:
    """Draw the errors that rival causes leave, beside the published ones."""
    input:
        lambda w: exhibit_files(w.exhibit),
        "results/gradients/{data}/{exhibit}.csv",
    output:
        "results/gradients/{data}/{exhibit}.svg",
        "results/gradients/{data}/{exhibit}.png",
    log:
        "results/logs/gradients/{data}_{exhibit}_figure.log",
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["rivals"],
    shell:
        "python -m bnlab gradient-figure {wildcards.data} {wildcards.exhibit} > {log} 2>&1"
