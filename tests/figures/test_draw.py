"""Figures are drawn from small studies on disk: their files, their bytes, their notes, and what they may read."""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from bnlab.config.studies import Configuration, load_configuration
from bnlab.errors import ConfigError, IntegrityError
from bnlab.figures import curves as curves_figure
from bnlab.figures import gap as gap_figure
from bnlab.figures import grid as grid_figure
from bnlab.figures import initialization as initialization_figure
from bnlab.figures import onset as onset_figure
from bnlab.figures import weight_decay as weight_decay_figure
from bnlab.figures.draw import draw_figure
from bnlab.figures.panels import limit_to_finished, mark_diverged
from bnlab.figures.style import COLOUR, THICK, THIN
from bnlab.figures.weight_decay import positions
from bnlab.formatting import WITH, WITHOUT
from bnlab.runs.names import initialization_text, learning_rate_text
from bnlab.runs.spec import RunSpec
from tests.protocols import TINY

PROTOCOL: dict[str, Any] = TINY | {
    "data": "cifar10",
    "training": 400,
    "batch_size": 20,
    "schedule": {"minimum": 1e-5, "maximum": 0.1, "step": 20, "cycles": 2},
    "curve_points": 5,
}
UPDATES = [0, 20, 40, 60, 80]


@dataclass(frozen=True)
class Workplace:
    """A study named `tiny` of one experiment named `grid`, with its tables on disk."""

    configuration: Configuration
    results: Path

    @property
    def folder(self) -> Path:
        """Where the study's tables are."""
        return self.results / "studies" / "tiny"

    def draw(self, figure: str) -> tuple[bytes, bytes]:
        """Draw one figure; the bytes of its SVG and its PNG."""
        draw_figure(self.configuration, "tiny", "grid", figure, results=self.results)
        path = self.folder / "figures" / f"grid_{figure}"
        return path.with_suffix(".svg").read_bytes(), path.with_suffix(".png").read_bytes()

    def table(self, name: str) -> pd.DataFrame:
        """One of the study's tables."""
        return pd.read_csv(self.folder / name, dtype={"network": str})


def workplace(tmp_path: Path, *, data: str = "cifar10", diverged: tuple[int, ...] = (), **grid: Any) -> Workplace:
    """Write a configuration and the tables of its runs; `diverged` numbers the runs that end at update 30."""
    experiment = {
        "id": "grid",
        "title": "A grid",
        "text": "Some text.",
        "protocol": "small",
        "networks": [[6, 5]],
        "batch_norm": [False, True],
        "initialization": ["he"],
        "weight_decay": [0.005],
        "seeds": 2,
        "figures": ["curves", "initialization", "weight_decay"],
    } | grid
    study = {"title": "Tiny", "summary": "A tiny study.", "experiments": [experiment]}
    config = tmp_path / "config"
    (config / "studies").mkdir(parents=True)
    (config / "protocols.yaml").write_text(yaml.safe_dump({"small": PROTOCOL | {"data": data}}))
    (config / "studies" / "tiny.yaml").write_text(yaml.safe_dump(study))
    configuration = load_configuration(config)
    made = Workplace(configuration, tmp_path / "results")
    made.folder.mkdir(parents=True)
    names = configuration.names(configuration.study("tiny").runs)
    runs = [
        run_row(name, spec, data, diverged_at=30 if i in diverged else None)
        for i, (name, spec) in enumerate(names.items())
    ]
    pd.DataFrame(runs).to_csv(made.folder / "runs.csv", index=False)
    pd.concat([curve_rows(run) for run in runs]).to_csv(made.folder / "curves.csv", index=False)
    return made


def run_row(name: str, spec: RunSpec, data: str, *, diverged_at: int | None) -> dict[str, Any]:
    """A row of runs.csv, with an accuracy that tells batch normalization, seed and weight decay apart."""
    row = {
        "run": name,
        "protocol": spec.protocol,
        "data": data,
        "network": "-".join(map(str, spec.hidden)) or "linear",
        "layers": len(spec.hidden) + 1,
        "batch_norm": spec.batch_norm,
        "initialization": initialization_text(spec.initialization),
        "learning_rate": learning_rate_text(spec.learning_rate),
        "weight_decay": spec.weight_decay,
        "seed": spec.seed,
        "diverged_at": diverged_at,
    }
    accuracy = 0.45 + 0.05 * spec.batch_norm + 0.002 * spec.seed - spec.weight_decay
    final = {"loss": 3 * (1 - accuracy), "cost": 4 * (1 - accuracy), "accuracy": accuracy}
    for part in ("training", "validation"):
        for metric, value in final.items():
            row[f"{part}_{metric}"] = None if diverged_at else value
    return row


