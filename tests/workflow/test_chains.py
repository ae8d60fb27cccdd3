"""Experiments that build on what others found, or start from their runs: one command, in the right order."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bnlab.runs.record import verify_run

AFTER_RUNS = {"collect": 1, "test_results": 1, "tables": 1, "figure": 1, "page": 1, "pdf": 1, "study_site": 1}


def ranking(project, search: str) -> list[float]:
    """The weight decays of a stored ranking, best first."""
    path = project.folder / f"results/studies/tiny/rankings/{search}.json"
    return [ranked["weight_decay"] for ranked in json.loads(path.read_text(encoding="utf-8"))["ranking"]]


def decays(project) -> list[float]:
    """The weight decays of all stored runs that start afresh, with seed 1."""
    specs = [verify_run(folder)["spec"] for folder in project.runs()]
    return sorted(spec["weight_decay"] for spec in specs if spec["seed"] == 1 and spec["warm_start"] is None)


def folder_of(project, start: str) -> Path:
    """The folder of the one run whose name starts so."""
    (folder,) = [folder for folder in project.runs() if folder.name.startswith(start)]
    return folder


def plan(project) -> str:
    """What `bnlab plan` prints last."""
    command = [sys.executable, "-m", "bnlab", "plan", "tiny"]
    environment = {"PYTHONPATH": str(project.folder / "src")}
    done = subprocess.run(command, cwd=project.folder, env=environment, text=True, capture_output=True, check=True)
    return done.stdout.splitlines()[-1]


def test_what_is_known_is_listed_and_what_is_not_is_counted(fresh):
    """Before anything ran: four trainings of the search and the chain are announced, and five runs wait."""
    fresh.write_study(fresh.searches)
    planned = fresh.planned()
    assert planned["train"] == 4
    assert planned["rank"] == 1
    assert re.fullmatch(
        r"tiny: 4 runs, 4 missing, about \d+ core-minutes; 5 more wait for what a search finds", plan(fresh)
    )


def test_one_command_runs_search_after_search(searched):
    """Coarse, fine around its best, the best of that: each grid is what the ranking before it says."""
    assert sorted(ranking(searched, "coarse")) == [0.001, 0.1]
    best = ranking(searched, "coarse")[0]
    assert sorted(ranking(searched, "fine")) == [best / 2, best, best * 2]
    assert decays(searched) == sorted({0.001, 0.1, best / 2, best, best * 2})
    (second,) = [run for run in map(verify_run, searched.runs()) if run["spec"]["seed"] == 2]
    assert second["spec"]["weight_decay"] == ranking(searched, "fine")[0]
    assert len(searched.runs()) == 4 + 2 + 1
    assert (searched.folder / "results/studies/tiny/page.html").is_file()
    assert plan(searched) == "tiny: 7 runs, 0 missing, about 0 core-minutes"


def test_a_chain_runs_link_by_link(searched):
    """Each link names the digest of the one with the next smaller weight decay, the first none."""
    chain = [folder_of(searched, f"5_bn_he_lambda{decay}_after") for decay in ("0.2", "0.3")]
    first = folder_of(searched, "5_bn_he_lambda0.1_seed1")
    assert f"after{first.name[-8:]}_" in chain[0].name
    assert f"after{chain[0].name[-8:]}_" in chain[1].name
    times = [(folder / "run.json").stat().st_mtime_ns for folder in (first, *chain)]
    assert times == sorted(times)


def test_a_second_command_has_nothing_to_do(chain):
    """Not even without Snakemake's own metadata."""
    assert chain.planned() == {}
    shutil.rmtree(chain.folder / ".snakemake")
    assert chain.planned() == {}


def test_an_edited_search_is_ranked_again_and_trains_what_is_new(chain):
    """One more value: its run, the ranking, and what that changes; every stored run stays untouched."""
    before = {folder: (folder / "run.json").stat().st_mtime_ns for folder in chain.runs()}
    study = chain.searches
    study["experiments"][0]["weight_decay"].append(0.5)
    chain.write_study(study)
    planned = chain.planned()
    assert (planned["train"], planned["rank"]) == (1, 1)
    assert "wait for what a search finds" in plan(chain)
    result = chain.snakemake()
    assert result.returncode == 0, result.stdout
    assert {folder: (folder / "run.json").stat().st_mtime_ns for folder in before} == before
    assert sorted(ranking(chain, "coarse")) == [0.001, 0.1, 0.5]
    best = ranking(chain, "coarse")[0]
    assert sorted(ranking(chain, "fine")) == pytest.approx([best / 2, best, best * 2], rel=5e-3)
    assert chain.planned() == {}


def test_a_deleted_ranking_is_made_again_and_trains_nothing(chain):
    """Its runs are there: the same ranking comes out, and all that follows is as it was."""
    path = chain.folder / "results/studies/tiny/rankings/coarse.json"
    before = path.read_bytes()
    path.unlink()
    trained = {folder: (folder / "run.json").stat().st_mtime_ns for folder in chain.runs()}
    assert chain.snakemake(str(path.relative_to(chain.folder))).returncode == 0
    assert path.read_bytes() == before
    assert {folder: (folder / "run.json").stat().st_mtime_ns for folder in chain.runs()} == trained
    assert chain.planned() == {}


def test_a_damaged_ranking_stops_the_workflow(chain):
    """The message names the file and what to do."""
    path = chain.folder / "results/studies/tiny/rankings/coarse.json"
    path.write_bytes(path.read_bytes()[:-9])
    result = chain.snakemake("-n")
    assert result.returncode != 0
    assert "rankings/coarse.json: cannot be read as a ranking" in result.stdout
    assert "Delete it and run again" in result.stdout


def test_a_deleted_link_is_trained_alone(chain):
    """What went on from it is stored and current, and does not wait for it."""
    shutil.rmtree(folder_of(chain, "5_bn_he_lambda0.2_after"))
    assert chain.planned() == {"train": 1} | AFTER_RUNS


def test_the_last_link_has_those_before_it_made_again(chain):
    """With the whole chain but its last link deleted, that link is current; deleted too, all of it is trained."""
    links = [folder_of(chain, f"5_bn_he_lambda{decay}_after") for decay in ("0.2", "0.3")]
    target = str((links[1] / "run.json").relative_to(chain.folder))
    shutil.rmtree(links[0])
    assert chain.planned(target) == {}
    before = (links[1] / "model.npz").read_bytes()
    shutil.rmtree(links[1])
    assert chain.planned(target)["train"] == 2
    assert chain.snakemake(target).returncode == 0
    assert (links[1] / "model.npz").read_bytes() == before


def test_an_edited_link_trains_itself_and_all_that_follow(chain):
    """The names of the links after it carry it; the one before it stays."""
    study = chain.searches
    study["experiments"][3]["weight_decay"] = [0.15, 0.1, 0.3]
    chain.write_study(study)
    assert chain.planned()["train"] == 2


def test_fewer_and_more_seeds_are_a_number(chain):
    """Twice the seeds: as many new runs; the search with them, so its ranking is another's and is made again."""
    chain.edit("config/config.yaml", "seeds_factor: 1", "seeds_factor: 2")
    planned = chain.planned()
    assert planned["train"] == 4
    assert planned["rank"] == 1
