"""The gradient check, without which nothing is trained, and exhibits about gradients, which only reports wait for."""


rule check_gradients:
    """Compare analytic gradients with three oracles on images of one data set."""
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


rule step_sizes:
    """Measure the error of numerical gradients against their step."""
    input:
        "config/gradients/step_sizes.yaml",
        data_files("{data}"),
    output:
        "results/gradients/{data}/step_sizes.csv",
    log:
        "results/logs/gradients/{data}_step_sizes.log",
    priority: SOON
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["step_sizes"],
    shell:
        "python -m bnlab step-sizes {wildcards.data} > {log} 2>&1"


rule overfit:
    """Learn a few images by heart."""
    input:
        "config/gradients/overfit.yaml",
        data_files("{data}"),
    output:
        "results/gradients/{data}/overfit.csv",
    log:
        "results/logs/gradients/{data}_overfit.log",
    priority: SOON
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["overfit"],
    shell:
        "python -m bnlab overfit {wildcards.data} > {log} 2>&1"


rule compare_gradients:
    """Repeat a report's own gradient check on images of one data set."""
    input:
        lambda w: exhibit_files(w.report_check),
        data_files("{data}"),
    output:
        "results/gradients/{data}/{report_check}.csv",
    log:
        "results/logs/gradients/{data}_{report_check}.log",
    # The longest takes minutes, more than any training: it must not come last.
    priority: SOON
    conda:
        "../envs/bnlab.yaml"
    resources:
        mem_mb=1500,
    params:
        code=CODE["exhibits"],
    shell:
        "python -m bnlab compare-gradients {wildcards.data} {wildcards.report_check} > {log} 2>&1"


rule gradient_figure:
    """Draw one of the exhibits."""
    input:
        lambda w: exhibit_files(w.exhibit),
        "results/gradients/{data}/{exhibit}.csv",
    output:
        "results/gradients/{data}/{exhibit}.svg",
        "results/gradients/{data}/{exhibit}.png",
    log:
        "results/logs/gradients/{data}_{exhibit}_figure.log",
    priority: FIRST
    conda:
        "../envs/bnlab.yaml"
    params:
        code=CODE["gradient_figures"],
    shell:
        "python -m bnlab gradient-figure {wildcards.data} {wildcards.exhibit} > {log} 2>&1"
