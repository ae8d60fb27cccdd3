"""What `verify` and the other commands that read results say of results that are damaged, out of date or left over."""

import shutil

import numpy as np
import pytest


def test_all_that_is_stored_is_vouched_for(project):
    """Every file but logs, timings and notes, which are counted."""
    (project.folder / "results" / "notes.txt").write_text("mine")
    said = project.bnlab("verify")
    assert said.returncode == 0, said.stdout
    counted = ["19 notes of code and configuration", "24 logs", "7 files timing.json"]
    assert "\n".join(f"Not checked: {what}" for what in ("results/notes.txt", *counted)) in said.stdout
    files = [path for path in project.folder.glob("results/**/*") if path.is_file()]
    assert f"\n{len(files) - 1 - 19 - 24 - 7} files are as they were stored" in said.stdout


@pytest.mark.parametrize(
    "path",
    [
        "data/generated/train_images.npy",
        "data/generated/test_labels.npy",
        "splits/generated_300-100_random-seed1_per-pixel.npz",
        "runs/tiny/5_bn_*/model.npz",
        "runs/tiny/5_bn_*/test_predictions.npz",
        "gradients/generated.json",
        "gradients/generated/step_sizes.png",
        "studies/tiny/cells.md",
        "studies/tiny/page.pdf",
    ],
)
def test_one_flipped_bit_is_found(project, path):
    """In whatever file it is; all that is wrong is listed, with the command that makes it again."""
    file = min((project.folder / "results").glob(path))
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    said = project.bnlab("verify")
    assert said.returncode == 5, said.stdout
    assert str(file.relative_to(project.folder / "results")).removeprefix("runs/") in said.stdout


def test_labels_that_were_shifted_train_nothing(project):
    """They are hashed whenever they are opened, by the one command that trains on them too."""
    path = project.folder / "results/data/generated/test_labels.npy"
    labels = np.load(path)
    np.save(path, (labels + 1) % 10)
    run = project.runs()[0]
    shutil.rmtree(run)
    name = str(run.relative_to(project.folder / "results/runs"))
    said = project.bnlab("train", name)
    assert said.returncode == 5
    assert "test_labels.npy: found sha256" in said.stdout
    assert not (run / "run.json").exists()


def test_another_split_under_this_name_is_refused(project):
    """It is another's, and says so."""
    first, second = sorted((project.folder / "results/splits").iterdir())
    shutil.copy(second, first)
    name = str(project.runs()[0].relative_to(project.folder / "results/runs"))
    said = project.bnlab("train", name)
    assert said.returncode == 5
    assert f"{first.relative_to(project.folder)}: splits/{first.name} was changed or deleted" in said.stdout


def test_what_is_out_of_date_is_no_result(project):
    """After an edit `verify` fails, `plan` says outdated, and nothing is read."""
    project.edit("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -")
    said = project.bnlab("verify")
    assert said.returncode == 5
    assert "its code has changed. Train it again: snakemake --cores 8 results/runs/" in said.stdout
    planned = project.bnlab("plan", "tiny").stdout
    assert planned.count("outdated ") == 7
    assert "7 runs, 0 missing, 7 outdated, about" in planned
    for command in (["collect", "tiny"], ["tables", "tiny"], ["page", "tiny"], ["expectations", "tiny"]):
        refused = project.bnlab(*command)
        assert refused.returncode == 5
        assert "its code has changed" in refused.stdout


def test_what_no_study_asks_for_is_named_and_no_fault(project):
    """An experiment that was deleted leaves runs and a figure."""
    text = (project.folder / "config/studies/tiny.yaml").read_text()
    (project.folder / "config/studies/tiny.yaml").write_text(text.partition("  - id: weight-decay")[0])
    assert project.snakemake().returncode == 0
    said = project.bnlab("verify")
    assert said.returncode == 0, said.stdout
    assert "Asked for by no study: 1 runs, among them tiny/5_plain_he_lambda1e200_seed1" in said.stdout
    assert "Asked for by no study: figure tiny weight-decay weight_decay" in said.stdout


def test_a_receipt_that_cannot_be_read_vouches_for_nothing(project):
    """Its files are named as unchecked."""
    (project.folder / "results/made/pdf/tiny.json").write_text("{")
    said = project.bnlab("verify")
    assert "Not checked: results/made/pdf/tiny.json\nNot checked: results/studies/tiny/page.pdf" in said.stdout


def test_what_nothing_asks_for_any_more_is_no_fault(project):
    """A figure that was taken out of its experiment is named, however old its code, and can be pruned."""
    project.edit("config/studies/tiny.yaml", "figures: [curves]", "figures: []")
    assert project.snakemake().returncode == 0
    verified = project.bnlab("verify")
    assert verified.returncode == 0, verified.stdout
    assert "Asked for by no study: figure tiny depth curves\n" in verified.stdout
    assert "figure tiny depth curves: 4\n" in project.bnlab("prune").stdout
