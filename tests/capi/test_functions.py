"""The names: all functions and constants of zmq.h are there, and every function has a test."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import LOOPBACK, ROOT, seconds
from zmqthread import capi as z

HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples" / "c"
PROTOTYPES = [
    line.removeprefix("draft ")
    for line in ROOT.joinpath("docs", "zmq_h.txt").read_text(encoding="utf-8").splitlines()
    if "(" in line and not line.startswith("#")
]
FUNCTIONS = {re.search(r"(zmq_\w+) \(", line)[1]: line for line in PROTOTYPES}  # type: ignore[index]


def test_all_97_functions_are_there_and_no_others():
    there = {name for name in z.__all__ if name.startswith("zmq_") and not name.endswith("_t")}
    assert len(FUNCTIONS) == 97
    assert there == FUNCTIONS.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_arguments_are_in_the_order_of_c(function):
    listed = re.search(r"\((.*)\)", FUNCTIONS[function])[1]  # type: ignore[index]
    names = [part.split()[-1].lstrip("*") for part in listed.split(",") if part != "void"]
    given = [name.rstrip("_") for name in inspect.signature(getattr(z, function)).parameters]
    assert given == names


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_a_test(function):
    sources = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*.py"))
    assert re.search(rf"\bz\.{function}\b", sources), f"no test calls {function}"


@pytest.mark.parametrize(("name", "value"), [
    ("ZMQ_EFSM", None), ("EFSM", 156384763), ("ENOCOMPATPROTO", 156384764), ("ETERM", 156384765),
    ("EMTHREAD", 156384766), ("ZMQ_HAUSNUMERO", 156384712), ("ZMQ_PAIR", 0), ("ZMQ_STREAM", 11),
    ("ZMQ_CHANNEL", 20), ("ZMQ_XREQ", 5), ("ZMQ_POLLIN", 1), ("ZMQ_POLLPRI", 8),
    ("ZMQ_POLLITEMS_DFLT", 16), ("ZMQ_DONTWAIT", 1), ("ZMQ_NOBLOCK", 1), ("ZMQ_SNDMORE", 2),
    ("ZMQ_MORE", 1), ("ZMQ_SRCFD", 2), ("ZMQ_SHARED", 3), ("ZMQ_NULL", 0), ("ZMQ_GSSAPI", 3),
    ("ZMQ_GSSAPI_NT_KRB5_PRINCIPAL", 2), ("ZMQ_RECONNECT_STOP_AFTER_DISCONNECT", 4),
    ("ZMQ_NOTIFY_CONNECT", 1), ("ZMQ_NORM_CCE_ECNONLY", 4), ("ZMQ_STREAMER", 1), ("ZMQ_QUEUE", 3),
    ("ZMQ_IO_THREADS_DFLT", 1), ("ZMQ_MAX_SOCKETS_DFLT", 1023), ("ZMQ_THREAD_PRIORITY_DFLT", -1),
    ("ZMQ_GROUP_MAX_LENGTH", 255), ("ZMQ_HAS_CAPABILITIES", 1), ("ZMQ_HAVE_POLLER", 1),
    ("ZMQ_HAVE_TIMERS", 1), ("ZMQ_CURRENT_EVENT_VERSION_DRAFT", 2),
    ("ZMQ_CURRENT_EVENT_VERSION", 1),
    ("ZMQ_VERSION_MAJOR", 4), ("ZMQ_VERSION_MINOR", 3), ("ZMQ_VERSION_PATCH", 6),
    ("ZMQ_MSG_PROPERTY_USER_ID", "User-Id"), ("ZMQ_EVENT_ALL_V2", 0x1FFFF),
    ("ZMQ_PROTOCOL_ERROR_WS_UNSPECIFIED", 0x30000000), ("ZMQ_IPV4ONLY", 31), ("ZMQ_BLOCKY", 70),
    ("ZMQ_FAIL_UNROUTABLE", 33), ("ZMQ_DELAY_ATTACH_ON_CONNECT", 39), ("ZMQ_NORM_PUSH", 124),
    ("ZMQ_HWM", None), ("ZMQ_SWAP", None),
])  # fmt: skip
def test_constants(name, value):
    assert getattr(z, name, None) == value


# -- the examples in C style ---


def run(name, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def test_example_hello_world():
    with run("hello_world.py") as program:
        output, _ = program.communicate(timeout=seconds(30))
    assert program.returncode == 0, output
    assert output.count("Received World") == 3


def test_example_monitored_pubsub():
    with run("monitored_pubsub.py") as program:
        output, _ = program.communicate(timeout=seconds(30))
    assert program.returncode == 0, output
    assert "received 10001 20 50" in output
    assert "event: monitor stopped" in output


def test_example_broker(c):
    any_port = f"tcp://{LOOPBACK}:*"
    with run("broker.py", any_port, any_port, "2") as program:
        assert program.stdout is not None
        clients, servers = (program.stdout.readline().split()[-1] for _ in range(2))
        req, rep = c.connected(z.ZMQ_REQ, clients), c.connected(z.ZMQ_REP, servers)
        for body in (b"one", b"two"):
            z.zmq_send(req, body)
            room = bytearray(3)
            z.zmq_recv(rep, room)
            z.zmq_send(rep, room[::-1])
            z.zmq_recv(req, room)
            assert room == body[::-1]
        output, _ = program.communicate(timeout=seconds(30))
    assert program.returncode == 0, output


def test_every_example_has_a_test():
    source = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f'run("{path.name}"' in source
