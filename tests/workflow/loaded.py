"""Commands in copies of one process that has loaded what they load: half of what a short command costs is loading."""

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

_LOADED = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload(["snakemake.cli", "pandas", "pydantic", "scipy.stats", "yaml"])  # never bnlab itself


def run_loaded(
    module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> CompletedProcess[str]:
    """`python -m module ARGUMENTS` in that folder, where `bnlab` is the folder's own; output and errors in `stdout`."""
    with tempfile.NamedTemporaryFile() as output:
        process = _LOADED.Process(target=_run, args=(module, arguments, folder, dict(environment), output.name))
        process.start()
        process.join(timeout=300)
        said = Path(output.name).read_text(encoding="utf-8")
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{module} {' '.join(arguments)}: {said}")
        return CompletedProcess([module, *arguments], process.exitcode, said)


def _run(module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: str) -> None:
    with Path(output).open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:0] = [str(folder), str(folder / "src")]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
