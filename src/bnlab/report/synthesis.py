"""The page about all reports: question by question what they say and what was found, and the whole ledger."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bnlab.claims.judge import summary
from bnlab.claims.load import claimed_reports
from bnlab.claims.model import TIED
from bnlab.claims.outcomes import FAILED, FLAGS, OUTCOMES
from bnlab.config.studies import Configuration
from bnlab.config.synthesis import Question, Synthesis
from bnlab.errors import ConfigError
from bnlab.figures.answer import ALTERNATIVE
from bnlab.files import write_text
from bnlab.report.answers import answers, gains
from bnlab.report.claim_rows import ClaimRow, claim_rows, of_claims, said_once
from bnlab.report.conclusion import conclusion
from bnlab.report.counts import count_rows, headline
from bnlab.report.inputs import Inputs, claims_of, read_inputs
from bnlab.report.made_by import made_by
from bnlab.report.run_list import run_entries
from bnlab.report.searches import search_rows
from bnlab.report.sections import HEADINGS, Section, section
from bnlab.report.study import environment
from bnlab.report.svg import Drawing
from bnlab.report.trust import Trust, probability, read_trust
from bnlab.runs.spec import RunSpec


@dataclass(frozen=True)
class QuestionView:
    """A question with the reports' answers and ours: pairs of a study's key and a section about its experiment.

    sentences: what the reports' own numbers say together.
    """

    question: Question
    sentences: list[str]
    claims_number: int | None
    claims: list[ClaimRow]
    sections: list[tuple[str, Section]]


def render_synthesis(
    configuration: Configuration, synthesis: Synthesis, *, results: Path, accepted: Sequence[str] = ()
) -> None:
    """Write results/studies/synthesis/page.html.

    accepted: as `render_page` has it.

    Reads the ledger, its figure, calibration.csv, its figure and family.csv, and the tables and figures of the studies
    it names.

    Raises ConfigError when a claim that it names is not in the ledger, IntegrityError as `render_page` does.
    """
    inputs = {study: read_inputs(configuration, study, results=results) for study in synthesis.studies}
    reports = claimed_reports(configuration.folder)
    claims = pd.concat([claims_of(configuration, report, results=results) for report in reports])
    answer = Drawing(results / "tables" / "answer.svg", "figure-answer", ALTERNATIVE)
    context = _context(synthesis, inputs, claims, read_trust(results), answer)
    page = environment().get_template("synthesis.html.jinja").render(context, accepted=accepted)
    write_text(results / "studies" / "synthesis" / "page.html", page)


def _context(
    synthesis: Synthesis, inputs: Mapping[str, Inputs], claims: pd.DataFrame, trust: Trust, answer: Drawing
) -> dict[str, Any]:
    figure_numbers, table_numbers = itertools.count(1), itertools.count(1)
    answer_number = next(figure_numbers)
    # Only runs of what is shown are listed, so that others cannot be linked to.
    shown = {run for place in _places(synthesis) for run in _runs(inputs, *place)}
    known = {name: spec for one in inputs.values() for name, spec in one.specs.items() if name in shown}
    counts_number = next(table_numbers)
    counts = summary(claims)
    views = [
        question_view(question, inputs, claims, known, figures=figure_numbers, tables=table_numbers)
        for question in synthesis.questions
    ]
    searches_number, rules_number, family_number = (next(table_numbers) for _ in range(3))
    entries = [
        (study, experiment, [entry for entry in listed if entry.name in shown])
        for study, one in inputs.items()
        for experiment, listed in run_entries(one)
    ]
    return {
        "title": synthesis.title,
        "synthesis": synthesis,
        "made_by": made_by(),
        "data_names": sorted({one.data.title for view in inputs.values() for one in view.protocols.values()}),
        "answers": list(answers(synthesis, inputs, claims)),
        "answer_number": answer_number,
        "answer": answer,
        "counts_number": counts_number,
        "outcomes": OUTCOMES,
        "flags": FLAGS,
        "counts": count_rows(counts),
        "headline": list(headline(counts)),
        "trust": trust,
        "probability": probability,
        "rules_number": rules_number,
        "family_number": family_number,
        "calibration_number": next(figure_numbers),
        "questions": views,
        "searches_number": searches_number,
        "searches": [row for study, experiment in synthesis.searches for row in search_rows(inputs[study], experiment)],
        "conclusion": [*gains(synthesis, inputs), *conclusion(claims)],
        "failures": said_once(claim_rows(claims[claims["outcome"].isin(FAILED)], known)),
        "runs": _first_listed(entries),
    }


def question_view(
    question: Question,
    inputs: Mapping[str, Inputs],
    claims: pd.DataFrame,
    known: dict[str, RunSpec],
    *,
    figures: Iterator[int],
    tables: Iterator[int],
) -> QuestionView:
    """A question with what answers it, its figures and tables numbered on.  known: the runs that can be linked to."""
    missing = [claim for claim in question.claims if of_claims(claims, [claim]).empty]
    if missing:
        raise ConfigError(
            f"config/synthesis.yaml: question '{question.id}': found the claim '{missing[0]}', expected one that "
            "results/tables/claims.csv lists in its column id."
        )
    asked = of_claims(claims, question.claims) if question.claims else claims.iloc[:0]
    sections = []
    for study, experiment in question.experiments:
        one = replace(inputs[study], claims=inputs[study].claims.iloc[:0])  # they stand in the question's own table
        view = section(one, one.study.experiment(experiment), figures, tables, prefix=f"{study}-")
        sections.append((study, view))
    rows = claim_rows(asked, known)
    return QuestionView(question, list(best_settings(asked)), next(tables) if rows else None, rows, sections)


def best_settings(claims: pd.DataFrame) -> Iterator[str]:
    """For each axis that several reports searched, from where to where the settings run that they name as best."""
    best = claims[claims["kind"] == "best"]
    for axis, named in best.groupby("metric", sort=False):
        if named["report"].nunique() > 1:
            first = named["reported"].str.split(TIED).str[0]
            values = named.assign(value=first.astype(float)).sort_values("value", kind="stable")
            ends = (values.iloc[i] for i in (0, -1))
            least, largest = (f"{end['reported'].replace(TIED, ' or ')} ({end['report']})" for end in ends)
            yield f"The values of {HEADINGS[str(axis)]} that the reports name as best range from {least} to {largest}."


def _places(synthesis: Synthesis) -> list[tuple[str, str]]:
    places = [place for question in synthesis.questions for place in question.experiments] + list(synthesis.searches)
    return list(dict.fromkeys(places))


def _runs(inputs: Mapping[str, Inputs], study: str, experiment: str) -> list[str]:
    one = inputs[study]
    return [one.name_of(spec) for spec in one.study.experiment(experiment).runs]


def _first_listed(entries: list[tuple[str, Any, list[Any]]]) -> list[tuple[Any, list[Any]]]:
    """Every run once, under the study and experiment that list it first; experiments without such runs are left out."""
    seen: set[str] = set()
    listed = []
    for study, experiment, runs in entries:
        own = [run for run in runs if run.name not in seen]
        seen.update(run.name for run in own)
        if own:
            listed.append((replace(experiment, title=f"{study}, {experiment.title}"), own))
    return listed
