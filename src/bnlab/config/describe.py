"""From the models of the configuration to JSON schemas for editors and a reference page for readers."""

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from bnlab.config.claims import ClaimsFile
from bnlab.config.data_sets import DataSetItem
from bnlab.config.gradient_checks import Gate, Overfit, StepSizes
from bnlab.config.reported_check_file import ReportedCheckFile
from bnlab.config.studies import Selection
from bnlab.config.study_file import StudyFile
from bnlab.config.synthesis import SynthesisFile
from bnlab.files import write_text
from bnlab.runs.declared import Declared
from bnlab.runs.spec import Protocol

MODELS: dict[str, tuple[str, type[Declared]]] = {
    "config": ("config/config.yaml", Selection),
    "protocol": ("config/protocols.yaml", Protocol),
    "data_sets": ("config/datasets.yaml", DataSetItem),
    "study": ("config/studies/*.yaml", StudyFile),
    "claims": ("config/claims/*.yaml", ClaimsFile),
    "synthesis": ("config/synthesis.yaml", SynthesisFile),
    "gate": ("config/gradients/gate.yaml", Gate),
    "step_sizes": ("config/gradients/step_sizes.yaml", StepSizes),
    "overfit": ("config/gradients/overfit.yaml", Overfit),
    "reported_check": ("config/reported_checks/*.yaml", ReportedCheckFile),
}
"""The files that each model describes, by the name of its schema. Two hold entries, which the models describe."""
FILLED = {"study": "ExperimentItem", "reported_check": "Case"}
"""The items that `defaults` can fill in, so that no key of theirs is required of each."""
INTRODUCTION = """\
# Every key of the configuration

Made from the models in `src/bnlab` by `python -m bnlab describe`; a test holds this page and the schemas in
`config/schemas` equal to them. Editors read the schemas: the YAML extension of VS Code finds the one that a file names
in its first line, offers keys as you type, shows what they mean, and marks what is wrong.

A key without a default has to be there.
"""


def describe(*, config: Path, docs: Path) -> None:
    """Write config/schemas/<name>.json for every kind of file, and docs/configuration.md."""
    for name in MODELS:
        write_text(config / "schemas" / f"{name}.json", json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n")
    write_text(docs / "configuration.md", INTRODUCTION + "".join(_section(name) for name in MODELS))


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a kind of file, for editors: what may be left out for `defaults` is not required."""
    file, model = MODELS[name]
    content = _described(model)
    for one in (content, *content.get("$defs", {}).values()):
        for field in one.get("properties", {}).values():
            if field.get("default", ...) is None:
                del field["default"]  # a key that may be left out, and for which an editor must not offer null
    if name == "protocol":
        definitions = content.pop("$defs")
        base = {"type": "string", "description": "The protocol that this one starts from; it says only what differs."}
        for partial in (content, definitions["Schedule"]):
            partial.pop("required")
        content["properties"]["defaults"] = base
        content = {"$defs": definitions, "type": "object", "additionalProperties": content}
    elif name == "data_sets":
        content = {"$defs": content.pop("$defs"), "type": "object", "additionalProperties": content}
    elif name in FILLED:
        content["$defs"][FILLED[name]].pop("required")
        content["properties"]["defaults"] = {"$ref": f"#/$defs/{FILLED[name]}"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": file, **content}


def _described(model: type[Declared]) -> dict[str, Any]:
    """A model's JSON schema, in which every field is described by the text below it in its class.

    Pydantic can do that (use_attribute_docstrings), but reads all the source for it whenever a command starts.
    """
    content = model.model_json_schema(by_alias=True)
    classes = {one.__name__: one for one in _classes(Declared)}
    for name, definition in {model.__name__: content, **content.get("$defs", {})}.items():
        fields, properties = classes[name].model_fields, definition.get("properties", {})
        lineage = [one for one in reversed(classes[name].__mro__) if issubclass(one, Declared)]
        for key, text in (field for one in lineage for field in _texts_below(one)):
            alias = fields[key].alias or key
            properties[alias] = dict(sorted({**properties[alias], "description": text}.items()))
    return content


def _classes(base: type[Declared]) -> Iterator[type[Declared]]:
    for one in base.__subclasses__():
        yield one
        yield from _classes(one)


def _texts_below(model: type) -> Iterator[tuple[str, str]]:
    """The fields that a class's source declares, each with the text below it."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    for statement, below in pairwise(getattr(definition, "body", ())):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(value=ast.Constant(value=str(text))):
                yield key, inspect.cleandoc(text)


def _section(name: str) -> str:
    file, model = MODELS[name]
    content = _described(model)
    lines = [f"\n## {file}\n\n{_sentence(content)}\n", *_table(content)]
    for title, definition in content.get("$defs", {}).items():
        lines += [f"\n### {title}\n\n{_sentence(definition)}\n", *_table(definition)]
    return "\n".join(lines) + "\n"


def _sentence(content: Mapping[str, Any]) -> str:
    return " ".join(content.get("description", "").split())


def _table(content: Mapping[str, Any]) -> Iterator[str]:
    yield "| Key | What it may be | Default | What it is |\n|---|---|---|---|"
    required = content.get("required", [])
    for key, field in content.get("properties", {}).items():
        default = "" if key in required else "none" if field.get("default") is None else f"`{_yaml(field['default'])}`"
        yield f"| `{key}` | {_kind(field)} | {default} | {_sentence(field)} |"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _kind(field: Mapping[str, Any]) -> str:  # noqa: PLR0911 (one for each kind)
    """The values that a field may have, in words."""
    match field:
        case {"$ref": str(reference)}:
            title = reference.rpartition("/")[2]
            return f"[{title}](#{title.lower()})"
        case {"const": value}:
            return f"`{_yaml(value)}`"
        case {"enum": list(values)}:
            return ", ".join(f"`{_yaml(value)}`" for value in values)
        case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
            return " or ".join(dict.fromkeys(_kind(kind) for kind in kinds))
        case {"type": "array"}:
            return f"list of {_kind(field.get('items', {}))}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"mapping of names to {_kind(values)}"
        case {"type": "string", "pattern": str(pattern)}:
            return "text like `" + pattern.strip("^$").replace("|", "\\|") + "`"
    names = {
        "string": "text",
        "boolean": "true or false",
        "number": "number",
        "integer": "whole number",
        "null": "nothing",
    }
    return names.get(field.get("type", ""), "any") + _bounds(field)


def _bounds(field: Mapping[str, Any]) -> str:
    words = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    return "".join(f" {sign} {field[bound]:,}" for bound, sign in words.items() if bound in field)
