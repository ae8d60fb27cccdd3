"""Snakemake's plans, from copies of one process that has loaded it: half of what a plan costs is loading."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOADED = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload(["snakemake.cli"])


def plan(folder: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """The exit code of `snakemake -n` with further arguments in that folder, and what it prints."""
    with tempfile.NamedTemporaryFile() as output:
        process = _LOADED.Process(target=_plan, args=(folder, arguments, output.name, dict(os.environ)))
        process.start()
        process.join(timeout=300)
        assert process.exitcode is not None
        return process.exitcode, Path(output.name).read_text(encoding="utf-8")


def _plan(folder: Path, arguments: Sequence[str], output: str, environment: Mapping[str, str]) -> None:
    with Path(output).open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["snakemake", "--cores", "2", "-n", *arguments]
    from snakemake.cli import main

    main()
