"""What reruns after a change, and what does not, as `snakemake -n` announces it."""

import os
import shutil
import time
from pathlib import Path

import pytest

TABLE = "results/studies/tiny/cells.csv"
REPORTED_CHECKS = {"step_sizes": 1, "overfit": 1, "gradient_figure": 2}
AFTER_RUNS = {"collect": 1, "test_results": 1, "tables": 1, "figure": 3, "page": 1, "pdf": 1, "study_site": 1}


def test_a_finished_study_has_nothing_to_do(finished, project):
    """A second invocation plans no job; where Snakemake's records are lost and all times are in disorder neither."""
    assert finished.planned() == {}
    assert project.planned() == {}


def test_a_deleted_run_is_trained_alone(project):
    """Deleting one run's folder retrains that run only, and remakes what is made from it."""
    shutil.rmtree(project.runs()[0])
    assert project.planned() == {"train": 1} | AFTER_RUNS


@pytest.mark.parametrize("name", ["run.json", "curves.csv", "model.npz", "test_predictions.npz"])
def test_a_run_with_a_file_missing_is_trained_again(project, name):
    """Every file of a run is an output: none can be lost unnoticed."""
    (project.runs()[0] / name).unlink()
    assert project.planned()["train"] == 1


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 1}'])
def test_a_run_of_another_time_is_trained_again(project, damage):
    """An empty or cut record, or one that an older version wrote, is no result."""
    (project.runs()[0] / "run.json").write_text(damage)
    assert project.planned() == {"train": 1} | AFTER_RUNS


def test_one_run_can_be_asked_for(project):
    """A run's record is a target of its own; nothing downstream is made."""
    folder = project.runs()[2]
    shutil.rmtree(folder)
    target = str((folder / "run.json").relative_to(project.folder))
    assert project.planned(target) == {"train": 1}
    assert project.snakemake(target).returncode == 0
    assert (folder / "run.json").is_file()


def test_a_study_is_a_target(project):
    """A study's key asks for its report and its runs."""
    shutil.rmtree(project.folder / "results" / "studies")
    assert project.planned("tiny") == AFTER_RUNS


def test_an_edited_protocol_retrains_exactly_its_runs(project):
    """Two of the seven runs follow the protocol that is edited."""
    project.edit("config/protocols.yaml", "batch_size: 60", "batch_size: 75")
    assert project.planned() == {"train": 2} | AFTER_RUNS


def test_an_edited_base_protocol_retrains_all_that_extend_it(project):
    """What a protocol inherits is its content too."""
    project.edit("config/protocols.yaml", "step: 3", "step: 4")
    assert project.planned()["train"] == 7


def test_a_comment_in_the_configuration_retrains_nothing(project):
    """Comments are no content."""
    project.edit("config/protocols.yaml", "tiny:", "# a comment\ntiny:")
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [("initialization: [0.25]", "initialization: [0.125]"), ("weight_decay: [0.125]", "weight_decay: [0.25]")],
)
def test_swapped_values_never_reuse_a_result(project, old, new):
    """Swapping sigma and lambda, or editing one of them, asks for runs of other names."""
    project.edit("config/studies/tiny.yaml", old, new)
    assert project.planned()["train"] == 2
    other = {"initialization: [0.125]": ("weight_decay: [0.125]", "weight_decay: [0.25]")}.get(new)
    if other:
        project.edit("config/studies/tiny.yaml", *other)
        assert project.planned()["train"] == 2


def test_edited_numerics_retrain_everything(project):
    """A changed formula invalidates the gradient check and every run."""
    project.edit("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 1.0 -")
    planned = project.planned()
    assert planned["train"] == 7
    project.edit("src/bnlab/numerics/layers.py", "s_hat *= inverse_std", "s_hat *= 1 * inverse_std")
    assert project.planned() == {"gate": 1, "train": 7} | REPORTED_CHECKS | AFTER_RUNS


