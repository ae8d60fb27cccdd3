"""One job per run: an architecture x BN x initialization x weight decay x seed of a protocol.

What makes a stored run valid is its spec, protocol and data, digested in its name, and the trainer's code. Preparing the
data, drawing the split or checking the gradients again retrains nothing.
"""


rule train:
    """Train one network, evaluate it once on everything at the end, and store the result."""
    input:
        due("train", "{protocol}/{run}"),
    output:
        curves="results/runs/{protocol}/{run}/curves.csv",
        model="results/runs/{protocol}/{run}/model.npz",
        test="results/runs/{protocol}/{run}/test_predictions.npz",
        timing="results/runs/{protocol}/{run}/timing.json",
        record="results/runs/{protocol}/{run}/run.json",
    log:
        "results/logs/train/{protocol}/{run}.log",
    # Long runs first: a short one fills the last gaps.
    priority: lambda w: TARGETS.duration(f"{w.protocol}/{w.run}")
    conda:
        "../envs/bnlab.yaml"
    threads: 1
    resources:
        mem_mb=250,
    params:
        # By this, a cache between workflows (--cache train) knows a run: it overlooks wildcards.
        identity=lambda w: [f"{w.protocol}/{w.run}", TARGETS.code("train")],
    shell:
        "python -m bnlab train {wildcards.protocol}/{wildcards.run} > {log} 2>&1"


rule sensitivity:
    """Train a stored run again from parameters moved by one rounding: what other CPUs may find."""
    input:
        due("sensitivity", "{protocol}/{run}"),
    output:
        trials="results/sensitivity/{protocol}/{run}.json",
    log:
        "results/logs/sensitivity/{protocol}/{run}.log",
    conda:
        "../envs/bnlab.yaml"
    threads: 1
    resources:
        mem_mb=250,
    shell:
        "python -m bnlab sensitivity {wildcards.protocol}/{wildcards.run} > {log} 2>&1"
