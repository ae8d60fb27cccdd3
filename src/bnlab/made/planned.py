"""The jobs that Snakemake would run, asked of Snakemake itself."""

import io
import logging
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

from snakemake.cli import main
from snakemake.logging import logger

from bnlab.console.jobs import command_in
from bnlab.errors import BnlabError


def planned_commands(targets: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands, with their arguments, that `snakemake -n TARGET ...` announces.

    Raises BnlabError with what Snakemake says when it makes no plan.
    """
    commands: list[tuple[str, ...]] = []

    def note(record: logging.LogRecord) -> bool:
        said = record.__dict__
        if said.get("event") == "job_info" and (command := command_in(said["shellcmd"] or "")):
            commands.append(tuple(word for word in command.split() if not word.startswith("-")))
        return True

    output = io.StringIO()
    logger.addFilter(note)  # handlers do not survive Snakemake's own start
    try:
        with redirect_stdout(output), redirect_stderr(output):
            main(["--dry-run", "--cores", "1", "--", *targets])
    except SystemExit as ended:
        if ended.code:
            raise BnlabError(f"Snakemake makes no plan:\n{output.getvalue().strip()}") from ended
    finally:
        logger.removeFilter(note)
    return commands
