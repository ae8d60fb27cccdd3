"""The site as people use it, in Chromium: from disk, at three widths, with the keyboard, and without JavaScript."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from bnlab.report.claim_rows import claim_anchor
from tests.report.test_synthesis import Workplace, workplace
from tests.site.test_build import PAGES, built

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("BNLAB_REQUIRE_BROWSER"),
    reason="needs Chromium: apt-get install chromium",
)
WIDTHS = (400, 800, 1600)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "preload": False}  # it would ask for the style sheets again
SMALLEST = """
() => [...document.querySelectorAll("main *, nav *")]
  .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && one.checkVisibility())
  .map(one => parseFloat(getComputedStyle(one).fontSize)).reduce((a, b) => Math.min(a, b), 99)
"""
FIGURE_LETTERS = 8 / (72 * 6.9)
"""The height of a figure's smallest letters as a part of its width."""
DRAWN = """
() => [...document.querySelectorAll("figure img")].map(one => one.getBoundingClientRect().width)
  .reduce((a, b) => Math.min(a, b), 9999)
"""
CUT = """
() => [...document.querySelectorAll("caption, figcaption, h1, h2, h3, p, summary, label")]
  .filter(one => one.checkVisibility() && (one.getBoundingClientRect().right > innerWidth + 1) && !one.closest(".wide"))
  .map(one => one.textContent)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Two reports and their site."""
    made = workplace(tmp_path_factory.mktemp("browsed"))
    built(made)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; root needs it without its sandbox."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page that must not complain."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.complaints: list[str] = []
        page.set_default_timeout(10_000)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, address: str) -> Page:
        """The page at that address of the site, loaded."""
        self.page.goto(f"{self.folder.as_uri()}/{address}")
        return self.page


