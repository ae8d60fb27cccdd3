"""Results travel in one archive, whole and checked, or not at all; what no study needs can be removed."""

import hashlib
import io
import json
import os
import shutil
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from tests.workflow.conftest import Project

Content = dict[str, bytes]


@pytest.fixture(scope="module")
def archive(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study, exported."""
    path = tmp_path_factory.mktemp("exported") / "tiny.zip"
    result = finished.bnlab("export", str(path))
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(f"{path}: 7 runs, ")
    return path


def stored(project: Project) -> Content:
    """All that is below the results, but for logs."""
    results = project.folder / "results"
    files = (path for path in results.rglob("*") if path.is_file() and "logs" not in path.parts)
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in files}


def test_an_archive_is_a_crate_without_images(archive: Path, finished: Project) -> None:
    """Other tools read its metadata: each file with its size and digest; nothing of the data set is in it."""
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        crate = ROCrate(json.loads(opened.read("ro-crate-metadata.json")))
        described = {entity.id: entity for entity in crate.data_entities}
        for name in names:
            if name.startswith("results/"):
                content = opened.read(name)
                assert described[name]["sha256"] == hashlib.sha256(content).hexdigest()
                assert int(described[name]["contentSize"]) == len(content)
    assert crate.name == "bnlab: tiny"
    assert not [name for name in names if name.startswith(("results/data", "results/splits"))]
    assert sum(name.endswith("run.json") for name in names) == len(finished.runs())


def test_what_is_imported_is_current(archive: Path, fresh: Project, finished: Project) -> None:
    """In a project that has run nothing, with neither images nor splits; a second import finds nothing new."""
    result = fresh.bnlab("import", str(archive))
    assert result.returncode == 0, result.stdout
    assert fresh.bnlab("verify").returncode == 0
    assert fresh.planned() == {}
    ours, theirs = stored(fresh), stored(finished)
    assert {name: theirs[name] for name in ours if not name.startswith("accepted")} == {
        name: content for name, content in ours.items() if not name.startswith("accepted")
    }
    assert ", 0 files of " in fresh.bnlab("import", str(archive)).stdout


def test_single_runs_travel_too(finished: Project, fresh: Project, tmp_path: Path) -> None:
    """And are not trained again."""
    run = finished.runs()[0].relative_to(finished.folder / "results/runs").as_posix()
    assert finished.bnlab("export", str(tmp_path / "run.zip"), "--run", run).returncode == 0
    assert fresh.bnlab("import", str(tmp_path / "run.zip")).returncode == 0
    assert fresh.planned()["train"] == 6


def test_what_is_out_of_date_is_not_exported(project: Project, tmp_path: Path) -> None:
    """Nor what there is not, and no file is overwritten."""
    project.edit("config/protocols.yaml", "batch_size: 60", "batch_size: 75")
    path = tmp_path / "tiny.zip"
    refused = project.bnlab("export", str(path))
    assert refused.returncode == 5 and "Make it: snakemake" in refused.stdout and not path.exists()
    assert (
        "'none' is no study. config/studies has tiny." in project.bnlab("export", str(path), "--study", "none").stdout
    )
    path.write_text("mine")
    assert "is there already" in project.bnlab("export", str(path)).stdout


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("config/protocols.yaml", "batch_size: 60", "batch_size: 75"), "Protocol 'other' was edited"),
        (
            ("config/studies/tiny.yaml", "title: A tiny study", "title: Other"),
            "config/studies/tiny.yaml: title: A tiny",
        ),
        (("config/gradients/gate.yaml", "batch: 20,", "batch: 19,"), "config/gradients/gate.yaml: "),
        (("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -"), "code: numerics/schedule.py"),
    ],
)
def test_results_of_another_project_are_refused(
    archive: Path, fresh: Project, edit: tuple[str, str, str], said: str
) -> None:
    """By what differs; nothing is left of them."""
    fresh.edit(*edit)
    refused = fresh.bnlab("import", str(archive))
    assert refused.returncode == 5
    assert "is not what this project would make. Nothing was imported." in refused.stdout
    assert said in refused.stdout
    assert stored(fresh) == {}


def test_results_that_are_here_already_stay(archive: Path, project: Project, finished: Project) -> None:
    """Unless they are out of date: then the archive's take their place."""
    folder = project.runs()[0]
    for name in ("curves.csv", "run.json"):
        (folder / name).unlink()
    assert project.bnlab("import", str(archive)).returncode == 0
    assert project.planned() == {}
    record = json.loads((folder / "run.json").read_text())
    record["environment"]["numpy"] = "another"
    record.pop("digest")
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    (folder / "run.json").write_text(json.dumps(record | {"digest": digest}))
    before = stored(project)
    refused = project.bnlab("import", str(archive))
    assert refused.returncode == 5 and "run.json. Nothing was imported." in refused.stdout
    assert stored(project) == before


def test_results_may_be_on_another_disk(archive: Path, fresh: Project) -> None:
    """Where a part of them is a link to it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        (fresh.folder / "results").mkdir(exist_ok=True)
        (fresh.folder / "results/runs").symlink_to(elsewhere)
        result = fresh.bnlab("import", str(archive))
        assert result.returncode == 0, result.stdout
        assert fresh.planned() == {}
        assert len(fresh.runs()) == 7


def test_current_receipts_stay(archive: Path, project: Project) -> None:
    """Though the archive has others for the same files: what is there already and current is never replaced."""
    before = stored(project)
    content = content_of(archive)
    name = "made/tables/tiny.json"
    receipt = json.loads(content[f"results/{name}"])
    content[f"results/{name}"] = json.dumps(receipt).encode()  # laid out in another way
    list_as(content, name, content[f"results/{name}"])
    other = project.folder / "other.zip"
    with zipfile.ZipFile(other, "w") as written:
        for path, file in content.items():
            written.writestr(path, file)
    assert project.bnlab("import", str(other)).returncode == 0
    assert stored(project)[name] == before[name]


def content_of(archive: Path) -> Content:
    """The members of an archive."""
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def changed_byte(content: Content) -> None:
    """In a model."""
    name = next(name for name in content if name.endswith("model.npz"))
    content[name] = content[name][:-1] + b"?"


def with_matching_digest(content: Content) -> None:
    """A changed byte, and a manifest that says so."""
    changed_byte(content)
    name = next(name for name in content if name.endswith("model.npz"))
    list_as(content, name.removeprefix("results/"), content[name])


def list_as(content: Content, path: str, file: bytes) -> None:
    """Put a file into an archive's manifest."""
    manifest = json.loads(content["bnlab.json"])
    manifest["files"][path] = [len(file), hashlib.sha256(file).hexdigest()]
    content["bnlab.json"] = json.dumps(manifest).encode()


def place(path: str) -> Callable[[Content], None]:
    """A file more, at this path below the results, which the manifest lists."""

    def add(content: Content) -> None:
        content[f"results/{path}"] = b"hostile"
        list_as(content, path, b"hostile")

    return add


def unlisted(content: Content) -> None:
    """A file more, which the manifest does not list."""
    content["results/runs/more"] = b"hostile"


def without(suffix: str) -> Callable[[Content], None]:
    """A file less."""

    def remove(content: Content) -> None:
        del content[next(name for name in content if name.endswith(suffix))]

    return remove


def larger(content: Content) -> None:
    """A file that is larger than the manifest says."""
    name = next(name for name in content if name.endswith("model.npz"))
    content[name] += bytes(10**6)


def receipt_of_elsewhere(content: Content) -> None:
    """A receipt that says a file outside was made, which would be removed with it."""
    name = "made/tables/tiny.json"
    receipt = json.loads(content[f"results/{name}"])
    receipt["outputs"]["../../README.md"] = "0" * 64
    content[f"results/{name}"] = json.dumps(receipt).encode()
    list_as(content, name, content[f"results/{name}"])


def senseless_receipt(content: Content) -> None:
    """A receipt whose parts are of other kinds."""
    name = "made/tables/tiny.json"
    receipt = json.loads(content[f"results/{name}"]) | {"inputs": 3}
    content[f"results/{name}"] = json.dumps(receipt).encode()
    list_as(content, name, content[f"results/{name}"])


def a_receipt_of_nothing(content: Content) -> None:
    """In the place of one that may be current here."""
    content["results/made/tables/tiny.json"] = b"no receipt"
    list_as(content, "made/tables/tiny.json", b"no receipt")


def resealed(**changes: object) -> Callable[[Content], None]:
    """A record that was sealed again, with other content."""

    def change(content: Content) -> None:
        name = next(name for name in content if name.endswith("run.json"))
        record = json.loads(content[name]) | changes
        record = {key: value for key, value in record.items() if value != "gone" and key != "digest"}
        digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
        content[name] = json.dumps(record | {"digest": digest}).encode()
        list_as(content, name.removeprefix("results/"), content[name])

    return change


def says(**changes: object) -> Callable[[Content], None]:
    """A manifest with other content."""

    def change(content: Content) -> None:
        content["bnlab.json"] = json.dumps(json.loads(content["bnlab.json"]) | changes).encode()

    return change


ACCEPTED = {"command": "train", "then": "0", "now": "0", "changed": None, "why": "", "day": ""}


def no_manifest(content: Content) -> None:
    """What another program wrote."""
    del content["bnlab.json"]


def other_manifest(content: Content) -> None:
    """JSON of another kind."""
    content["bnlab.json"] = b"[1, 2]"


@pytest.mark.parametrize(
    "harm",
    [
        changed_byte, with_matching_digest, unlisted, larger, receipt_of_elsewhere, senseless_receipt, no_manifest,
        other_manifest, a_receipt_of_nothing, resealed(spec="gone"), resealed(data={"name": "generated"}),
        resealed(files="gone"), resealed(final=None), resealed(environment="gone"), says(runs=5),
        says(accepted=[ACCEPTED]), says(accepted=5), without("model.npz"), without("run.json"),
        without("ro-crate-metadata.json"),
        place("../outside"), place("/tmp/outside"), place("runs/../../outside"), place("data/cifar10/x"),
        place("runs/x"), place("runs\\x"), place("studies/tiny/more.csv"), place("logs/x"),
    ],
    ids=lambda harm: getattr(harm, "__name__", None),
)  # fmt: skip
def test_a_damaged_or_hostile_archive_is_refused(
    archive: Path, fresh: Project, tmp_path: Path, harm: Callable[[Content], None]
) -> None:
    """With a line that says why, and without a trace of it."""
    content = content_of(archive)
    harm(content)
    other = fresh.folder / "other.zip"
    with zipfile.ZipFile(other, "w") as written:
        for name, file in content.items():
            written.writestr(name, file)
    refuse(fresh, other)


def refuse(project: Project, archive: Path) -> None:
    """An import that must come to nothing."""
    before = {path for path in project.folder.parent.rglob("*") if "__pycache__" not in path.parts}
    refused = project.bnlab("import", str(archive))
    assert refused.returncode == 5, refused.stdout
    assert refused.stdout.startswith(f"bnlab: {archive}: ") and "Traceback" not in refused.stdout
    after = {path for path in project.folder.parent.rglob("*") if "__pycache__" not in path.parts}
    assert after - before <= {project.folder / "results"}


def test_what_is_no_archive_is_refused(archive: Path, fresh: Project) -> None:
    """Text, half an archive, one with a name twice, and none at all."""
    content = archive.read_bytes()
    other = fresh.folder / "other.zip"
    refuse(fresh, other)
    for damaged in (b"text", content[: len(content) // 2], content[:-100]):
        other.write_bytes(damaged)
        refuse(fresh, other)
    twice = io.BytesIO(content)
    with warnings.catch_warnings(), zipfile.ZipFile(twice, "a") as opened:
        warnings.simplefilter("ignore")
        opened.writestr("bnlab.json", opened.read("bnlab.json"))
    other.write_bytes(twice.getvalue())
    refuse(fresh, other)


def test_what_no_study_needs_is_removed_when_asked_twice(project: Project) -> None:
    """Runs of another configuration and the figure of an experiment that is gone; all else stays, and is current."""
    assert project.bnlab("prune").stdout == "Every result is a study's.\n"
    project.edit("config/studies/tiny.yaml", "initialization: [0.25]", "initialization: [0.5]")
    project.edit("config/studies/tiny.yaml", "id: weight-decay", "id: other")
    assert project.snakemake().returncode == 0
    before = stored(project)
    for arguments in ([], ["--remove"], ["--really"]):
        listed = project.bnlab("prune", *arguments)
        assert listed.returncode == 0
        assert "runs of other: 2\n" in listed.stdout and "figure tiny weight-decay weight_decay: 4\n" in listed.stdout
        assert stored(project) == before
    assert project.bnlab("prune", "--remove", "--really").stdout.endswith("Deleted.\n")
    after = stored(project)
    gone = {name for name in before if name not in after}
    assert {name.rsplit("/", 1)[0] for name in gone if name.startswith("runs/")} == {
        name.rsplit("/", 1)[0] for name in before if "sigma0.25" in name and name.startswith("runs/")
    }
    assert "studies/tiny/figures/weight-decay_weight_decay.svg" in gone
    assert project.planned() == {}
    assert project.bnlab("verify").returncode == 0


def test_nothing_is_removed_while_a_search_is_open(chain: Project) -> None:
    """Runs that it will ask for could be among what no study has now."""
    for ranking in chain.folder.glob("results/studies/tiny/rankings/*"):
        ranking.unlink()
    shutil.rmtree(chain.folder / "results/made/rank", ignore_errors=True)
    refused = chain.bnlab("prune", "--remove", "--really")
    assert refused.returncode == 2
    assert "waits for a search" in refused.stdout and "Nothing was deleted" in refused.stdout


def test_nothing_is_removed_for_a_study_that_cannot_be_found(project: Project) -> None:
    """config.yaml asks for it: its file was moved, perhaps, and all its runs are what nobody else needs."""
    study = project.folder / "config/studies/tiny.yaml"
    study.rename(study.with_suffix(".bak"))
    refused = project.bnlab("prune", "--remove", "--really")
    assert refused.returncode == 2 and "studies[0]: found 'tiny'" in refused.stdout
    assert len(project.runs()) == 7


def test_nothing_is_removed_by_a_ranking_that_is_not_current(chain: Project) -> None:
    """It would name other runs than those that the search leads to."""
    ranking = chain.folder / "results/studies/tiny/rankings/fine.json"
    content = json.loads(ranking.read_text())
    content["ranking"].reverse()
    ranking.write_text(json.dumps(content))
    before = chain.runs()
    refused = chain.bnlab("prune", "--remove", "--really")
    assert refused.returncode == 2 and "The ranking of tiny, fine, is not what was" in refused.stdout
    assert chain.runs() == before


def test_parts_of_killed_commands_are_removed_in_time(project: Project) -> None:
    """An hour later; until then, somebody may be at them."""
    old, new = (project.folder / f"results/.import.{age}" for age in ("old", "new"))
    part = project.runs()[0] / ".model.npz.abc.tmp"
    for folder in (old, new):
        folder.mkdir()
    part.touch()
    for path in (old, part):
        os.utime(path, (time.time() - 7200,) * 2)
    listed = project.bnlab("prune", "--remove", "--really").stdout
    assert "parts that killed commands have left: 2\n" in listed
    assert new.exists() and not old.exists() and not part.exists()
