"""A digest of the code that a command's result depends on, blind to comments, docstrings and layout."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent


def code_fingerprint(module: str, *templates: str) -> str:
    """Sixteen hex digits over the AST of `module` (as in "bnlab.training.job") and all it imports from bnlab.

    Imports inside functions count too. templates: files below the package, which count byte for byte.
    """
    sources = {name: _meaning(_path(name)) for name in import_closure(module)}
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\n{sources[name]}\n".encode())
    for name in templates:
        digest.update(name.encode() + SOURCE.joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


@cache
def import_closure(module: str) -> frozenset[str]:
    """All bnlab modules that `module` imports, directly or not, itself and their packages included."""
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        pending.extend(_direct_imports(name))
        pending.extend(parent for parent in [name.rpartition(".")[0]] if parent)
    return frozenset(found)


def _direct_imports(module: str) -> set[str]:
    names: set[str] = set()
    for node in _statements(_tree(_path(module))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from bnlab.numerics import layers" may name a module or a thing inside one.
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "bnlab" and _exists(name)}


def _path(module: str) -> Path:
    inside = SOURCE.joinpath(*module.split(".")[1:])
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")


@cache
def _exists(module: str) -> bool:
    return _path(module).is_file()


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, however deep, without a look into expressions, which are most of a tree and hold none."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(tree, field, ()):
            if isinstance(part, ast.stmt):
                yield part
            yield from _statements(part)


@cache
def _tree(path: Path) -> ast.Module:
    """The file's syntax tree without docstrings, of attributes too: statements that only state a text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in (tree, *_statements(tree)):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return tree


@cache
def _meaning(path: Path) -> str:
    return ast.unparse(_tree(path))


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
