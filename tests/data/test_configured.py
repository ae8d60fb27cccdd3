"""Sources of config/datasets.yaml: downloaded or at hand, in every format, prepared and pinned."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bnlab.data import download
from bnlab.data.configured import read_source
from bnlab.data.prepare import prepare_configured
from bnlab.data.prepared import open_prepared, open_test
from bnlab.data.source import Source
from bnlab.errors import DataError
from bnlab.runs.datasets import DataSet
from tests.data_files import idx, npz, png

RANDOM = np.random.default_rng(1)
IMAGES, LABELS = RANDOM.integers(0, 256, (8, 4, 3), np.uint8), np.arange(8, dtype=np.uint8) % 2


def files(format_: str, folder: Path, miniature: SimpleNamespace) -> Source:
    """A small data set of a format in a folder, and where it is."""
    match format_:
        case "idx":
            for part in ("train", "test"):
                (folder / f"{part}-images").write_bytes(idx(IMAGES))
                (folder / f"{part}-labels").write_bytes(idx(LABELS))
        case "npz":
            (folder / "a.npz").write_bytes(npz(x_train=IMAGES, y_train=LABELS))
            return Source("mine", format_, folder / "a.npz", test_images=2)
        case "png":
            for i, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
                (folder / f"class {label}").mkdir(exist_ok=True)
                (folder / f"class {label}" / f"{i}.png").write_bytes(png(image))
            return Source("mine", format_, folder, test_images=2)
        case "cifar10":
            for name, content in miniature.binary.items():
                (folder / name).write_bytes(content)
        case "cifar100":
            for part in ("train", "test"):
                pixels = RANDOM.integers(0, 256, (8, 3072), np.uint8)
                (folder / f"{part}.bin").write_bytes(np.column_stack([LABELS, LABELS[::-1], pixels]).tobytes())
    return Source("mine", format_, folder)


@pytest.mark.parametrize("format_", ["idx", "npz", "png", "cifar10", "cifar100"])
def test_every_format_is_prepared_and_pinned(tmp_path, miniature, capsys, format_) -> None:
    """What is printed at first use pins it: after that it is silent, and other images are refused."""
    (tmp_path / "source").mkdir()
    source = files(format_, tmp_path / "source", miniature)
    results = tmp_path / "results"
    prepare_configured(source, None, results=results)
    printed = capsys.readouterr().out
    data = open_prepared(results / "data" / "mine")
    images, _ = open_test(results / "data" / "mine")
    size = (
        f"{{training: {len(data.train_labels)}, test: {len(images)}, pixels: {images.shape[1]}, "
        f"classes: {len(data.classes)}}}"
    )
    assert f"  digest: {data.digest}\n  size: {size}\n" in printed
    pinned = DataSet("mine", "Mine", data.digest, len(data.train_labels), images.shape[1], len(data.classes))
    prepare_configured(source, pinned, results=results)
    assert capsys.readouterr().out == f"Prepared {results}/data/mine from {source.path}.\n"
    with pytest.raises(DataError, match=r"content's digest is .*, but config/datasets.yaml expects 0000"):
        prepare_configured(source, replace(pinned, digest="0" * 64), results=results)
    with pytest.raises(DataError, match=r"found the size .*, but config/datasets.yaml says otherwise of mine"):
        prepare_configured(source, replace(pinned, pixels=pinned.pixels + 1), results=results)


def test_classes_are_named(tmp_path: Path, miniature: SimpleNamespace) -> None:
    """By the configuration, else by folders, else by their labels."""
    source = files("png", tmp_path, miniature)
    assert read_source(source).classes == ("class 0", "class 1")
    assert read_source(replace(source, classes=("cat", "dog"))).classes == ("cat", "dog")


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    """Is named, with the file that names it; and a file is no folder."""
    with pytest.raises(DataError, match=r"nowhere: no such file or folder. It is the source of mine in config"):
        read_source(Source("mine", "idx", tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file: a file, expected a folder"):
        read_source(Source("mine", "idx", tmp_path / "file"))


def test_files_are_downloaded_once(tmp_path, server, isolated, monkeypatch) -> None:
    """Into the source's folder, under their own names; a broken connection leaves nothing there."""
    monkeypatch.setattr(download, "WAITS", (0.01,))
    content = npz(x_train=IMAGES, y_train=LABELS)
    server.answers["good"] = server.sends(content)
    server.answers["cut"] = server.sends(content[:-10], Content_Length=len(content))
    path = tmp_path / "sets" / "mine.npz"
    cut = Source("mine", "npz", path, (f"{server.url}/cut/mine.npz",), test_images=2)
    with pytest.raises(DataError, match=r"/cut/mine.npz: the connection ended after"):
        read_source(cut)
    assert not path.exists()
    source = replace(cut, download=(f"{server.url}/good/mine.npz",))
    first = read_source(source)
    assert first.digest == read_source(source).digest
    assert server.asked.count("/good/mine.npz") == 1
    assert [one.name for one in path.parent.iterdir()] == ["mine.npz"]


def test_a_folder_s_name_can_have_a_dot(tmp_path, server, isolated) -> None:
    """What is downloaded goes into it, not beside it."""
    server.answers["good"] = server.sends(b"1")
    source = Source("mine", "idx", tmp_path / "mine-1.0", (f"{server.url}/good/train-images",))
    with pytest.raises(DataError):  # that file is none of IDX
        read_source(source)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("train-images")] == [
        "mine-1.0/train-images"
    ]
