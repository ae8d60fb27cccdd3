"""The jobs that Snakemake would run, asked of Snakemake itself."""

import io
import itertools
import logging
import shlex
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from snakemake.cli import main
from snakemake.common import SNAKEFILE_CHOICES
from snakemake.logging import logger

from bnlab.console.jobs import command_in
from bnlab.errors import BnlabError
from bnlab.paths import whole_project


def planned_commands(targets: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands, with their arguments, that `snakemake -n TARGET ...` announces.

    Raises BnlabError with what Snakemake says when it makes no plan.
    """
    commands: list[tuple[str, ...]] = []

    def note(record: logging.LogRecord) -> bool:
        said = record.__dict__
        if said.get("event") == "job_info" and (command := command_in(said["shellcmd"] or "")):
            words = shlex.split(command)
            commands.append(tuple(itertools.takewhile(lambda word: not word.startswith("-"), words)))
        return True

    # As docs/elsewhere.md runs it where there is none.
    here = any(Path(choice).exists() for choice in SNAKEFILE_CHOICES)
    which = [] if here else ["-s", str(whole_project() / "Snakefile")]
    output = io.StringIO()
    logger.addFilter(note)  # handlers do not survive Snakemake's own start
    try:
        with redirect_stdout(output), redirect_stderr(output):
            main([*which, "--dry-run", "--cores", "1", "--", *targets])
    except SystemExit as ended:
        if ended.code:
            raise BnlabError(f"Snakemake makes no plan:\n{output.getvalue().strip()}") from ended
    finally:
        logger.removeFilter(note)
    return commands
