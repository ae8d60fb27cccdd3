"""Measure how rounding differences grow during training, on real images: docs/data/twin_growth.csv and its figure.

    python tests/twin/growth.py /path/to/CIFAR-10    measures and draws (PyTorch; a quarter of an hour on one core)
    python tests/twin/growth.py                      draws again

At momentum .9 and the official learning rate the twins part. Is one of them wrong, or are these trainings so sensitive
that rounding alone parts them? A third training tells: PyTorch again, started from first-layer weights that are moved
to the next floating-point number. It parts from PyTorch just as the shipped program does.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from shipped import NETWORKS, TOLERANCE, Data, Setting, Watch, shipped
from threadpoolctl import threadpool_limits

from bnlab.data.archive import load
from bnlab.data.cifar10 import OFFICIAL
from bnlab.figures.style import BLACK, BLUE, GREY, THICK, VERMILLION, house_style, new_figure

DOCS = Path(__file__).parents[2] / "docs"
TABLE, FIGURE = DOCS / "data" / "twin_growth.csv", DOCS / "figures" / "twin_growth.png"
POINTS = range(0, 4501, 50)
ASSERTED = 500
SENSITIVE = (0.9, 0.1)
REGIMES = {(0.0, 0.1): BLUE, (0.9, 0.01): GREY, SENSITIVE: VERMILLION}
"""Momentum and highest learning rate, with the colour of its line."""


def settings(network: str, batch_norm: bool) -> dict[tuple[float, float], Setting]:
    """The regimes of one network."""
    return {
        (momentum, maximum): Setting(network, batch_norm, momentum=momentum, maximum=maximum)
        for momentum, maximum in REGIMES
    }


def keep(weights: dict[int, list[np.ndarray]]) -> Watch:
    """Copy all weights at the points."""

    def watch(update: int, arrays: dict[str, np.ndarray]) -> None:
        if update in POINTS:
            weights[update] = [array.copy() for name, array in arrays.items() if name.startswith("W")]

    return watch


def largest_differences(one: dict[int, list[np.ndarray]], other: dict[int, list[np.ndarray]]) -> list[float]:
    """The largest difference of a weight at every point."""
    return [max(float(np.abs(a - b).max()) for a, b in zip(one[t], other[t], strict=True)) for t in POINTS]


def measure(data: Data) -> Iterator[tuple[str, list[float]]]:
    """The name of every column, and its differences."""
    from torch_twin import torch_twin

    for network in NETWORKS:
        for batch_norm in (True, False):
            for regime, setting in settings(network, batch_norm).items():
                ours: dict[int, list[np.ndarray]] = {}
                twins: dict[int, list[np.ndarray]] = {}
                shipped(setting, data, keep(ours))
                torch_twin(setting, data, keep(twins))
                yield setting.title, largest_differences(ours, twins)
                if regime == SENSITIVE:
                    initial = data.initial(setting)
                    initial.weights[0][...] = np.nextafter(initial.weights[0], np.inf)
                    torch_twin(setting, data, keep(ours), initial=initial)
                    yield f"{setting.title}_nudged", largest_differences(ours, twins)


def write(data: Data) -> None:
    """Measure and write the table."""
    columns = {"update": [str(update) for update in POINTS]}
    for name, differences in measure(data):
        columns[name] = [f"{difference:.2e}" for difference in differences]
        print(name, columns[name][-1], flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([columns, *zip(*columns.values(), strict=True)])


def draw() -> None:
    """Draw the table, a panel for each network."""
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with house_style():
        figure, canvas = new_figure(4.6, data="cifar10")
        panels = canvas.subplots(2, 2, sharex=True, sharey=True)
        for i, network in enumerate(NETWORKS):
            for j, batch_norm in enumerate((True, False)):
                panels[i, j].set_title(f"{network}, {'with' if batch_norm else 'without'} batch normalization")
                draw_panel(panels[i, j], rows, settings(network, batch_norm))
        panels[0, 0].set_ylim(1e-17, 10)
        for panel in panels[1]:
            panel.set_xlabel("update")
        for panel in panels[:, 0]:
            panel.set_ylabel("largest weight difference")
        panels[0, 0].text(4500, 8 * TOLERANCE, "tolerance of the tests", ha="right", va="bottom")
        panels[0, 0].text(ASSERTED + 60, 0.1, "last update tested\nwith momentum 0.9, η ≤ 0.1", va="center")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, columnspacing=1)
        FIGURE.parent.mkdir(exist_ok=True)
        figure.savefig(FIGURE, dpi=200, metadata={"Software": None})


def draw_panel(panel: Axes, rows: list[dict[str, str]], regimes: dict[tuple[float, float], Setting]) -> None:
    """One network: each regime's line, the tolerance, and how far the sensitive regime is asserted."""
    panel.axhline(TOLERANCE, color=BLACK, linewidth=0.7, linestyle=(0, (1, 2)))
    panel.axvline(ASSERTED, color=BLACK, linewidth=0.7, linestyle=(0, (1, 2)))
    updates = [int(row["update"]) for row in rows[1:]]  # a logarithm has no place for the zero at the start
    for (momentum, maximum), setting in regimes.items():
        panel.semilogy(
            updates,
            [float(row[setting.title]) for row in rows[1:]],
            color=REGIMES[momentum, maximum],
            linewidth=THICK,
            label=f"bnlab − PyTorch: momentum {momentum:g}, η ≤ {maximum:g}",
        )
    panel.semilogy(
        updates,
        [float(row[f"{regimes[SENSITIVE].title}_nudged"]) for row in rows[1:]],
        color=BLACK,
        linewidth=THICK * 0.6,
        linestyle="--",
        label=f"PyTorch − PyTorch nudged: momentum {SENSITIVE[0]:g}, η ≤ {SENSITIVE[1]:g}",
    )


def main() -> None:
    """Measure when a copy of CIFAR-10 is named; draw."""
    if len(sys.argv) > 1:
        arrays, _ = load(Path(sys.argv[1]), OFFICIAL)
        with threadpool_limits(1, user_api="blas"):
            write(Data.drawn(arrays.train_images, arrays.train_labels, validation=5000))
    draw()


if __name__ == "__main__":
    main()
