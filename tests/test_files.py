"""A file has its final name when it is complete, and nothing else in the package writes files."""

import ast
import errno
import hashlib
import itertools
import json
import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlab.errors import StorageError
from bnlab.files import atomic, sha256, write_json, write_text

PACKAGE = Path(__file__).parents[1] / "src" / "bnlab"
OLD = "what was there before"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with content, alone in its folder."""
    path = tmp_path / "folder" / "result.json"
    path.parent.mkdir()
    path.write_text(OLD)
    return path


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def untouched(path: Path) -> bool:
    """Whether the old file is there as it was, and nothing beside it."""
    return path.read_text() == OLD and names(path.parent) == [path.name]


def write(path: Path, content: bytes, *, pieces: int = 1) -> None:
    """Write `content` atomically, in some pieces."""
    with atomic(path) as file:
        for i in range(pieces):
            file.write(content[i::pieces])


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let writing beyond `size` bytes of a file fail, as on a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@given(content=st.binary(max_size=100))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_there(tmp_path: Path, content: bytes) -> None:
    """All bytes, over an old file or none, and no other file beside it."""
    for _ in range(2):
        write(tmp_path / "a" / "file", content)
        assert (tmp_path / "a" / "file").read_bytes() == content
        assert names(tmp_path / "a") == ["file"]


def test_folders_are_made(tmp_path: Path) -> None:
    """Missing parents come into being."""
    write_text(tmp_path / "one" / "two" / "three.txt", "x")
    assert (tmp_path / "one" / "two" / "three.txt").read_text() == "x"


def test_until_the_end_a_reader_sees_the_old_file(path: Path) -> None:
    """Also when everything has been written and flushed; the temporary file is hidden beside it."""
    with atomic(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == OLD
        [temporary] = set(names(path.parent)) - {path.name}
        assert temporary.startswith(".result.json.")
        assert temporary.endswith(".tmp")
    assert path.read_text() == "new"


def test_a_reader_never_sees_a_part(path: Path) -> None:
    """While two contents of a megabyte are written in turn, every reading finds one of them, whole."""
    contents = [b"a" * 2**20, b"b" * 2**20]
    write(path, contents[0])
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(hashlib.sha256(path.read_bytes()).hexdigest())

    reader = threading.Thread(target=read)
    reader.start()
    for content in contents * 15:
        write(path, content, pieces=16)
    stop.set()
    reader.join()
    assert seen
    assert seen <= {hashlib.sha256(content).hexdigest() for content in contents}


def test_writers_at_once_leave_one_whole_file(path: Path) -> None:
    """Each has a temporary file of its own; the last to finish wins, and nothing is left over."""
    contents = [bytes([letter]) * 2**18 for letter in b"abcd"]
    writers = [threading.Thread(target=write, args=(path, content), kwargs={"pieces": 8}) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() in contents
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("error", [ValueError("a mistake"), KeyboardInterrupt(), SystemExit(3)])
def test_a_failing_block_leaves_the_old_file(path: Path, error: BaseException) -> None:
    """Whatever is raised inside comes out as it is; what was written so far is gone."""
    with pytest.raises(type(error)) as caught, atomic(path) as file:  # noqa: PT012
        file.write(b"half of it")
        raise error
    assert caught.value is error
    assert untouched(path)


@pytest.mark.parametrize("size", [20, 10_000, 1_000_000])
def test_a_full_disk_leaves_the_old_file(path: Path, size: int) -> None:
    """Whether the write fails in the block or, being buffered, only at its end: the message says what to do."""
    with file_size_limit(10), pytest.raises(StorageError, match=r"result.json: cannot be written \(File too large\)"):
        write(path, b"x" * size)
    assert untouched(path)
    write(path, b"x" * size)  # with room again, the same call succeeds
    assert path.stat().st_size == size


def test_a_full_disk_is_told_with_what_to_do(path: Path) -> None:
    """The message ends with the next step, and the exit code is that of storage."""
    with file_size_limit(10), pytest.raises(StorageError, match=r"Free some space .* run the same command again"):
        write(path, b"x" * 100)
    assert StorageError.exit_code == 4


def test_a_failing_flush_to_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content that may not have reached the disk does not get the name."""

    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match=r"\(No space left on device\)"):
        write(path, b"new")
    assert untouched(path)


