"""The report of a small study on disk: complete, self-contained, escaped, and always the same."""

import json
import re
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bnlab.analysis.tables import write_tables
from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import IntegrityError
from bnlab.figures.draw import draw_figure, draw_gradient_figure
from bnlab.report.findings import findings
from bnlab.report.inputs import read_inputs
from bnlab.report.study import render_page
from bnlab.runs.names import initialization_text, learning_rate_text
from bnlab.runs.spec import Protocol, RunSpec
from tests.protocols import TINY

ROOT = Path(__file__).parents[2]
PROTOCOL: dict[str, Any] = TINY | {
    "data": "cifar10",
    "training": 400,
    "batch_size": 20,
    "schedule": {"minimum": 1e-5, "maximum": 0.1, "step": 20, "cycles": 2},
    "curve_points": 5,
}
GRID: dict[str, Any] = {
    "protocol": "small",
    "networks": [[6, 5]],
    "batch_norm": [False, True],
    "initialization": ["he"],
}
STUDY: dict[str, Any] = {
    "title": "Tiny & <b>bold</b>",
    "summary": "A study of <script>alert(1)</script> nothing.",
    "experiments": [
        GRID
        | {
            "id": "depth",
            "title": "Deeper?",
            "text": "Two <i>networks</i>.",
            "networks": [[6, 5], [6]],
            "weight_decay": [0.005],
            "seeds": 3,
            "figures": ["curves"],
        },
        GRID
        | {
            "id": "decay",
            "title": "Which λ?",
            "text": "Three values.",
            "weight_decay": [0, 1e-4, 0.1],
            "seeds": 1,
            "figures": ["weight_decay", "initialization"],
        },
    ],
    "expectations": [
        {
            "text": "Three layers <learn>",
            "cells": {"experiment": "depth", "network": [6, 5]},
            "metric": "test_accuracy",
            "of": "every_seed",
            "between": [0.3, 0.6],
        },
        {
            "text": "A large gain",
            "cells": {"experiment": "depth", "network": [6, 5]},
            "metric": "gain",
            "of": "mean",
            "between": [0.5, 0.6],
        },
    ],
}
UNDRAWN: dict[str, Any] = STUDY | {"experiments": [experiment | {"figures": []} for experiment in STUDY["experiments"]]}
"""The same study without figures, which take longest."""


def errors(central: float, complex_step: float, autodiff: float) -> dict[str, float]:
    """An array's errors by oracle."""
    return {"central": central, "complex": complex_step, "autodiff": autodiff}


GRADIENTS: dict[str, Any] = {
    "settings": {
        "step": 1e-5,
        "margin": 1e-3,
        "conditions": [
            {"batch": 20, "inputs": 10, "weight_decay": 0.1, "epsilon": 2.2e-16, "spread": 0.1, "entries": 50},
            {"batch": 3, "inputs": 9, "weight_decay": 0, "epsilon": 2.2e-16, "spread": 0.1, "entries": 50, "layers": 2},
        ],
        "tolerance": {
            "central": {"relative": 1e-7, "absolute": 1e-9},
            "complex": {"relative": 1e-13, "absolute": 1e-12},
            "autodiff": {"relative": 1e-13, "absolute": 1e-12},
        },
    },
    "checks": [
        {
            "hidden": [50],
            "batch_norm": True,
            "condition": {},
            "rejected_draws": 3 + i,
            "arrays": [
                {"array": "W1", "errors": errors(4.6e-10 - i, 1e-16, 2e-16), "measure": "relative", "failed": []},
                {"array": "W2", "errors": errors(4.4e-10, 1.5e-16 + i, 2e-16), "measure": "relative", "failed": []},
                {"array": "b1", "errors": errors(3.8e-17, 3e-17, 4e-17), "measure": "absolute", "failed": []},
                {"array": "gamma1", "errors": errors(5.3e-10, 5e-16, 6e-16), "measure": "relative", "failed": []},
            ],
        }
        for i in (0, 1)
    ],
    "updates": [
        {
            "batch_norm": batch_norm,
            "momentum": momentum,
            "momentum_restarts": restarts,
            "bn_affine": affine,
            "backward": "exact",
            "relative": (3 + affine) * 1e-14,
            "absolute": 7e-18,
            "passed": True,
        }
        for batch_norm, affines in ((False, (True,)), (True, (True, False)))
        for momentum, restarts in ((0.0, False), (0.8, True))
        for affine in affines
    ],
    "inference": [
        {
            "hidden": [50],
            "batch_norm": True,
            "initial_averages": "zero_one",
            "scaling": scaling,
            "errors": {"averages": i * 1e-16, "loss": 4e-16, "cost": 5e-16, "classes": 0.0},
            "passed": True,
        }
        for i, scaling in enumerate(("per_pixel", "per_image"), start=2)
    ],
}

