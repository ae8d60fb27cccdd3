"""The code fingerprint changes with every edit that can change a result, and with no other."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bnlab import fingerprint
from bnlab.fingerprint import code_fingerprint, import_closure
from bnlab.targets import ROOTS

SOURCE = fingerprint.SOURCE
TRAINER = "bnlab.training.job"
DRAWING = ["bnlab.figures.draw", "bnlab.analysis.tables", "bnlab.analysis.collect", "bnlab.config.studies", "bnlab.cli"]
CLOSURE = sorted(import_closure(TRAINER))
OTHERS = [
    ".".join(["bnlab", *path.relative_to(SOURCE).with_suffix("").parts]).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
]
OUTSIDE = [module for module in OTHERS if module not in CLOSURE]


def file_of(module: str, source: Path) -> Path:
    """The file of a module."""
    path = source.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def digest(module: str = TRAINER) -> str:
    """The fingerprint, from what is on disk now."""
    return code_fingerprint(module)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's sources, whose fingerprints are asked for instead."""
    copy = tmp_path / "bnlab"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "SOURCE", copy)
    return copy


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of a file that occurs in it once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_it_is_sixteen_digits_and_stays(package: Path) -> None:
    """Asked again, after forgetting and for a copy in another folder, it is the same; other modules have others."""
    first = digest()
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert digest() == first
    fingerprint.SOURCE = SOURCE
    assert digest() == first
    fingerprint.SOURCE = package
    assert len({digest(module) for module in [TRAINER, *DRAWING]}) == 1 + len(DRAWING)


def test_the_closure_of_the_trainer() -> None:
    """It holds all that computes and stores a run, with the packages around it, and nothing that plans or draws."""
    assert set(CLOSURE) >= {
        "bnlab", "bnlab.data", "bnlab.data.prepared", "bnlab.data.splits", "bnlab.training", TRAINER,
        "bnlab.training.evaluate", "bnlab.training.store", "bnlab.training.train", "bnlab.numerics",
        "bnlab.numerics.initialize", "bnlab.numerics.layers", "bnlab.numerics.network", "bnlab.numerics.optimizer",
        "bnlab.numerics.parameters", "bnlab.numerics.schedule", "bnlab.numerics.running_statistics", "bnlab.runs.spec",
        "bnlab.streams",
    }  # fmt: skip
    parts = {[*module.split("."), ""][1] for module in CLOSURE}
    assert not parts & {"analysis", "report", "gradients", "study", "configuration", "cli"}
    assert "bnlab.data.obtain" not in CLOSURE


