"""The projects that benchmarks measure in are ones that the present program accepts."""

from pathlib import Path

import pytest

from benchmarks import dag, project
from bnlab.config.protocols import load_protocols

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as `make bench` does, in the root, but leave nothing there."""
    monkeypatch.chdir(ROOT)
    for module in (dag, project):
        monkeypatch.setattr(module, "RESULTS", tmp_path / "benchmarks")


@pytest.mark.parametrize(("data", "whole"), [("cifar10", "official"), ("generated", "demo")])
def test_its_protocols_are_valid(tmp_path: Path, data: str, whole: str) -> None:
    """On real and on generated images."""
    with project.project(tmp_path / data) as made:
        protocols = load_protocols(made.folder / "config")
        assert made.whole == whole
        assert {protocols[name].data.name for name in ("start", "small", "brief")} == {data}
        assert protocols["start"].schedule.updates == 2


def test_a_study_of_any_size_is_planned() -> None:
    """Snakemake plans just its trainings."""
    with dag.study_of(4) as folder:
        used = dag.snakemake(folder, "-n", expect="train 4")
    assert used.seconds > 0
    assert 20 < used.megabytes < 1000
