"""The data sets, decoded once, and their splits.

A data set's content is fixed by its digest in bnlab.runs.datasets, wherever it comes from.
"""


rule prepare:
    """Obtain CIFAR-10 (a local copy or a download) or generate the demo's images."""
    input:
        due("prepare", "{data}"),
    output:
        **{Path(name).stem: f"results/data/{{data}}/{name}" for name in FILES},
    log:
        "results/logs/prepare/{data}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    params:
        source=source_of_images,
    shell:
        "python -m bnlab prepare {wildcards.data} {params.source} > {log} 2>&1"


rule split:
    """Draw training and validation rows for one seed, with the training part's pixel statistics."""
    input:
        due("split", "{split}"),
    output:
        split="results/splits/{split}.npz",
    log:
        "results/logs/split/{split}.log",
    priority: BEFORE_TRAINING
    conda:
        "../envs/bnlab.yaml"
    shell:
        "python -m bnlab split {wildcards.split} > {log} 2>&1"
