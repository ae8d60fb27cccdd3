"""What runs in a copy of the loaded process runs as it would by itself."""

import signal
import subprocess
import time

import psutil
import pytest

from tests.workflow.loaded import run_loaded, server

SAYS = """
import os, sys
print(__name__, sys.argv[1:], os.getcwd(), os.environ["WORD"], os.path.basename(sys.executable))
sys.exit(int(sys.argv[1]))
"""
WAITS = """
import os, signal, sys, time
def stop(*_):
    print("told", flush=True)
    sys.exit(7)
if sys.argv[1] == "listening":
    signal.signal(signal.SIGTERM, stop)
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_command_has_its_arguments_folder_variables_and_status(tmp_path) -> None:
    """And sees itself as the main program, whose Python is the one that asks the loaded process again."""
    (tmp_path / "says.py").write_text(SAYS, encoding="utf-8")
    for status in (0, 3):
        done = run_loaded("says", [str(status)], tmp_path, {"WORD": "σ"})
        assert done.returncode == status
        assert done.stdout == f"__main__ ['{status}'] {tmp_path} σ python\n"
    assert "No module named absent" in run_loaded("absent", [], tmp_path, {}).stdout


@pytest.mark.parametrize(("how", "status"), [("listening", 7), ("deaf", -signal.SIGTERM)])
def test_what_stops_the_client_stops_the_command(tmp_path, how, status) -> None:
    """SIGTERM reaches it, and the client ends as it does; with a killed client it ends too."""
    (tmp_path / "waits.py").write_text(WAITS, encoding="utf-8")
    clients = [
        subprocess.Popen([server() / "python", "-m", "waits", how], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    commands = [psutil.Process(int(client.stdout.readline())) for client in clients]
    clients[0].terminate()
    assert clients[0].wait(10) == status
    assert clients[0].stdout.read() == ("told\n" if how == "listening" else "")
    clients[1].kill()
    assert clients[1].wait(10) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while any(command.is_running() for command in commands):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_other_uses_of_python_are_left_alone(tmp_path) -> None:
    """A script or `-c` runs in a process of its own."""
    command = [server() / "python", "-c", "import sys; print('numpy' in sys.modules)"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"False\n"
