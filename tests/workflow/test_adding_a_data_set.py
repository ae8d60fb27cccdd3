"""docs/adding-a-data-set.md works as it stands: from IDX files to a page, from configuration alone."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

import bnlab
from tests.data_files import idx

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "adding-a-data-set.md"
FILE = re.compile(r"^```yaml file=(?P<path>\S+)(?P<append> append)?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SMALLER = {
    "55000": "500",
    "5000": "100",
    "60000": "600",
    "step: 1100": "step: 20",
    "standardization: scalar": "standardization: scalar\n  probe: 50",
}
"""The document is about 60,000 images, the test about 600."""


def clothes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of ten patterns in the middle, with the same margins in all of them, as scans have."""
    patterns = np.random.default_rng(0).integers(0, 150, (10, 20, 20))
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, n).astype(np.uint8)
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = patterns[labels] + random.integers(0, 100, (n, 20, 20))
    return images, labels


def written_down(folder: Path) -> Path:
    """Put the files of a small Fashion-MNIST into a project, and what the document writes; the folder of the former."""
    raw = folder / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part, n in (("train", 600), ("t10k", 80)):
        images, labels = clothes(n, seed=n)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    for name in ("protocols.yaml", "datasets.yaml"):
        (folder / "config" / name).write_bytes((ROOT / "config" / name).read_bytes())
    (folder / "config" / "studies" / "tiny.yaml").unlink()
    (folder / "config" / "config.yaml").write_text("studies: [fashion]\ncifar10: null\nseeds_factor: 1\n")
    files = list(FILE.finditer(DOCUMENT.read_text(encoding="utf-8")))
    assert [file["path"] for file in files] == ["config/protocols.yaml", "config/studies/fashion.yaml"]
    for file in files:
        with (folder / file["path"]).open("a" if file["append"] else "w", encoding="utf-8") as target:
            target.write(_smaller(file["body"]))
    return raw


def test_the_worked_example_makes_a_page(fresh) -> None:
    """A data set is obtained, pinned, trained on with and without a validation part, and shown."""
    folder, raw = fresh.folder, written_down(fresh.folder)
    unpinned = fresh.snakemake("fashion")
    assert unpinned.returncode != 0
    assert "`bnlab prepare fashion-mnist` prints them" in unpinned.stdout
    printed = fresh.bnlab("prepare", "fashion-mnist").stdout
    (pins,) = re.findall(r"^  digest: [0-9a-f]{64}\n  size: \{training: 600, .*\}\n", printed, re.MULTILINE)
    data_sets = folder / "config" / "datasets.yaml"
    title = "  title: Fashion-MNIST\n"
    data_sets.write_text(data_sets.read_text(encoding="utf-8").replace(title, title + pins), encoding="utf-8")

    result = fresh.snakemake("fashion")
    assert result.returncode == 0, result.stdout
    runs = pd.read_csv(folder / "results" / "studies" / "fashion" / "runs.csv").set_index("run")
    tests = pd.read_csv(folder / "results" / "studies" / "fashion" / "test.csv").set_index("run")
    assert len(runs) == 2 * (3 + 2 + 2)
    assert set(runs["data"]) == {"fashion-mnist"}
    half = runs[(runs["protocol"] == "fashion") & (runs["initialization"] == "xavier")]
    assert set(half["seed"]) == {3, 5, 8}
    assert half["validation_accuracy"].between(0, 1).all()
    assert (tests.loc[half.index, "test_accuracy"] > 0.5).all()  # chance is .1
    whole = runs[runs["protocol"] == "fashion_all"]
    assert whole["validation_accuracy"].isna().all()
    assert (tests.loc[whole.index, "test_accuracy"] > 0.5).all()
    record = json.loads((folder / "results" / "runs" / whole.index[0] / "run.json").read_text(encoding="utf-8"))
    assert set(record["final"]) == {"training"}
    page = (folder / "results" / "studies" / "fashion" / "page.html").read_text(encoding="utf-8")
    assert "Fashion-MNIST, training images" in page
    assert not re.search(r"\bnan\b", re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL), re.IGNORECASE)
    assert not fresh.planned("fashion")

    # What looks at results knows the data set too.
    verified = fresh.bnlab("verify")
    assert verified.returncode == 0, verified.stdout
    assert "validation accuracy" not in fresh.bnlab("show", whole.index[0]).stdout
    assert "100.00 %" in fresh.bnlab("show", half.index[0]).stdout
    run = bnlab.Run(half.index[0], results=folder / "results")
    images = np.load(folder / "results" / "data" / "fashion-mnist" / "test_images.npy")
    stored = np.load(run.folder / "test_predictions.npz")["predictions"]
    np.testing.assert_array_equal(run.network().predict(images), stored)
    assert run.classes[9] == "ankle boot"

    # Names of classes are no part of the images' digest.
    text = data_sets.read_text(encoding="utf-8")
    data_sets.write_text(text.replace("ankle boot", "boot"), encoding="utf-8")
    target = "results/data/fashion-mnist/manifest.json"
    assert "fashion-mnist: its classes have other names now\n    prepare 1\n" in fresh.bnlab("why", target).stdout
    data_sets.write_text(text, encoding="utf-8")

    # Other images under the same name are refused.
    images, _ = clothes(600, seed=1)
    (raw / "train-images-idx3-ubyte").write_bytes(idx(images))
    changed = fresh.bnlab("prepare", "fashion-mnist")
    assert changed.returncode == 3
    assert "config/datasets.yaml expects" in changed.stdout


def _smaller(text: str) -> str:
    for old, new in SMALLER.items():
        text = text.replace(old, new)
    return text
