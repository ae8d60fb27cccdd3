"""`bnlab`, or `python -m bnlab`: what comes before any command."""

import os
import signal
import sys
from types import FrameType


def stop(received: int, frame: FrameType | None) -> None:
    """End without a traceback; what is half written is removed on the way. In the midst of an import nothing is."""
    while frame is not None:
        if frame.f_code.co_name == "_find_and_load":
            os._exit(128 + received)  # an extension module that is interrupted raises errors of its own
        frame = frame.f_back
    sys.exit(128 + received)


signal.signal(signal.SIGTERM, stop)
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup, for example, has it ignored
    signal.signal(signal.SIGINT, stop)

import errno  # noqa: E402
import time  # noqa: E402
from contextlib import suppress  # noqa: E402
from io import TextIOWrapper  # noqa: E402
from threading import Thread  # noqa: E402

from bnlab.blas import use_one_thread  # noqa: E402
from bnlab.errors import StorageError  # noqa: E402

use_one_thread()
# Plugins of other packages have no say in what the configuration means; looking for them takes a hundredth of a second.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

for name in ("stdout", "stderr"):
    if getattr(sys, name) is None:  # it was closed: >&-
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115

# What a terminal's encoding lacks, a λ for example, is printed as an escape.
for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def stop_with(process: int) -> None:
    """End this command once that process is no more: a Snakemake that was killed leaves its jobs running."""
    with suppress(PermissionError):  # it lives, and is another user's
        while lives(process):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)


def lives(process: int) -> bool:
    """Whether it is there, and no zombie. Raises PermissionError if it is another user's."""
    try:
        os.kill(process, 0)
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:  # noqa: PTH123 (pathlib is still to be loaded)
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")  # noqa: PTH112 (where there is no /proc, it is there)


def run() -> int:
    """The exit code of the command; whatever lacks memory, an import too, is told in a line."""
    code = 0
    try:
        from bnlab.cli import main  # noqa: PLC0415 (what it imports loads NumPy)

        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough: `| head`. What is still to be flushed goes nowhere, without another error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (MemoryError, ImportError, OSError, SystemError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            os.write(2, b"bnlab: cannot be read or written (No space left on device).\n")
            os._exit(StorageError.exit_code)
        if not lacked_memory(error):
            raise
        error.__traceback__ = None  # and with it goes what the command held
        with suppress(MemoryError, OSError):
            sys.stdout.flush()
        # Little more than this call is sure to work: neither print nor an orderly end of the interpreter.
        os.write(2, NOT_ENOUGH)
        os._exit(StorageError.exit_code)
    return code


NOT_ENOUGH = b"bnlab: not enough memory. Free some, or let fewer jobs run at once: --cores\n"


def lacked_memory(error: Exception) -> bool:
    """Whether an error says so, if in its own words: extension modules, the compiler and `mmap` have theirs."""
    reasons = (
        "failed to map",
        "annot allocate memory",
        "error return without exception set",
        "is required for AnnAssign",
    )
    return isinstance(error, MemoryError) or any(reason in str(error) for reason in reasons)


if master := os.environ.get("BNLAB_MASTER"):
    Thread(target=stop_with, args=[int(master)], daemon=True).start()

if __name__ == "__main__":
    sys.exit(run())