def test_what_is_made_alone_leaves_behind_what_was_made_from_its_forerunner(project):
    """Runs trained anew and collected are current; tables and figures of the old ones are not."""
    project.edit("src/bnlab/numerics/schedule.py", "height = 1 -", "height = 0.9 -")
    assert project.snakemake("results/studies/tiny/runs.csv").returncode == 0
    planned = project.planned()
    assert "train" not in planned
    assert "collect" not in planned
    assert (planned["test_results"], planned["tables"], planned["figure"]) == (1, 1, 3)


def test_comments_and_docstrings_in_the_numerics_retrain_nothing(project):
    """The fingerprint is of the meaning, not of the text."""
    project.edit("src/bnlab/numerics/layers.py", '"""Forward and backward', '"""FORWARD and backward')
    project.edit("src/bnlab/numerics/layers.py", "    # The mean and variance paths", "    # Other words:\n    # The")
    assert project.planned() == {}


def test_an_edited_plot_redraws_and_retrains_nothing(project):
    """Plotting code is no part of the trainer's import closure."""
    project.edit("src/bnlab/figures/style.py", "import ", "import bnlab\nimport ")
    assert project.planned() == {"figure": 3, "gradient_figure": 2, "page": 1, "pdf": 1, "study_site": 1}


def test_an_edited_style_sheet_typesets_again_and_leaves_the_page(project):
    """The PDF follows its own code and the page; the page does not follow the PDF's code."""
    with (project.folder / "src/bnlab/report/templates/page.typ").open("a", encoding="utf-8") as file:
        file.write("\n// A remark.\n")
    assert project.planned() == {"pdf": 1}
    project.edit("src/bnlab/report/pdf.py", "import re\n", "import re\nimport sys\n")
    assert project.planned() == {"pdf": 1}
    assert project.snakemake().returncode == 0
    assert project.planned() == {}


def test_a_repeated_gradient_check_retrains_nothing(project):
    """Training waits for the check, but a stored run does not follow it."""
    project.edit("config/gradients/gate.yaml", "batch: 20,", "batch: 19,")
    assert project.planned() == {"gate": 1, "page": 1, "pdf": 1, "study_site": 1}


def test_an_edited_reported_check_is_made_alone(project):
    """Its settings invalidate its numbers, its figure and the page, and neither the check nor a run."""
    project.edit("config/gradients/overfit.yaml", "images: 20", "images: 19")
    assert project.planned() == {"overfit": 1, "gradient_figure": 1, "page": 1, "pdf": 1, "study_site": 1}


def test_what_is_stale_runs_beside_a_repeated_gradient_check(project):
    """A check that runs again hides nothing that has to run for other reasons."""
    project.edit("config/gradients/gate.yaml", "batch: 20,", "batch: 19,")
    project.edit("src/bnlab/figures/style.py", "import ", "import bnlab\nimport ")
    shutil.rmtree(project.runs()[0])
    assert project.planned() == {"gate": 1, "gradient_figure": 2, "train": 1} | AFTER_RUNS


def test_a_forced_run_is_trained_alone(project):
    """`snakemake -f` on one run's record retrains it, whatever is stored."""
    target = str((project.runs()[0] / "run.json").relative_to(project.folder))
    assert project.planned("-f", target) == {"train": 1}
    shutil.rmtree(project.folder / "results" / "data")
    assert project.planned("-f", target) == {"prepare": 1, "train": 1}
    assert project.planned("-R", target)["train"] == 1


def test_stored_runs_need_no_data(project):
    """With the data and the splits deleted nothing is to be done; a missing run has them made again, for itself."""
    shutil.rmtree(project.folder / "results" / "data")
    shutil.rmtree(project.folder / "results" / "splits")
    assert project.planned() == {}
    shutil.rmtree(project.runs()[0])
    assert project.planned() == {"prepare": 1, "split": 1, "train": 1} | AFTER_RUNS
    result = project.snakemake(TABLE)
    assert result.returncode == 0, result.stdout
    assert project.planned(TABLE) == {}


