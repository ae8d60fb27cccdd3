"""pyproject.toml, the two locks and environment.yml name the same packages at the same versions."""

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CONDA = {"snakemake", "numpy", "matplotlib", "pandas", "pyyaml"}
"""What environment.yml takes from conda; the rest comes by pip from the lock."""
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-docs.lock")
"""What running needs, and with it what tests and checks need."""
DEEP_LEARNING = {"torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "flax", "mxnet", "scikit-learn"}
LOCK_ENTRY = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][0-9a-z.]*)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
    r"(?:    #.*\n)*"
)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def direct(project: dict[str, Any]) -> list[Requirement]:
    """What the package and its groups of tools depend on directly."""
    groups = [*project["project"]["dependencies"], *(r for g in project["dependency-groups"].values() for r in g)]
    return [Requirement(requirement) for requirement in groups]


@pytest.fixture(scope="module")
def locked() -> dict[str, Version]:
    """The versions in the larger lock, each package once."""
    return versions_in("requirements-test.lock")


def versions_in(lock: str) -> dict[str, Version]:
    """The versions in a lock, each package once."""
    entries = [match.groupdict() for match in LOCK_ENTRY.finditer((ROOT / lock).read_text())]
    versions = {entry["name"]: Version(entry["version"]) for entry in entries}
    assert len(versions) == len(entries)
    return versions


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    """environment.yml."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())
    return content


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_is_pins_with_hashes_and_nothing_else(lock: str) -> None:
    """Entry after entry the lock is name==version with sha256 hashes: no URL, no index, no option, nothing unpinned."""
    text = (ROOT / lock).read_text()
    place = 0
    for match in LOCK_ENTRY.finditer(text):
        assert match.start() == place, text[place : match.start()]
        place = match.end()
    assert place == len(text), text[place : place + 200]
    assert not re.search("://|--(?!hash=)|git[+]", re.sub(r"    # .*", "", text))
    assert "://" not in text


def test_every_direct_dependency_is_locked_at_a_version_that_satisfies_it(
    direct: list[Requirement], locked: dict[str, Version]
) -> None:
    """The lock, or that of the documentation, holds each dependency of pyproject.toml, within the range given there."""
    assert len(direct) > 15
    known = versions_in("requirements-docs.lock") | locked
    for requirement in direct:
        assert requirement.specifier, f"{requirement.name} has no range"
        assert requirement.url is None
        assert requirement.specifier.contains(known[canonicalize_name(requirement.name)]), requirement


def test_the_smaller_lock_is_what_running_needs(project: dict[str, Any], locked: dict[str, Version]) -> None:
    """All that the package depends on, at the versions that are tested, and none of the tools."""
    smaller = versions_in("requirements.lock")
    assert {canonicalize_name(Requirement(r).name) for r in project["project"]["dependencies"]} <= set(smaller)
    assert smaller.items() <= locked.items()
    assert not {"pytest", "ruff", "mypy", "hypothesis", "hatchling", "uv"} & set(smaller)


def test_conda_takes_exactly_five_packages_at_the_locked_versions(
    environment: dict[str, Any], locked: dict[str, Version]
) -> None:
    """environment.yml: Python, pip, five packages pinned as in the lock, and the lock itself for the rest."""
    packages = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    pins = dict(entry.split("=") for entry in packages if "=" in entry)
    python = pins.pop("python")
    assert {entry for entry in packages if "=" not in entry} == {"pip"}
    assert set(pins) == CONDA
    assert {name: Version(version) for name, version in pins.items()} == {name: locked[name] for name in CONDA}
    assert [entry for entry in environment["dependencies"] if not isinstance(entry, str)] == [
        {"pip": ["-r requirements.lock"]}
    ]
    assert re.fullmatch(r"3\.[0-9]+", python)


def test_conda_s_python_and_channels(environment: dict[str, Any], project: dict[str, Any]) -> None:
    """The environment's Python is one that the package runs on; its packages come from the two open channels."""
    (python,) = (entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert SpecifierSet(project["project"]["requires-python"]).contains(python.removeprefix("python="))
    assert environment["channels"] == ["conda-forge", "bioconda"]
    assert environment["name"] == project["project"]["name"]


def test_conda_s_packages_are_direct_dependencies(project: dict[str, Any]) -> None:
    """The five that conda installs are dependencies of the package itself, not of its tests or tools."""
    assert {canonicalize_name(Requirement(r).name) for r in project["project"]["dependencies"]} >= CONDA


def test_no_deep_learning_library_is_a_dependency(
    direct: list[Requirement], locked: dict[str, Version], environment: dict[str, Any]
) -> None:
    """Networks are written by hand: none of the libraries that have them is named anywhere, however indirectly."""
    assert not DEEP_LEARNING & {canonicalize_name(requirement.name) for requirement in direct}
    assert not DEEP_LEARNING & set(locked)
    assert not DEEP_LEARNING & {re.split("[=<> ]", str(entry))[0] for entry in environment["dependencies"]}


def test_the_package_imports_what_it_depends_on(project: dict[str, Any]) -> None:
    """Every package that src and the workflow import is declared, and every declared one is imported."""
    imported = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            imported |= {name.partition(".")[0] for name in names}
    for path in (ROOT / "Snakefile", ROOT / "workflow/Snakefile", *(ROOT / "workflow").rglob("*.smk")):
        imported |= set(re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE))
    third_party = {name for name in imported if name not in sys.stdlib_module_names} - {"bnlab"}
    declared = {canonicalize_name(Requirement(r).name) for r in project["project"]["dependencies"]}
    third_party -= {"snakemake_interface_executor_plugins"}  # Snakemake's own
    declared -= {"pygments"}  # which Snakemake imports for a report
    distributed_as = {"yaml": "pyyaml", "PIL": "pillow"}
    assert {distributed_as.get(name, name) for name in third_party} == declared