def curve_rows(run: dict[str, Any]) -> pd.DataFrame:
    """A run's rows of curves.csv; a run that diverges explodes first."""
    end = run["diverged_at"] or UPDATES[-1]
    update = pd.Series([u for u in UPDATES if u <= end])
    rise = 1 - (-update / 30).map(math.exp)
    loss = 2.3 - rise * (1 + 0.1 * run["batch_norm"] + 0.02 * run["seed"])
    if run["diverged_at"]:
        loss.iloc[-1] = 1e12
    rows = pd.DataFrame({"run": run["run"], "update": update, "epoch": update / 20})
    for part, offset in (("probe", 0.0), ("validation", 0.1)):
        rows[f"{part}_loss"] = loss + offset
        rows[f"{part}_cost"] = loss + offset + 1
        rows[f"{part}_accuracy"] = 0.1 + 0.4 * rise - offset / 10
    return rows


KINDS = ["curves", "differences", "gap", "initialization", "onset", "seeds", "weight_decay"]
"""Kinds that can be drawn from any grid."""


@pytest.mark.parametrize("figure", KINDS)
def test_every_kind_is_written_with_equal_bytes(tmp_path: Path, figure: str) -> None:
    """A figure is an SVG, a PNG and the CSV of its data, and drawing it again changes no byte."""
    made = workplace(tmp_path)
    first = made.draw(figure)
    assert first[0].startswith(b"<?xml")
    assert first[1].startswith(b"\x89PNG")
    table = (made.folder / "figures" / f"grid_{figure}.csv").read_bytes()
    assert made.draw(figure) == first
    assert (made.folder / "figures" / f"grid_{figure}.csv").read_bytes() == table


def test_the_data_of_figures_are_rows_of_the_tables(tmp_path: Path) -> None:
    """Each run, or each point of its curve, with what tells it apart; one that diverged at once has a row too."""
    made = workplace(tmp_path)
    runs, curves = made.table("runs.csv"), made.table("curves.csv")
    runs.loc[0, ["diverged_at", "validation_accuracy"]] = [0, None]
    runs.to_csv(made.folder / "runs.csv", index=False)
    curves[curves["run"] != runs.loc[0, "run"]].to_csv(made.folder / "curves.csv", index=False)
    made.draw("weight_decay")
    ends = made.table("figures/grid_weight_decay.csv")
    assert ends["validation_accuracy"].tolist() == pytest.approx(runs["validation_accuracy"].tolist(), nan_ok=True)
    assert ends["seed"].tolist() == runs["seed"].tolist()
    made.draw("curves")
    points = made.table("figures/grid_curves.csv")
    assert len(points) == 3 * len(UPDATES) + 1
    assert math.isnan(points.loc[0, "update"])
    assert points["probe_cost"].tolist()[1:] == pytest.approx(curves["probe_cost"].tolist()[len(UPDATES) :])


def test_a_users_style_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a user's own matplotlibrc reach no figure, and figures reach no setting."""
    made = workplace(tmp_path)
    expected = made.draw("weight_decay")
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9)
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "yellow")
    assert made.draw("weight_decay") == expected
    assert matplotlib.rcParams["lines.linewidth"] == 9


@pytest.mark.parametrize("figure", KINDS)
@pytest.mark.parametrize(("data", "noted"), [("generated", True), ("cifar10", False)])
def test_generated_data_is_noted(tmp_path: Path, figure: str, data: str, noted: bool) -> None:
    """Figures of generated images say so, figures of CIFAR-10 do not."""
    svg, _ = workplace(tmp_path, data=data).draw(figure)
    assert (b"Generated data, not CIFAR-10" in svg) == noted


@pytest.mark.parametrize("figure", KINDS)
def test_test_results_stay_closed(tmp_path: Path, figure: str) -> None:
    """Figures need runs.csv and curves.csv only: a test.csv that cannot be opened is in nobody's way."""
    made = workplace(tmp_path)
    (made.folder / "test.csv").mkdir()
    assert made.draw(figure)


@pytest.mark.parametrize(
    ("figure", "diverged"),
    [("curves", (0,)), ("curves", (0, 1, 2, 3)), ("initialization", (0,)), ("weight_decay", (0, 1, 2, 3))],
)
def test_diverged_runs_are_marked(tmp_path: Path, figure: str, diverged: tuple[int, ...]) -> None:
    """Figures with diverged runs are drawn, and their legend names the crosses."""
    svg, _ = workplace(tmp_path, diverged=diverged).draw(figure)
    assert b"<!-- diverged -->" in svg


