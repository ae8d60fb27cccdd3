"""The README's numbers are those of the reference result. Where they are not, it says what to write."""

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from bnlab.analysis.intervals import POWER, mean_interval
from bnlab.analysis.power import POINTS, pairs_needed
from bnlab.claims.outcomes import FAILED, REPRODUCED
from bnlab.config.studies import load_configuration
from bnlab.formatting import percent, percent_and_sd, points
from bnlab.report.counts import HEADLINE, headline
from bnlab.runs.names import parse_run_name

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SHALLOW, DEEP = "50-50", "50-30-20-20-10-10-10-10"


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def readme() -> str:
    """The README, white space run together."""
    return " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def missing(*sentences: str) -> list[str]:
    """Those of the sentences that the README lacks."""
    return [sentence for sentence in sentences if sentence not in readme()]


def counts() -> pd.DataFrame:
    """claims_summary.csv, by report and group."""
    return pd.read_csv(REFERENCE / "claims_summary.csv")


def test_the_headline_counts_measured_results_and_statements() -> None:
    """Each group by itself, in the words that the synthesis has."""
    assert missing(*headline(counts())) == []


@pytest.mark.parametrize("report", ["falk2024", "anon", "banaei2022", "fan2017", "saccardi2022"])
def test_the_table_of_outcomes_is_counted_from_the_ledger(report: str) -> None:
    """Per report and group how many claims there are, how many come back, how many do not, and the rest."""
    summary = counts().set_index(["report", "group"])
    cells = []
    for group in HEADLINE:
        row = summary.loc[(report, group)]
        back, failed = row[REPRODUCED], sum(row[outcome] for outcome in FAILED)
        cells += [row["total"], back, failed, row["total"] - back - failed]
    assert missing(f"| {report} | {' | '.join(map(str, cells))} |") == []


def accuracies(cell: str, *, protocol: str = "official") -> "pd.Series[float]":
    """The test accuracies of one of the official study's cells, by seed; a run that diverged has none."""
    predictions = pd.read_csv(REFERENCE / "predictions.csv")
    found = predictions["run"].str.extract(rf"^{protocol}/{re.escape(cell)}_seed(\d+)_[0-9a-f]{{8}}$")[0]
    chosen = predictions.assign(seed=found).dropna(subset=["seed", "test_accuracy"])
    assert len(chosen), cell
    return chosen.astype({"seed": int}).set_index("seed")["test_accuracy"]


def gains(network: str, initialization: str = "he") -> "pd.Series[float]":
    """The gains from batch normalization, by the seed that both of a pair share."""
    norm, plain = (accuracies(f"{network}_{kind}_{initialization}_lambda0.005") for kind in ("bn", "plain"))
    return (norm - plain).dropna()


@pytest.mark.parametrize(("network", "layers"), [(SHALLOW, 3), (DEEP, 9)])
def test_the_table_of_accuracies_is_that_of_the_reference(network: str, layers: int) -> None:
    """Seeds, means, standard deviations, the gain and its interval."""
    gain = gains(network)
    cells = [accuracies(f"{network}_{kind}_he_lambda0.005") for kind in ("plain", "bn")]
    assert [len(gain)] * 2 == [len(cell) for cell in cells]
    low, high = mean_interval(gain)
    plain, norm = (f"{percent_and_sd(cell.mean(), cell.std())} %" for cell in cells)
    interval = f"{points(gain.mean())} points, {points(low)} to {points(high)}"
    assert missing(f"| {layers} layers ({network}) | {len(gain)} | {plain} | {norm} | {interval} |") == []


def test_what_it_takes_to_see_half_a_point_is_computed() -> None:
    """From the spread of our pairs."""
    assert POINTS == 0.005
    needed = pairs_needed(gains(SHALLOW).std(), POINTS)
    assert missing(f"to see half a point with a probability of {100 * POWER:.0f} % takes {needed} such pairs") == []


def test_the_two_initializations_called_he_are_compared() -> None:
    """Over the seeds that have both."""
    he, fan_in = gains(DEEP), gains(DEEP, "fan_in")
    seeds = he.index.intersection(fan_in.index)
    means = [points(gain[seeds].mean()).removeprefix("+") for gain in (he, fan_in)]
    said = (
        f"over the {len(seeds)} seeds that have both, {means[0]} points with N(0, 2 / fan-in) and {means[1]} points "
        "with N(0, 1 / fan-in)"
    )
    assert missing(said) == []


def test_small_weights_are_as_in_the_reference() -> None:
    """Seeds that still guess have the accuracy of a single class."""
    lowest = accuracies(f"{SHALLOW}_plain_sigma0.0001_lambda0.005")
    norm = accuracies(f"{SHALLOW}_bn_sigma0.0001_lambda0.005")
    longer = accuracies(f"{SHALLOW}_plain_sigma0.001_lambda0.005")
    shorter = accuracies(f"{SHALLOW}_plain_sigma0.001_lambda0.005", protocol="shorter")
    guess, late, still = (f"{(cell == 0.1).sum()} of {len(cell)}" for cell in (lowest, longer, shorter))
    said = [
        f"σ = 1e-4, {guess} seeds still guess after 9,000 updates without it",
        f"with it they reach {percent(norm.mean())} %",
        f"{late} seeds still guess after 9,000 updates, and {still} after 3,600",
    ]
    assert missing(*said) == []


def test_the_seeds_of_the_weight_decays_are_counted() -> None:
    """As many as each value has."""
    assert missing(f"({len(accuracies(f'{SHALLOW}_plain_he_lambda0.1'))} seeds, judged on validation images)") == []


def test_the_number_of_networks_is_that_of_the_reference() -> None:
    """As many as have predictions."""
    runs = len(rows(REFERENCE / "predictions.csv"))
    assert json.loads((REFERENCE / "provenance.json").read_text(encoding="utf-8"))["runs"] == runs
    assert missing(f"trains {runs:,} networks") == []


def test_how_much_longer_others_take_is_what_was_measured() -> None:
    """The smallest and the largest ratio over networks and precisions, for each instruction set."""
    measured = rows(ROOT / "docs" / "data" / "performance_updates.csv")

    def span(contestant: str, instructions: str) -> str:
        found = [
            float(row["ratio"])
            for row in measured
            if (row["contestant"], row["instructions"]) == (contestant, instructions)
        ]
        return f"{min(found):.1f} to {max(found):.1f} times"

    for contestant, subject in (("PyTorch", "PyTorch takes"), ("JAX, scan", "JAX's compiled loop takes")):
        older, newer = (span(contestant, instructions) for instructions in ("AVX2", "AVX-512"))
        assert re.search(rf"{subject} {older}[^;.]* with AVX2 and {newer} with AVX-512", readme()), (older, newer)


def test_the_run_that_is_named_as_an_example_exists() -> None:
    """README, Snakefile and command line name a run of the present configuration, digest included."""
    configuration = load_configuration(ROOT / "config")
    for file in ("README.md", "Snakefile", "src/bnlab/cli/rules.py"):
        names = re.findall(r"official/50\S*?_seed1_[0-9a-f]{8}", (ROOT / file).read_text(encoding="utf-8"))
        assert names, file
        for name in names:
            assert configuration.name(parse_run_name(name, configuration.protocols)) == name
