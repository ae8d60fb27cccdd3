"""docs/tutorial.md works as it stands, from the demo on, which CI runs by itself."""

import re
import shlex
import shutil
from pathlib import Path

from tests.workflow.conftest import ROOT, Project

TEXT = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
DEMO = ["make demo", "source .venv/bin/activate", "bnlab runs demo --where weight_decay=0.005"]


def run(project: Project, line: str) -> str:
    """What a line of the tutorial prints."""
    program, *words = shlex.split(line)
    result = project.bnlab(*words) if program == "bnlab" else project.snakemake(*words)
    assert program in ("bnlab", "snakemake") and result.returncode == 0, result.stdout
    return result.stdout


def without_times(text: str) -> str:
    """How long a training takes depends on the machine."""
    return re.sub(r"\d+ s\b", "... s", text)


def test_the_tutorial_goes_as_it_says(fresh: Project) -> None:
    """A question, an answer, a line changed: only the new seed is trained, and `why` says so in the same words."""
    shutil.copy(ROOT / "config/protocols.yaml", fresh.folder / "config")
    fresh.edit("config/protocols.yaml", "step: 200", "step: 20")  # what networks learn is not the point here
    (study,) = re.findall(r"```yaml file=(\S+)\n(.*?)```", TEXT, re.DOTALL)
    (fresh.folder / study[0]).write_text(study[1], encoding="utf-8")
    (fresh.folder / "config/studies/tiny.yaml").unlink()
    (fresh.folder / "config/config.yaml").write_text("studies: [mine]\ncifar10: null\nseeds_factor: 1\n")
    assert LINES[:3] == DEMO
    plan, first, compare, why, second = LINES[3:]
    assert "mine: 6 runs, 6 missing" in run(fresh, plan)
    assert "5 layers (50-30-20-10): batch normalization changes test accuracy by " in run(fresh, first)
    assert "3 pairs" in run(fresh, compare)
    fresh.edit(study[0], "seeds: 3", "seeds: 4")
    said = run(fresh, why)
    assert f"```text\n{without_times(said)}```" in without_times(TEXT)
    assert "[2/2]" in run(fresh, second) and "[3/" not in run(fresh, second)


def test_the_demo_s_lines_are_run_by_ci() -> None:
    """With the same words."""
    script = Path(ROOT / ".ci/run").read_text(encoding="utf-8")
    assert 'readme "make demo"' in script and "bnlab runs demo --where" in script
