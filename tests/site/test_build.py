"""The site of two made-up reports, as files: complete, linked, and the same for the same results."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bnlab.config.synthesis import load_synthesis
from bnlab.site.build import build_site, build_study_site
from bnlab.site.runs import CURVES, SETTINGS
from tests.report.test_study import Page
from tests.report.test_synthesis import SYNTHESIS, Workplace, moved, workplace

PAGES = {
    "index", "question-depth", "question-decay", "question-rest", "searches", "study-first", "study-second", "ledger",
    "runs", "gradients", "calibration", "methods", "provenance",
}  # fmt: skip


def built(made: Workplace) -> Path:
    """The folder of the site of both reports."""
    made.synthesis()
    synthesis = load_synthesis(made.configuration, made.configuration.folder)
    build_site(made.configuration, synthesis, results=made.results)
    return made.results / "site"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Two reports and their site. Tests only read them."""
    made = workplace(tmp_path_factory.mktemp("site"))
    built(made)
    build_study_site(made.configuration, "first", results=made.results)
    return made


@pytest.fixture(scope="module", params=["site", "studies/first/site"])
def folder(made: Workplace, request: pytest.FixtureRequest) -> Path:
    """The site of all reports, and that of a study by itself."""
    return made.results / request.param


def script(path: Path) -> Any:
    """The last argument of a call that is a script."""
    call = path.read_text(encoding="utf-8")
    return json.loads(re.sub(r'^bnlab\.\w+\((?:"[^"]*",)? ?', "", call).removesuffix(");\n"))


def test_there_is_a_page_for_everything(made: Workplace) -> None:
    """A page per question and report, and those about the rest; a study by itself has its own first page."""
    assert {path.stem for path in (made.results / "site").glob("*.html")} == PAGES
    alone = made.results / "studies" / "first" / "site"
    assert {path.stem for path in alone.glob("*.html")} == {"index", "runs", "gradients", "methods", "provenance"}


def test_each_study_s_page_shows_its_own_figures(made: Workplace) -> None:
    """Several studies have experiments of one name."""
    site = made.results / "site"
    for study in ("first", "second"):
        images = [str(src) for src in Page((site / f"study-{study}.html").read_text(encoding="utf-8")).values("src")]
        drawn = [src for src in images if src.startswith(f"figures/{study}/")]
        assert f"figures/{study}/depth_curves.svg" in drawn
        for src in drawn:
            stored = made.results / "studies" / study / "figures" / Path(src).name
            assert (site / src).read_bytes() == stored.read_bytes()


def test_a_report_that_no_question_is_about_has_its_page_too(made: Workplace, tmp_path: Path) -> None:
    """The ledger leads there."""
    question = {"id": "q", "label": "q", "title": "Q?", "text": "A.", "experiments": ["first/depth"], "claims": []}
    other = moved(made, tmp_path)
    other.synthesis(SYNTHESIS | {"questions": [question]})
    build_site(other.configuration, load_synthesis(other.configuration, tmp_path / "config"), results=other.results)
    assert 'href="study-second.html' in (other.results / "site" / "ledger.html").read_text(encoding="utf-8")
    assert (other.results / "site" / "study-second.html").is_file()


def test_every_link_leads_somewhere(folder: Path) -> None:
    """To a file of the site and, where there is a fragment that asks for no choice, to a place on its page."""
    pages = {path.name: Page(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")}
    ids = {name: set(page.values("id")) for name, page in pages.items()}
    for name, page in pages.items():
        for goal in [*page.values("href"), *page.values("src")]:
            file, _, place = goal.partition("#")
            assert goal.startswith("data:") or (folder / (file or name)).is_file(), f"{name}: {goal}"
            if place and "=" not in place:
                assert place in ids[file or name], f"{name}: {goal}"
        assert name == "index.html" or any(f'href="{name}"' in other.read_text() for other in folder.glob("*.html"))


def test_every_page_has_one_first_heading_and_a_title(folder: Path) -> None:
    """As screen readers and browsers ask for."""
    for path in folder.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert len(re.findall(r"<h1[ >]", html)) == 1, path.name
        assert re.search(r"<title>.+</title>", html), path.name


def test_the_ledger_has_every_claim_without_javascript(made: Workplace) -> None:
    """With its reason and our numbers: a row each, in the table as it is stored."""
    html = (made.results / "site" / "ledger.html").read_text(encoding="utf-8")
    rows = re.findall(r'<tr id="claim-.*?</tr>', html, flags=re.DOTALL)
    assert len(rows) == len(made.ledger)
    for row, (_, claim) in zip(rows, made.ledger.iterrows(), strict=True):
        assert f'data-outcome="{claim["outcome"].lower()}"' in row
        assert row.count("<circle") == len(claim["measured"].split())


def test_runs_are_handed_over_with_all_that_they_are(made: Workplace) -> None:
    """Each once, with all experiments that list it, each of which has its curve."""
    content = script(made.results / "site" / "data" / "runs.js")
    assert content["settings"] == list(SETTINGS)
    names = {run[-1] for run in content["rows"]}
    assert len(names) == len(content["rows"])
    assert names == {
        name for key in ("first", "second") for name in made.configuration.names(made.configuration.study(key).runs)
    }
    places = content["places"]
    listed = [(study, one.id) for study in ("first", "second") for one in made.configuration.study(study).experiments]
    assert [tuple(place) for place in places] == listed
    for study, experiment in listed:
        at = listed.index((study, experiment))
        specs = made.configuration.study(study).experiment(experiment).runs
        assert {run[-1] for run in content["rows"] if at in run[0]} == set(made.configuration.names(specs))
    listings = [(run[-1], *places[place]) for run in content["rows"] for place in run[0]]
    for name, study, experiment in listings:
        curves = script(made.results / "site" / "data" / f"curves-{study}.{experiment}.js")["curves"]
        stored = pd.read_csv(made.results / "studies" / study / "curves.csv")
        stored = stored[stored["run"] == name]
        assert curves[name][0] == stored["update"].tolist()
        found = dict(zip(CURVES, curves[name][2:], strict=True))
        assert found["validation_loss"] == pytest.approx(stored["validation_loss"].tolist(), abs=1e-4)
        assert found["probe_accuracy"] == pytest.approx((100 * stored["probe_accuracy"]).tolist(), abs=1e-4)


def test_figures_can_be_had(made: Workplace) -> None:
    """Each that a page shows has an alternative text, and links to its files."""
    page = (made.results / "site" / "question-depth.html").read_text(encoding="utf-8")
    images = re.findall(r'<img src="(figures/[^"]*)\.svg" alt="([^"]*)"', page)
    assert len(images) == 2
    for name, alternative in images:
        assert len(alternative) > 20
        assert f'href="{name}.svg"' in page and f'href="{name}.png"' in page


def test_the_same_results_make_the_same_site(made: Workplace) -> None:
    """Byte by byte."""
    folder = made.results / "site"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    built(made)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
