"""The figures of planning time and of makespan."""

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.tables import read_csv
from bnlab.figures.style import BLACK, BLUE, GREY, VERMILLION, WIDTH, house_style, save

COLOURS = (BLUE, VERMILLION, BLACK, GREY)


def draw_dag(table: Path, path: Path) -> None:
    """CPU seconds against the number of targets, from dag.csv."""
    rows = read_csv(table)
    with house_style():
        figure = Figure(figsize=(WIDTH * 0.7, 2.8), layout="constrained")
        axes = figure.subplots()
        for command, colour in zip(dict.fromkeys(row["command"] for row in rows), COLOURS, strict=False):
            chosen = [(int(row["targets"]), float(row["seconds"])) for row in rows if row["command"] == command]
            axes.plot(*zip(*chosen, strict=True), "o-", color=colour, ms=4, label=command)
        axes.set(xlabel="targets", ylabel="CPU seconds", xlim=(0, None))
        axes.set_ylim(0, 1.6 * axes.get_ylim()[1])  # room for the legend
        axes.legend(loc="upper left")
        save(figure, path)


def draw_scaling(table: Path, path: Path) -> None:
    """Makespan against cores, both logarithmic, from scaling.csv, with what perfect division would give."""
    rows = read_csv(table)
    with house_style():
        figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
        axes, workloads = figure.subplots(), []
        for workload, colour in zip(dict.fromkeys(row["workload"] for row in rows), COLOURS, strict=False):
            chosen = [row for row in rows if row["workload"] == workload]
            cores = [int(row["cores"]) for row in chosen]
            for key, style in (("longest_first", "o-"), ("in_order", "x--"), ("ideal", ":")):
                axes.plot(cores, [float(row[key]) for row in chosen], style, color=colour, ms=4, lw=1.2)
            workloads.append(axes.plot([], [], color=colour, lw=2.5, label=workload)[0])
        keys = [("o-", "longest first"), ("x--", "in the study's order"), (":", "divided perfectly")]
        handles = [axes.plot([], [], style, color=GREY, ms=4, lw=1.2)[0] for style, _ in keys]
        axes.add_artist(axes.legend(handles, [label for _, label in keys], loc="lower left"))
        axes.legend(handles=workloads[::-1], loc="upper right")
        axes.set(xscale="log", yscale="log", xlabel="cores", ylabel="makespan", ylim=(5, None))
        axes.set_xticks(cores, [str(number) for number in cores])
        times = {
            1: "1 s",
            10: "10 s",
            60: "1 min",
            600: "10 min",
            3600: "1 h",
            36000: "10 h",
            864000: "10 days",
            8640000: "100 days",
        }
        axes.set_yticks(list(times), list(times.values()))
        axes.minorticks_off()
        save(figure, path)