GRADIENT_TABLES = {
    "step_sizes": pd.DataFrame(
        [
            (batch_norm, method, step, error * (1 + batch_norm))
            for batch_norm in (False, True)
            for method, step, error in [
                ("forward", 1e-2, 1e-2), ("forward", 1e-6, 3e-7),
                ("central", 1e-2, 1e-4), ("central", 1e-5, 4e-10), ("central", 1e-12, 1e-3),
                ("complex", 1e-2, 1e-4), ("complex", 1e-20, 3e-16),
            ]
        ],
        columns=["batch_norm", "method", "step", "error"],
    ),
    "overfit": pd.DataFrame(
        [
            (network, 1 + len(network.split("-")), batch_norm, 70, 10, update, loss, active)
            for network, batch_norm, last, active in [
                ("6", False, 0.0123, 0.4), ("6-5", True, 0.056, 0.3), ("6-5", False, 2.25, 0),
            ]
            for update, loss in [(0, 2.4), (50, 1.2), (100, last)]
        ],
        columns=["network", "layers", "batch_norm", "images", "classes", "update", "loss", "active"],
    ),
}  # fmt: skip
"""By what the figures about gradients are called."""


@dataclass(frozen=True)
class Workplace:
    """The study `tiny` with all that its report needs on disk."""

    configuration: Configuration
    results: Path

    @property
    def folder(self) -> Path:
        """Where the study's tables are."""
        return self.results / "studies" / "tiny"

    @property
    def runs(self) -> dict[str, RunSpec]:
        """The study's runs by name."""
        return self.configuration.names(self.configuration.study("tiny").runs)

    def report(self) -> str:
        """Render the report; its text."""
        render_page(self.configuration, "tiny", results=self.results)
        return (self.folder / "page.html").read_text(encoding="utf-8")

    def findings(self, experiment: str) -> dict[str, str]:
        """The sentences about an experiment by their subject."""
        inputs = read_inputs(self.configuration, "tiny", results=self.results)
        return {finding.subject: finding.sentence for finding in findings(inputs, experiment)}


def workplace(
    folder: Path, *, data: str = "cifar10", diverged: tuple[int, ...] = (), study: dict[str, Any] = UNDRAWN
) -> Workplace:
    """Write the study's configuration, tables, figures, gradient check and manifest below `folder`."""
    config = folder / "config"
    (config / "studies").mkdir(parents=True)
    shutil.copytree(ROOT / "config" / "reported_checks", config / "reported_checks")
    (config / "protocols.yaml").write_text(yaml.safe_dump({"small": PROTOCOL | {"data": data}}))
    plain = json.loads(json.dumps(study))  # without shared parts, which YAML would write as references
    (config / "studies" / "tiny.yaml").write_text(yaml.safe_dump(plain))
    made = Workplace(load_configuration(config), folder / "results")
    made.folder.mkdir(parents=True)
    rows = [
        run_row(name, spec, data, 30 if i in diverged else None) for i, (name, spec) in enumerate(made.runs.items())
    ]
    runs = pd.DataFrame(rows)
    runs.drop(columns=["test_loss", "test_cost", "test_accuracy"]).to_csv(made.folder / "runs.csv", index=False)
    runs[["run", "test_loss", "test_cost", "test_accuracy"]].to_csv(made.folder / "test.csv", index=False)
    pd.concat([curve_rows(name) for name in made.runs]).to_csv(made.folder / "curves.csv", index=False)
    write_tables(made.configuration, "tiny", results=made.results)
    for experiment in made.configuration.study("tiny").experiments:
        for figure in experiment.figures:
            draw_figure(made.configuration, "tiny", experiment.id, figure, results=made.results)
    write_json(made.results / "gradients" / f"{data}.json", GRADIENTS | {"data": data})
    (made.results / "gradients" / data).mkdir()
    for reported_check, table in GRADIENT_TABLES.items():
        table.to_csv(made.results / "gradients" / data / f"{reported_check}.csv", index=False)
        draw_gradient_figure(data, reported_check, results=made.results, config=ROOT / "config")
    write_json(
        made.results / "data" / data / "manifest.json",
        {"train_digest": "aa11" * 16, "test_digest": "bb22" * 16},
    )
    return made


