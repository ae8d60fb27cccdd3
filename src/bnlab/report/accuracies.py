"""The first figure of the synthesis, and the numbers that it shows."""

from pathlib import Path

import pandas as pd

from bnlab.analysis.collect import write_csv
from bnlab.analysis.read import read_table
from bnlab.claims.outcomes import RESULTS, unit_of
from bnlab.config.studies import Configuration
from bnlab.config.synthesis import Synthesis
from bnlab.figures.answer import draw
from bnlab.figures.style import house_style, save
from bnlab.runs.datasets import GENERATED

OTHER = "other networks"
"""The label of accuracies that belong to no question."""


def draw_answer(configuration: Configuration, synthesis: Synthesis, *, results: Path) -> None:
    """Write answer.csv, answer.svg and answer.png below results/tables, from the ledger there."""
    tables = results / "tables"
    runs = (run for study in synthesis.studies for run in configuration.study(study).runs)
    generated = any(configuration.protocols[run.protocol].data == GENERATED for run in runs)
    accuracies = printed_accuracies(read_table(tables / "claims.csv"), synthesis)
    write_csv(tables / "answer.csv", accuracies)
    with house_style():
        save(draw(accuracies, read_table(tables / "claims_summary.csv"), generated=generated), tables / "answer")


def printed_accuracies(claims: pd.DataFrame, synthesis: Synthesis) -> pd.DataFrame:
    """Every accuracy that a report prints, as a fraction, with ours, the interval that decides, and the outcome.

    claims: claims.csv.  A row per number, in the order of the questions; where two name it, of the later one.
    """
    labels = {name: one.label for one in synthesis.questions for name in (*one.claims, *one.further_claims)}
    order = [*dict.fromkeys(one.label for one in synthesis.questions), OTHER]
    units = [unit_of(kind, metric) for kind, metric in zip(claims["kind"], claims["metric"].fillna(""), strict=True)]
    shown = claims[(claims["group"] == RESULTS) & (pd.Series(units, index=claims.index) == "%")]
    named = [labels.get(row["id"], labels.get(row["item"], OTHER)) for _, row in shown.iterrows()]
    table = pd.DataFrame(
        {
            "question": named,
            "report": shown["report"],
            "claim": shown["id"],
            "reported": shown["reported"].astype(float),
            "ours": shown["ours_mean"],
            "low": shown["low"],
            "high": shown["high"],
            "outcome": shown["outcome"],
        }
    )
    ranked = table.assign(rank=table["question"].map(order.index)).sort_values(["rank", "report"], kind="stable")
    return ranked.drop(columns="rank").reset_index(drop=True)