def test_a_diverged_run_sets_no_limits() -> None:
    """The axes span the finished runs after the first update, with a margin, and what must be shown."""
    curves = pd.DataFrame(
        {
            "update": [0, 20, 40, 0, 20],
            "loss": [8.0, 2.0, 1.0, 3.0, 1e12],
            "diverged_at": [None, None, None, 30, 30],
        }
    )
    axes = Figure().subplots()
    limit_to_finished([axes], curves, ["loss"])
    assert axes.get_ylim() == pytest.approx((0.95, 2.05))
    limit_to_finished([axes], curves, ["loss"], show=[3.0])
    assert axes.get_ylim() == pytest.approx((0.9, 3.1))


def test_a_diverged_run_is_crossed_at_its_update(tmp_path: Path) -> None:
    """The cross stands at the update that diverged, even when the run has no curve."""
    runs = workplace(tmp_path, diverged=(0,)).table("runs.csv")
    axes = Figure().subplots()
    mark_diverged(axes, runs)
    places = [np.asarray(line.get_xdata()).tolist() for line in axes.lines]
    assert [place for place in places if place] == [[30]]


def test_a_run_that_diverges_at_once_needs_no_curve(tmp_path: Path) -> None:
    """A run that diverged at update 0 has no curve points, and the figures are drawn all the same."""
    made = workplace(tmp_path)
    runs, curves = made.table("runs.csv"), made.table("curves.csv")
    runs.loc[0, ["diverged_at", "validation_accuracy"]] = [0, None]
    runs.to_csv(made.folder / "runs.csv", index=False)
    curves[curves["run"] != runs.loc[0, "run"]].to_csv(made.folder / "curves.csv", index=False)
    assert b"<!-- diverged -->" in made.draw("curves")[0]


@pytest.mark.parametrize("figure", KINDS)
def test_one_seed_has_no_mean(tmp_path: Path, figure: str) -> None:
    """With a single seed nothing in a figure speaks of means."""
    svg, _ = workplace(tmp_path, seeds=1).draw(figure)
    assert b"mean" not in svg


def test_curves_draw_thick_means_and_thin_seeds(tmp_path: Path) -> None:
    """A panel has, with and without, thin lines of seeds, their mean, and a dashed mean for training."""
    made = workplace(tmp_path)
    protocol = made.configuration.protocols["small"]
    figure = curves_figure.draw(made.table("runs.csv"), made.table("curves.csv"), protocol)
    lines = [line for line in figure.axes[0].lines if np.size(line.get_xdata())]
    # The thin lines of a colour are one line with gaps.
    assert sorted(line.get_linewidth() for line in lines) == [THIN] * 2 + [THICK] * 4
    solid = [line for line in lines if line.get_linewidth() == THICK and line.get_linestyle() == "-"]
    mean = made.table("curves.csv").groupby("run")["validation_loss"].last()
    plain = made.table("runs.csv").query("not batch_norm")["run"]
    ends = [np.asarray(line.get_ydata())[-1] for line in solid if line.get_color() == COLOUR[False]]
    assert ends == pytest.approx([mean[plain].mean()])


