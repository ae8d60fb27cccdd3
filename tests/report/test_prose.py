"""No result is typed: numbers in prose are settings, constants of the rules, or filled in from tables.

A text cannot be asked where a number in it comes from. So every number in the texts of the configuration and of the
templates, in digits or as a word, must be a setting of the study that the text is about, or stand in a list here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bnlab.analysis.intervals import LEVEL
from bnlab.analysis.reported_checks import FACTOR, LARGE
from bnlab.claims.load import load_claims
from bnlab.config.studies import load_configuration
from bnlab.config.synthesis import load_synthesis

ROOT = Path(__file__).parents[2]
CONFIG, SOURCE = ROOT / "config", ROOT / "src" / "bnlab"
TEMPLATES = sorted(
    path.relative_to(SOURCE).as_posix()
    for room in ("report", "site")
    for path in (SOURCE / room / "templates").rglob("*.jinja")
)
CONFIGURATION = load_configuration(CONFIG)
STUDIES = sorted(path.stem for path in (CONFIG / "studies").glob("*.yaml"))
WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "thousand": 1000, "half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5,
    "tenth": 1 / 10, "twice": 2, "dozen": 12,
}  # fmt: skip
NUMBER = re.compile(rf"(?<![\w.])(?:\d[\d,]*)?\.?\d+(?:e-?\d+)?|\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
OF_RESULTS = re.compile(r"%|\b(?:percent|points?)\b", re.IGNORECASE)
"""Units that results alone have."""
REPORTED = {"fan2017": {"2017", "seven", "2.4"}, "saccardi2022": {"58"}}
"""What a study's texts say of the report itself: the year of its assignment, its hours, sections and epochs."""
METHODS = {
    "1", "8", "256", "two", "three",  # n − 1 and ±1, --cores 8, SHA-256, words about methods
    f"{100 * LEVEL:.0f}", f"{FACTOR}", f"{LARGE:.0e}".replace("e-0", "e-"),
}  # fmt: skip
TYPED: dict[str, set[str]] = {
    f"report/templates/parts/{part}.html.jinja": METHODS
    for part in ("digests", "gradients", "methods", "provenance", "reported_checks")
} | {
    "site/templates/provenance.html.jinja": {"8"},
}
"""Numbers that a template may hold; all others hold none."""
SYNTHESIS = {
    "gradients": {"four"},  # reports with a gradient check
    "shallow": {"two", "three", "50"},
    "deep": {"nine", "eight", "2", "1"},  # layers; √(2 / fan-in) and √(1 / fan-in)
    "initialization": {"9,000", "3,600"},
    "weight_decay": set(),
    "learning_rate": {"fifth", "two"},  # of the images; layers
}
"""Numbers in the questions of the synthesis, all of them settings and counts of reports."""


def numbers(text: str) -> set[str]:
    """All numbers of a text, as they stand there."""
    return {match[0].lower() for match in NUMBER.finditer(text)}


def value(number: str) -> float:
    """What a number is."""
    return WORDS.get(number) or float(number.replace(",", ""))


def settings(content: Any) -> Iterator[float]:
    """All numbers in a tree of settings, and how many there are in each of its lists."""
    if isinstance(content, dict):
        content = list(content.values())
    elif isinstance(content, list | tuple):
        yield len(content)
    if isinstance(content, list | tuple):
        for one in content:
            yield from settings(one)
    elif isinstance(content, int | float):
        yield content


def settings_of(study: str, content: dict[str, Any]) -> set[float]:
    """A study's own settings, those of its protocols, depths, and how long it trains in updates and epochs."""
    found = set(settings([content["experiments"], content.get("defaults", {})]))
    for run in CONFIGURATION.study(study).runs:
        protocol = CONFIGURATION.protocols[run.protocol]
        updates = 2 * protocol.schedule.step * protocol.schedule.cycles
        found |= {len(run.hidden) + 1, updates, updates * protocol.batch_size / protocol.training}
        found |= set(settings(protocol.model_dump()))
    return found


@pytest.mark.parametrize("study", STUDIES)
def test_the_texts_of_a_study_hold_settings_and_no_results(study: str) -> None:
    """Every number in title, summary and the experiments' titles and texts is one of its settings."""
    content = yaml.safe_load((CONFIG / "studies" / f"{study}.yaml").read_text(encoding="utf-8"))
    known = settings_of(study, content)
    texts = [content["title"], content["summary"]]
    for experiment in content["experiments"]:
        texts += [re.sub(r"^[\divx. and]+: ", "", experiment["title"]), experiment["text"]]  # without the section
    for text in texts:
        assert not OF_RESULTS.search(text), text
        other = numbers(text) - REPORTED.get(study, set())
        assert {number for number in other if not any(value(number) == pytest.approx(one) for one in known)} == set()


def test_the_texts_of_the_synthesis_hold_no_results() -> None:
    """Its questions name settings and how many reports there are."""
    synthesis = load_synthesis(CONFIGURATION, CONFIG)
    for question in synthesis.questions:
        text = f"{question.title} {question.text}"
        assert not OF_RESULTS.search(text), question.id
        assert numbers(text) == SYNTHESIS[question.id], question.id
    for text in (synthesis.lesson, *synthesis.limitations):
        assert text is not None and not OF_RESULTS.search(text)
        assert numbers(text) == set(), text


def test_reports_are_counted() -> None:
    """As many as have claims, and as many as have some about published gradients."""
    claims = load_claims(CONFIGURATION)
    synthesis = load_synthesis(CONFIGURATION, CONFIG)
    words = {number: word for word, number in WORDS.items()}
    reports = words[len({claim.report for claim in claims})]
    assert numbers(f"{synthesis.title} {synthesis.summary}".replace("CIFAR-10", "")) == {reports}
    with_gradients = words[len({claim.report for claim in claims if claim.kind == "gradient"})]
    (gradients,) = (question for question in synthesis.questions if question.id == "gradients")
    assert gradients.text.startswith(f"{with_gradients.capitalize()} reports compare")


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_hold_no_results(template: str) -> None:
    """What is no tag, no comment, no command and no expression has no number but those of the rules and methods."""
    text = (SOURCE / template).read_text(encoding="utf-8")
    for hidden in (r"\{%.*?%\}|\{\{.*?\}\}", r"<pre>.*?</pre>|<style>.*?</style>|<svg.*?</svg>", r"<[^>]*>"):
        text = re.sub(hidden, " ", text, flags=re.DOTALL)
    assert numbers(text.replace("CIFAR-10", "")) <= TYPED.get(template, set())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The best values run from 0 to 0.0145.", {"0", "0.0145"}),
        ("Twenty pairs can; 53.1 % of 1,027, λ = 1e-3, .5 of it.", {"twenty", "53.1", "1,027", "1e-3", ".5"}),
        ("N(0, 2²) and W1, he_2, tenfold, someone.", {"0", "2"}),
    ],
)
def test_numbers_are_found(text: str, found: set[str]) -> None:
    """In digits, as decimals, as words; not within names."""
    assert numbers(text) == found
