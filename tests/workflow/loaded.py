"""Commands in copies of one process that has loaded what they load: half of what a short command costs is loading."""

import atexit
import functools
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from tests.workflow import fork_server

PYTHON = f"""#!/bin/sh
[ "$1" = -m ] && shift && exec {sys.executable} -IS {fork_server.__file__} "${{0%python}}address" "$@"
exec {sys.executable} "$@"
"""


@functools.cache
def server() -> Path:
    """Start a server, which ends with this process; return the folder with its `address`, and with its `python`."""
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    folder = Path(place.name)
    (folder / "python").write_text(PYTHON, encoding="utf-8")
    (folder / "python").chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "address"))
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, fork_server.__file__, str(listening.fileno())],
            pass_fds=[listening.fileno()], stdin=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    atexit.register(process.communicate)
    return folder


def run_loaded(
    module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> CompletedProcess[str]:
    """`python -m module ARGUMENTS` in that folder; output and errors in `stdout`."""
    command = [module, *arguments]
    with tempfile.TemporaryFile() as output, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), output.fileno(), output.fileno()]
        _, status = fork_server.ask(str(server() / "address"), command, str(folder), dict(environment), streams)
        output.seek(0)
        return CompletedProcess(command, status, output.read().decode("utf-8"))
