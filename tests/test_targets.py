"""Which file belongs to what, and what a training waits for: the committed configuration, without Snakemake."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from bnlab.cli import rules
from bnlab.config.reader import read_yaml
from bnlab.data.prepared import MANIFEST
from bnlab.errors import ConfigError
from bnlab.figures import draw
from bnlab.fingerprint import code_fingerprint
from bnlab.targets import ROOTS, TEMPLATES, Targets

ROOT = Path(__file__).parents[1]
SELECTION = read_yaml(ROOT / "config" / "config.yaml")


def targets(results: Path, config: Path = ROOT / "config") -> Targets:
    """The targets of the committed configuration with results elsewhere."""
    return Targets(SELECTION, config=config, results=results)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Targets:
    """Nothing is stored yet."""
    return targets(tmp_path_factory.mktemp("results"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the configuration to edit."""
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def called(command: str) -> tuple[set[str], set[str]]:
    """The modules that a subcommand's function imports from to compute, and the functions of theirs that it calls."""
    tree = ast.parse(Path(rules.__file__).read_text(encoding="utf-8"))
    (function,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == f"_{command.replace('-', '_')}"
    )
    imports = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    others = re.compile(r"bnlab\.(config|runs)\.|bnlab\.training\.progress")  # what prepares, and what only shows
    computing = [node for node in imports if node.module and not others.match(node.module)]
    names = {alias.name for node in computing for alias in node.names}
    calls = {
        node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {str(node.module) for node in computing}, names & calls


@pytest.mark.parametrize("command", ROOTS)
def test_a_command_calls_one_function_of_its_root(command: str) -> None:
    """What the fingerprint starts from is what the command computes with, and all that it does."""
    modules, functions = called(command)
    assert modules == {f"bnlab.{ROOTS[command]}"}
    assert len(functions) == 1


def test_every_rule_asks_for_its_command() -> None:
    """Whether what a rule makes is current is asked of the command in its shell line, with the same arguments."""
    found = set()
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for rule in re.split(r"\n(?= *(?:rule|checkpoint) )", path.read_text(encoding="utf-8")):
            if command := re.search(r'"python -m bnlab ([a-z-]+)((?: ?/?\{wildcards\.\w+\})*)', rule):
                asked, *names = re.findall(r'"([^"]+)"', re.findall(r"        due\((.+)\)", rule)[0])
                assert (asked, " ".join(names)) == (command[1], command[2].replace("wildcards.", "").strip())
                assert re.search(rf"(rule|checkpoint) {asked.replace('-', '_')}:", rule)
                found.add(asked)
    assert found == ROOTS.keys() | {"prepare"}


def test_codes_are_fingerprints(fresh: Targets) -> None:
    """One for every command, of its root; templates of pages count too."""
    for command, module in ROOTS.items():
        assert (fresh.code(command) == code_fingerprint(f"bnlab.{module}")) == (command not in TEMPLATES)
    assert fresh.code("pdf") == code_fingerprint("bnlab.report.pdf", "report/templates/page.typ")


def test_a_training_waits_for_data_gate_and_split(fresh: Targets) -> None:
    """All of them are files below the results, the manifest for all of the images."""
    name = next(iter(fresh.runs["demo"]))
    assert fresh.training_inputs(name) == [
        f"{fresh.results}/data/generated/{MANIFEST}",
        f"{fresh.results}/gradients/generated.json",
        f"{fresh.results}/splits/generated_5000-1000_random-seed1_per-pixel.npz",
    ]


def test_a_warm_start_waits_for_its_predecessor(fresh: Targets) -> None:
    """For the model and the record of the run whose name its own names."""
    name, run = next((name, run) for runs in fresh.runs.values() for name, run in runs.items() if run.warm_start)
    record, model, *others = fresh.training_inputs(name)
    assert re.search(rf"_{run.warm_start}/run\.json$", record)
    assert Path(model) == Path(record).with_name("model.npz")
    assert not any("/runs/" in file for file in others)
    lost = re.sub(r"after[0-9a-f]{8}", "after00000000", name)
    with pytest.raises(ConfigError):
        fresh.training_inputs(lost)


def test_any_run_can_be_asked_for(fresh: Targets) -> None:
    """One of a study, and one that no study has, by its name; a name that is none is refused."""
    name, run = next(iter(fresh.runs["official"].items()))
    assert fresh.run(name) == run
    assert fresh.duration(name) > 0
    with pytest.raises(ConfigError, match="is not the name of a run"):
        fresh.run("official/nonsense")


def test_runs_of_a_search_are_known_once_it_is_ranked(fresh: Targets) -> None:
    """What builds on a search names it; nothing of that is ready before."""
    waiting = {
        (key, experiment.id): fresh.searches(key, experiment.id)
        for key, study in fresh.studies.items()
        for experiment in study.experiments
        if experiment.searches
    }
    assert waiting
    for (study, experiment), searches in waiting.items():
        assert set(searches) <= {*fresh.searches(study)}
        assert fresh.ready_runs(study, experiment) == []
    assert fresh.searches("demo") == []
    assert fresh.ready_runs("demo") == list(fresh.runs["demo"])
    assert fresh.ready_runs("demo", "depth") == [
        name
        for name in fresh.runs["demo"]
        if name in fresh.configuration.names(fresh.studies["demo"].experiment("depth").runs)
    ]


def test_files_of_a_page(fresh: Targets) -> None:
    """A page shows gates, tables, figures (by their data too), and reported checks that compare causes."""
    results = fresh.results
    assert fresh.page("demo") == [f"{results}/studies/demo/page.html", f"{results}/studies/demo/page.pdf"]
    assert fresh.pages("demo", ["demo"]) == [*fresh.page("demo"), f"{results}/studies/demo/site/index.html"]
    assert fresh.pages("official", SELECTION["studies"]) == fresh.page(
        "official"
    )  # it is part of the site of all reports
    assert fresh.gates("demo") == [f"{results}/gradients/generated.json"]
    assert fresh.manifests("official") == [f"{results}/data/cifar10/manifest.json"]
    assert [Path(file).stem for file in fresh.page_tables("demo")] == ["runs", "test", "cells", "pairs", "expectations"]
    figures = [figure for experiment in fresh.studies["demo"].experiments for figure in experiment.figures]
    assert [Path(file).name.rpartition("_")[2] for file in fresh.figures("demo")] == [
        f"{figure.rpartition('_')[2]}.{ending}" for figure in figures for ending in ("svg", "csv")
    ]
    shown = [Path(file).name for file in fresh.gradient_files("official")]
    assert {"step_sizes.svg", "overfit.svg", "anon_batch_norm.csv", "anon_batch_norm.svg"} <= {*shown}
    assert "anon.svg" not in [Path(file).name for file in fresh.gradient_files("anon")]


def test_figures_are_the_same_everywhere() -> None:
    """A kind of figure that a study may ask for can be drawn, and the other way round."""
    assert set(Targets.figure_kinds) == draw.KINDS.keys()
    assert set(Targets.test_figure_kinds) == draw.TEST_KINDS.keys()
    assert set(Targets.gradient_kinds) == draw.GRADIENT_KINDS.keys()


def test_files_of_claims(fresh: Targets) -> None:
    """A report's claims are judged by its study's tables and by the reported checks that they are about."""
    results = fresh.results
    inputs = fresh.claims_inputs("anon")
    assert {f"{results}/studies/anon/{table}.csv" for table in ("runs", "curves", "test")} <= {*inputs}
    assert f"{results}/gradients/cifar10/anon.csv" in inputs
    assert len(inputs) == len({*inputs})
    assert fresh.outcomes("anon") == [f"{results}/tables/claims/anon.csv"]
    assert fresh.outcomes("official") == []
    assert len(fresh.outcomes()) == len(fresh.reports) == 5
    assert fresh.described("step_sizes") == []
    assert fresh.described("anon") == ["anon"]


def test_the_ledger_needs_every_report(fresh: Targets, config: Path) -> None:
    """All of them and what they are judged by; the synthesis needs the studies that it shows as well."""
    everything = SELECTION["studies"]
    ledger = [f"{fresh.results}/tables/{name}.csv" for name in ("claims", "claims_summary", "family", "calibration")]
    assert fresh.ledger(everything) == [*ledger, *fresh.page("synthesis"), fresh.site("synthesis")]
    assert fresh.lacking([study for study in everything if study != "anon"]) == ["anon"]
    assert fresh.ledger([study for study in everything if study != "anon"]) == []
    assert fresh.ledger(fresh.reports) in ([], ledger)
    without_official = [study for study in everything if study != "official"]
    assert fresh.lacking(without_official) == ["official"]
    assert fresh.site("anon") in fresh.pages("anon", without_official)  # there is no site of all
    assert fresh.site("anon") not in fresh.pages("anon", everything)
    for study in fresh.synthesis.studies:
        assert set(fresh.page_tables(study)) <= {*fresh.synthesis_inputs()}
        assert {*fresh.page_inputs(study), fresh.table(study, "curves")} <= {*fresh.site_inputs()}
    synthesis = (config / "synthesis.yaml").read_text()
    (config / "synthesis.yaml").write_text(synthesis.replace("anon/", "anon/un", 1))
    with pytest.raises(ConfigError, match=r"synthesis.yaml: questions\[\d\]: found the claim 'anon/un"):
        targets(fresh.results, config).ledger(everything)
    (config / "synthesis.yaml").unlink()
    without = targets(fresh.results, config)
    assert without.synthesis is None
    assert without.ledger(everything) == ledger
    (config / "claims" / "anon.yaml").rename(config / "claims" / "nobody.yaml")
    with pytest.raises(ConfigError, match=r"claims/nobody.yaml: found no study 'nobody', on whose page"):
        targets(fresh.results, config)
    shutil.rmtree(config / "claims")
    assert targets(fresh.results, config).ledger(everything) == []


def test_mistakes_in_the_configuration_are_explained(config: Path) -> None:
    """Whatever file they are in; of claims, when something needs them."""
    path = config / "gradients" / "gate.yaml"
    text = path.read_text()
    path.write_text(text.replace("margin:", "margni:"))
    with pytest.raises(ConfigError, match="Did you mean 'margin'"):
        targets(config.parent, config)
    path.write_text(text)
    (config / "claims" / "anon.yaml").write_text("report: anon\n")
    made = targets(config.parent, config)
    with pytest.raises(ConfigError, match=r"anon\.yaml"):
        made.claims_inputs("anon")


def test_a_data_set_without_digest_is_told_from_one_that_is_none(fresh: Targets) -> None:
    """The first lacks a line of the configuration, the second an entry."""
    with pytest.raises(ConfigError, match=r"'cifar100' has no digest and size .* what `bnlab prepare cifar100` prints"):
        fresh.data_files("cifar100")
    with pytest.raises(ConfigError, match=r"'mnist' is not a data set\. Expected cifar10 or generated"):
        fresh.data_files("mnist")
