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
    "config": {"yaml", "pydantic", "pydantic_core"},
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


def words(module: str) -> set[str]:
    """All identifiers and literal texts of a module but docstrings: what its code can name."""
    found: set[str] = set()
    source = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    documentation = {
        id(statement.value)
        for node in ast.walk(source)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(source):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                found.add(text)
            case ast.ImportFrom(module=str(name)):
                found.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.alias(name=name):
                found.add(name)
    return found


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
    top = ast.parse(MODULES["bnlab.cli"].read_text(encoding="utf-8")).body
    starts = {node.module for node in top if isinstance(node, ast.ImportFrom) and node.module}
    reached = {room(module) for start in starts if start in MODULES for module in import_closure(start)}
    assert reached <= {"errors", "paths", "runs", "__init__"}


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "numerics"])
def test_numerics_do_no_input_or_output(module: str) -> None:
    """They import nothing of the standard library that reads, writes, waits or looks around, and open nothing."""
    stdlib = {name.split(".")[0] for name in imported(module)} - {"bnlab", "numpy"}
    assert stdlib <= {"collections", "dataclasses", "math", "typing"}
    assert not words(module) & {"open", "print", "load", "save", "savez", "memmap", "fromfile", "default_rng", "seed"}


def test_the_test_set_has_two_doors() -> None:
    """Test images are opened by the trainer after its last update alone, predictions by `test_results` alone."""
    naming = {
        word: {module for module in MODULES if any(re.search(word, text) for text in words(module))}
        for word in ("open_test", "test_predictions", r"test_images\.npy", r"test_labels\.npy")
    }
    assert naming == {
        "open_test": {"bnlab.data.prepared", "bnlab.training.job"},
        "test_predictions": {"bnlab.runs.record"},
        r"test_images\.npy": {"bnlab.data.prepared"},
        r"test_labels\.npy": {"bnlab.data.prepared"},
    }


def takers(*constants: str) -> set[str]:
    """The modules that take one of these names of files from `runs.record`, or everything."""
    found = set()
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ImportFrom(module="bnlab.runs.record", names=names):
                    found |= {module for alias in names if alias.name in {*constants, "*"}}
                case ast.Attribute(value=ast.Name(id="record"), attr=name) if name in constants:
                    found.add(module)
    return found


def test_the_name_of_the_predictions_has_two_takers() -> None:
    """TEST goes to the trainer, which writes it, and to `test_results`; what takes all four names opens no file."""
    assert takers("TEST") == {"bnlab.training.store", "bnlab.analysis.test_results"}
    assert takers("RESULT") == {"bnlab.runs.currency", "bnlab.targets"}
    for module in takers("RESULT"):
        assert not words(module) & {"open", "load", "read_bytes", "read_text", "np", "numpy", "pd", "pandas"}


def test_only_the_command_line_reaches_test_results() -> None:
    """No other module imports it, so none that chooses, searches, tunes or stops can call it."""
    assert {module for module in MODULES if "bnlab.analysis.test_results" in ours(module)} == {"bnlab.cli"}


def test_training_cannot_see_the_test_set() -> None:
    """Neither training nor evaluation names anything of the test set; the function that opens it comes after both."""
    for module in ("train", "setup", "recorder", "evaluate"):
        assert not [text for text in words(f"bnlab.training.{module}") if re.search(r"(^|[^a-z])test", text)]
    for module in ("bnlab.training.train", "bnlab.training.evaluate", "bnlab.data.splits"):
        assert not {"bnlab.data.prepared", "bnlab.training.job", "bnlab.training.store"} & import_closure(module)
    assert not [text for text in words("bnlab.data.splits") if re.search(r"(^|[^a-z])test", text)]


def test_test_results_reach_the_final_tables_alone() -> None:
    """test.csv is written by `test_results` and read where tables, claims and pages are made; never elsewhere."""
    naming = {module for module in MODULES if any("test.csv" in text for text in words(module))}
    assert {"bnlab.analysis.test_results", "bnlab.analysis.tables"} <= naming
    assert {room(module) for module in naming} <= {"analysis", "claims", "report"}


CHOOSING = ["analysis.rank", "config.rankings", "config.axes", "config.experiments"]
DRAWING = ["figures.draw"]


@pytest.mark.parametrize("start", [*CHOOSING, *DRAWING])
def test_nothing_that_chooses_or_draws_sees_test_results(start: str) -> None:
    """What ranks, searches or draws neither reaches what opens test results nor names one."""
    reached = import_closure(f"bnlab.{start}")
    assert not reached & {f"bnlab.analysis.{name}" for name in ("test_results", "tables", "expectations")}
    rooms = {"figures", "analysis"} if start in DRAWING else set()
    for module in {f"bnlab.{start}"} | {module for module in reached if room(module) in rooms}:
        found = [text for text in words(module) if re.search(r"(^|[^a-z])test(\.|_|$)", text, re.IGNORECASE)]
        assert not found, module


def test_the_search_sees_what_it_should() -> None:
    """The helpers find names in code, not in docstrings, and imports wherever they stand."""
    assert "test_accuracy" in words("bnlab.analysis.tables")
    assert "test.csv" in words("bnlab.analysis.test_results")
    assert not any("nothing that selects" in text for text in words("bnlab.training.store"))
    assert "bnlab.training.job" in ours("bnlab.cli")
    assert {"bnlab.numerics.layers", "bnlab.files", "bnlab.errors"} <= import_closure("bnlab.training.job")
