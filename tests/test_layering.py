"""What import-linter cannot say of who imports what, and who may open the test results."""

import ast
import re
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
    "data": {"numpy", "pooch", "tqdm"},
    "numerics": {"numpy"},
    "runs": {"pydantic"},
    "gradients": {"numpy", "autograd"},
    "training": {"numpy", "threadpoolctl"},
    "streams": {"numpy"},
    "gradient_commands": {"numpy"},
    "config": {"yaml", "jsonschema", "pydantic", "pydantic_core"},
    "analysis": {"numpy", "pandas", "scipy"},
    "claims": {"numpy", "pandas", "pydantic"},
    "figures": {"numpy", "pandas", "matplotlib"},
    "report": {"pandas", "jinja2", "typst"},
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


def code(module: str) -> str:
    """A module without comments and docstrings: what its code can name."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            texts = [part for part in node.body if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)]
            node.body = [part for part in node.body if part not in texts] or [ast.Pass()]
    return ast.unparse(tree)


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
    for name in ("bnlab.cli", "bnlab.gradient_commands"):
        top = ast.parse(MODULES[name].read_text(encoding="utf-8")).body
        starts = {node.module for node in top if isinstance(node, ast.ImportFrom) and node.module}
        reached = {room(module) for start in starts - {"bnlab"} if start in MODULES for module in import_closure(start)}
        assert reached <= {"errors", "paths", "runs", "__init__"}


def test_the_test_set_has_two_doors() -> None:
    """Test images are opened by the trainer after its last update alone, predictions by `test_results` alone."""
    naming = {
        word: {module for module in MODULES if re.search(word, code(module))}
        for word in ("open_test", "test_predictions", r"test_images\.npy")
    }
    assert naming["open_test"] == {"bnlab.data.prepared", "bnlab.training.job"}
    assert naming["test_predictions"] == {"bnlab.runs.record"}
    assert naming[r"test_images\.npy"] == {"bnlab.data.prepared"}


def test_nothing_that_chooses_or_draws_reaches_test_results() -> None:
    """Only the command line imports `test_results`; what ranks, searches or draws reaches neither it nor the tables."""
    opener = "bnlab.analysis.test_results"
    assert {module for module in MODULES if opener in ours(module)} == {"bnlab.cli"}
    for start in ("analysis.rank", "config.rankings", "config.axes", "config.experiments", "figures.draw"):
        reached = import_closure(f"bnlab.{start}")
        assert not reached & {opener, "bnlab.analysis.tables", "bnlab.analysis.expectations"}
        for module in reached:
            if room(module) in {"config", "figures"} or module == "bnlab.analysis.rank":
                assert not re.search(r"['\"]test(\.csv|_accuracy|_loss|_cost)", code(module)), module


def test_training_cannot_see_the_test_set() -> None:
    """Neither training nor evaluation reaches what opens the test set."""
    for module in ("bnlab.training.train", "bnlab.training.evaluate", "bnlab.data.splits"):
        assert not {"bnlab.data.prepared", "bnlab.training.job", "bnlab.training.store"} & import_closure(module)
