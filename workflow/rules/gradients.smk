"""The gradient check: nothing is trained before it passes."""


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