def without_a_trace(source: str) -> str:
    """The same program without its comments and layout, and with other words in its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body[0] = ast.Expr(ast.Constant(f"Other words.\n\nFor {type(node).__name__}."))
    return "# A new comment.\n\n\n" + ast.unparse(tree).replace("\n    return", "\n\n    # here\n    return")


def test_words_and_layout_do_not_count(package: Path) -> None:
    """Rewriting every comment, docstring and line break of every module leaves all fingerprints as they are."""
    before = [digest(module) for module in [TRAINER, *DRAWING]]
    changed = 0
    for path in package.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        path.write_text(without_a_trace(source), encoding="utf-8")
        changed += path.read_text(encoding="utf-8") != source
    assert changed > 30
    assert [digest(module) for module in [TRAINER, *DRAWING]] == before


@pytest.mark.parametrize("module", CLOSURE)
def test_an_edit_of_any_module_in_the_closure_counts(package: Path, module: str) -> None:
    """One more statement in any module that the trainer imports, packages included, gives another fingerprint."""
    before = digest()
    path = file_of(module, package)
    path.write_text(path.read_text(encoding="utf-8") + "\n_EXTRA = 1\n", encoding="utf-8")
    assert digest() != before


class OtherConstant(ast.NodeTransformer):
    """Replaces the first number or text that is not documentation."""

    done = False

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Once."""
        if self.done or not isinstance(node.value, int | float | str) or isinstance(node.value, bool):
            return node
        self.done = True
        other = f"{node.value}?" if isinstance(node.value, str) else node.value + 1
        return ast.copy_location(ast.Constant(other), node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Skip docstrings."""
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)


@pytest.mark.parametrize("root", sorted(set(ROOTS.values())))
def test_another_constant_in_what_a_command_calls_counts(package: Path, root: str) -> None:
    """In every module that the command's function imports, one number or text is changed, and each is seen."""
    module = f"bnlab.{root}"
    before, seen = digest(module), 0
    for name in sorted(import_closure(module)):
        path = file_of(name, package)
        source = path.read_text(encoding="utf-8")
        change = OtherConstant()
        tree = ast.fix_missing_locations(change.visit(ast.parse(source)))
        if change.done:
            path.write_text(ast.unparse(tree), encoding="utf-8")
            assert digest(module) != before, name
            path.write_text(source, encoding="utf-8")
            seen += 1
    assert digest(module) == before
    assert seen > 2


@pytest.mark.parametrize(
    ("old", "new", "commands"),
    [
        ("IMAGES = 1000\n", "IMAGES = 7\n", {"gate", "step-sizes", "overfit"}),
        ("(pixels - pixels.mean(axis=0)) / pixels.std(axis=0)", "pixels", {"gate", "step-sizes", "overfit"}),
        ("DATA_BATCH = 10_000\n", "DATA_BATCH = 9_000\n", {"reported-check"}),
    ],
)
def test_what_gradients_are_checked_on_counts(package: Path, old: str, new: str, commands: set[str]) -> None:
    """How many images, and how they are scaled, is part of what a command computes; once nothing noticed."""
    before = {command: digest(f"bnlab.{ROOTS[command]}") for command in commands | {"train"}}
    edit(package / "gradients" / "images.py", old, new)
    after = {command: digest(f"bnlab.{ROOTS[command]}") for command in before}
    assert {command for command in before if after[command] != before[command]} == commands


def test_edits_outside_the_closure_do_not_count(package: Path) -> None:
    """Tables, figures, reports, planning and downloads can be edited without retraining anything."""
    before = digest()
    assert len(OUTSIDE) > 10
    for module in OUTSIDE:
        path = file_of(module, package)
        path.write_text(path.read_text(encoding="utf-8") + "\n_EXTRA = 1\n", encoding="utf-8")
    assert digest() == before
    assert digest("bnlab.figures.draw") != code_fingerprint("bnlab.analysis.tables")


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("bnlab.numerics.layers", "g -= g_beta / len(g)", "g -= g_beta / (len(g) - 1)"),
        ("bnlab.numerics.optimizer", "2 * weight_decay", "3 * weight_decay"),
        ("bnlab.numerics.initialize", "math.sqrt(2 / fan_in)", "math.sqrt(3 / fan_in)"),
        ("bnlab.numerics.schedule", "update % (2 * step)", "update % (3 * step)"),
        ("bnlab.training.evaluate", "BLOCK = 250 ", "BLOCK = 251 "),
        ("bnlab.streams", '"little"', '"big"'),
        ("bnlab.data.splits", "rows[:training]", "rows[-training:]"),
    ],
)
def test_a_changed_number_counts(package: Path, module: str, old: str, new: str) -> None:
    """A constant, an operator or a text that differs is another program; undone, it is the old one again."""
    before = digest()
    edit(file_of(module, package), old, new)
    assert digest() != before
    edit(file_of(module, package), new, old)
    assert digest() == before