def test_content_is_on_disk_before_the_name_and_the_name_after(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that survives a power cut: synchronize the file, rename it, synchronize the folder."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        steps.append("folder" if stat.S_ISDIR(status.st_mode) else f"file of {status.st_size} bytes")
        fsync(descriptor)

    def recorded_replace(source: Any, target: Any) -> None:
        assert Path(source).parent == Path(target).parent
        steps.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    write(path, b"12345")
    assert steps == ["file of 5 bytes", "rename", "folder"]


def test_a_folder_that_cannot_be_made_is_told(path: Path) -> None:
    """A file where a folder is needed is a storage error, not a traceback."""
    with pytest.raises(StorageError, match=r"inside.txt: cannot be written"):
        write_text(path / "inside.txt", "x")
    assert untouched(path)


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """Where a folder has the name, nothing is written and nothing left over."""
    (tmp_path / "result").mkdir()
    with pytest.raises(StorageError, match=r"result: cannot be written"):
        write_text(tmp_path / "result", "x")
    assert names(tmp_path) == ["result"]


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077, 0o027])
def test_permissions_follow_the_umask(path: Path, umask: int) -> None:
    """As for any file that a program makes: others may read it where the user's umask says so; umask itself stays."""
    before = os.umask(umask)
    try:
        write(path, b"x")
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    finally:
        assert os.umask(before) == umask


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(value=JSON)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_comes_back(tmp_path: Path, value: Any) -> None:
    """Every value reads back as it was, floats to the last bit, and equal values have equal bytes."""
    write_json(tmp_path / "file.json", value)
    content = (tmp_path / "file.json").read_bytes()
    assert json.loads(content) == value
    write_json(tmp_path / "file.json", json.loads(content))
    assert (tmp_path / "file.json").read_bytes() == content
    assert content.endswith(b"\n")


def test_json_keys_are_sorted(tmp_path: Path) -> None:
    """The order in which a mapping was filled does not show."""
    for keys in itertools.permutations("abc"):
        write_json(tmp_path / "file.json", dict.fromkeys(keys, 1))
        assert (tmp_path / "file.json").read_text() == '{\n  "a": 1,\n  "b": 1,\n  "c": 1\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"loss": [-float("inf")]}])
