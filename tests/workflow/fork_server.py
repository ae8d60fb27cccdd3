"""A process that has loaded what commands load, never bnlab itself, and forks for every one that it is asked for.

`python fork_server.py FD`, the server, listens on that descriptor until its input ends. `python fork_server.py ADDRESS
MODULE ARGUMENTS`, a client, does what `python -m MODULE ARGUMENTS` would. What a command starts as `sys.executable` is
the program `python` beside the server's address.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

LIBRARIES = (
    "snakemake.cli pandas pydantic yaml jinja2 typst scipy.special matplotlib.figure matplotlib.backends.backend_agg "
    "matplotlib.backends.backend_svg"
)

NOTHING = (["keyword"], "/", {})
"""A module that does nothing."""


def ask(address, command, folder, environment, streams):
    """Run a command in that folder, with these variables and three streams; yield its process, and its exit status.

    That of a command that was killed is below zero. A command whose client ends before it is killed.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(300)
        connection.connect(address)
        socket.send_fds(connection, [b"?"], streams)
        connection.sendall(json.dumps([command, folder, environment]).encode() + b"\n")
        with connection.makefile() as answers:
            yield int(answers.readline())
            yield int(answers.readline())


def serve(listening):
    """Fork for each command; in the copy, return what `ask` was told."""
    bell, ring = socket.socketpair()
    ring.setblocking(False)
    signal.set_wakeup_fd(ring.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    clients = {}
    while True:
        ready, _, _ = select.select([sys.stdin, bell, listening, *clients.values()], [], [])
        if sys.stdin in ready:
            sys.exit()
        if bell in ready:
            bell.recv(4096)
            for process, status in ended(clients):
                with clients.pop(process) as client:
                    answer(client, status)
        for process, client in clients.items():
            if client in ready:
                os.kill(process, signal.SIGKILL)
        if listening in ready:
            client, asked, streams = taken(listening)
            if not (process := os.fork()):
                return *asked, streams
            clients[process] = client
            answer(client, process)
            for stream in streams:
                os.close(stream)


def taken(listening):
    """The next client, what it asks for, and its streams; who is killed in the midst of asking wants nothing run."""
    client, _ = listening.accept()
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    with client.makefile("rb") as lines:
        line = lines.readline()
    return client, json.loads(line) if line.endswith(b"\n") else NOTHING, streams


def ended(processes):
    """Of these children, those that have ended, and how."""
    for process in list(processes):
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            yield process, os.waitstatus_to_exitcode(status)


def answer(client, number):
    """Tell a client, who may be gone, a number."""
    with suppress(OSError):
        client.sendall(b"%d\n" % number)


def become(command, folder, environment, streams):
    """Run a module as `python -m` does in that folder, with these variables and streams."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[0:1] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = command
    status = 1
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # noqa: BLE001 (whatever it is, as Python does)
        traceback.print_exc()
    # As Python ends, but that it does not tear down what has been loaded, which takes longer than to load bnlab.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def be_server(listening):
    """Load what commands load, and serve; each copy becomes its command."""
    for library in LIBRARIES.split():
        importlib.import_module(library)
    gc.freeze()
    sys.executable = str(Path(listening.getsockname()).with_name("python"))
    become(*serve(listening))


def be_client(address, *command):
    """Take a command's place: pass on what stops it, and end as it does."""
    numbers = ask(address, command, str(Path.cwd()), dict(os.environ), [0, 1, 2])
    process = next(numbers)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: os.kill(process, received))
    status = next(numbers)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        be_server(socket.socket(fileno=int(sys.argv[1])))
    else:
        be_client(*sys.argv[1:])
