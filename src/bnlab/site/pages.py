"""Which pages a site has, and what each shows."""

import itertools
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.claims.judge import summary
from bnlab.claims.load import claimed_reports
from bnlab.claims.outcomes import FLAGS, GROUPS, OUTCOMES
from bnlab.config.studies import Configuration
from bnlab.config.synthesis import Synthesis
from bnlab.figures.answer import ALTERNATIVE
from bnlab.report.answers import answers
from bnlab.report.claim_rows import claim_rows
from bnlab.report.counts import count_rows, headline
from bnlab.report.gate_table import gradient_table
from bnlab.report.gradient_figures import gradient_figures
from bnlab.report.inputs import Inputs, claims_of
from bnlab.report.searches import search_rows
from bnlab.report.study import study_context
from bnlab.report.svg import Drawing
from bnlab.report.synthesis import question_view
from bnlab.report.trust import probability, read_trust
from bnlab.site.strips import printed_numbers, strip

MENUS = ("Questions", "Reports", "Ledger", "Runs", "Methods")
TABLES = {
    "runs": "settings, training and validation results of each run",
    "test": "test results of each run",
    "cells": "means over seeds",
    "pairs": "what batch normalization changes",
}
"""A study's tables that the site holds a copy of."""

LAST = ("limitations", "references")
"""The parts that are the synthesis's own, below the methods of all."""


@dataclass(frozen=True)
class Page:
    """A page to be: its template and what that shows; `menu` is the menu that leads to it, `words` its entry there."""

    name: str
    menu: str
    words: str
    template: str
    context: dict[str, Any]


def of_synthesis(
    configuration: Configuration, synthesis: Synthesis, inputs: dict[str, Inputs], results: Path
) -> list[Page]:
    """The pages about all reports: the first page, questions, the ledger, and how far it can be trusted."""
    reports = claimed_reports(configuration.folder)
    claims = pd.concat([claims_of(configuration, report, results=results) for report in reports])
    known = {name: spec for one in inputs.values() for name, spec in one.specs.items()}
    counts = summary(claims)
    overview = {
        "synthesis": synthesis,
        "answers": list(answers(synthesis, inputs, claims)),
        "answer": Drawing(results / "tables" / "answer.svg", "figure-answer", ALTERNATIVE),
        "answer_number": 1,
        "counts": count_rows(counts),
        "counts_number": 1,
        "headline": list(headline(counts)),
        "outcomes": OUTCOMES,
        "flags": FLAGS,
    }
    pages = [Page("index", "", "Overview", "overview.html.jinja", overview)]
    for question in synthesis.questions:
        view = question_view(question, inputs, claims, known, figures=itertools.count(1), tables=itertools.count(1))
        name = f"question-{question.id}"
        pages.append(_part(name, "Questions", question.title, "question", {"view": view}))
    searches = [row for study, experiment in synthesis.searches for row in search_rows(inputs[study], experiment)]
    shown = {"searches": searches, "searches_number": 1}
    pages.append(_part("searches", "Questions", "The best weight decays", "searches", shown))
    drawn = [strip(claim) for _, claim in claims.iterrows()]
    # By these two numbers the table sorts.
    printed = [next(iter(printed_numbers(text)), "") for text in claims["reported"]]
    ours = ["" if math.isnan(mean) else min(mean, sys.float_info.max) for mean in claims["ours_mean"]]
    ledger = {
        "claims": list(zip(claim_rows(claims, known), claims["group"], drawn, printed, ours, strict=True)),
        "reports": reports,
        "groups": list(dict.fromkeys(GROUPS.values())),
        "outcomes": OUTCOMES,
        "flags": FLAGS,
    }
    pages.append(Page("ledger", "Ledger", "Ledger", "ledger.html.jinja", ledger))
    trust = {
        "trust": read_trust(results), "probability": probability,
        "rules_number": 1, "family_number": 2, "calibration_number": 1,
    }  # fmt: skip
    return [*pages, _part("calibration", "Methods", "How far can these outcomes be trusted?", "trust", trust)]


def of_study(one: Inputs, name: str, menu: str) -> Page:
    """The page of a study, or of a report in its own order."""
    return Page(name, menu, one.study.title, "study.html.jinja", study_context(one, gate=False))


def of_all(inputs: dict[str, Inputs], synthesis: Synthesis | None = None) -> list[Page]:
    """The pages that every site has: runs, gradients, methods and where all of it is from."""
    by_data = {data: one for one in reversed(inputs.values()) for data in one.gradients}
    figures, tables = itertools.count(1), itertools.count(1)
    gradients = [
        (next(tables), gradient_table(one.gradients[data]), gradient_figures(one, data, figures))
        for data, one in sorted(by_data.items())
    ]
    data_names = {one.data.name: one.data.title for study in inputs.values() for one in study.protocols.values()}
    provenance = {
        "tables": [(f"{study}-{name}.csv", f"{study}, {words}") for study in inputs for name, words in TABLES.items()],
        "protocols": {
            name: protocol.model_dump() for one in inputs.values() for name, protocol in one.protocols.items()
        },
        "manifests": {data: manifest for one in inputs.values() for data, manifest in one.manifests.items()},
        "data_names": data_names,
        "heading": 1,
    }
    runs = {"studies": [(study, len(one.specs)) for study, one in inputs.items()]}
    checked = {"gradients": gradients, "data_names": data_names}
    return [
        Page("runs", "Runs", "Runs", "runs.html.jinja", runs),
        _part("gradients", "Methods", "Are our gradients right?", "gradients", checked),
        _part("methods", "Methods", "Methods", "methods", {"synthesis": synthesis}, *(LAST if synthesis else ())),
        Page("provenance", "Methods", "Where all of it is from", "provenance.html.jinja", provenance),
    ]


def _part(name: str, menu: str, words: str, part: str, context: dict[str, Any], *further: str) -> Page:
    """A page that shows a part of those that are typeset, whose heading is then the page's, and further ones below."""
    parts = [f"parts/{one}.html.jinja" for one in (part, *further)]
    return Page(name, menu, words, "part.html.jinja", context | {"parts": parts})
