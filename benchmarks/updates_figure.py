"""The figures of the update benchmark."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.contestants import BNLAB, CONTESTANTS, FLOOR
from benchmarks.tables import read_csv
from bnlab.figures.style import BLACK, BLUE, GREY, LIGHT_GREY, VERMILLION, WIDTH, house_style, save


def draw_updates(table: Path, folder: Path) -> None:
    """Draw bars of milliseconds per update, a panel per network and instruction set, a figure per precision."""
    rows = read_csv(table)
    for precision in dict.fromkeys(row["precision"] for row in rows):
        _draw([row for row in rows if row["precision"] == precision], folder / f"updates_{precision}")


def _draw(rows: list[dict[str, str]], path: Path) -> None:
    networks = list(dict.fromkeys((row["network"], row["batch_norm"]) for row in rows))
    sets = list(dict.fromkeys(row["instructions"] for row in rows))
    names = [name for name in CONTESTANTS if name != FLOOR and any(row["contestant"] == name for row in rows)]
    longest = max(float(row["ms_high"]) for row in rows)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.3 + len(networks) * (0.55 + 0.16 * len(names))), layout="constrained")
        grid = figure.subplots(len(networks), len(sets), squeeze=False, sharex=True, sharey=True)
        for line, (network, batch_norm) in zip(grid, networks, strict=True):
            for axes, instructions in zip(line, sets, strict=True):
                chosen = {
                    row["contestant"]: row
                    for row in rows
                    if (row["network"], row["batch_norm"], row["instructions"]) == (network, batch_norm, instructions)
                }
                _panel(axes, names, chosen)
                norm = "with" if batch_norm == "True" else "without"
                axes.set_title(f"{network} {norm} BN, {instructions}", loc="left")
                axes.set_xlim(0, 1.45 * longest)  # room for the numbers at the ends
        for axes in grid[-1]:
            axes.set_xlabel("milliseconds per update")
        save(figure, path)


def _panel(axes: Axes, names: list[str], rows: dict[str, dict[str, str]]) -> None:
    """One bar per contestant with its quartiles, and the floor as a line."""
    for place, name in enumerate(names):
        if name not in rows:
            axes.text(0, place, "  –", va="center", color=GREY, fontsize=7.5)
            continue
        row = {key: float(rows[name][key]) for key in ("ms", "ms_low", "ms_high", "ratio")}
        axes.barh(place, row["ms"], height=0.7, color=BLUE if name == BNLAB else LIGHT_GREY)
        axes.plot([row["ms_low"], row["ms_high"]], [place, place], color=BLACK, lw=1)
        ratio = "" if name == BNLAB else f"  (×{row['ratio']:.2f})"
        axes.text(row["ms_high"], place, f"  {row['ms']:.2f}{ratio}", va="center", fontsize=7.5)
    floor = float(rows[FLOOR]["ms"])
    axes.axvline(floor, color=VERMILLION, lw=1.2)
    axes.text(floor, -0.55, f"  floor {floor:.2f}", color=VERMILLION, fontsize=7.5, va="bottom")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -1.3)
    axes.grid(visible=False, axis="y")
