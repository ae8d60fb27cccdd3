"""A wider version of a study, as a study of its own: what both have in common is trained once."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bnlab.config.reader import check_name, read_yaml, with_defaults
from bnlab.config.studies import Study, load_configuration
from bnlab.config.study_file import StudyFile
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.files import write_text
from bnlab.paths import whole_project


def widen(
    study: str,
    name: str,
    *,
    experiments: Sequence[str] = (),
    seeds: int | None = None,
    added: dict[str, list[Any]],
    config: Path,
) -> Study:
    """Write config/studies/<name>.yaml: the study with more seeds, and with more values on the axes of its grids.

    experiments: only these, by their ids; all without. seeds: how many each has now. added: values by the name of the
    axis (networks, initialization, weight_decay, ...), which axes that follow a search do not take. The study's
    expectations stay with it. Raises ConfigError, and writes nothing, when that is no study, or one is there already.
    """
    target = config / "studies" / f"{name}.yaml"
    check_name(name, source="bnlab widen", what="study")
    if name in _rules():
        raise ConfigError(f"{target}: '{name}' is the name of a rule. Choose another: a study is a target too.")
    if target.exists():
        raise ConfigError(f"{target}: is there already. Choose another name, or delete it.")
    known = load_configuration(config).study(study)
    path = config / "studies" / f"{study}.yaml"
    content = with_defaults(read_yaml(path), "experiments", source=str(path))
    chosen = [known.experiment(one).id for one in experiments] or [one["id"] for one in content["experiments"]]
    content["experiments"] = [
        _wider(item, seeds, added, must=bool(experiments)) for item in content["experiments"] if item["id"] in chosen
    ]
    content["title"] = f"{content['title']} (wider)"
    content.pop("expectations", None)
    check(StudyFile, content, source=str(target))
    # By way of JSON, no two places hold the same list: YAML would make an alias of it.
    text = yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True, width=120)
    write_text(target, f"# yaml-language-server: $schema=../schemas/study.json\n# {study}, widened.\n{text}")
    try:
        return load_configuration(config).study(name)
    except ConfigError:
        target.unlink()
        raise


def _rules() -> set[str]:
    """The names of the workflow's rules."""
    files = sorted((whole_project() / "workflow").rglob("*"))
    texts = [path.read_text(encoding="utf-8") for path in files if path.name.lower().endswith(("snakefile", ".smk"))]
    return {"everything"}.union(*(re.findall(r"^ *(?:rule|checkpoint) (\w+):", text, re.MULTILINE) for text in texts))


def _wider(item: dict[str, Any], seeds: int | None, added: dict[str, list[Any]], *, must: bool) -> dict[str, Any]:
    """An experiment with more seeds and more values."""
    wider = dict(item)
    if seeds is not None:
        listed = item["seeds"]
        if isinstance(listed, list):  # these stay, so that their runs do
            others = [seed for seed in range(1, seeds + len(listed) + 1) if seed not in listed]
            wider["seeds"] = [*listed, *others][: max(seeds, len(listed))]
        else:
            wider["seeds"] = seeds
    for axis, values in added.items():
        present = item.get(axis)
        if isinstance(present, list):
            wider[axis] = [*present, *(value for value in values if value not in present)]
        elif must:
            raise ConfigError(f"experiment {item['id']}: {axis} lists no values, so none can be added to it.")
    return wider
