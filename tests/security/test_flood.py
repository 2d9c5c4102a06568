"""Floods of half-open handshakes: the limit holds, the oldest goes, and it costs little."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

import zmqthread as zmq
from tests.security.worlds import MECHANISMS, Secured
from tests.support import Peer, milliseconds
from tests.wire.support import greeting
from zmqthread.options import Options

STATM = Path("/proc/self/statm")
pytestmark = pytest.mark.skipif(not STATM.exists(), reason="memory is measured by Linux's /proc")

LIMIT = Options(zmq.PULL).max_handshakes
MORE = 200
#: What a half-open connection may cost beside what its peer has sent, in octets.
EACH = 8 * 1024
SHORT = b"\x04\xff\x05HELLO"
#: A command as long as the limit before authentication allows, but for its end.
LONG = b"\x06" + (64 * 1024).to_bytes(8) + b"\x05HELLO"

FLOOD = """
import resource, select, socket
port, count, start, zeros = args
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
open_ones = []
for _ in range(count):
    made = socket.create_connection(("127.0.0.1", port), 30)
    made.sendall(start.encode("latin-1") + bytes(zeros))
    open_ones.append(made)
say("there")
hear()
closed = []
for index, made in enumerate(open_ones):
    made.setblocking(False)
    try:
        while made.recv(4096):
            pass
        closed.append(index)
    except BlockingIOError:
        pass
    except OSError:
        closed.append(index)
say(closed)
"""


def resident() -> int:
    """The octets of memory that this process has now."""
    return int(STATM.read_text().split()[1]) * resource.getpagesize()


@pytest.fixture
def _descriptors() -> object:
    """Allow for a socket by half-open handshake."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * LIMIT:
        pytest.skip(f"needs {2 * LIMIT} descriptors; the hard limit (ulimit -Hn) is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * LIMIT), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
@pytest.mark.usefixtures("_descriptors")
@pytest.mark.parametrize(("said", "zeros"), [(SHORT, 100), (LONG, 60_000)], ids=["short", "long"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_difference_handshakes_in_progress_a_flood_of_half_open_ones(
    mechanism: str, said: bytes, zeros: int, world: Secured
) -> None:
    world.handler()
    server, client = MECHANISMS[mechanism]
    sock, port, _ = world.server(**server, handshake_ivl=milliseconds(60))
    early = world.client(port, **client)
    early.send(b"early")
    assert sock.recv() == b"early"
    start = (greeting(mechanism=mechanism.encode()) + said).decode("latin-1")
    before = resident()
    with Peer("zmqthread", FLOOD, [port, LIMIT + MORE, start, zeros]) as flood:
        flood.hear(40)
        world.still_serves(sock, port, **client)
        early.send(b"still here")
        assert sock.recv() == b"still here"
        grown = resident() - before
        assert len(sock._core._handshakes) <= LIMIT
        flood.say("what is closed?")
        closed = flood.hear(40)
    # The good peer's own handshake may have cost one more.
    assert closed in (list(range(MORE)), list(range(MORE + 1)))
    assert sock._core.dropped_handshakes == len(closed)
    assert grown < LIMIT * (EACH + zeros), f"{grown / LIMIT:.0f} octets for each"