def test_generated_images_have_no_place(project):
    """A key about CIFAR-10, right or wrong, is no matter of theirs."""
    project.edit("config/config.yaml", "cifar10: null", "cifar10: /nowhere")
    assert project.planned() == {}


def test_prepared_images_outlive_their_source(fresh, real_cifar10, tmp_path):
    """Another spelling of its path, a typo, or none: what is there is verified, and nothing is due."""
    target, key = "results/data/cifar10/manifest.json", "cifar10: null"
    fresh.edit("config/config.yaml", key, f"cifar10: {real_cifar10}")
    result = fresh.snakemake(target)
    assert result.returncode == 0, result.stdout
    prepared = (fresh.folder / target).read_bytes()
    for other in (f"{real_cifar10}/", tmp_path / "typo", "null"):
        path = fresh.folder / "config/config.yaml"
        path.write_text(f"studies: [tiny]\ncifar10: {other}\nseeds_factor: 1\n")
        assert fresh.planned(target) == {}
        assert fresh.snakemake(target).returncode == 0
    assert (fresh.folder / target).read_bytes() == prepared


def test_other_images_are_other_runs(project):
    """A data set's digest is part of its runs' names; images that do not match it are refused."""
    project.edit("src/bnlab/runs/datasets.py", "79c282c4", "00000000")
    planned = project.planned()
    assert planned["train"] == 7
    result = project.snakemake()
    assert result.returncode != 0
    assert "but src/bnlab/runs/datasets.py expects 00000000" in result.stdout


def test_edited_statistics_remake_tables_and_pages(project):
    """What is trained and collected stays; figures are drawn again, since some have intervals."""
    remade = {"tables": 1, "figure": 3, "gradient_figure": 2, "page": 1, "pdf": 1, "study_site": 1}
    project.edit("src/bnlab/analysis/intervals.py", "0.95", "0.90")
    assert project.planned() == remade
    result = project.snakemake(TABLE)
    assert result.returncode == 0, result.stdout
    assert "Out of date: tables, its code has changed." in result.stdout
    assert project.planned(TABLE) == {}
    project.edit("src/bnlab/analysis/intervals.py", "0.90", "0.95")
    assert project.planned() == {"tables": 1, "page": 1, "pdf": 1, "study_site": 1}


def other(path):
    """Leave a byte more in a file."""
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("path", "damage", "due"),
    [
        ("gradients/generated.json", Path.unlink, {"gate": 1, "page": 1, "pdf": 1, "study_site": 1}),
        (
            "gradients/generated/overfit.csv",
            other,
            {"overfit": 1, "gradient_figure": 1, "page": 1, "pdf": 1, "study_site": 1},
        ),
        ("gradients/generated/overfit.png", Path.unlink, {"gradient_figure": 1, "page": 1, "pdf": 1, "study_site": 1}),
        (
            "studies/tiny/runs.csv",
            other,
            {"collect": 1, "tables": 1, "figure": 3, "page": 1, "pdf": 1, "study_site": 1},
        ),
        ("studies/tiny/test.csv", Path.unlink, {"test_results": 1, "tables": 1, "page": 1, "pdf": 1, "study_site": 1}),
        ("studies/tiny/cells.csv", Path.unlink, {"tables": 1, "page": 1, "pdf": 1, "study_site": 1}),
        ("studies/tiny/pairs.md", other, {"tables": 1, "page": 1, "pdf": 1, "study_site": 1}),
        ("studies/tiny/figures/depth_curves.png", Path.unlink, {"figure": 1, "page": 1, "pdf": 1, "study_site": 1}),
        ("studies/tiny/page.html", other, {"page": 1, "pdf": 1}),
        ("studies/tiny/page.pdf", Path.unlink, {"pdf": 1}),
        ("studies/tiny/site/runs.html", Path.unlink, {"study_site": 1}),
        ("studies/tiny/site/data/runs.js", other, {"study_site": 1}),
    ],
)
def test_what_is_deleted_or_changed_is_made_again(project, path, damage, due):
    """Whatever it is, and with it what is made from it."""
    damage(project.folder / "results" / path)
    assert project.planned("tiny") == due


