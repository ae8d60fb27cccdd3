"""Measure how one rounding grows along official trainings of three layers with batch normalization, and why.

    python tests/twin/rounding.py /path/to/CIFAR-10    measures and draws (two minutes on one core)
    python tests/twin/rounding.py                      draws again

Makes docs/data/rounding_growth.csv and its figure. Two trainings run side by side, the second from parameters that are
moved to the next floating-point number.
"""

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bnlab.config.protocols import load_protocols
from bnlab.data.archive import load
from bnlab.data.arrays import Arrays
from bnlab.data.cifar10 import OFFICIAL
from bnlab.data.splits import make_split
from bnlab.figures.style import BLUE, GREEN, THICK, VERMILLION, house_style, new_figure
from bnlab.numerics.network import loss_forward
from bnlab.runs.names import parse_split_name, split_name
from bnlab.runs.spec import RunSpec
from bnlab.streams import stream
from bnlab.training.sensitivity import move
from bnlab.training.setup import Setup

ROOT = Path(__file__).parents[2]
TABLE, FIGURE = ROOT / "docs/data/rounding_growth.csv", ROOT / "docs/figures/rounding_growth.png"
DECAYS = {0.005: BLUE, 0.03: GREEN, 0.1: VERMILLION}
EVERY = 75


def prepared(weight_decay: float, arrays: Arrays) -> Setup:
    """The official training of seed 1."""
    protocol = load_protocols(ROOT / "config")["official"]
    spec = RunSpec("official", (50, 50), batch_norm=True, initialization="he", weight_decay=weight_decay, seed=1)
    drawn = asdict(parse_split_name(split_name(protocol, 1)))
    del drawn["data"]
    return Setup(spec, protocol, arrays.train_images, arrays.train_labels, make_split(arrays.train_images, **drawn))


def measure(weight_decay: float, arrays: Arrays) -> list[tuple[float, float]]:
    """Every `EVERY` updates the largest difference of a parameter, and the rate over the squared norm of W2."""
    twins = [prepared(weight_decay, arrays) for _ in range(2)]
    move(twins[1].parameters.flat, 0.0, stream(0, "sensitivity"))
    points = []
    last = twins[0].protocol.schedule.updates
    for number, rows in zip(range(last + 1), zip(*(twin.mini_batches for twin in twins), strict=True), strict=False):
        rate = twins[0].learning_rate(number)
        if number % EVERY == 0:
            one, other = (twin.parameters for twin in twins)
            points.append((float(np.abs(one.flat - other.flat).max()), rate / float(np.sum(one.weights[1] ** 2))))
        if number < last:
            for twin, chosen in zip(twins, rows, strict=True):
                x, y = twin.x[chosen], twin.labels[chosen]
                loss_forward(twin.parameters, x, y, twin.work)
                twin.update(number, x, y, twin.work, learning_rate=rate)
    return points


def write(arrays: Arrays) -> None:
    """Measure and write the table."""
    columns: dict[str, list[str]] = {}
    for decay in DECAYS:
        points = measure(decay, arrays)
        columns["update"] = [str(EVERY * i) for i in range(len(points))]
        columns[f"difference_{decay}"] = [f"{difference:.2e}" for difference, _ in points]
        columns[f"effective_rate_{decay}"] = [f"{rate:.2e}" for _, rate in points]
    with TABLE.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *zip(*columns.values(), strict=True)])


def draw() -> None:
    """Draw the table: differences above, effective rates below."""
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))[1:]
    updates = [int(row["update"]) for row in rows]
    with house_style():
        figure, canvas = new_figure(4.6, data="cifar10")
        above, below = canvas.subplots(2, 1, sharex=True)
        for decay, colour in DECAYS.items():
            for panel, name in ((above, "difference"), (below, "effective_rate")):
                values = [float(row[f"{name}_{decay}"]) for row in rows]
                panel.semilogy(updates, values, color=colour, linewidth=THICK, label=f"λ = {decay:g}")
        above.set_ylabel("largest difference\nof a parameter")
        below.set_ylabel("η / ‖W₂‖²")
        below.set_xlabel("update")
        figure.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.savefig(FIGURE, dpi=200, metadata={"Software": None})


def main() -> None:
    """Measure when a copy of CIFAR-10 is named; draw."""
    if len(sys.argv) > 1:
        arrays, _ = load(Path(sys.argv[1]), OFFICIAL)
        with threadpool_limits(1, user_api="blas"):
            write(arrays)
    draw()


if __name__ == "__main__":
    main()