def test_initializations_stand_side_by_side(tmp_path: Path) -> None:
    """Every initialization has a column with its name, chance is labelled, accuracies are in percent."""
    made = workplace(tmp_path, initialization=["he", 0.1, 1e-3, 1e-4])
    protocol = made.configuration.protocols["small"]
    figure = initialization_figure.draw(made.table("runs.csv"), made.table("curves.csv"), protocol)
    titles = [axes.get_title().strip() for axes in figure.axes[:4]]
    assert titles == ["He initialization", "σ = 0.1", "σ = 1e-3", "σ = 1e-4"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["3 layers (6-5), λ = 0.005", "chance"]
    low, high = figure.axes[0].get_ylim()
    assert low < math.log(10) < high
    assert figure.axes[4].get_ylim()[1] > 40


def test_best_weight_decay_is_ringed_and_named(tmp_path: Path) -> None:
    """The λ with the highest mean is named in the legend, and 0 has a place of its own."""
    made = workplace(tmp_path, weight_decay=[0, 1e-4, 1e-3, 0.1])
    runs = made.table("runs.csv")
    runs["validation_accuracy"] += 0.2 * (runs["weight_decay"] == 1e-3)
    figure = weight_decay_figure.draw(runs, made.table("curves.csv"), made.configuration.protocols["small"])
    labels = [text.get_text() for text in figure.subfigs[0].legends[0].get_texts()]
    assert labels[:2] == [
        "with batch normalization (best: λ = 1e-3)",
        "without batch normalization (best: λ = 1e-3)",
    ]
    assert "best mean" in labels
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["0", "$10^{-4}$", "$10^{-3}$", "$10^{-2}$", "$10^{-1}$"]


@pytest.mark.parametrize("kind", [weight_decay_figure, gap_figure])
def test_learning_rates_are_not_drawn_as_seeds(kind: ModuleType, tmp_path: Path) -> None:
    """Each has panels of its own, which its name heads."""
    made = workplace(tmp_path, learning_rate=[0.01, 0.1], weight_decay=[1e-3, 0.1])
    protocol = made.configuration.protocols["small"]
    figure = kind.draw(made.table("runs.csv"), made.table("curves.csv"), protocol)
    heads = [part.legends[0].get_title().get_text() for part in figure.subfigs]
    assert [head.rpartition(", ")[2] for head in heads] == ["η = 0.01", "η = 0.1"]


def test_every_column_of_starts_has_its_epochs(tmp_path: Path) -> None:
    """Where the lowest row has panels for some columns alone, those above them are labelled."""
    made = workplace(tmp_path, initialization=["he", 0.1, 1e-3, 1e-4])
    figure = onset_figure.draw(made.table("runs.csv"), made.table("curves.csv"), made.configuration.protocols["small"])
    figure.draw_without_rendering()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 4
    labelled = [any(label.get_visible() and label.get_text() for label in axes.get_xticklabels()) for axes in shown]
    assert labelled == [False, True, True, True]


def test_a_wide_head_moves_no_panel(tmp_path: Path) -> None:
    """It reaches over the next panels, all of which are as wide as the first."""
    made = workplace(tmp_path, networks=[[6] * 14], initialization=["he", 0.1, 1e-2, 1e-3])
    protocol = made.configuration.protocols["small"]
    figure = initialization_figure.draw(made.table("runs.csv"), made.table("curves.csv"), protocol)
    figure.draw_without_rendering()
    places = [axes.get_position() for axes in figure.axes[:4]]
    apart = [after.x0 - before.x1 for before, after in itertools.pairwise(places)]
    assert max(apart) - min(apart) < 0.002


def test_weight_decays_far_apart_have_ten_ticks_at_most(tmp_path: Path) -> None:
    """A label for each of two hundred decades would hide all of them."""
    made = workplace(tmp_path, weight_decay=[1e-3, 1e200])
    figure = weight_decay_figure.draw(
        made.table("runs.csv"), made.table("curves.csv"), made.configuration.protocols["small"]
    )
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert 5 <= len(ticks) <= 10
    assert ticks[:2] == ["$10^{-3}$", "$10^{18}$"]


def test_equal_means_name_the_larger_weight_decay(tmp_path: Path) -> None:
    """Of equally good weight decays the larger one is best."""
    made = workplace(tmp_path, weight_decay=[1e-4, 1e-3], batch_norm=[True], seeds=1)
    runs = made.table("runs.csv").assign(validation_accuracy=0.5)
    figure = weight_decay_figure.draw(runs, made.table("curves.csv"), made.configuration.protocols["small"])
    labels = [text.get_text() for text in figure.subfigs[0].legends[0].get_texts()]
    assert labels[0] == "with batch normalization (best: λ = 1e-3)"


def test_zero_stands_a_decade_below_the_smallest_weight_decay() -> None:
    """Positive weight decays stand at their value; 0 stands apart, also when alone."""
    assert positions(pd.Series([0.0, 1e-4, 1e-2])).tolist() == pytest.approx([1e-5, 1e-4, 1e-2])
    assert positions(pd.Series([0.0])).tolist() == [1.0]


@pytest.mark.parametrize("figure", KINDS)
@pytest.mark.parametrize(
    "grid",
    [
        {"networks": [[6], [], [6, 5]], "batch_norm": [False]},
        {"batch_norm": [True], "seeds": 1, "weight_decay": [0]},
        {"initialization": ["fan_in", 0.1], "weight_decay": [0.01, 0.02]},
    ],
)
def test_any_grid_can_be_drawn(tmp_path: Path, figure: str, grid: dict[str, Any]) -> None:
    """Every kind copes with grids it was not made for: a linear network, one cell, everything varied."""
    svg, _ = workplace(tmp_path, **grid).draw(figure)
    assert svg


def test_a_grid_is_a_heat_map_of_means(tmp_path: Path) -> None:
    """A panel without and one with batch normalization; cells are means over seeds in percent, the best ringed."""
    made = workplace(tmp_path, learning_rate=[0.001, 0.01, 0.1], weight_decay=[0, 1e-3], figures=["grid"])
    runs = made.table("runs.csv")
    best = (runs["learning_rate"] == "eta0.01") & (runs["weight_decay"] == 1e-3)
    runs.loc[best, "validation_accuracy"] += 0.2 * runs.loc[best, "seed"]
    figure = grid_figure.draw(runs, made.table("curves.csv"), made.configuration.protocols["small"])
    plain, norm = figure.axes[:2]
    assert [axes.get_title().splitlines()[-1] for axes in (plain, norm)] == [WITHOUT, WITH]
    cells = np.asarray(plain.collections[0].get_array())
    assert cells.shape == (2, 3)
    corner = runs[~runs["batch_norm"] & (runs["learning_rate"] == "eta0.1") & (runs["weight_decay"] == 0)]
    assert cells[0, 2] == pytest.approx(100 * corner["validation_accuracy"].mean())
    assert [(float(ring.get_xdata()[0]), float(ring.get_ydata()[0])) for ring in plain.lines] == [(1.5, 1.5)]
    assert [label.get_text() for label in plain.get_xticklabels()] == ["1e-3", "0.01", "0.1"]
    assert made.draw("grid")[0]


def test_a_grid_with_diverged_runs(tmp_path: Path) -> None:
    """A setting that diverged is crossed out, and a network whose every run diverged is drawn all the same."""
    made = workplace(tmp_path, diverged=(0,), learning_rate=[0.01, 0.1], weight_decay=[0], seeds=1, figures=["grid"])
    runs, curves, protocol = made.table("runs.csv"), made.table("curves.csv"), made.configuration.protocols["small"]
    assert [line.get_marker() for line in grid_figure.draw(runs, curves, protocol).axes[0].lines] == ["o", "x"]
    runs = runs.assign(diverged_at=3, validation_accuracy=math.nan)
    assert [line.get_marker() for line in grid_figure.draw(runs, curves, protocol).axes[0].lines] == ["x", "x"]


def test_constant_learning_rates_have_their_own_strip(tmp_path: Path) -> None:
    """Below runs of constant learning rates the strip shows those rates and not the protocol's cycles."""
    made = workplace(tmp_path, learning_rate=[0.02, 0.3], weight_decay=[0])
    protocol = made.configuration.protocols["small"]
    figure = curves_figure.draw(made.table("runs.csv"), made.table("curves.csv"), protocol)
    assert [set(line.get_ydata()) for line in figure.axes[-1].lines] == [{0.02}, {0.3}]
    assert figure.axes[-3].get_yticklabels()[0].get_text() == "0.3"


def test_curves_of_many_seeds_stay_small(tmp_path: Path) -> None:
    """Twenty seeds of two networks, 46 points each, make an SVG below 300 kB."""
    made = workplace(tmp_path, networks=[[6], [6, 5]], seeds=20)
    curves = made.table("curves.csv")
    long = [
        run.set_index("update").reindex(range(0, 92, 2)).interpolate().ffill().reset_index().assign(run=name)
        for name, run in curves.drop(columns="run").groupby(curves["run"])
    ]
    pd.concat(long).to_csv(made.folder / "curves.csv", index=False)
    svg, _ = made.draw("curves")
    assert len(svg) < 300_000


def test_text_is_drawn_not_set(tmp_path: Path) -> None:
    """An SVG holds no text that another machine would set in another font."""
    svg, _ = workplace(tmp_path).draw("curves")
    assert b"<text" not in svg
    assert b"font-family" not in svg


def test_svg_has_no_date_and_no_path(tmp_path: Path) -> None:
    """Nothing in a figure says when or where it was drawn."""
    svg, png = workplace(tmp_path).draw("curves")
    assert b"dc:date" not in svg
    assert b"matplotlib.org" not in svg
    assert b"Software" not in png
    assert str(tmp_path).encode() not in svg


def test_unknown_figure_and_missing_run_are_explained(tmp_path: Path) -> None:
    """A kind that does not exist, and tables without a run, are errors that say what to do."""
    made = workplace(tmp_path)
    with pytest.raises(ConfigError, match="curves, differences, gap, grid, initialization, onset, seeds, weight_decay"):
        draw_figure(made.configuration, "tiny", "grid", "pie", results=made.results)
    with pytest.raises(ConfigError, match="no experiment 'none'"):
        draw_figure(made.configuration, "tiny", "none", "curves", results=made.results)
    made.table("runs.csv").iloc[1:].to_csv(made.folder / "runs.csv", index=False)
    with pytest.raises(IntegrityError, match="Collect the study's runs again"):
        made.draw("curves")
