"""What is missing or damaged is answered with the file and the command that makes it, whatever the damage."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.analysis.read import NAMES, read_json, read_table, read_text
from bnlab.errors import IntegrityError

READERS = [read_table, read_json, read_text]


@pytest.mark.parametrize("read", READERS)
def test_a_missing_file_is_a_target(read, tmp_path: Path) -> None:
    """Snakemake makes it, and all that it needs."""
    path = tmp_path / "runs.csv"
    with pytest.raises(IntegrityError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: no such file. Make it: snakemake --cores 8 {path}"


@pytest.mark.parametrize("read", READERS)
def test_what_cannot_be_read_is_to_be_deleted(read, tmp_path: Path) -> None:
    """Snakemake does not make again what is there."""
    with pytest.raises(
        IntegrityError, match=r"cannot be read \(Is a directory\)\. Delete it and make it again: snakem"
    ):
        read(tmp_path)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose content each example writes anew."""
    return tmp_path_factory.mktemp("read") / "file"


@pytest.mark.parametrize("read", READERS)
@given(content=st.binary(max_size=40) | st.sampled_from([b"", b"[1]", b"\xff\xfe", b'a,b\n"1', b"a\n1,2\n3,4,5\n"]))
def test_whatever_is_in_a_file_only_our_error_comes_out(read, path: Path, content: bytes) -> None:
    """A table, an object and a text are read, or refused by name."""
    path.write_bytes(content)
    try:
        found = read(path)
    except IntegrityError as error:
        assert str(error).startswith(f"{path}: cannot be read (")
    else:
        assert isinstance(found, pd.DataFrame | dict | str)


def test_what_was_written_is_read(path: Path) -> None:
    """Networks are names, not numbers."""
    path.write_text("network,n\n50,3\n")
    assert read_table(path, dtype=NAMES).to_dict("list") == {"network": ["50"], "n": [3]}
    path.write_text(json.dumps({"a": [1.5]}))
    assert read_json(path) == {"a": [1.5]}
    path.write_text("λ")
    assert read_text(path) == "λ"
