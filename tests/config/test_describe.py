"""The schemas for editors and the reference page are what the models say, and fit what is committed."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bnlab.config.describe import MODELS, describe, schema

ROOT = Path(__file__).parents[2]
FILES = [(name, path) for name, (pattern, _) in MODELS.items() for path in sorted(ROOT.glob(pattern))]


def properties(content: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every key of every object in a schema."""
    if isinstance(content, list):
        return [found for item in content for found in properties(item)]
    if not isinstance(content, dict):
        return []
    own = content.get("properties", {})
    return [*own.items(), *(found for value in content.values() for found in properties(value))]


def test_what_is_committed_is_what_the_models_say(tmp_path: Path) -> None:
    """After an edit of a model: python -m bnlab describe."""
    describe(config=tmp_path / "config", docs=tmp_path / "docs")
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(made) == len(MODELS) + 1
    for path in made:
        assert (tmp_path / path).read_text() == (ROOT / path).read_text(), path
    assert sorted((ROOT / "config/schemas").iterdir()) == [ROOT / path for path in made if path.suffix == ".json"]


@pytest.mark.parametrize("name", MODELS)
def test_every_key_has_a_description(name: str) -> None:
    """And every kind of value can be told in words."""
    for key, field in properties(schema(name)):
        assert field.get("description") or "$ref" in field, key
    page = (ROOT / "docs/configuration.md").read_text()
    assert "| any" not in page
    for line in page.splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[-1].strip("| "), line


@pytest.mark.parametrize(("name", "path"), FILES, ids=[str(path.relative_to(ROOT)) for _, path in FILES])
def test_committed_files_fit_the_schema_that_they_name(name: str, path: Path) -> None:
    """The first line leads an editor to the schema, which finds nothing wrong, and does find a misspelled key."""
    text = path.read_text()
    named = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == ROOT / "config/schemas" / f"{name}.json"
    content = yaml.safe_load(text)
    jsonschema.validate(content, schema(name))
    inside = next(iter(content.values())) if name == "protocol" else content
    inside["titel"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema(name))
