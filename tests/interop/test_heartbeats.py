"""Heartbeats with libzmq, and peers that speak ZMTP 3.0."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World
from tests.support import RawClient, milliseconds

pytestmark = pytest.mark.interop

GREETING_3_0 = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def ready(kind: bytes) -> bytes:
    """Return the READY of a peer without an identity."""
    body = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    return bytes([4, len(body)]) + body


def shake_hands(client: RawClient, kind: bytes) -> None:
    client.send(GREETING_3_0)
    assert client.receive(12)[10:12] == b"\x03\x01"
    client.receive(52)
    client.send(ready(kind))
    flags, size = client.receive(2)
    assert flags == 4
    assert client.receive(size).startswith(b"\x05READY")


@pytest.fixture
def xpub(world: World) -> tuple[Any, int]:
    sock = world.socket(OURS, "XPUB", heartbeat_ivl=milliseconds(0.02))
    sock.bind("tcp://127.0.0.1:*")
    return sock, int(sock.get(LAST_ENDPOINT).rpartition(b":")[2])


def test_rfc37_z46_subscriptions_of_3_0_are_messages(xpub: tuple[Any, int]):
    sock, port = xpub
    with RawClient(port) as client:
        shake_hands(client, b"SUB")
        client.send(b"\x00\x03\x01ab")
        assert sock.recv() == b"\1ab"
        sock.send_multipart([b"abc", b"body"])
        sock.send(b"not for them")
        # A peer of 3.0 knows no PING either: nothing but the messages may come.
        assert client.receive(11) == b"\x01\x03abc\x00\x04body"
        client.send(b"\x00\x03\x00ab")
        assert sock.recv() == b"\0ab"


@pytest.mark.slow
@pytest.mark.parametrize("beats", [OURS, THEIRS])
@pytest.mark.parametrize("binds", [OURS, THEIRS])
def test_rfc37_z49_z50_heartbeats_keep_a_quiet_connection(beats, binds, world: World):
    other = THEIRS if beats == OURS else OURS
    beating = world.socket(
        beats,
        "DEALER",
        heartbeat_ivl=milliseconds(0.05),
        heartbeat_timeout=milliseconds(1),
        heartbeat_ttl=milliseconds(1),
    )
    quiet = world.socket(other, "DEALER")
    watch = world.watch(beating)
    world.join(*((beating, quiet) if binds == beats else (quiet, beating)))
    watch.wait("HANDSHAKE_SUCCEEDED")
    assert not beating.poll(milliseconds(1.5))  # the time passes in which it would be cut
    beating.send(b"there")
    assert quiet.recv() == b"there"
    quiet.send(b"back")
    assert beating.recv() == b"back"
    assert not watch.pending()


@pytest.mark.parametrize("survivor", [OURS, THEIRS])
def test_rfc37_z52_silence_ends_the_connection(survivor, world: World):
    sock = world.socket(
        survivor,
        "PULL",
        heartbeat_ivl=milliseconds(0.05),
        heartbeat_timeout=milliseconds(0.2),
    )
    watch = world.watch(sock)
    sock.bind("tcp://127.0.0.1:*")
    with RawClient(int(sock.get(LAST_ENDPOINT).rpartition(b":")[2])) as client:
        greeting = bytearray(GREETING_3_0)
        greeting[11] = 1
        client.send(bytes(greeting))
        client.receive(64)
        client.send(ready(b"PUSH"))
        watch.wait("HANDSHAKE_SUCCEEDED")
        assert b"\x04\x07\x04PING" in client.receive_until_closed()
        watch.wait("DISCONNECTED")
