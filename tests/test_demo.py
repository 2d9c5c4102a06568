"""The demo, run as a user runs it: in a process of its own."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = [sys.executable, "-m", "zmqthread"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
ROWS = ("questions", "news", "pipeline", "threads")
PROCESSES = Path("/proc")

needs_proc = pytest.mark.skipif(not PROCESSES.exists(), reason="needs /proc")


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    more.setdefault("env", ENVIRONMENT)
    return subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds(50),
        **more,
    )


@contextlib.contextmanager
def started(*arguments: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Give a running demo; whatever happens, it does not outlive the test."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    with subprocess.Popen([*COMMAND, "demo", *arguments], env=ENVIRONMENT, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], Any], what: str, patience: float = 30.0) -> Any:
    """Return the first true value of a condition."""
    deadline = time.monotonic() + seconds(patience)
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return value


def read_until(descriptor: int, pattern: bytes) -> bytes:
    """Return output up to and including the pattern."""
    output = b""
    while not re.search(pattern, output):
        assert select.select([descriptor], [], [], seconds(30))[0], output
        chunk = os.read(descriptor, 65536)
        assert chunk, output
        output += chunk
    return output


def children_of(parent: int) -> dict[str, int]:
    """Return the numbers of the demo's processes by their names."""
    found = {}
    for entry in PROCESSES.iterdir():
        with contextlib.suppress(OSError, IndexError):
            if not entry.name.isdigit():
                continue
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                name = re.search(rb'"name": "([^"]+)"', (entry / "cmdline").read_bytes())
                if name:
                    found[name[1].decode()] = int(entry.name)
    return found


def is_running(process: int) -> bool:
    """Tell whether a process is there and not a zombie."""
    try:
        return (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def messages(output: str, row: str) -> int:
    """Return the count in a row of the last table."""
    return int(
        re.findall(rf"^{row} .* ([\d,]+) +[\d,]+$", output, re.MULTILINE)[-1].replace(",", "")
    )


@pytest.mark.slow
def test_messages_flow_and_none_is_lost():
    done = run("demo", "--seconds", "1.5")
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    assert "12 processes" in done.stdout
    assert "Every message arrived, once." in done.stdout
    assert "   1 s  questions " in done.stdout  # a line a second, since this is no terminal
    assert "\x1b" not in done.stdout
    for row in ROWS:
        assert messages(done.stdout, row) > 0, done.stdout


@pytest.mark.slow
@pytest.mark.interop
def test_the_other_side_may_be_libzmq():
    done = run("demo", "--seconds", "1", "--peer", "pyzmq")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "the other side is libzmq" in done.stdout
    for row in ROWS:
        assert messages(done.stdout, row) > 0, done.stdout


@pytest.mark.slow
def test_without_pyzmq_it_is_said_how_to_get_it(tmp_path):
    (tmp_path / "zmq.py").write_text("raise ImportError('No module named zmq')\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run("demo", "--peer", "pyzmq", env={**ENVIRONMENT, "PYTHONPATH": path})
    assert done.returncode == 1
    assert "python -m pip install pyzmq" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_on_a_terminal_the_table_is_written_over():
    master, slave = pty.openpty()
    try:
        with started("--seconds", "1", stdout=slave, stderr=slave) as process:
            os.close(slave)
            output = read_until(master, rb"arrived, once")
            assert process.wait(seconds(20)) == 0
    finally:
        os.close(master)
    assert output.count(b"\x1b[5F") > 2  # up by the five lines of the table
    assert output.count(b"questions") > 3


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, rb"a second|  1 s"), (signal.SIGINT, rb"side is"), (signal.SIGTERM, rb"1 s")],
)
def test_a_signal_ends_it_at_once_and_leaves_no_process(number, moment):
    with started("--seconds", "60") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout.fileno(), moment)
        children = children_of(process.pid)
        before = time.monotonic()
        process.send_signal(number)
        status = process.wait(seconds(20))
        took = time.monotonic() - before
        errors = process.stderr.read()
    assert status == 128 + number
    assert errors == b"demo: stopped\n"
    assert took < seconds(1.0)
    assert not [name for name, child in children.items() if is_running(child)]


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("victim", ["server", "worker 1", "publisher", "threads"])
def test_a_dead_process_is_named(victim):
    with started("--seconds", "60") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout.fileno(), rb"12 processes")
        children = children_of(process.pid)
        assert len(children) == 11
        os.kill(children[victim], signal.SIGKILL)
        assert process.wait(seconds(20)) == 1
        errors = process.stderr.read().decode()
    assert errors.startswith(f"demo: {victim} ended with status -9")
    assert "Traceback" not in errors
    assert not [name for name, child in children.items() if is_running(child)]


# Found by every process of the demo when it starts. The sink loses a message, or gets the second
# one twice and the first one never; nobody waits long for what will not come.
FAULTY = """
import json, sys
from zmqthread.demo import command, part

command.STALL = PATIENCE
receive = part.Part.receive
again = []

def faulty(self, socket):
    global receive_now
    if again:
        receive_now = receive
        return again.pop()
    receive(self, socket)
    message = receive(self, socket)
    if FAULT == "twice":
        again.append(message)
    else:
        receive_now = receive
    return message

receive_now = faulty
if '"role": "sink"' in sys.orig_argv[-1]:
    part.Part.receive = lambda self, socket: receive_now(self, socket)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("lost", "demo: pipeline: 1 messages did not arrive\n"),
        ("twice", "demo: pipeline: sink got some messages twice\n"),
    ],
)
def test_a_message_that_is_lost_or_comes_twice_fails_it(tmp_path, fault, told):
    code = f"FAULT, PATIENCE = {fault!r}, {seconds(2.0)}\n{FAULTY}"
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run("demo", "--seconds", "0.3", env={**ENVIRONMENT, "PYTHONPATH": path})
    assert done.returncode == 1
    assert done.stderr == told
    assert "Every message arrived" not in done.stdout


@needs_proc
@pytest.mark.slow
def test_killed_it_leaves_no_process():
    with started("--seconds", "60") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), rb"12 processes")
        children = children_of(process.pid)
        process.kill()
        process.wait()
    assert len(children) == 11
    wait_for(
        lambda: not [name for name, child in children.items() if is_running(child)],
        "processes outlive the one that started them",
    )


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_it_without_a_word():
    with started("--seconds", "60") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout.fileno(), rb"1 s")
        process.stdout.close()
        assert process.wait(seconds(20)) == 128 + signal.SIGPIPE
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["demo", "--seconds", "0"], "'0' is not a number of seconds above 0"),
        (["demo", "--seconds", "soon"], "'soon' is not a number of seconds above 0"),
        (["demo", "--seconds", "nan"], "'nan' is not a number of seconds above 0"),
        (["demo", "--peer", "jeromq"], "invalid choice: 'jeromq'"),
        (["demo", "faster"], "unrecognized arguments: faster"),
    ],
)
def test_wrong_arguments(arguments, told):
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_the_version():
    done = run("--version")
    assert done.stdout.startswith("zmqthread 0.")
    assert done.returncode == 0