IMPORTS = [
    "import bnlab.extra",
    "import bnlab.extra as other",
    "from bnlab import extra",
    "from bnlab.extra import VALUE",
    "import math, bnlab.extra",
    "def late():\n    from bnlab.extra import VALUE\n    return VALUE",
    "if True:\n    import bnlab.extra",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_every_way_to_import_is_followed(package: Path, line: str) -> None:
    """A module comes into the closure by any form of import, also inside a function; its content counts from then."""
    (package / "extra.py").write_text("VALUE = 1\n")
    assert "bnlab.extra" not in import_closure(TRAINER)
    path = package / "numerics" / "schedule.py"
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    before = digest()
    assert "bnlab.extra" in import_closure(TRAINER)
    (package / "extra.py").write_text("VALUE = 2\n")
    assert digest() != before


def test_a_circle_of_imports_ends(package: Path) -> None:
    """Two modules that import each other are in one closure, whichever is asked."""
    (package / "one.py").write_text("import bnlab.two\n")
    (package / "two.py").write_text("import bnlab.one\n")
    assert import_closure("bnlab.one") == import_closure("bnlab.two") == {"bnlab", "bnlab.one", "bnlab.two"}


def test_moving_code_between_modules_counts(package: Path) -> None:
    """The module a statement stands in is part of what is digested, whatever the whole amounts to."""
    (package / "both.py").write_text("import bnlab.one, bnlab.two\n")
    digests = set()
    for one, two in (("A = 1\n", "B = 1\nC = 1\n"), ("A = 1\nB = 1\n", "C = 1\n"), ("B = 1\nC = 1\n", "A = 1\n")):
        (package / "one.py").write_text(one)
        (package / "two.py").write_text(two)
        digests.add(digest("bnlab.both"))
    assert len(digests) == 3


RUN = """
import json, sys
from pathlib import Path
sys.path.insert(0, {source!r})
before = set(sys.modules)
from bnlab.training.job import perform_run
from bnlab.runs.datasets import DataSet
from bnlab.runs.spec import Protocol, RunSpec, Schedule
miniature = DataSet("miniature", "miniature", {digest!r}, 250, 3072, 10)
protocol = Protocol(data=miniature, training=200, validation=50, batch_size=50, curve_points=2, probe=50,
                    schedule=Schedule(minimum=0.01, maximum=0.1, step=2, cycles=1))
perform_run(RunSpec("tiny", (5,), True, "he", 0.0, 1), protocol, results=Path({results!r}))
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Names of all modules that a training loads, from a process in which one took place."""
    from bnlab.data.generate import generate
    from bnlab.data.prepared import open_prepared, store
    from bnlab.data.scaling import pixel_statistics
    from bnlab.data.splits import Split, draw_split, store_split
    from bnlab.streams import stream

    results = tmp_path_factory.mktemp("results")
    arrays = generate(training=250, test=20)
    store(results / "data" / "miniature", "miniature", arrays)
    rows = draw_split(250, training=200, validation=50, random=stream(1, "split"))
    split = Split(*rows, *pixel_statistics(arrays.train_images, rows[0]))
    store_split(results / "splits" / "miniature_200-50_random-seed1_per-pixel.npz", split)
    digest = open_prepared(results / "data" / "miniature").digest
    code = RUN.format(source=str(SOURCE.parent), results=str(results), digest=digest)
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert len(list((results / "runs" / "tiny").glob("*/run.json"))) == 1
    modules = json.loads(output)
    return SimpleNamespace(
        ours={name for name in modules if name.split(".")[0] == "bnlab"},
        packages={name.split(".")[0] for name in modules},
    )


def test_training_imports_nothing_of_ours_past_the_closure(loaded: SimpleNamespace) -> None:
    """What runs is what is digested: no import is hidden from the fingerprint."""
    assert TRAINER in loaded.ours
    assert loaded.ours <= set(CLOSURE)


def test_training_imports_no_heavy_package(loaded: SimpleNamespace) -> None:
    """It waits, and takes memory, for none of what plans, draws, reports or downloads."""
    assert "numpy" in loaded.packages
    assert not loaded.packages & {
        "pandas", "matplotlib", "jsonschema", "requests", "yaml", "jinja2", "pooch", "tqdm", "scipy", "urllib3",
    }  # fmt: skip


def test_what_is_written_down_is_what_is_recorded() -> None:
    """The workflow's fingerprint of the trainer is that of the module that records its own."""
    assert f"bnlab.{ROOTS['train']}" == TRAINER
    assert f'code_fingerprint("{TRAINER}")' in file_of(TRAINER, SOURCE).read_text(encoding="utf-8")


def test_a_first_docstring_does_not_count(package: Path) -> None:
    """Documenting a function that had no docstring is an edit of words alone."""
    before = digest()
    edit(
        package / "data" / "prepared.py",
        "def _digest_of(manifest: dict[str, Any]) -> str:\n",
        'def _digest_of(manifest: dict[str, Any]) -> str:\n    """Words."""\n',
    )
    assert digest() == before


def test_the_docstring_of_a_variable_does_not_count(package: Path) -> None:
    """Editing the words below `Labels = ...`, which tools show as its documentation, retrains nothing."""
    before = digest()
    edit(package / "numerics" / "arrays.py", '"""Class labels, (n,)."""', '"""The labels, (n,)."""')
    assert digest() == before
