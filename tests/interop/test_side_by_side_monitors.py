"""What monitors say of handshakes that fail, in both libraries."""

from __future__ import annotations

import contextlib
import errno
import struct
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.side import Side
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World
from tests.support import RawClient, listening, monitor_name, seconds
from zmqthread.constants import Event

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.interop

GREETING = b"\xff" + bytes(8) + b"\x7f\3\0" + b"NULL".ljust(20, b"\0") + bytes(32)
NONE = 0xFFFF_FFFF


def told(side: Side, sock: Any, last: int, provoke: Callable[[], Any]) -> list[tuple[str, int]]:
    """Return the events of a socket up to ``last``, without those of an ordinary beginning."""
    monitor = sock.get_monitor_socket(addr=monitor_name())
    monitor.rcvtimeo = int(seconds(1) * 1000)
    ordinary = Event.LISTENING | Event.ACCEPTED | Event.CONNECTED | Event.CONNECT_DELAYED
    found: list[tuple[str, int]] = []
    with contextlib.suppress(side.zmq.Again):
        provoke()
        while not found or found[-1][0] != Event(last).name:
            event, value = struct.unpack("=HI", monitor.recv_multipart()[0])
            if not event & ordinary:
                descriptor = event == Event.DISCONNECTED
                found.append((Event(event).name or "", 0 if descriptor else value))
    sock.close(0)
    monitor.close(0)
    return found


def after(
    side: Side, octets: bytes, kind: str = "PULL", stays: bool = True, **settings: Any
) -> Any:
    """Return what a bound socket tells of a peer that sends ``octets``."""
    sock = side.socket(kind, **settings)
    clients: list[RawClient] = []

    def provoke() -> None:
        sock.bind(side.world.endpoint("tcp"))
        clients.append(RawClient(int(sock.get(LAST_ENDPOINT).rpartition(b":")[2])))
        clients[0].send(octets)
        if not stays:
            clients.pop().socket.close()

    try:
        return told(side, sock, Event.DISCONNECTED, provoke)
    finally:
        for client in clients:
            client.socket.close()


def both(world: World, scenario: Callable[[Side], Any]) -> tuple[Any, Any]:
    """Run a scenario with each library; return our result and theirs."""
    return scenario(Side(world, OURS)), scenario(Side(world, THEIRS))


@pytest.mark.parametrize("octets", [b"", GREETING[:10], GREETING])
def test_a_peer_that_goes_before_its_handshake_is_done(octets, world: World):
    ours, theirs = both(world, lambda side: after(side, octets, stays=False))
    # The values differ from one run to the next: a broken pipe, or a reset.
    names = ["HANDSHAKE_FAILED_NO_DETAIL", "DISCONNECTED"]
    assert [name for name, _ in ours] == [name for name, _ in theirs] == names


def test_an_unexpected_command(world: World):
    ours, theirs = both(world, lambda side: after(side, GREETING + b"\4\6\5HELLO"))
    assert ours[0] == theirs[0] == ("HANDSHAKE_FAILED_PROTOCOL", 0x10000001)


def test_difference_monitor_codes(world: World):
    ours, theirs = both(world, lambda side: after(side, GREETING + b"\4\5\5READ"))
    assert ours[0] == ("HANDSHAKE_FAILED_PROTOCOL", 0x10000011)
    assert theirs[0] == ("HANDSHAKE_FAILED_PROTOCOL", 0x10000001)
    cut = GREETING + b"\4\x0a\5READY\x0bSoc"
    ours, theirs = both(world, lambda side: after(side, cut))
    assert ours[0] == ("HANDSHAKE_FAILED_PROTOCOL", 0x10000018)
    assert all(name == "DISCONNECTED" for name, _ in theirs)


def test_difference_monitor_handshake_timeout(world: World):
    ours, theirs = both(world, lambda side: after(side, GREETING, handshake_ivl=100))
    assert ours[0] == ("HANDSHAKE_FAILED_NO_DETAIL", errno.ETIMEDOUT)
    assert theirs[0] == ("HANDSHAKE_FAILED_NO_DETAIL", errno.EAGAIN)


def test_difference_monitor_error_command(world: World):
    refusal = GREETING + b"\4\x0a\5ERROR\x03300"
    ours, theirs = both(world, lambda side: after(side, refusal))
    assert [name for name, _ in ours] == ["HANDSHAKE_FAILED_AUTH", "DISCONNECTED"]
    assert theirs == [("HANDSHAKE_FAILED_AUTH", 300)]


def test_difference_monitor_stream(world: World):
    ours, theirs = both(world, lambda side: after(side, b"abc", "STREAM", stays=False))
    assert [name for name, _ in ours] == ["HANDSHAKE_SUCCEEDED", "DISCONNECTED"]
    assert [name for name, _ in theirs] == ["HANDSHAKE_FAILED_NO_DETAIL", "DISCONNECTED"]


def test_difference_retry_after_protocol_error(world: World):
    def scenario(side: Side) -> Any:
        with listening() as listener:
            listener.settimeout(seconds(10 if side.library == OURS else 1))
            sock = side.socket("PUSH", reconnect_ivl=20)
            sock.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
            for attempt in range(3):
                try:
                    peer, _ = listener.accept()
                except TimeoutError:
                    return attempt
                with peer:
                    peer.sendall(GREETING + b"\4\6\5HELLO")
                    peer.settimeout(seconds(1))
                    with contextlib.suppress(OSError):
                        while peer.recv(1000):
                            pass
            return attempt + 1

    assert both(world, scenario) == (3, 1)


def test_difference_inproc_mismatch(world: World, caplog):
    sock = world.socket(OURS, "PUSH")
    sock.bind("inproc://mismatch")
    other = world.socket(OURS, "PUSH")
    found = told(
        Side(world, OURS),
        other,
        Event.HANDSHAKE_FAILED_PROTOCOL,
        lambda: other.connect("inproc://mismatch"),
    )
    assert found == [("HANDSHAKE_FAILED_PROTOCOL", Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA)]
    assert "do not go together" in caplog.text


def test_difference_monitor_failed_bind(world: World):
    with listening() as taken:
        endpoint = f"tcp://127.0.0.1:{taken.getsockname()[1]}"

        def scenario(side: Side) -> Any:
            sock = side.socket("PULL")
            return told(side, sock, Event.BIND_FAILED, lambda: side.failure(sock.bind, endpoint))

        ours, theirs = both(world, scenario)
    assert ours == [("CLOSED", NONE), ("BIND_FAILED", errno.EADDRINUSE)]
    assert theirs[1:] == ours[1:]
    assert theirs[0][0] == "CLOSED"
    assert theirs[0][1] != NONE
