"""config/datasets.yaml: what an entry may say, and which data sets protocols can name."""

from pathlib import Path

import pytest

from bnlab.config.data_sets import data_sets, load_data_set_items, source_of
from bnlab.config.protocols import load_protocols
from bnlab.data.source import Source
from bnlab.errors import ConfigError
from bnlab.runs.datasets import BUILT_IN, DataSet

COMMITTED = Path(__file__).parents[2] / "config"
DIGEST = "ab" * 32
ENTRY = "digits:\n  title: Digits\n  format: idx\n  source: ~/digits\n"
PINS = f"  digest: {DIGEST}\n  size: {{training: 50, test: 10, pixels: 64, classes: 10}}\n"


def written(folder: Path, text: str) -> Path:
    """A folder of configuration with this datasets.yaml."""
    (folder / "datasets.yaml").write_text(text, encoding="utf-8")
    return folder


def test_what_is_committed_is_valid() -> None:
    """Its sources can be asked for, and none is pinned to data that nobody here has seen."""
    assert data_sets(COMMITTED) == BUILT_IN
    for name in load_data_set_items(COMMITTED):
        assert source_of(name, COMMITTED).name == name


def test_without_the_file_there_are_the_built_in_ones(tmp_path: Path) -> None:
    """A project of one's own need not have it; an empty one says as much."""
    assert data_sets(tmp_path) == BUILT_IN
    assert data_sets(written(tmp_path, "# nothing yet\n")) == BUILT_IN


def test_an_entry_becomes_a_source_and_a_data_set(tmp_path: Path) -> None:
    """A data set once it is pinned."""
    assert source_of("digits", written(tmp_path, ENTRY)) == Source("digits", "idx", Path("~/digits"))
    assert "digits" not in data_sets(tmp_path)
    assert data_sets(written(tmp_path, ENTRY + PINS))["digits"] == DataSet("digits", "Digits", DIGEST, 50, 64, 10)


def test_a_protocol_takes_it_and_knows_its_size(tmp_path: Path) -> None:
    """More images than it has are refused before anything is read."""
    written(tmp_path, ENTRY + PINS)
    protocol = "a:\n  data: digits\n  training: {}\n  validation: 10\n  batch_size: 5\n  curve_points: 2\n  probe: 5\n"
    protocol += "  schedule: {{minimum: 0.1, maximum: 0.1, step: 2, cycles: 1}}\n"
    (tmp_path / "protocols.yaml").write_text(protocol.format(40))
    assert load_protocols(tmp_path)["a"].data.digest == DIGEST
    (tmp_path / "protocols.yaml").write_text(protocol.format(41))
    with pytest.raises(ConfigError, match=r"found 41 \+ 10, expected at most 50, the training images of digits"):
        load_protocols(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- digits", "datasets.yaml: expected a mapping of names to data sets"),
        (ENTRY.replace("idx", "mat"), "digits: format: found 'mat', expected one of cifar10, cifar100, idx, npz, png"),
        (ENTRY.replace("source", "sorce"), "digits: 'sorce' is not a key here. Did you mean 'source'?"),
        (ENTRY.replace("  source: ~/digits\n", ""), "digits: missing 'source'"),
        (ENTRY + "  digest: 12ab\n", "digits: digest: found '12ab', expected 64 hex digits"),
        (ENTRY + "  1: x\n", "digits: found the key 1, expected text: put it in quotes"),
        (ENTRY + "  size: {training: 50}\n", "digits: size: missing 'test', 'pixels', 'classes'"),
        (
            ENTRY + "  download: [ftp://somewhere]\n",
            r"download\[0\]: found 'ftp://somewhere', expected an address",
        ),
        (ENTRY + "  labels: coarse\n", "digits: labels: found coarse, which only cifar100 has, with format idx"),
        (ENTRY + "  classes: [a, a]\n", "digits: classes: found .*, expected values that differ"),
        (ENTRY.replace("digits:", "generated:"), "generated: expected a name without '_' other than cifar10 and gener"),
        (ENTRY.replace("digits:", "my_digits:"), "my_digits: expected a name without '_'"),
        (ENTRY.replace("digits:", "Digits:"), "Digits"),
    ],
)
def test_mistakes_are_said(tmp_path: Path, text: str, said: str) -> None:
    """With file, entry and key, what was found and what was expected."""
    with pytest.raises(ConfigError, match=said):
        load_data_set_items(written(tmp_path, text))


def test_an_unknown_one_is_said(tmp_path: Path) -> None:
    """With those that there are."""
    with pytest.raises(ConfigError, match=r"'digitz' is no data set: expected one of .*Did you mean 'digits'"):
        source_of("digitz", written(tmp_path, ENTRY))
