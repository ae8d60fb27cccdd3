"""The gate, without which nothing is trained, and reported checks about gradients, which only pages wait for."""


rule gate:
    """Check gradients, updates and evaluation against independent ones on images of one data set."""
    input:
        settings="config/gradients/gate.yaml",
        data=TARGETS.data_files("{data}"),
    output:
        proof="results/gradients/{data}.json",
    log:
        "results/logs/gradients/{data}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=TARGETS.code["gate"],
    shell:
        "python -m bnlab gate {wildcards.data} > {log} 2>&1"


rule step_sizes:
    """Measure the error of numerical gradients against their step."""
    input:
        settings="config/gradients/step_sizes.yaml",
        data=TARGETS.data_files("{data}"),
    output:
        table="results/gradients/{data}/step_sizes.csv",
    log:
        "results/logs/gradients/{data}_step_sizes.log",
    priority: AFTER_GATE
    conda:
        "../envs/bnlab.yaml"
    params:
        code=TARGETS.code["step-sizes"],
    shell:
        "python -m bnlab step-sizes {wildcards.data} > {log} 2>&1"


rule overfit:
    """Learn a few images perfectly."""
    input:
        settings="config/gradients/overfit.yaml",
        data=TARGETS.data_files("{data}"),
    output:
        table="results/gradients/{data}/overfit.csv",
    log:
        "results/logs/gradients/{data}_overfit.log",
    priority: AFTER_GATE
    conda:
        "../envs/bnlab.yaml"
    params:
        code=TARGETS.code["overfit"],
    shell:
        "python -m bnlab overfit {wildcards.data} > {log} 2>&1"


rule reported_check:
    """Repeat a report's own gradient check on images of one data set."""
    input:
        description=lambda w: TARGETS.reported_check_files(w.reported_check),
        data=TARGETS.data_files("{data}"),
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
    params:
        code=TARGETS.code["reported-check"],
    shell:
        "python -m bnlab reported-check {wildcards.data} {wildcards.reported_check} > {log} 2>&1"


rule gradient_figure:
    """Draw one figure about gradients: error against step, images learnt perfectly, or a reported check."""
    input:
        description=lambda w: TARGETS.reported_check_files(w.gradient_figure),
        table="results/gradients/{data}/{gradient_figure}.csv",
    output:
        svg="results/gradients/{data}/{gradient_figure}.svg",
        png="results/gradients/{data}/{gradient_figure}.png",
    log:
        "results/logs/gradients/{data}_{gradient_figure}_figure.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        code=TARGETS.code["gradient-figure"],
    shell:
        "python -m bnlab gradient-figure {wildcards.data} {wildcards.gradient_figure} > {log} 2>&1"