@pytest.fixture
def visit(made: Workplace, browser: Browser) -> Iterator[Visit]:
    """A fresh window."""
    context = browser.new_context(
        viewport={"width": 1200, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    visit = Visit(context.new_page(), made.results / "site")
    yield visit
    context.close()
    assert not visit.complaints


def shown_claims(page: Page) -> list[str]:
    """The ids of the claims in the table."""
    return [str(row.get_attribute("id")) for row in page.locator("#claims tbody tr[id]").all() if row.is_visible()]


def chosen(page: Page) -> int:
    """How many curves the chart of the learning rate draws."""
    page.wait_for_selector("#rate canvas")
    return page.locator("#chosen tbody tr").count()


def ink(page: Page, chart: str) -> int:
    """How many pixels of a chart's canvas are drawn on."""
    script = """id => {
      const canvas = document.querySelector(`#${id} canvas`);
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let drawn = 0;
      for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
      return drawn;
    }"""
    return int(page.evaluate(script, chart))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_page_fits_and_can_be_read(visit: Visit, name: str) -> None:
    """At every width nothing is cut off or smaller than nine pixels, and axe finds nothing against WCAG AA."""
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        page = visit.open(f"{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        assert page.evaluate(SMALLEST) >= 9
        assert page.evaluate(DRAWN) * FIGURE_LETTERS >= 9
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("name", "column"), [("report", "report"), ("kind", "group"), ("outcome", "outcome")])
def test_filters_show_what_the_ledger_counts(visit: Visit, made: Workplace, name: str, column: str) -> None:
    """For every value of a filter, as many rows as claims.csv has."""
    page = visit.open("ledger.html")
    for value, n in made.ledger[column].value_counts().items():
        page.select_option(f"[name={name}]", str(value).lower())
        assert len(shown_claims(page)) == n
        assert page.locator("#shown").inner_text() == f"{n} of {len(made.ledger)} claims"


def test_what_is_read_can_be_searched_for(visit: Visit, made: Workplace) -> None:
    """Any kind of minus, but no word of the page's markup."""
    page = visit.open("ledger.html")
    page.fill("[name=words]", "span")
    assert shown_claims(page) == []
    page.fill("[name=words]", "")
    negative = made.ledger[pd.to_numeric(made.ledger["ours_mean"]) < 0].iloc[0]
    words = next(
        cell for cell in page.locator(f"[id='{claim_anchor(negative.name)}'] td").all_text_contents() if "−" in cell
    )
    number = next(word for word in words.split() if word.startswith("−"))
    for written in (number, number.replace("−", "-")):
        page.fill("[name=words]", written)
        assert claim_anchor(negative.name) in shown_claims(page)


def test_flags_and_words_are_found(visit: Visit, made: Workplace) -> None:
    """Flags one by one, words anywhere in a claim, its reason too."""
    page = visit.open("ledger.html")
    page.select_option("[name=flag]", "open")
    assert len(shown_claims(page)) == made.ledger["flags"].str.contains("OPEN").sum()
    page.click("button[type=reset]")
    page.fill("[name=words]", "0.6")
    reasons = made.ledger["reason"].str.contains("0.6", regex=False)
    assert 0 < reasons.sum() <= len(shown_claims(page)) < len(made.ledger)


def test_a_filtered_view_can_be_shared(visit: Visit, made: Workplace) -> None:
    """The address that a choice leaves shows the same to whoever opens it."""
    page = visit.open("ledger.html")
    page.select_option("[name=outcome]", "failed")
    page.select_option("[name=report]", "second")
    first, address = shown_claims(page), page.url.rpartition("/")[2]
    visit.open("index.html")
    page = visit.open(address)
    failed = made.ledger[made.ledger["outcome"].isin(["NOT REPRODUCED", "CONTRADICTED"])]
    assert shown_claims(page) == first and len(first) == (failed["report"] == "second").sum()


def test_a_link_to_a_claim_opens_it(visit: Visit) -> None:
    """Its reason is in sight."""
    page = visit.open("question-depth.html")
    page.locator("td a.plain").first.click()
    assert page.url.rpartition("/")[2].startswith("ledger.html#claim-")
    page.locator("tr:target details[open] p").first.wait_for()


def test_the_ledger_sorts_by_the_keyboard_alone(visit: Visit, made: Workplace) -> None:
    """The header of what the reports print takes the focus, and Enter sorts by the number."""
    page = visit.open("ledger.html")
    page.locator("#claims thead th", has_text="Ours").locator("[role=button]").focus()
    page.keyboard.press("Enter")
    page.locator("#claims thead th[aria-sort=ascending]").wait_for()
    numbers = pd.to_numeric(made.ledger["ours_mean"]).to_dict()
    order = {claim_anchor(name): value for name, value in numbers.items()}
    values = [order[one] for one in shown_claims(page)]
    finite = [value for value in values if value == value]  # noqa: PLR0124 (not NaN)
    assert finite == sorted(finite)


def test_runs_are_chosen_compared_and_copied(visit: Visit) -> None:
    """A first pair is drawn; another run joins it; the address keeps the choice; the command is copied."""
    page = visit.open("runs.html")
    assert chosen(page) == 2
    before = {name: ink(page, name) for name in ("loss", "cost", "accuracy", "rate")}
    assert all(n > 500 for n in before.values())
    page.locator("#runs input:not(:checked)").first.check()
    assert chosen(page) == 3
    again = visit.open(page.url.rpartition("/")[2])
    assert chosen(again) == 3
    again.locator("#chosen button", has_text="Copy").last.click()
    copied = again.evaluate("navigator.clipboard.readText()")
    name = again.locator("#runs input:checked").last.get_attribute("value")
    assert copied.startswith("snakemake --cores 8 results/runs/") and "run.json" in copied and name
    again.locator("#chosen button", has_text="Remove").first.click()
    assert chosen(again) == 2


def test_runs_are_filtered(visit: Visit, made: Workplace) -> None:
    """As many as the tables have."""
    page = visit.open("runs.html")
    runs = pd.concat([pd.read_csv(made.results / "studies" / key / "runs.csv") for key in ("first", "second")])
    n = runs[runs["batch_norm"]]["run"].nunique()
    page.select_option("[name=batch_norm]", "with")
    assert page.locator("#shown").inner_text() == f"{n} of {runs['run'].nunique()} runs"


def test_runs_are_found_wherever_they_are_listed(visit: Visit, made: Workplace) -> None:
    """Every experiment of a study has as many as its configuration, and a search finds names and settings."""
    page = visit.open("runs.html")
    for key in ("first", "second"):
        study = made.configuration.study(key)
        for experiment in study.experiments:
            page.select_option("[name=study]", key)
            page.select_option("[name=experiment]", experiment.id)
            assert page.locator("#shown").inner_text().startswith(f"{len(experiment.runs)} of ")
    page.click("button[type=reset]")
    name = page.locator("#runs input").last.get_attribute("value")
    page.fill("[name=words]", str(name))
    assert page.locator("#shown").inner_text().startswith("1 of ")
    shown = page.locator("#runs tbody td.number").last.inner_text()
    page.fill("[name=words]", f"{shown} 6-5")
    assert str(name) in [box.get_attribute("value") for box in page.locator("#runs input").all()]


def test_a_run_that_is_removed_can_be_chosen_again(visit: Visit) -> None:
    """Though its box was on another page of the table when it was removed; the focus stays on the buttons."""
    page = visit.open("runs.html")
    added = page.locator("#runs input:not(:checked)").first.get_attribute("value")
    page.locator(f"#runs input[value='{added}']").check()
    page.locator(".dt-paging button", has_text="2").click()
    page.locator("#chosen button", has_text="Remove").last.click()
    assert chosen(page) == 2 and page.evaluate("document.activeElement.textContent") == "Remove"
    page.locator(".dt-paging button", has_text="1").first.click()
    box = page.locator(f"#runs input[value='{added}']")
    assert not box.is_checked()
    box.check()
    assert chosen(page) == 3


def test_settings_sort_as_numbers(visit: Visit, made: Workplace) -> None:
    """Whether they are written with an exponent or not."""
    page = visit.open("runs.html")
    page.select_option("[name=experiment]", "decay")
    head = page.locator("#runs thead th", has_text="λ").locator("[role=button]")
    first = page.locator("#runs tbody td:nth-child(8)").first
    head.click()
    page.locator("#runs thead th[aria-sort=ascending]").wait_for()
    values = [float(text) for text in page.locator("#runs tbody td:nth-child(8)").all_text_contents()]
    assert values == sorted(values) and first.inner_text() == "0"
    head.click()
    page.locator("#runs thead th[aria-sort=descending]").wait_for()
    assert first.inner_text() == "0.1"


def test_an_address_that_no_longer_fits_is_told(visit: Visit, made: Workplace) -> None:
    """A run, a filter's value or a claim that is not there is named, and everything else is shown."""
    page = visit.open("runs.html#runs=official/gone_1&study=lost")
    assert page.locator("#said").inner_text() == "Not on this site: lost, official/gone_1."
    page.select_option("[name=batch_norm]", "with")
    assert page.locator("#said").inner_text() == ""
    page.select_option("[name=batch_norm]", "")
    assert page.locator("#shown").inner_text().split(" of ")[0] == page.locator("#shown").inner_text().split()[2]
    page = visit.open("ledger.html#outcome=gone&report=first")
    assert page.locator("#said").inner_text() == "Not on this site: gone."
    assert len(shown_claims(page)) == (made.ledger["report"] == "first").sum()
    page.evaluate("location.hash = '#claim-gone'")
    page.wait_for_function("document.getElementById('said').textContent === 'Not on this site: claim-gone.'")


def test_menus_stay_on_the_page(visit: Visit) -> None:
    """Open ones, too, at the widths where they are last in their row."""
    for width in (*WIDTHS, 660, 730):
        visit.page.set_viewport_size({"width": width, "height": 900})
        page = visit.open("calibration.html")
        for menu in page.locator("nav.pages summary").all():
            menu.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            menu.click()


def test_a_narrow_ledger_sorts_too(visit: Visit) -> None:
    """What takes the focus is in sight."""
    visit.page.set_viewport_size({"width": 400, "height": 900})
    page = visit.open("ledger.html")
    for button in page.locator("#claims thead [role=button]").all():
        box = button.bounding_box()
        assert box and box["width"] > 10 and box["height"] > 8
    page.locator("#claims thead th", has_text="Ours").locator("[role=button]").click()
    page.locator("#claims thead th[aria-sort=ascending]").wait_for()


def test_a_link_to_a_run_shows_it(visit: Visit) -> None:
    """From a table of results to its curve."""
    page = visit.open("study-first.html")
    page.locator("td.screen .runs a").first.click()
    assert chosen(page) == 1 and ink(page, "loss") > 200


def test_skipping_to_the_content_keeps_what_was_chosen(visit: Visit) -> None:
    """Filters and runs, on the page and in its address."""
    page = visit.open("ledger.html")
    page.select_option("[name=outcome]", "failed")
    before = shown_claims(page)
    page.locator("a[href='#main']").focus()
    page.keyboard.press("Enter")
    assert shown_claims(page) == before and page.url.endswith("#outcome=failed")
    page = visit.open("runs.html")
    page.locator("#runs input:not(:checked)").first.check()
    page.locator("a[href='#main']").focus()
    page.keyboard.press("Enter")
    assert chosen(page) == 3 and "runs=" in page.url


def test_a_hidden_claim_is_opened_by_its_link(visit: Visit, made: Workplace) -> None:
    """Filters that hide it are taken away."""
    page = visit.open("ledger.html")
    page.select_option("[name=report]", "first")
    hidden = claim_anchor(made.ledger[made.ledger["report"] == "second"].index[0])
    page.evaluate(f"location.hash = '#{hidden}'")
    assert page.locator(f"[id='{hidden}'] details[open] p").first.is_visible()


def test_without_javascript_everything_is_there(made: Workplace, browser: Browser) -> None:
    """All claims with their reasons, and the tables of runs."""
    context = browser.new_context(java_script_enabled=False)
    visit = Visit(context.new_page(), made.results / "site")
    page = visit.open("ledger.html")
    assert len(shown_claims(page)) == len(made.ledger)
    assert not page.locator("#filters").is_visible()
    page.locator("#claims summary").first.click()
    assert page.locator("#claims details[open] p").first.is_visible()
    page = visit.open("runs.html")
    assert page.locator("noscript p").is_visible() and page.locator("a[href='tables/first-runs.csv']").is_visible()
    context.close()


def test_on_paper_there_is_nothing_to_click(visit: Visit) -> None:
    """Neither menus nor filters are printed, while the table is."""
    page = visit.open("ledger.html")
    page.emulate_media(media="print")
    assert not page.locator("nav.pages").is_visible() and not page.locator("#filters").is_visible()
    assert page.locator("#claims tbody tr").first.is_visible()
