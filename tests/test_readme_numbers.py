"""The README's numbers are those of the reference result."""

import csv
import json
import re
from pathlib import Path

from bnlab.config.studies import load_configuration
from bnlab.runs.names import parse_run_name

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
VERDICTS = ["REPRODUCED", "NOT REPRODUCED", "CONTRADICTED", "INCONCLUSIVE", "NOT COMPARABLE", "INCONSISTENT"]


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_of_verdicts_is_counted_from_the_ledger() -> None:
    """Per report and for all: the claims there are, and how many met each verdict."""
    claims = rows(REFERENCE / "claims.csv")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for report in ("falk2024", "anon", "banaei2022", "fan2017", "saccardi2022", "all"):
        own = [claim["verdict"] for claim in claims if report in (claim["report"], "all")]
        (line,) = re.findall(rf"^\| {report} \|(.*)\|$", readme, re.MULTILINE)
        cells = [int(cell) if cell.strip() else 0 for cell in line.split("|")]
        assert cells == [len(own), *(own.count(verdict) for verdict in VERDICTS)], report


def test_the_number_of_networks_is_that_of_the_reference() -> None:
    """As many as have predictions."""
    runs = len(rows(REFERENCE / "predictions.csv"))
    assert json.loads((REFERENCE / "provenance.json").read_text(encoding="utf-8"))["runs"] == runs
    assert f"trains {runs:,} networks" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_how_much_longer_others_take_is_what_was_measured() -> None:
    """The smallest and the largest ratio over networks and precisions, for each instruction set."""
    measured = rows(ROOT / "docs" / "data" / "performance_updates.csv")
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    def span(contestant: str, instructions: str) -> str:
        found = [
            float(row["ratio"])
            for row in measured
            if (row["contestant"], row["instructions"]) == (contestant, instructions)
        ]
        return f"{min(found):.1f} to {max(found):.1f} times"

    for contestant, subject in (("PyTorch", "PyTorch takes"), ("JAX, scan", "JAX's compiled loop takes")):
        older, newer = (span(contestant, instructions) for instructions in ("AVX2", "AVX-512"))
        assert re.search(rf"{subject} {older}[^;.]* with AVX2 and {newer} with AVX-512", readme), (older, newer)


def test_the_run_that_is_named_as_an_example_exists() -> None:
    """README, Snakefile and command line name a run of the present configuration, digest included."""
    configuration = load_configuration(ROOT / "config")
    for file in ("README.md", "Snakefile", "src/bnlab/cli.py"):
        names = re.findall(r"official/50\S*?_seed1_[0-9a-f]{8}", (ROOT / file).read_text(encoding="utf-8"))
        assert names, file
        for name in names:
            assert configuration.name(parse_run_name(name, configuration.protocols)) == name
