"""On what is measured: the data set that is there, the CPU, the libraries."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bnlab.files import write_text
from bnlab.training.store import environment

RESULTS = Path("results/benchmarks")


def prepared_data() -> Path:
    """The folder of the prepared data set: CIFAR-10 where it is there, else the generated images."""
    for name in ("cifar10", "generated"):
        folder = Path("results/data") / name
        if (folder / "manifest.json").exists():
            print(f"data: {name}")
            return folder
    raise SystemExit(
        "There is no prepared data set. Make one: snakemake --cores 1 results/data/generated/manifest.json"
    )


def write_machine(path: Path, data: Path) -> None:
    """One line of Markdown that names the machine, the libraries and the data of a measurement."""
    found = environment()
    packages = []
    for package in ("torch", "jax", "scikit-learn"):
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    words = [
        f"{_cpu()}, {len(os.sched_getaffinity(0))} cores",
        f"Python {platform.python_version()}",
        f"NumPy {found['numpy']} ({found['blas'].rsplit(' ', 1)[0]})",
        *packages,
        f"images: {data.name}",
    ]
    write_text(path, "; ".join(words) + "\n")


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
