"""What import-linter cannot say about who imports what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlab.fingerprint import import_closure

SOURCE = Path(__file__).parents[1] / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "bnlab").rglob("*.py"))
}
PACKAGES = {
    "data": {"PIL", "numpy", "pooch", "tqdm"},
    "numerics": {"numpy"},
    "runs": {"pydantic"},
    "gradients": {"numpy", "autograd"},
    "training": {"numpy", "threadpoolctl", "tqdm"},
    "streams": {"numpy"},
    "config": {"yaml", "pydantic", "pydantic_core"},
    "analysis": {"numpy", "pandas", "scipy"},
    "claims": {"numpy", "pandas", "pydantic"},
    "figures": {"numpy", "pandas", "matplotlib"},
    "console": {"tqdm"},
    "made": {"psutil", "pydantic", "snakemake"},
    "share": {"pydantic", "rocrate"},
    "browse": {"numpy", "pandas", "matplotlib", "rich"},
    "report": {"pandas", "jinja2", "typst"},
    "site": {"pandas"},
}
"""Packages of others that each room may import; rooms that are not named need the standard library alone."""


def imported(module: str) -> Iterator[str]:
    """The full names of what a module imports, inside functions too."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import, which the code fingerprint cannot follow"
            assert node.module
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def ours(module: str) -> set[str]:
    """The modules of bnlab that `module` imports directly."""
    return {name for name in imported(module) if name.split(".")[0] == "bnlab"}


def room(module: str) -> str:
    """The folder, or the loose module, at the top of bnlab to which a module belongs."""
    return [*module.split("."), "__init__"][1]


def test_rooms_import_downwards() -> None:
    """The contract in pyproject.toml is kept, and names every room."""
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=SOURCE.parent, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("module", MODULES)
def test_packages_are_where_they_belong(module: str) -> None:
    """Training knows no pandas and no plotting; numerics know NumPy alone."""
    found = {name.split(".")[0] for name in imported(module)} - {"bnlab"} - sys.stdlib_module_names
    assert found <= PACKAGES.get(room(module), set())


def test_the_command_line_starts_light() -> None:
    """It imports what a subcommand needs inside that subcommand's function: `train` waits for no plotting."""
    own = [module for module in MODULES if room(module) == "cli" and module != "bnlab.cli.document"]
    top = [node for module in own for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body]
    starts = {node.module for node in top if isinstance(node, ast.ImportFrom) and node.module} - {*own}
    reached = {room(module) for start in starts if start in MODULES for module in import_closure(start)}
    assert reached <= {"errors", "paths", "runs", "__init__"}


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "numerics"])
def test_numerics_do_no_input_or_output(module: str) -> None:
    """They import nothing of the standard library that reads, writes, waits or looks around."""
    stdlib = {name.split(".")[0] for name in imported(module)} - {"bnlab", "numpy"}
    assert stdlib <= {"collections", "dataclasses", "math", "typing"}


def test_only_commands_and_comparisons_reach_test_results() -> None:
    """No other module imports what opens them, so none that chooses, searches, tunes or stops can call it."""
    importers = {
        name: {module for module in MODULES if f"bnlab.{name}" in ours(module)}
        for name in ("analysis.test_results", "analysis.confusion", "report.test_figures")
    }
    assert importers == {
        "analysis.test_results": {"bnlab.cli.rules", "bnlab.browse.compare", "bnlab.analysis.confusion"},
        "analysis.confusion": {"bnlab.report.test_figures"},
        "report.test_figures": {"bnlab.cli.rules"},
    }
    browsing = {module for module in MODULES if any(room(one) == "browse" for one in ours(module))}
    assert {room(module) for module in browsing} == {"browse", "cli"}


@pytest.mark.parametrize("start", ["training.train", "training.setup", "training.evaluate", "data.splits"])
def test_training_cannot_reach_the_test_set(start: str) -> None:
    """The function that opens it is imported by the trainer's outermost module alone, which calls it at the end."""
    assert not {"bnlab.data.prepared", "bnlab.training.job", "bnlab.training.store"} & import_closure(f"bnlab.{start}")


@pytest.mark.parametrize(
    "start",
    ["analysis.rank", "analysis.collect", "config.rankings", "config.axes", "config.experiments", "figures.draw"],
)
def test_nothing_that_chooses_or_draws_reaches_test_results(start: str) -> None:
    """What ranks, searches or draws cannot call what opens test results (tests/test_test_set.py: nor opens them)."""
    final = {f"bnlab.analysis.{name}" for name in ("test_results", "tables", "expectations")}
    assert not import_closure(f"bnlab.{start}") & (final | {"bnlab.data.prepared"})


def test_the_helpers_see_imports_wherever_they_stand() -> None:
    """Inside functions too, and across modules."""
    assert "bnlab.training.job" in ours("bnlab.cli.rules")
    assert {"bnlab.numerics.layers", "bnlab.files", "bnlab.errors"} <= import_closure("bnlab.training.job")
