"""The data sets, decoded once, and their splits.

A data set's content is fixed: CIFAR-10's by published digests, the generated one's by the generator's code. What
depends on data therefore takes it as ancient(), and the generator's code as a parameter: preparing the same images
again retrains nothing.
"""


rule prepare:
    """Obtain CIFAR-10 (a local copy or a download) or generate the demo's images."""
    output:
        "results/data/{data}/manifest.json",
        "results/data/{data}/train_images.npy",
        "results/data/{data}/train_labels.npy",
        "results/data/{data}/test_images.npy",
        "results/data/{data}/test_labels.npy",
    log:
        "results/logs/prepare/{data}.log",
    conda:
        "bnlab"
    params:
        source=(
            f"--cifar10 {shlex.quote(config['cifar10'])}" if config["cifar10"] else ""
        ),
    shell:
        # The progress bar of a download is for the terminal too.
        "python -m bnlab prepare {wildcards.data} {params.source} 2>&1 | tee {log}"


rule split:
    """Draw training and validation rows for one seed, with the training part's pixel statistics."""
    input:
        lambda w: ancient(f"results/data/{w.split.partition('_')[0]}/manifest.json"),
    output:
        "results/splits/{split}.npz",
    log:
        "results/logs/split/{split}.log",
    conda:
        "bnlab"
    params:
        code=CODE["split"],
    shell:
        "python -m bnlab split {wildcards.split} > {log} 2>&1"
