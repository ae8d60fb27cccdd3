"""Ctrl-C, from the first line of the workflow to the last: no traceback, exit code 130, and a word on how to go on."""

import atexit
import os
import signal
import sys


def end_in_good_order():
    """End with 130 after Ctrl-C, and say how to go on; let jobs stop by themselves when this process is killed."""
    # Every job that runs Snakemake itself, on another machine for example, has its own here.
    os.environ.update(BNLAB_MASTER=str(os.getpid()))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note_interrupt)
        sys.excepthook = say_nothing_of_interrupts
        atexit.register(end_as_interrupted)  # first, so that it runs after all others


def note_interrupt(*received):
    """Do what Snakemake expects, which makes a failure with exit code 1 of it while jobs run, and of all else an error."""
    INTERRUPTS.append(received)
    signal.default_int_handler(*received)


INTERRUPTS = []
OTHERWISE = sys.excepthook


def say_nothing_of_interrupts(kind, error, traceback):
    """Where an interrupt came is nobody's concern: in the configuration, the graph, or the last words."""
    if not issubclass(kind, KeyboardInterrupt):
        OTHERWISE(kind, error, traceback)


def end_as_interrupted():
    """Say how to go on, and end with the exit code of what was interrupted."""
    if INTERRUPTS:
        news = "Interrupted. What was finished is stored: the same command goes on from there."
        print(f"\n{news}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)


end_in_good_order()