def test_what_json_cannot_say_is_refused(path: Path, value: Any) -> None:
    """NaN and infinities are not JSON; the old file stays."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, value)
    assert untouched(path)


def test_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    """Also of files larger than any buffer."""
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


WRITING_METHODS = {
    "write_text", "write_bytes", "touch", "fdopen", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile",
    "rename", "copy2", "copyfile", "copytree", "move", "extractall", "symlink_to", "hardlink_to", "truncate",
}  # fmt: skip
"""Attributes that are only ever called to make or change files."""
FILE_ARGUMENT = {"save": 0, "savez": 0, "savez_compressed": 0, "savetxt": 0, "savefig": 0, "tofile": 0, "dump": 1,
                 "to_csv": 0, "to_json": 0, "to_parquet": 0, "to_pickle": 0, "to_html": 0, "memmap": 0}  # fmt: skip
"""Functions that write to a file argument, and its position."""


def writings(source: str) -> list[str]:
    """The calls in `source` that write files past `atomic`, as source text.

    What writes to an object is fine where the object comes from `with atomic(...) as file` or is kept in memory.
    """
    tree = ast.parse(source)
    safe = {None}
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            if isinstance(node.context_expr, ast.Call) and ast.unparse(node.context_expr.func) == "atomic":
                safe.add(node.optional_vars.id)
        elif isinstance(node, ast.Assign) and ast.unparse(node.value) in {"io.StringIO()", "io.BytesIO()"}:
            safe.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and _writes(node, safe)]


def _writes(call: ast.Call, safe: set[str | None]) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    method = isinstance(call.func, ast.Attribute)
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if name == "open":
        position = (
            0 if method and owner not in {"io", "os", "gzip", "bz2", "lzma", "tarfile", "zipfile", "Image"} else 1
        )
        return _mode(call, position, default="r" if owner != "os" else "os.open") not in {
            "r",
            "rb",
            "r|",
            "os.O_RDONLY",
        }
    if name == "memmap":
        return _mode(call, 2, default="r+") != "r"
    if method and name in WRITING_METHODS:
        return True
    if method and name == "replace" and owner == "os":
        return True
    if method and name in FILE_ARGUMENT:
        position = FILE_ARGUMENT[name]
        file = call.args[position] if len(call.args) > position else None
        return not (file is None or (isinstance(file, ast.Name) and file.id in safe))
    return False


def _mode(call: ast.Call, position: int, *, default: str) -> str:
    given = [keyword.value for keyword in call.keywords if keyword.arg in {"mode", "flags"}]
    given += call.args[position : position + 1]
    if not given:
        return default
    return given[0].value if isinstance(given[0], ast.Constant) else ast.unparse(given[0])


@pytest.mark.parametrize(
    "line",
    [
        "open(path, 'w')", "open(path, mode='a')", "path.open('wb')", "path.open(mode='x')", "open(path, 'r+')",
        "open(path, how)", "io.open(path, 'w')", "gzip.open(path, 'wb')", "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "path.write_text('x')", "path.write_bytes(b'x')", "path.touch()", "np.savez(path, a=a)", "np.save(path, a)",
        "figure.savefig(path)", "table.to_csv(path)", "json.dump(value, file)", "a.tofile(path)",
        "np.memmap(path, np.uint8, mode='w+')", "np.memmap(path)", "os.replace(a, b)", "shutil.copyfile(a, b)",
        "tar.extractall(folder)", "tempfile.NamedTemporaryFile()",
        "with open(path, 'rb') as file:\n    np.save(file, a)",
    ],
)  # fmt: skip
def test_the_search_finds_every_way_to_write(line: str) -> None:
    """The test below can fail: each of these lines would be found."""
    assert writings(line)


@pytest.mark.parametrize(
    "line",
    [
        "open(path)", "open(path, 'rb')", "path.open('rb')", "path.open()", "name.replace('a', 'b')", "table.to_csv()",
        "with atomic(path) as file:\n    np.savez(file, a=a)", "write_text(path, text)", "path.read_text()",
        "svg = io.StringIO()\nfigure.savefig(svg)", "np.memmap(path, np.uint8, mode='r')", "tarfile.open(path, 'r|')",
        "os.open(folder, os.O_RDONLY)",
    ],
)  # fmt: skip
def test_the_search_finds_nothing_else(line: str) -> None:
    """Reading, and writing by way of `atomic`, is fine."""
    assert not writings(line)


def test_only_files_py_writes_files() -> None:
    """Elsewhere nothing opens a file for writing, but the download into pooch's temporary file, and the null device."""
    found = {
        str(path.relative_to(PACKAGE)): calls
        for path in sorted(PACKAGE.rglob("*.py"))
        if (calls := writings(path.read_text(encoding="utf-8")))
    }
    assert found.pop("files.py")
    assert found == {
        "__main__.py": ["open(os.devnull, 'w', encoding='utf-8')", "os.open(os.devnull, os.O_WRONLY)"],
        "data/download.py": ["open(output, 'wb')"],
    }


def test_a_crash_between_the_steps_leaves_old_or_new(path: Path) -> None:
    """A process killed before any of the system calls of a write leaves the old file or the complete new one."""
    outcomes = []
    for step in itertools.count():
        path.write_text(OLD)
        pid = os.fork()
        if pid == 0:
            with suppress(BaseException):
                _die_at(step)
                write(path, b"new")
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        outcomes.append(path.read_text())
        if os.WIFEXITED(status):
            break
        assert os.WTERMSIG(status) == 9
    assert outcomes == [OLD, OLD, "new", "new"]


def _die_at(step: int) -> None:
    """Let this process be killed at its `step`-th synchronization or renaming."""
    steps = itertools.count()

    def dying(call: Any) -> Any:
        def wrapper(*arguments: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), 9)
            return call(*arguments)

        return wrapper

    os.fsync, os.replace = dying(os.fsync), dying(os.replace)
