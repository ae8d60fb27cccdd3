"""One job per run: an architecture x BN x initialization x weight decay x seed of a protocol.

What makes a stored run valid is its spec and protocol (digested in its name), the data, and the trainer's code. The
gradient check and the split are ancient(): repeating them retrains nothing.
"""


rule train:
    """Train one network, evaluate it once on everything at the end, and store the result."""
    input:
        data=lambda w: ancient(f"results/data/{protocol_of(w).data}/manifest.json"),
        gradients=lambda w: ancient(f"results/gradients/{protocol_of(w).data}.json"),
        split=lambda w: ancient(split_of(w)),
    output:
        "results/runs/{protocol}/{run}/curves.csv",
        "results/runs/{protocol}/{run}/model.npz",
        "results/runs/{protocol}/{run}/test_predictions.npz",
        "results/runs/{protocol}/{run}/timing.json",
        record="results/runs/{protocol}/{run}/run.json",
    log:
        "results/logs/train/{protocol}/{run}.log",
    conda:
        "bnlab"
    threads: 1
    resources:
        mem_mb=250,
    params:
        code=CODE["train"],
        generator=lambda w: (
            CODE["generate"] if protocol_of(w).data == "generated" else "-"
        ),
    shell:
        "python -m bnlab train {wildcards.protocol}/{wildcards.run} > {log} 2>&1"