def run_row(name: str, spec: RunSpec, data: str, diverged_at: int | None) -> dict[str, Any]:
    """A row of runs.csv and test.csv in one, every accuracy different."""
    row: dict[str, Any] = {
        "run": name,
        "protocol": spec.protocol,
        "data": data,
        "network": "-".join(map(str, spec.hidden)),
        "layers": len(spec.hidden) + 1,
        "batch_norm": spec.batch_norm,
        "initialization": initialization_text(spec.initialization),
        "learning_rate": learning_rate_text(spec.learning_rate),
        "weight_decay": spec.weight_decay,
        "seed": spec.seed,
        "diverged_at": diverged_at,
    }
    base = 0.4 + 0.03 * spec.batch_norm + 0.0021 * spec.seed**2 * (1 + spec.batch_norm) - spec.weight_decay
    for i, part in enumerate(("training", "validation", "test")):
        accuracy = base + 0.0123 * i * len(spec.hidden)
        for metric, value in {"loss": 2 - accuracy, "cost": 2.1 - accuracy, "accuracy": accuracy}.items():
            row[f"{part}_{metric}"] = None if diverged_at else value
    return row


def curve_rows(name: str) -> pd.DataFrame:
    """A run's rows of curves.csv."""
    columns = [f"{part}_{metric}" for part in ("probe", "validation") for metric in ("loss", "cost", "accuracy")]
    values = {"epoch": [0, 1, 2, 3, 4], "learning_rate": 0.01} | dict.fromkeys(columns, 0.5)
    return pd.DataFrame({"run": name, "update": [0, 20, 40, 60, 80]} | values)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


