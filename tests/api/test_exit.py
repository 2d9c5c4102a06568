"""The interpreter always comes to its end, at once and in silence, whatever is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import pytest

from tests.support import ROOT, seconds

PRELUDE = """
import sys, threading, time
import zmqthread as zmq
context = zmq.Context()
def dead_end(kind=zmq.PUSH):
    socket = context.socket(kind)
    socket.connect("tcp://127.0.0.1:1")
    return socket
def blocked(call, daemon=True):
    begun = threading.Event()
    def run():
        begun.set()
        call()
    thread = threading.Thread(target=run, daemon=daemon)
    thread.start()
    begun.wait()
"""

SCRIPTS = {
    "nothing is closed": "a = context.socket(zmq.PUSH); b = context.socket(zmq.PULL)",
    "unsent messages": "a = dead_end(); [a.send(b'x') for _ in range(100)]",
    "large unsent messages": "a = dead_end(); [a.send(b'x' * 1000000) for _ in range(10)]",
    "closed with unsent messages": "a = dead_end(); a.send(b'x'); a.close()",
    "many unsent on their way": """
a, b = context.socket(zmq.PUSH), context.socket(zmq.PULL)
a.connect(f"tcp://127.0.0.1:{b.bind_to_random_port('tcp://127.0.0.1')}")
for _ in range(900):
    a.send(b"x" * 100000)
""",
    "a daemon thread in recv": "a = context.socket(zmq.PULL); blocked(a.recv)",
    "a daemon thread in send": "a = context.socket(zmq.PUSH); blocked(lambda: a.send(b'x'))",
    "a daemon thread in poll": "a = context.socket(zmq.PULL); blocked(a.poll)",
    "two daemon threads in recv": "a = context.socket(zmq.PULL); blocked(a.recv); blocked(a.recv)",
    "a daemon thread in term": "a = context.socket(zmq.PULL); blocked(context.term)",
    "a daemon thread in proxy": """
a, b = context.socket(zmq.PULL), context.socket(zmq.PUSH)
blocked(lambda: zmq.proxy(a, b))
""",
    "a busy daemon thread": """
a, b = context.socket(zmq.PUSH), context.socket(zmq.PULL)
a.connect(f"tcp://127.0.0.1:{b.bind_to_random_port('tcp://127.0.0.1')}")
def send():
    while True: a.send(b"x")
def recv():
    while True: b.recv()
blocked(send); blocked(recv)
""",
    "the instance": "a = zmq.Context.instance().socket(zmq.SUB); a.bind('tcp://127.0.0.1:*')",
    "in a cycle": "a = context.socket(zmq.PULL); a_list = [a]; a_list.append(a_list); del a",
    "in a module": "import zmqthread.errors as e; e.kept = [context.socket(zmq.PULL), context]",
    "a bound ipc endpoint": "a = context.socket(zmq.PULL); a.bind('ipc://*')",
    "a name being looked up": "a = context.socket(zmq.PUSH); a.connect('tcp://localhost:1')",
    "a shut down context": "a = context.socket(zmq.PULL); context.shutdown()",
    "used at exit": """
import atexit
a, b = context.socket(zmq.PUSH), context.socket(zmq.PULL)
a.connect(f"tcp://127.0.0.1:{b.bind_to_random_port('tcp://127.0.0.1')}")
@atexit.register
def last():
    a.send(b"x")
    assert b.recv() == b"x"
    a.close(); b.close(); context.term()
""",
    "used while modules are torn down": """
class Late:
    def __del__(self):
        self.socket.close()
        self.context.term()
late = Late()
late.context, late.socket = context, context.socket(zmq.PUSH)
sys.modules["late"] = late
""",
    "sys.exit": "a = dead_end(); a.send(b'x'); sys.exit(0)",
    "sys.exit in a with block": """
with context, dead_end() as a:
    a.linger = 0
    a.send(b"x")
    sys.exit(0)
""",
    "a thread that ends by itself": """
a, b = context.socket(zmq.PUSH), context.socket(zmq.PULL)
b.bind("inproc://x"); a.connect("inproc://x")
threading.Thread(target=lambda: (b.recv(), b.close())).start()
a.send(b"x")
""",
    "a thread that is freed at exit": """
import atexit
a = context.socket(zmq.PULL)
def wait():
    try:
        a.recv()
    except zmq.ContextTerminated:
        a.close()
blocked(wait, daemon=False)
context.term()
""",
    "two I/O threads": """
context = zmq.Context(2)
a = [context.socket(zmq.PULL) for _ in range(10)]
""",
}


def run(code: str, *flags: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run a script; return what became of it, and the seconds from its last line to its end."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    code += "\nimport time; print(time.monotonic(), flush=True)"
    with tempfile.TemporaryDirectory(prefix="zt") as directory:  # what is not closed leaves a file
        done = subprocess.run(
            [sys.executable, *flags, "-c", PRELUDE + code],
            env={**os.environ, "PYTHONPATH": paths, "TMPDIR": directory},
            capture_output=True,
            text=True,
            timeout=seconds(20),
            check=False,
        )
        ended = time.monotonic()
    began = float(done.stdout.split()[-1]) if done.stdout else ended
    return ended - began, done


@pytest.mark.parametrize("name", SCRIPTS)
def test_exit(name, record_property):
    took, done = run(SCRIPTS[name])
    record_property("exit", took)
    assert done.stderr == ""
    assert done.returncode == 0
    assert took < seconds(2.0)


def test_an_exception_leaves_with_blocks_and_is_all_that_is_seen():
    code = """
with zmq.Context() as own, own.socket(zmq.PUSH) as a:
    a.linger = 0
    a.connect("tcp://127.0.0.1:1")
    a.send(b"x")
    raise KeyError("mine")
"""
    _, done = run(code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "KeyError: 'mine'"
    assert done.stderr.count("Traceback") == 1


def test_nothing_but_resource_warnings_in_development_mode():
    code = "a = dead_end(); a.send(b'x'); b = context.socket(zmq.PULL)"
    _, done = run(code, "-X", "dev")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
