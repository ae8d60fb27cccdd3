"""docs/adding-a-study.md works as it stands: its files make a sixth report, with outcomes, from configuration alone."""

import csv
import re
from pathlib import Path

from bnlab.claims.outcomes import OUTCOMES

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-study.md"
FILE = re.compile(r"^```yaml file=(?P<path>\S+)(?P<append> append)?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_worked_example_makes_a_report(fresh) -> None:
    """Its study trains in two stages, its claims get outcomes, and the page shows both beside each other."""
    folder = fresh.folder
    demo = (DOCUMENT.parents[1] / "config" / "protocols.yaml").read_text(encoding="utf-8")
    (folder / "config" / "protocols.yaml").write_text(demo, encoding="utf-8")
    (folder / "config" / "studies" / "tiny.yaml").unlink()
    (folder / "config" / "config.yaml").write_text(
        "studies: [sixth]\ncifar10: null\nseeds_factor: 1\n", encoding="utf-8"
    )
    (folder / "config" / "claims").mkdir(exist_ok=True)
    files = list(FILE.finditer(DOCUMENT.read_text(encoding="utf-8")))
    assert [file["path"] for file in files] == [
        "config/protocols.yaml",
        "config/studies/sixth.yaml",
        "config/claims/sixth.yaml",
    ]
    for file in files:
        with (folder / file["path"]).open("a" if file["append"] else "w", encoding="utf-8") as target:
            target.write(file["body"])
    result = fresh.snakemake("sixth")
    assert result.returncode == 0, result.stdout
    with (folder / "results" / "tables" / "claims" / "sixth.csv").open(encoding="utf-8", newline="") as table:
        claims = {row["id"]: row for row in csv.DictReader(table)}
    assert list(claims) == ["sixth/accuracy_plain", "sixth/accuracy_bn", "sixth/gain", "sixth/best"]
    assert all(row["outcome"] in OUTCOMES for row in claims.values())
    assert claims["sixth/accuracy_plain"]["detectable"]  # nine seeds are enough to decide
    page = (folder / "results" / "studies" / "sixth" / "page.html").read_text(encoding="utf-8")
    assert page.count("Test accuracy without batch normalization.") == 1
    assert "40 %" in page
    assert (folder / "results" / "studies" / "sixth" / "page.pdf").read_bytes().startswith(b"%PDF")
    assert not fresh.planned("sixth")
