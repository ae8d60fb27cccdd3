"""A digest of the code that a command's result depends on, blind to comments, docstrings and layout."""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent


def code_fingerprint(module: str, *templates: str) -> str:
    """Sixteen hex digits over all parts of the code (see `code_parts`)."""
    return fingerprint_of(code_parts(module, *templates))


def fingerprint_of(parts: Mapping[str, str]) -> str:
    """The fingerprint of code with these parts."""
    return _digits(json.dumps(parts, sort_keys=True).encode())


def code_parts(module: str, *templates: str) -> dict[str, str]:
    """Digests of `module` (as in "bnlab.training.job") and of all it imports from bnlab, by name, each over its AST.

    Imports inside functions count too. templates: files below the package, which count byte for byte.
    """
    parts = {name: _digits(_meaning(_source(name)).encode()) for name in sorted(import_closure(module))}
    return parts | {name: _digits(SOURCE.joinpath(name).read_bytes()) for name in templates}


def import_closure(module: str) -> frozenset[str]:
    """All bnlab modules that `module` imports, directly or not, itself and their packages included."""
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name in found or not _path(name).is_file():
            continue
        found.add(name)
        pending.extend(_imports(_source(name)))
        pending.extend(parent for parent in [name.rpartition(".")[0]] if parent)
    return frozenset(found)


def _digits(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _path(module: str) -> Path:
    inside = SOURCE.joinpath(*module.split(".")[1:])
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")


def _source(module: str) -> str:
    return _path(module).read_text(encoding="utf-8")


# Many commands share most of their modules: what is costly is done once for each text.


@cache
def _imports(source: str) -> frozenset[str]:
    """What a module imports from bnlab: other modules, or things inside them, which cannot be told apart here."""
    names: set[str] = set()
    for node in _statements(_tree(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if name.split(".")[0] == "bnlab")


@cache
def _meaning(source: str) -> str:
    return ast.unparse(_tree(source))


@cache
def _tree(source: str) -> ast.Module:
    """The syntax tree without docstrings, of attributes too: statements that only state a text."""
    tree = ast.parse(source)
    for node in (tree, *_statements(tree)):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return tree


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, however deep, without a look into expressions, which are most of a tree and hold none."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(tree, field, ()):
            if isinstance(part, ast.stmt):
                yield part
            yield from _statements(part)


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
