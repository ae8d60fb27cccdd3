"""Who imports whom, and who may open the test results."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "bnlab").rglob("*.py"))
}

MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"blas", "cli"},
    "blas": set(),
    "cli": {"*"},
    "gradient_commands": {"*"},
    "places": set(),
    "errors": set(),
    "datasets": set(),
    "stored": {"files", "errors"},
    "streams": set(),
    "fingerprint": set(),
    "files": {"errors"},
    "spec": {"errors"},
    "names": {"spec", "datasets", "errors"},
    "configuration": {"errors"},
    "cost": {"spec"},
    "protocols": {"spec", "configuration", "datasets", "errors"},
    "rankings": {"files", "errors"},
    "axes": {"rankings", "errors"},
    "experiments": {"axes", "names", "spec", "errors"},
    "gradient_settings": {"configuration", "errors"},
    "reported check_settings": {"configuration", "errors", "numerics"},
    "study": {
        "experiments", "rankings", "names", "spec", "configuration", "reported check_settings", "places", "protocols",
        "errors",
    },
    "ledger": {"spec", "study"},
    "claim_checks": {"ledger", "names", "study"},
    "claim_settings": {
        "claim_checks", "configuration", "errors", "reported check_settings", "ledger", "names", "places", "study",
    },
    "synthesis_settings": {"configuration", "places", "study", "errors"},
    "data": {"data", "errors", "files", "streams"},
    "numerics": {"numerics"},
    "gradients": {"gradients", "numerics", "streams"},
    "experiment": {
        "experiment", "data", "numerics", "spec", "names", "datasets", "stored", "streams", "files", "fingerprint",
        "errors",
    },
    "analysis": {
        "analysis", "stored", "study", "rankings", "reported check_settings", "names", "spec", "files", "configuration",
        "errors", "claim_settings", "ledger", "fingerprint",
    },
    "report": {
        "report", "analysis", "stored", "study", "synthesis_settings", "experiments", "reported check_settings", "names",
        "spec", "files", "configuration", "errors",
    },
}  # fmt: skip
"""Parts of bnlab (a module or a folder at its top) that each part may import."""

PACKAGES = {
    "data": {"numpy", "pooch", "tqdm"},
    "numerics": {"numpy"},
    "gradients": {"numpy", "autograd"},
    "experiment": {"numpy", "threadpoolctl"},
    "streams": {"numpy"},
    "gradient_commands": {"numpy"},
    "configuration": {"yaml", "jsonschema"},
    "analysis": {"numpy", "pandas", "matplotlib", "scipy"},
    "report": {"numpy", "pandas", "jinja2", "markupsafe", "typst", "yaml"},
}
"""Packages of others that each part may import; parts that are not named need the standard library alone."""


def tree(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(source: ast.Module) -> Iterator[str]:
    """The full names of what is imported anywhere in a tree, inside functions too."""
    for node in ast.walk(source):
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
    return {name for name in imported(tree(module)) if name.split(".")[0] == "bnlab"}


def closure(module: str) -> set[str]:
    """All modules of bnlab that `module` imports, directly or not, itself included."""
    found: set[str] = set()
    pending = {module}
    while pending:
        name = pending.pop()
        found.add(name)
        pending |= ours(name) - found
    return found


def part(module: str) -> str:
    """The module or folder at the top of bnlab to which a module belongs."""
    return [*module.split("."), "__init__"][1]


def words(module: str) -> set[str]:
    """All identifiers and literal texts of a module but docstrings: what its code can name."""
    found: set[str] = set()
    source = tree(module)
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


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_plan(module: str) -> None:
    """A part of the package imports only the parts that it may know."""
    allowed = MAY_IMPORT[part(module)]
    unknown = ours(module) - MODULES.keys()
    assert not unknown
    if allowed != {"*"}:
        assert {part(name) for name in ours(module)} <= allowed


@pytest.mark.parametrize("module", MODULES)
def test_packages_are_where_they_belong(module: str) -> None:
    """Training knows no pandas, no plotting and no configuration files; numerics know NumPy alone."""
    allowed = PACKAGES.get(part(module), set())
    found = {name.split(".")[0] for name in imported(tree(module))} - {"bnlab"} - sys.stdlib_module_names
    assert found <= allowed


def test_every_part_is_planned() -> None:
    """The two tables above name parts that exist, and every part that exists has its row."""
    parts = {part(module) for module in MODULES}
    assert parts == MAY_IMPORT.keys()
    assert parts >= PACKAGES.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if part(module) == "numerics"])
def test_numerics_do_no_input_or_output(module: str) -> None:
    """They import nothing of the standard library that reads, writes, waits or looks around, and open nothing."""
    stdlib = {name.split(".")[0] for name in imported(tree(module))} - {"bnlab", "numpy"}
    assert stdlib <= {"collections", "dataclasses", "math", "typing"}
    assert not words(module) & {"open", "print", "load", "save", "savez", "memmap", "fromfile", "default_rng", "seed"}


COMMANDS = {"bnlab.cli", "bnlab.gradient_commands"}


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_the_command_line_starts_light(module: str) -> None:
    """It imports what a subcommand needs inside that subcommand's function: `train` waits for no plotting."""
    top = ast.Module([node for node in tree(module).body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    names = set(imported(top))
    own = {name for name in names if name.split(".")[0] == "bnlab"}
    reached = {part(module) for name in own - COMMANDS for module in closure(name)}
    assert reached <= {"datasets", "errors", "names", "places", "spec"}
    assert {name.split(".")[0] for name in names - own} <= sys.stdlib_module_names


def test_the_test_set_has_two_doors() -> None:
    """Test images are opened by the trainer after its last update alone, predictions by `heldout` alone."""
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


def test_the_name_of_the_predictions_has_two_takers() -> None:
    """`bnlab.runs.record` names the files of a run: TEST goes to the trainer, which writes it, and to `heldout` alone."""
    takers = set()
    for module in MODULES:
        for node in ast.walk(tree(module)):
            match node:
                case ast.ImportFrom(module="bnlab.runs.record", names=names):
                    takers |= {module for alias in names if alias.name in {"TEST", "RESULT", "*"}}
                case ast.Attribute(value=ast.Name(id="stored"), attr="TEST" | "RESULT"):
                    takers.add(module)
    assert takers == {"bnlab.training.store", "bnlab.analysis.test_results"}


def test_only_the_command_line_reaches_heldout() -> None:
    """No other module imports it, so none that chooses, searches, tunes or stops can call it."""
    assert {module for module in MODULES if "bnlab.analysis.test_results" in ours(module)} == {"bnlab.cli"}
    assert {module for module in MODULES if any("heldout" in text for text in words(module))} == {"bnlab.cli"}


def test_training_cannot_see_the_test_set() -> None:
    """Neither training nor evaluation names anything of the test set; the function that opens it comes after both."""
    for module in ("bnlab.training.train", "bnlab.training.evaluate", "bnlab.data.splits"):
        assert not [text for text in words(module) if re.search(r"(^|[^a-z])test", text)]
        assert not {"bnlab.data.prepared", "bnlab.training.job", "bnlab.training.store"} & closure(module)


def test_test_results_reach_the_final_tables_alone() -> None:
    """test.csv is written by `heldout` and read where tables, expectations and the report are made; never elsewhere."""
    naming = {module for module in MODULES if any("test.csv" in text for text in words(module))}
    assert "bnlab.analysis.test_results" in naming
    assert "bnlab.analysis.tables" in naming
    assert {part(module) for module in naming} <= {"analysis", "report"}
    assert not naming & closure("bnlab.figures.draw")


def test_figures_never_read_test_results() -> None:
    """Nothing that draws a figure names test.csv, a test metric, or a module that opens either."""
    drawing = closure("bnlab.figures.draw")
    assert "bnlab.figures.curves" in drawing
    assert not drawing & {"bnlab.analysis.test_results", "bnlab.analysis.tables", "bnlab.analysis.expectations"}
    for module in drawing:
        if part(module) == "analysis":
            assert not [text for text in words(module) if re.search(r"(^|[^a-z])test(\.|_|$)", text)], module


def test_what_chooses_cannot_see_test_results() -> None:
    """Ranking a search, reading a ranking and building on it: nothing there names or reaches a test result."""
    choosing = {"bnlab.analysis.rank", "bnlab.config.rankings", "bnlab.config.axes", "bnlab.config.experiments"}
    reached = {name for module in choosing for name in closure(module)}
    assert not reached & {"bnlab.analysis.test_results", "bnlab.analysis.tables", "bnlab.analysis.expectations"}
    for module in choosing:
        assert not [text for text in words(module) if re.search(r"(^|[^a-z])test(\.|_|$)", text, re.IGNORECASE)], module


def test_the_search_sees_what_it_should() -> None:
    """The helpers find names in code, not in docstrings, and imports wherever they stand."""
    assert "test_accuracy" in words("bnlab.analysis.tables")
    assert "test.csv" in words("bnlab.analysis.test_results")
    assert not any("nothing that selects" in text for text in words("bnlab.training.store"))
    assert "bnlab.training.job" in ours("bnlab.cli")
    assert {"bnlab.numerics.layers", "bnlab.files", "bnlab.errors"} <= closure("bnlab.training.job")
