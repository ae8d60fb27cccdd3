"""config/synthesis.yaml is read strictly, and the committed one puts every report's claims in their places."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bnlab.claims.load import claimed_reports, load_claims
from bnlab.config.studies import Configuration, load_configuration
from bnlab.config.synthesis import Answer, Synthesis, load_synthesis
from bnlab.errors import ConfigError

COMMITTED = Path(__file__).parents[2] / "config"
CONTENT: dict[str, Any] = {
    "title": "t",
    "summary": "s",
    "questions": [
        {
            "id": "depth",
            "label": "l",
            "title": "t",
            "text": "t",
            "experiments": ["official/three_layers"],
            "claims": ["anon/a"],
            "answer": {"kind": "gain", "experiment": "falk2024/three_layers", "network": [50, 50]},
        },
        {
            "id": "decay",
            "label": "l",
            "title": "t",
            "text": "t",
            "experiments": [],
            "claims": ["anon/b[0.1]", "falk2024/c"],
            "further_claims": ["anon/d"],
        },
    ],
    "searches": ["official/weight_decay", "anon/weight_decay"],
}
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    """The committed studies."""
    return load_configuration(COMMITTED)


@pytest.fixture(scope="module")
def committed(configuration: Configuration) -> Synthesis:
    """The committed file."""
    return load_synthesis(configuration, COMMITTED)


def load(folder: Path, configuration: Configuration, edit: Edit = lambda _: None) -> Synthesis:
    """The made-up file after an edit."""
    content = copy.deepcopy(CONTENT)
    edit(content)
    (folder / "synthesis.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_synthesis(configuration, folder)


def test_what_is_read(tmp_path: Path, configuration: Configuration) -> None:
    """Questions keep their order; studies and reports are those that are named, each once."""
    read = load(tmp_path, configuration)
    assert [question.id for question in read.questions] == ["depth", "decay"]
    assert read.questions[0].experiments == (("official", "three_layers"),)
    assert read.questions[1].claims == ("anon/b[0.1]", "falk2024/c")
    assert read.searches == (("official", "weight_decay"), ("anon", "weight_decay"))
    assert read.questions[0].answer == Answer("gain", "falk2024", "three_layers", (50, 50))
    assert read.questions[1].answer is None and read.questions[1].further_claims == ("anon/d",)
    assert read.studies == ("official", "anon", "falk2024")
    assert read.reports == ("anon", "falk2024")


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (lambda c: c.update(titel="t"), "'titel' is not a key here. Did you mean 'title'?"),
        (lambda c: c.pop("searches"), "missing 'searches'"),
        (lambda c: c.update(questions=[]), "questions: "),
        (lambda c: c["questions"][1].pop("text"), "questions[1]: missing 'text'"),
        (lambda c: c["questions"][0].update(claim=[]), "questions[0]: 'claim' is not a key here."),
        (lambda c: c["questions"][0].update(id="Deep?"), "questions[0].id: found 'Deep?'"),
        (lambda c: c["questions"][1].update(id="depth"), "questions[1].id: 'depth' stands here twice"),
        (lambda c: c["questions"][0].update(claims="anon/a"), "questions[0].claims: found 'anon/a', expected a list"),
        (lambda c: c["questions"][0].update(claims=["a"]), "questions[0].claims[0]: found 'a'"),
        (lambda c: c["questions"][0].update(experiments=["official"]), "questions[0].experiments[0]: found 'official'"),
        (lambda c: c.update(searches=["official/weight_decay/more"]), "found 'official/weight_decay/more'"),
        (
            lambda c: c["questions"][1].update(experiments=["official/three_layers"]),
            "questions[1].experiments: an earlier question shows 'official/three_layers' already.",
        ),
        (
            lambda c: c["questions"][0].update(experiments=["official/nine_layers", "offical/three_layers"]),
            "questions[0].experiments[1]: found 'offical/three_layers'. 'offical' is not a study.",
        ),
        (
            lambda c: c["questions"][0]["answer"].update(kind="loss"),
            "questions[0].answer.kind: found 'loss', expected one of gain, starts, best.",
        ),
        (
            lambda c: c["questions"][0]["answer"].update(experiment="official/thre_layers"),
            "questions[0].answer.experiment[0]: found 'official/thre_layers'. config/studies/official.yaml has no",
        ),
        (
            lambda c: c["questions"][0]["answer"].update(network=[7]),
            "questions[0].answer.network: found [7], which no run of 'falk2024/three_layers' has.",
        ),
        (
            lambda c: c.update(searches=["official/decay"]),
            "searches[0]: found 'official/decay'. config/studies/official.yaml has no experiment 'decay'.",
        ),
    ],
)
def test_mistakes_are_named(tmp_path: Path, configuration: Configuration, edit: Edit, found: str) -> None:
    """The error says the file, the key, and what was found there."""
    with pytest.raises(ConfigError) as error:
        load(tmp_path, configuration, edit)
    assert str(tmp_path / "synthesis.yaml") in str(error.value)
    assert found in str(error.value)


def test_one_weight_decay_is_the_best_of_none(tmp_path: Path, configuration: Configuration) -> None:
    """An answer about a search is about one."""
    one = {"kind": "best", "experiment": "official/three_layers"}
    with pytest.raises(ConfigError, match=r"answer.kind: 'official/three_layers' has one λ"):
        load(tmp_path, configuration, lambda c: c["questions"][0].update(answer=one))


def test_what_chose_nothing_has_no_best(tmp_path: Path, configuration: Configuration) -> None:
    """Where no image validates, the first page cannot say what is best."""
    protocols = {name: one.model_copy(update={"validation": 0}) for name, one in configuration.protocols.items()}
    unvalidated = replace(configuration, protocols=protocols)
    with pytest.raises(ConfigError, match=r"answer.kind: 'falk2024/coarse' is trained with validation: 0"):
        load(
            tmp_path,
            unvalidated,
            lambda c: c["questions"][0]["answer"].update(kind="best", experiment="falk2024/coarse"),
        )
    with pytest.raises(ConfigError, match=r"searches\[0\]: 'falk2024/coarse' is trained with validation: 0"):
        load(tmp_path, unvalidated, lambda c: c.update(searches=["falk2024/coarse"]))


def test_no_file_is_an_error_of_its_own(tmp_path: Path, configuration: Configuration) -> None:
    """Where there is no file, the error names it."""
    with pytest.raises(ConfigError, match=r"synthesis\.yaml: cannot be read"):
        load_synthesis(configuration, tmp_path)


def test_every_claim_it_names_is_in_the_ledger(configuration: Configuration, committed: Synthesis) -> None:
    """A claim's id, or that of a whole table of claims."""
    ids = {claim.id for claim in load_claims(configuration)}
    known = ids | {name.partition("[")[0] for name in ids}
    named = {name for question in committed.questions for name in (*question.claims, *question.further_claims)}
    assert named - known == set()


def test_every_report_answers(committed: Synthesis) -> None:
    """Each report has claims in the synthesis, more than one, and each question claims of more than one report."""
    named = [name.split("/")[0] for question in committed.questions for name in question.claims]
    assert set(named) == set(claimed_reports(COMMITTED))
    assert all(named.count(report) > 1 for report in set(named))
    for question in committed.questions:
        assert len({name.split("/")[0] for name in question.claims}) > 1, question.id


def test_no_claim_is_asked_about_twice(committed: Synthesis) -> None:
    """A claim belongs to one question."""
    named = [name for question in committed.questions for name in question.claims]
    assert len(named) == len(set(named))


def test_its_searches_vary_the_weight_decay(configuration: Configuration, committed: Synthesis) -> None:
    """What is said about searches is about λ, of runs that share their learning rate."""
    for study, experiment in committed.searches:
        runs = configuration.study(study).experiment(experiment).runs
        if runs:  # none until the search that it builds on is ranked
            assert len({run.weight_decay for run in runs}) > 2
            assert len({run.learning_rate for run in runs}) == 1