class Page(HTMLParser):
    """What a test asks of a page: its elements' attributes, its ids, its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.on_paper: list[str] = []
        self.links_on_paper: list[str] = []
        self._screen: list[bool] = [False]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element; only elements that never close are not waited for."""
        self.elements.append((tag, dict(attrs)))
        screen = self._screen[-1] or "screen" in (dict(attrs).get("class") or "").split()
        goal = dict(attrs).get("href")
        if goal and not screen and not goal.startswith("#run-"):
            self.links_on_paper.append(goal)
        if tag not in ("meta", "link", "br", "img", "input"):
            self.open.append(tag)
            self._screen.append(screen)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Every element closes in its turn."""
        assert self.open.pop() == tag
        self._screen.pop()

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)
            self.on_paper += [] if self._screen[-1] else [data]

    @property
    def text(self) -> str:
        """The page's words, white space run together."""
        return " ".join("".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        """All values of an attribute, in order."""
        return [value for _, found in self.elements if (value := found.get(attribute)) is not None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A study without surprises. Tests only read it."""
    return workplace(tmp_path_factory.mktemp("plain"), study=STUDY)


@pytest.fixture(scope="module")
def page(made: Workplace) -> Page:
    """Its report."""
    return Page(made.report())


def test_equal_inputs_give_equal_bytes(made: Workplace, tmp_path: Path) -> None:
    """The same study reported in two places is the same page, which names neither."""
    first, second = made.report(), workplace(tmp_path, study=STUDY).report()
    assert first == second
    assert str(tmp_path) not in second


def test_the_page_is_whole_and_ids_are_unique(page: Page) -> None:
    """Every element is closed, no id stands twice, and every link within the page has a goal."""
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    goals = page.values("href") + page.values("xlink:href")
    assert goals
    assert {goal.removeprefix("#") for goal in goals} <= {*ids, "runs.csv", "test.csv", "curves.csv"}


def test_the_page_is_self_contained(made: Workplace, page: Page) -> None:
    """Nothing is loaded: no script, image, frame, style sheet or address; only tables beside it are led to."""
    assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert page.values("src") == []
    assert {goal for goal in page.values("href") if not goal.startswith("#")} == {"runs.csv", "test.csv", "curves.csv"}
    html = made.report()
    assert "@import" not in html
    assert all(goal.startswith("#") for goal in re.findall(r"url\(([^)]*)\)", html))


def test_every_run_can_be_made_again(made: Workplace, page: Page) -> None:
    """Each run of the study stands on the page with both of its commands."""
    for name in made.runs:
        assert f"python -m bnlab train {name}" in page.text
        assert f"snakemake --cores 8 results/runs/{name}/run.json" in page.text


def test_every_table_row_links_to_its_runs(made: Workplace, page: Page) -> None:
    """The links of the cells table lead to the very runs that cells.csv names."""
    cells = pd.read_csv(made.folder / "cells.csv")
    pairs = pd.read_csv(made.folder / "pairs.csv")
    expectations = pd.read_csv(made.folder / "expectations.csv")
    expected = [*cells["runs"], *pairs.loc[pairs["metric"] == "test_accuracy", "runs"], *expectations["runs"]]
    titled = [found["title"] for tag, found in page.elements if tag == "a" and "title" in found]
    assert sorted(filter(None, titled)) == sorted(" ".join(expected).split())


def test_every_number_of_the_tables_is_on_the_page(made: Workplace, page: Page) -> None:
    """Accuracies and gains stand in percent with two decimals, losses with three."""
    cells, pairs = pd.read_csv(made.folder / "cells.csv"), pd.read_csv(made.folder / "pairs.csv")
    for part in ("training", "validation", "test"):
        for cell in cells.to_dict("records"):
            mean, sd = cell[f"{part}_accuracy_mean"], cell[f"{part}_accuracy_sd"]
            assert (f"{100 * mean:.2f}" if cell["n"] == 1 else f"{100 * mean:.2f} ± {100 * sd:.2f}") in page.text
    for loss in cells["validation_loss_mean"]:
        assert f"{loss:.3f}" in page.text
    for column in ("gain_mean", "gain_min", "gain_max", "ci_low", "ci_high"):
        for gain in pairs[column].dropna():
            assert f"{100 * gain:+.2f}".replace("-", "−") in page.text


def test_text_of_the_configuration_is_escaped(made: Workplace, page: Page) -> None:
    """Markup in a title, a summary, a text or an expectation is shown, not obeyed."""
    html = made.report()
    assert "Tiny &amp; &lt;b&gt;bold&lt;/b&gt;" in html
    assert "<script>" not in html
    assert "<i>networks</i>" not in html
    assert "<learn>" not in html
    assert "A study of <script>alert(1)</script> nothing." in page.text


def test_figures_have_numbers_captions_and_alternatives(page: Page) -> None:
    """Five figures are inline, each read out as something, each with a numbered caption."""
    figures = [found for tag, found in page.elements if tag == "svg"]
    assert len(figures) == 5
    assert all(found["role"] == "img" and found["aria-label"] for found in figures)
    assert all(f"Figure {number}." in page.text for number in (1, 2, 3, 4, 5))


def test_captions_about_gradients_are_worded_from_the_tables(page: Page) -> None:
    """The best errors of each method, what was learnt perfectly, and a network whose ReLUs died, stand as measured."""
    assert "an error of 4.0e-10 to 8.0e-10 for central differences (rings) and of 3.0e-07 to 6.0e-07 for" in page.text
    assert "h can be as small as 1e-20, where its error is 3.0e-16 to 6.0e-16." in page.text
    assert "Loss of the first 70 training images" in page.text
    assert "for 100 updates" in page.text
    assert (
        "2 of 3 networks come to 0.056 or less. The one of 3 layers without batch normalization stays at 2.250"
        in page.text
    )


def test_expectations_say_whether_they_hold(page: Page) -> None:
    """Each expectation stands with its interval, what was found, and whether it holds."""
    assert "1 of 2 expectations held" in page.text
    assert "✓ holds" in page.text
    assert "✗ does not hold" in page.text
    assert "+50.00 to +60.00 points" in page.text
    assert "30.00 to 60.00 %" in page.text


def test_gradients_tell_absolute_from_relative(page: Page) -> None:
    """The bias before batch normalization has a mark of its own, and the text says why."""
    assert "3.8e-17†" in page.text
    assert "4.6e-10†" not in page.text
    assert "which the batch mean takes out again" in page.text
    assert "gradient check passed" in page.text


def test_the_worst_error_of_each_kind_stands_for_all(page: Page) -> None:
    """W of two layers and two conditions is one number per oracle; kinds that are not there stay empty."""
    row = (
        "2 layers (50) 4 arrays, 2 conditions with central differences 4.6e-10 5.3e-10 3.8e-17† "
        "complex step 1.0e+00 5.0e-16 3.0e-17†"
    )
    assert row in page.text
    assert "of 8 arrays in all" in page.text
    assert "7 draws of parameters had to be rejected" in page.text
    assert "20 10 0.1 2.2e-16 0.1 up to 50 all" in page.text
    assert "3 9 0 2.2e-16 0.1 up to 50 up to 2 layers" in page.text


def test_updates_and_evaluation_are_on_the_page(page: Page) -> None:
    """The worst step of every kind of momentum, and what evaluation agrees to."""
    assert "without none 1 4.0e-14 without 0.8, from zero every epoch 1 4.0e-14" in page.text
    assert "with 0.8, from zero every epoch 2 4.0e-14 7.0e-18†" in page.text
    assert "In 2 cases" in page.text
    assert "the averages to 3.0e-16, the loss to 4.0e-16, the cost to 5.0e-16; no image was" in page.text


@pytest.mark.parametrize(("kind", "marked"), [("checks", 1), ("updates", 2), ("inference", 0)])
def test_a_failed_check_is_not_hidden(tmp_path: Path, kind: str, marked: int) -> None:
    """One array, one kind of update or one evaluation over its tolerance makes the page say that the check failed."""
    made = workplace(tmp_path)
    content = json.loads(json.dumps(GRADIENTS)) | {"data": "cifar10"}
    if kind == "checks":
        content["checks"][0]["arrays"][0]["failed"] = ["autodiff"]
    else:
        content[kind][-1]["passed"] = False
    write_json(made.results / "gradients" / "cifar10.json", content)
    page = Page(made.report())
    assert "gradient check failed" in page.text
    assert page.values("class").count("number failed") == marked


def test_protocol_and_data_are_given_in_full(page: Page) -> None:
    """Every setting of the protocol and the digests of the images are on the page."""
    for setting in Protocol.model_fields:
        assert f"{setting.replace('_', ' ')} " in page.text
    assert "aa11" * 16 in page.text
    assert "bb22" * 16 in page.text


def test_gains_are_worded_from_the_tables(made: Workplace) -> None:
    """A finding gives both accuracies, the paired gain and its interval."""
    cells, pairs = pd.read_csv(made.folder / "cells.csv"), pd.read_csv(made.folder / "pairs.csv")
    plain, norm = (100 * cells["test_accuracy_mean"][:2]).map("{:.2f}".format)
    low, high = (100 * pairs.loc[0, ["ci_low", "ci_high"]].astype(float)).map("{:+.2f}".format)
    other = pairs[pairs["metric"] == "validation_accuracy"].iloc[0][["gain_mean", "ci_low", "ci_high"]]
    other = (100 * other.astype(float)).map("{:+.2f}".format)
    assert made.findings("depth")["3 layers (6-5)"] == (
        f"Test accuracy is {norm} % with batch normalization and {plain} % without batch normalization (mean of 3 "
        f"seeds each). Batch normalization changes it by {100 * pairs.loc[0, 'gain_mean']:+.2f} percentage points; "
        f"the 95 % interval, {low} to {high}, excludes zero. On validation images it is {other.iloc[0]} points "
        f"({other.iloc[1]} to {other.iloc[2]})."
    )


def test_an_interval_around_zero_settles_nothing(tmp_path: Path) -> None:
    """A gain whose interval includes zero is said to be open."""
    made = workplace(tmp_path)
    pairs = pd.read_csv(made.folder / "pairs.csv").assign(ci_low=-0.001)
    pairs.to_csv(made.folder / "pairs.csv", index=False)
    sentence = made.findings("depth")["3 layers (6-5)"]
    assert "−0.10 to" in sentence
    assert "these seeds do not settle the sign" in sentence


def test_best_weight_decay_is_chosen_on_validation(made: Workplace) -> None:
    """The finding names the best λ by validation accuracy, its test accuracy, and the values that are as good."""
    sentence = made.findings("decay")["3 layers (6-5), with batch normalization"]
    cells = pd.read_csv(made.folder / "cells.csv").query("experiment == 'decay' and batch_norm")
    best = cells.loc[cells["validation_accuracy_mean"].idxmax()]
    assert best["weight_decay"] == 0
    accuracy = 100 * best["validation_accuracy_mean"]
    assert sentence.startswith(f"Of 3 values, λ = 0 has the highest validation accuracy: {accuracy:.2f} %")
    assert f"(test accuracy {100 * best['test_accuracy_mean']:.2f} %)" in sentence
    assert "at λ = 0.1." in sentence
    assert sentence.endswith("images): λ = 1e-4.")


@pytest.mark.parametrize(
    ("still", "said"),
    [
        (0, "(mean of 3 seeds each)"),
        (1, "(mean of 3 seeds from 44.63 to 46.31 %, of which 1 never starts to learn)"),
        (2, "(mean of 3 seeds from 44.63 to 46.31 %, of which 2 never start to learn)"),
        (3, "(mean of 3 seeds, none of which starts to learn)"),
        (6, "(mean of 3 seeds each, none of which starts to learn)"),
    ],
)
def test_seeds_that_never_start_are_counted(tmp_path: Path, still: int, said: str) -> None:
    """A mean over two states is none: how many seeds still have the loss of a guess, and from where to where all go."""
    made = workplace(tmp_path)
    path = made.folder / "runs.csv"
    runs = pd.read_csv(path)
    depth = runs[runs["network"].eq("6-5") & runs["weight_decay"].eq(0.005)].sort_values("batch_norm", kind="stable")
    runs.loc[depth.index[:still], "training_loss"] = 2.3
    runs.to_csv(path, index=False)
    assert said in made.findings("depth")["3 layers (6-5)"]


@pytest.mark.parametrize(
    ("pairs", "sd", "said"),
    [
        (9, 0.003377, " To detect a true gain of 0.5 points in test accuracy in 80 % of cases takes 6 such pairs."),
        (8, 0.003377, ""),
        (20, 0.0, ""),
    ],
)
def test_how_many_pairs_it_takes_is_computed(tmp_path: Path, pairs: int, sd: float, said: str) -> None:
    """From the spread of the pairs, where there are enough to know it."""
    made = workplace(tmp_path)
    path = made.folder / "pairs.csv"
    pd.read_csv(path).assign(n=pairs, gain_sd=sd).to_csv(path, index=False)
    assert made.findings("depth")["3 layers (6-5)"].partition(" On validation")[0].endswith(f"excludes zero.{said}")


def test_of_equals_the_larger_decay_is_best(tmp_path: Path) -> None:
    """As in a ranking; and one other is one other."""
    made = workplace(tmp_path)
    path = made.folder / "cells.csv"
    cells = pd.read_csv(path)
    decay = cells["experiment"] == "decay"
    cells.loc[decay & cells["batch_norm"], "validation_accuracy_mean"] = [0.5, 0.3 + 0.2 - 1e-16, 0.4]
    cells.to_csv(path, index=False)
    sentence = made.findings("decay")["3 layers (6-5), with batch normalization"]
    assert sentence.startswith("Of 3 values, λ = 1e-4 has the highest validation accuracy: 50.00 %")
    assert sentence.endswith("images): λ = 0.")


def test_one_seed_has_no_deviation(tmp_path: Path) -> None:
    """A study of single seeds shows plain values and claims no interval."""
    study = UNDRAWN | {"experiments": [UNDRAWN["experiments"][0] | {"seeds": 1}]}
    made = workplace(tmp_path, study=study)
    text = Page(made.report()).text
    assert not re.search(r"\d ± \d", text)
    assert "nan" not in text
    assert "a single pair of runs gives no interval" in text


def test_diverged_runs_are_counted(tmp_path: Path) -> None:
    """Diverged runs are counted in the tables, told in the findings and the list, and never averaged."""
    # Of three seeds of 6-5 without batch normalization one diverges; with it all three.
    made = workplace(tmp_path, diverged=(0, 3, 4, 5))
    text = Page(made.report()).text
    assert "4 diverged" in text
    assert "2 (1 diverged)" in text
    assert "0 (3 diverged)" in text
    assert "diverged at update 30" in text
    assert "nan" not in text
    assert made.findings("depth")["3 layers (6-5)"].endswith(
        "unknown with batch normalization (3 runs diverged) and 45.79 % without batch normalization "
        "(mean of 2 seeds; 1 run diverged)."
    )
    assert "no finished run" in text


def test_nothing_but_diverged_runs(tmp_path: Path) -> None:
    """A study none of whose runs finished is reported all the same."""
    text = Page(workplace(tmp_path, diverged=tuple(range(30))).report()).text
    assert "Every run diverged." in text
    assert "nan" not in text


@pytest.mark.parametrize(("data", "noted"), [("generated", True), ("cifar10", False)])
def test_generated_data_is_noted(tmp_path: Path, data: str, noted: bool) -> None:
    """A banner above the title says when the images were generated."""
    page = Page(workplace(tmp_path, data=data).report())
    assert ("Generated data, not CIFAR-10" in page.text) == noted
    assert (page.text.find("Generated data") < page.text.find("Tiny & <b>bold</b>", 20)) or not noted


def test_a_study_may_expect_nothing(tmp_path: Path) -> None:
    """Without expectations the page has no section for them."""
    study = {key: value for key, value in UNDRAWN.items() if key != "expectations"}
    page = Page(workplace(tmp_path, study=study).report())
    assert "expectations" not in page.values("id")
    assert "expectation" not in page.text.split("Methods")[0]


def test_networks_without_twins_have_no_pairs(tmp_path: Path) -> None:
    """An experiment with batch normalization throughout has a table of cells and none of pairs."""
    experiment = UNDRAWN["experiments"][0] | {"batch_norm": [True]}
    made = workplace(tmp_path, study={**UNDRAWN, "experiments": [experiment], "expectations": []})
    text = Page(made.report()).text
    assert "Table 1." in text
    assert "What batch normalization changes" not in text


def test_tables_of_another_configuration_are_refused(tmp_path: Path) -> None:
    """Tables that name a run the configuration does not are not reported."""
    made = workplace(tmp_path)
    path = made.folder / "cells.csv"
    path.write_text(path.read_text().replace("seed1_", "seed9_"))
    with pytest.raises(IntegrityError, match="snakemake --cores 8 tiny"):
        made.report()


def test_reported_checks_stand_beside_what_was_published(tmp_path: Path) -> None:
    """Every array has the published value and ours, the interval that decides, and what was crossed; a table, words."""
    made = workplace(tmp_path, study=UNDRAWN | {"gradients": ["falk2024"]})
    header = "case,draw,array,measure,value,value_without_crossed,entries,crossed\n"
    rows = [
        f"{case},{draw},{array},{measure},{value},{smooth},200,{crossed}\n"
        for case in ("small", "whole")
        for array, values in {
            "W1": [(2e-9, 2e-9, 0), (4e-6, 3e-9, 2)],
            "b1": [(2e-11, 2e-11, 0), (3e-11, 3e-11, 0)],
            "W2": [(5e-10, 5e-10, 0), (6e-10, 6e-10, 0)],
            "b2": [(4e-10, 4e-10, 0), (5e-10, 5e-10, 0)],
        }.items()
        for measure in ("norm_max", "norm_sum")
        for draw, (value, smooth, crossed) in enumerate(values, 1)
    ]
    path = made.results / "gradients" / "cifar10" / "falk2024.csv"
    path.write_text(header + "".join(rows))
    page = Page(made.report())
    assert "What the reports' gradient checks say" in page.text
    assert page.text.count("7.1e−9") == 1
    assert page.text.count("2.5e−9 ✓ 2.0e−10 to 3.0e−8 2.0e−6 with 2 of 400 crossed") == 4
    assert page.text.count("2.5e−11 ✗ 2.0e−12 to 3.0e−10") == 4
    assert (
        "Section i, Table 1, as a whole: not reproduced. At best 3 of 4 values fit together: Two layers (50), 20"
        in page.text
    )
    assert "python -m bnlab reported-check cifar10 falk2024" in page.text
    assert page.open == []
    path.unlink()
    with pytest.raises(IntegrityError, match=r"snakemake --cores 8 .*cifar10/falk2024\.csv"):
        made.report()
