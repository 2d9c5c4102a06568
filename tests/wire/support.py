"""What the tests of the wire share: octets of a peer, connections past their handshake."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from zmqthread.errors import ProtocolError
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.zmtp import commands
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.handshake import SOCKET_TYPES
from zmqthread.wire.zmtp.terms import Terms

EVERY_TYPE = SOCKET_TYPES
MANY = 1_000_000


def greeting(
    *, major: int = 3, minor: int = 1, mechanism: bytes = b"NULL", as_server: int = 0
) -> bytes:
    """A peer's greeting."""
    signature = b"\xff" + bytes(8) + b"\x7f"
    role = bytes((as_server,))
    return signature + bytes((major, minor)) + mechanism.ljust(20, b"\0") + role + bytes(31)


def frame(flags: int, body: bytes) -> bytes:
    """A frame with any flags, short form where it can be."""
    if len(body) < 256 and not flags & 2:
        return bytes((flags, len(body))) + body
    return bytes((flags | 2,)) + len(body).to_bytes(8) + body


def command(name: bytes, data: bytes = b"") -> bytes:
    """A command frame."""
    return frame(4, bytes((len(name),)) + name + data)


def properties(*pairs: tuple[bytes, bytes]) -> bytes:
    """Metadata in wire form."""
    return b"".join(bytes((len(n),)) + n + len(v).to_bytes(4) + v for n, v in pairs)


def ready(kind: bytes = b"PUSH", *more: tuple[bytes, bytes]) -> bytes:
    """A peer's READY."""
    return command(b"READY", properties((b"Socket-Type", kind), *more))


def opening(kind: bytes = b"PUSH", **options: Any) -> bytes:
    """All that a peer sends in a good handshake."""
    return greeting(**options) + ready(kind)


def connection(kind: str = "PULL", **options: Any) -> Connection:
    """A connection that has seen nothing yet; any type may talk to it."""
    options.setdefault("accepts", EVERY_TYPE)
    mechanism, now = options.pop("mechanism", None), options.pop("now", 0.0)
    return Connection(Terms(kind, **options), mechanism or Null(), now)


def established(kind: str = "PULL", peer: bytes = b"PUSH", **options: Any) -> Connection:
    """A connection past its handshake, with nothing left to send."""
    minor = options.pop("minor", 1)
    conn = connection(kind, **options)
    assert conn.receive(opening(peer, minor=minor), MANY, 0.0) == []
    assert conn.established
    conn.data_to_send()
    return conn


def drain(conn: Connection, data: bytes, limit: int = MANY, now: float = 0.0) -> list[Any]:
    """Give data to a connection, as a buffer that is used again, and take all messages."""
    buffer = bytearray(data)
    out = conn.receive(memoryview(buffer), limit, now)
    buffer[:] = bytes(len(buffer))
    while conn.pending:
        out += conn.receive(b"", limit, now)
    return out


def shake_hands(here: Connection, there: Connection) -> None:
    """Exchange what two connections say until both are established; the authenticator says yes."""
    while not (here.established and there.established):
        drain(there, here.data_to_send())
        drain(here, there.data_to_send())
        if here.zap_request is not None:
            here.zap_reply(200, "", b"joe", b"")


def in_pieces(conn: Connection, pieces: Iterable[bytes], limit: int = MANY) -> list[Any]:
    """Give data piece by piece."""
    out: list[Any] = []
    for piece in pieces:
        out += drain(conn, piece, limit)
    return out


def refused(conn: Connection, data: bytes, now: float = 0.0) -> ProtocolError:
    """Check that data end the connection, and that nothing is taken afterwards."""
    with pytest.raises(ProtocolError) as caught:
        drain(conn, data, now=now)
    assert conn.failed
    assert not conn.established
    assert conn.next_timer() is None
    with pytest.raises(ProtocolError):
        conn.receive(opening() + frame(0, b"more"), MANY, now)
    return caught.value


def sent_commands(octets: bytes) -> list[tuple[bytes, bytes]]:
    """The commands in what a connection sent."""
    out = []
    while octets:
        assert octets[0] == 4, octets
        size = octets[1]
        out.append(commands.split(octets[2 : 2 + size]))
        octets = octets[2 + size :]
    return out