def test_a_split_is_made_again_when_a_training_needs_it(project):
    """And only then; a split that was copied over another's file is another's."""
    first, second = sorted((project.folder / "results" / "splits").iterdir())
    shutil.copy(second, first)
    assert project.planned() == {}
    shutil.rmtree(project.folder / "results" / "runs" / "tiny")
    assert project.planned()["split"] == 1


def test_a_receipt_that_is_lost_or_damaged_has_its_files_made_again(project):
    """What nothing vouches for is not trusted."""
    receipt = project.folder / "results" / "made" / "tables" / "tiny.json"
    receipt.write_bytes(receipt.read_bytes()[:-9])
    assert project.planned() == {"tables": 1, "page": 1, "pdf": 1, "study_site": 1}
    assert project.snakemake().returncode == 0
    assert project.planned() == {}


def test_no_training_starts_behind_a_gate_of_other_code(project):
    """By hand too: the command refuses what Snakemake would have made again first."""
    shutil.rmtree(project.runs()[0])
    name = project.runs()[1].relative_to(project.folder / "results" / "runs")
    assert project.bnlab("train", str(name)).returncode == 0
    project.edit("src/bnlab/gradients/kinks.py", "import ", "import bnlab\nimport ")
    assert project.planned()["gate"] == 1
    refused = project.bnlab("train", str(name))
    assert refused.returncode == 5
    assert "results/gradients/generated.json: its code has changed. Make it: snakemake --cores 8" in refused.stdout
    assert project.bnlab("collect", "tiny").returncode == 5


def test_inputs_from_the_future_fail_no_job(project):
    """Snakemake takes an output that is older than an input for a fault of the clock, and deletes it."""
    ahead = time.time() + 1e6
    for path in project.folder.rglob("*"):
        os.utime(path, (ahead, ahead))
    (project.folder / TABLE).unlink()
    shutil.rmtree(project.runs()[0])
    result = project.snakemake(TABLE)
    assert result.returncode == 0, result.stdout
    assert project.planned(TABLE) == {}


def test_a_rule_that_is_demanded_has_what_follows_from_it_made_again(project):
    """`-R`: all that the rule makes, and what is made from that; no training follows the gate."""
    assert project.planned("-R", "collect") == {
        "collect": 1,
        "tables": 1,
        "figure": 3,
        "page": 1,
        "pdf": 1,
        "study_site": 1,
    }
    assert project.planned("-R", "gate") == {"gate": 1, "page": 1, "pdf": 1, "study_site": 1}
    everything = {"prepare": 1, "split": 2, "gate": 1, "train": 7} | REPORTED_CHECKS | AFTER_RUNS
    assert project.planned("-F") == everything


def test_a_report_s_gradient_check_is_made_for_the_report_alone(project):
    """A study that asks for reported checks gets them, with a figure where causes are compared; no training waits."""
    project.edit(
        "config/studies/tiny.yaml", "summary: For tests.", "summary: For tests.\ngradients: [anon_batch_norm, anon]"
    )
    shutil.rmtree(project.runs()[0])
    reported_checks = {"reported_check": 2, "gradient_figure": 1}
    assert project.planned() == {"train": 1} | reported_checks | AFTER_RUNS
    target = "results/gradients/generated/anon.csv"
    assert project.snakemake(target).returncode == 0
    assert project.planned(target) == {}
    project.edit("config/reported_checks/anon.yaml", "draws: 20", "draws: 2")
    assert project.planned(target) == {"reported_check": 1}
