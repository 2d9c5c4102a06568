"""What type checkers make of a program: the types of results follow ``copy=`` as with pyzmq."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # mypy begins without a cache

ROOT: Final = Path(__file__).resolve().parents[2]

#: What every line gives; "-" for what is only to be accepted.
PROGRAM: Final = """
from __future__ import annotations                        # -
import zmqthread as zmq                                   # -
import zmqthread.auth, zmqthread.devices, zmqthread.ssh   # -
context = zmq.Context()                                   # Context[Socket[bytes]]
other: zmq.Context[zmq.Socket[bytes]] = zmq.Context()     # -
sync: zmq.SyncContext = zmq.Context.instance()            # -
socket = context.socket(zmq.REP)                          # Socket[bytes]
same: zmq.SyncSocket = socket                             # -
shadow = zmq.Socket.shadow(socket)                        # Socket[bytes]
flag: bool = bool()                                       # -
r01 = socket.recv()                                       # bytes
r02 = socket.recv(zmq.DONTWAIT)                           # bytes
r03 = socket.recv(copy=True)                              # bytes
r04 = socket.recv(copy=False)                             # Frame
r05 = socket.recv(0, False)                               # Frame
r06 = socket.recv(copy=flag)                              # bytes | Frame
r07 = socket.recv_multipart()                             # list[bytes]
r08 = socket.recv_multipart(copy=False)                   # list[Frame]
r09 = socket.recv_multipart(0, False)                     # list[Frame]
r10 = socket.recv_multipart(copy=flag)                    # list[bytes] | list[Frame]
r11 = socket.recv_string()                                # str
r12 = socket.recv_into(bytearray(5))                      # int
r13 = socket.recv_serialized(lambda parts: parts[0])      # bytes
s01 = socket.send(b"", copy=False)                        # MessageTracker
s02 = socket.send(b"", 0, False)                          # MessageTracker
s03 = socket.send(memoryview(b""), copy=flag)             # MessageTracker | None
s04 = socket.send(zmq.Frame(b""))                         # MessageTracker
s05 = socket.send_multipart([b""], copy=False)            # MessageTracker | None
s06 = socket.send_string("")                              # MessageTracker | None
socket.send(b"")                                          # -
socket.send_json({})                                      # -
b01 = socket.bind("inproc://here").__enter__()            # Socket[bytes]
p01 = socket.poll(5)                                      # int
p02 = zmq.Poller().poll()                                 # list[tuple[Any, int]]
k01 = socket.type                                         # SocketType
k02 = zmq.PUSH                                            # SocketType
k03 = zmq.POLLIN                                          # PollEvent
k04 = zmq.curve_keypair()                                 # tuple[bytes, bytes]
k05 = zmq.zmq_version_info()                              # tuple[int, int, int]
f01 = r04.bytes                                           # bytes
f02 = r04.get("group")                                    # str
f03 = r04.get("routing_id")                               # int
f04 = r04.get(zmq.MORE)                                   # int
class Mine(zmq.Socket[bytes]): number: int                # -
class Own(zmq.Context[Mine]): _socket_class = Mine        # -
m01 = context.socket(zmq.PUB, Mine)                       # Mine
m02 = Own().socket(zmq.PUB)                               # Mine
m03 = context.socket(zmq.PUB, socket_class=zmq.Socket)    # Socket[Any]
d01 = zmq.devices.ThreadProxy(zmq.PULL, zmq.PUSH)         # ThreadProxy
h01 = zmq.ssh.open_tunnel("", "", paramiko=False)         # tuple[str, int]
h02 = zmq.ssh.tunnel_connection(socket, "", "")           # Process | int
h03 = zmq.Context.shadow_pyczmq(1)                        # Context[Socket[bytes]]
"""
#: What a type checker has to find.
WRONG: Final = """
socket.send("text")
socket.send_string(b"")
socket.recv(copy=False).decode()
zmq.NO_SUCH_NAME
"""


LINES: Final = PROGRAM.strip().splitlines()
EXPECTED: Final = {
    line.partition(" = ")[0]: kind.strip()
    for line, _, kind in (line.partition("  # ") for line in LINES)
    if kind.strip() != "-"
}
REVEALED: Final = re.compile(r'Revealed type is "(.*)"')


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    """Run mypy once, for both tests; return what it says and about which line."""
    pytest.importorskip("mypy", reason="needs mypy, which the extra dev brings")
    folder = tmp_path_factory.mktemp("types")
    path = folder / "program.py"
    asked = [f"reveal_type({name})" for name in EXPECTED]
    path.write_text("\n".join([*LINES, *asked, *WRONG.strip().splitlines()]))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty"]
    command += ["--python-version", "3.11", "--config-file=", "--cache-dir", "cache", path.name]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert not done.stderr
    said = (line.split(":", 2) for line in done.stdout.splitlines() if line.startswith(path.name))
    return [(int(number), text) for _, number, text in said]


def short(kind: str) -> str:
    """Return a type as mypy shows it, without modules."""
    return re.sub(r"\b(\w+\.)+", "", kind)


def test_types_of_results(found):
    before = len(LINES) + len(EXPECTED)
    said = [text for number, text in found if number <= before]
    kinds = [short(one[1]) for text in said if (one := REVEALED.search(text))]
    assert len(kinds) == len(said), "\n".join(said)  # nothing but answers
    assert dict(zip(EXPECTED, kinds, strict=True)) == EXPECTED


def test_mistakes_are_found(found):
    before = len(LINES) + len(EXPECTED)
    errors = {number - before - 1 for number, text in found if " error:" in text}
    assert errors == set(range(len(WRONG.strip().splitlines())))
