"""The engine under pyzmq, in processes of its own: which engine pyzmq runs on is decided once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zmqthread.backend.launch import command_of

pytestmark = pytest.mark.interop

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, *how: str, warnings: str = "error") -> str:
    """Run a program as ``python -m zmqthread run`` does, warnings being errors by default."""
    pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    command = [sys.executable, "-m", "zmqthread", "run", "-W", warnings, "-c", code, *how]
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYZMQ_BACKEND"}}
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr  # of a thread or a callback
    return done.stdout


def test_a_program_and_its_children_run_on_this_engine(tmp_path):
    code = (
        "import os, subprocess, sys, zmq\n"
        "print(zmq.backend.Socket.__module__, sys.argv[1:])\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "child = 'import zmq; print(zmq.backend.Socket.__module__)'\n"
        "print(subprocess.check_output([sys.executable, '-c', child], text=True), end='')\n"
    )
    assert run(code, "-x").splitlines() == [
        "zmqthread.backend.socket ['-x']",
        "zmqthread.backend.socket",
    ]


def test_errors_are_pyzmqs_own_and_name_the_address_once():
    code = (
        "import zmq\n"
        "with zmq.Context() as context, context.socket(zmq.REP) as rep:\n"
        "    for call in (lambda: rep.recv(zmq.DONTWAIT), lambda: rep.bind('tcp://x'),\n"
        "                 lambda: rep.set(9999, 1), lambda: rep.get(9999)):\n"
        "        try: call()\n"
        "        except zmq.ZMQError as error: print(type(error).__name__, error)\n"
        "rep.close()\n"
        "try: rep.send(b'')\n"
        "except zmq.ZMQError as error: print(error.errno == zmq.ENOTSOCK)\n"
    )
    lines = run(code).splitlines()
    assert lines[0] == "Again Resource temporarily unavailable"
    assert lines[1] == "ZMQError Invalid argument (addr='tcp://x')"
    assert [line.partition(" (")[0] for line in lines[2:4]] == ["ZMQError Invalid argument"] * 2
    assert lines[4] == "True"


def test_asyncio_and_a_blocking_thread_talk():
    code = (
        "import asyncio, threading, zmq, zmq.asyncio\n"
        "def serve(rep):\n"
        "    for _ in range(100): rep.send(rep.recv() + b'!')\n"
        "async def main():\n"
        "    context = zmq.asyncio.Context()\n"
        "    rep = zmq.Context(context).socket(zmq.REP)\n"
        "    port = rep.bind_to_random_port('tcp://127.0.0.1')\n"
        "    thread = threading.Thread(target=serve, args=(rep,))\n"
        "    thread.start()\n"
        "    req = context.socket(zmq.REQ)\n"
        "    req.connect(f'tcp://127.0.0.1:{port}')\n"
        "    for number in range(100):\n"
        "        await req.send(b'%d' % number)\n"
        "        assert await req.recv() == b'%d!' % number\n"
        "    thread.join()\n"
        "    rep.close(); req.close(); context.term()\n"
        "    print('done')\n"
        "asyncio.run(main())\n"
    )
    assert run(code) == "done\n"


def test_trackers_finish_when_the_bytes_are_sent():
    code = (
        "import zmq\n"
        "with zmq.Context() as context:\n"
        "    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)\n"
        "    port = pull.bind_to_random_port('tcp://127.0.0.1')\n"
        "    pull.unbind(f'tcp://127.0.0.1:{port}')\n"
        "    push.connect(f'tcp://127.0.0.1:{port}')\n"
        "    data = bytearray(b'x' * 10_000_000)\n"
        "    tracker = push.send(data, copy=False, track=True)\n"
        "    print(type(tracker) is zmq.MessageTracker, tracker.done)\n"
        "    pull.bind(f'tcp://127.0.0.1:{port}')\n"
        "    frame = pull.recv(copy=False)\n"
        "    tracker.wait(10)\n"
        "    print(type(frame) is zmq.Frame, len(frame), tracker.done)\n"
        "    data.clear()  # a BufferError if anybody still had a view of it\n"
        "    push.close(); pull.close()\n"
    )
    assert run(code).splitlines() == ["True False", "True 10000000 True"]


def test_a_forked_child_closes_nothing_of_its_parents():
    code = (
        "import os, zmq\n"
        "context = zmq.Context.instance()\n"
        "pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)\n"
        "push.connect('tcp://127.0.0.1:%d' % pull.bind_to_random_port('tcp://127.0.0.1'))\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    fresh = zmq.Context.instance()\n"
        "    assert fresh is not context\n"
        "    push.close(); pull.close(); context.term(); fresh.term()\n"
        "    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "push.send(b'still here'); print(pull.recv())\n"
        "push.close(); pull.close(); context.term()\n"
    )
    assert run(code).splitlines() == ["7", "b'still here'"]


def test_what_run_takes_for_a_program(tmp_path):
    script = tmp_path / "tool"
    script.write_text("")
    python = [sys.executable]
    assert command_of(["-m", "timeit", "-n1"]) == [*python, "-m", "timeit", "-n1"]
    assert command_of(["here.py", "-x"]) == [*python, "here.py", "-x"]
    assert command_of([str(tmp_path)]) == [*python, str(tmp_path)]
    assert command_of([str(script), "a"]) == [*python, str(script), "a"]
    script.chmod(0o755)
    assert command_of([str(script), "a"]) == [str(script), "a"]
    assert command_of(["no such program"]) is None
