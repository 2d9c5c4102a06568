"""Raw streams: the surface of a connection without a protocol."""

from __future__ import annotations

import pytest

from zmqthread.message import Frame, Subscribe
from zmqthread.wire.raw import CHUNK, RawConnection
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.frames import SEPARATE


def test_it_is_established_at_once_and_says_nothing() -> None:
    conn = RawConnection()
    assert conn.established
    assert conn.wants_input
    assert not conn.has_output
    assert conn.data_to_send() == b""
    assert conn.next_timer() is None
    assert conn.zap_request is None
    assert conn.large is None
    conn.handle_timer(1.0)
    conn.touch(1.0)
    conn.zap_reply(400, "", b"", b"")
    assert conn.salvage() == []
    assert not conn.failed


def test_each_chunk_is_a_message_of_at_most_8192_octets() -> None:
    conn = RawConnection()
    data = bytes(range(256)) * 100
    assert conn.receive(memoryview(b"abc"), 10, 0.0) == [b"abc"]
    out = conn.receive(bytearray(data), 10, 0.0)
    assert b"".join(out) == data
    assert [len(m) for m in out] == [CHUNK, CHUNK, CHUNK, len(data) - 3 * CHUNK]
    assert conn.receive(b"", 10, 0.0) == []


def test_a_limit_leaves_the_rest_for_later() -> None:
    conn = RawConnection()
    assert conn.receive(b"a" * CHUNK + b"b" * CHUNK + b"c", 1, 0.0) == [b"a" * CHUNK]
    assert conn.pending == CHUNK + 1
    assert conn.receive(b"", 1, 0.0) == [b"b" * CHUNK]
    assert conn.pending
    assert conn.receive(b"d", 0, 0.0) == []
    assert conn.receive(b"", 5, 0.0) == [b"cd"]
    assert not conn.pending


def test_what_goes_out_is_put_one_after_the_other() -> None:
    large = bytes(SEPARATE)
    buffers = RawConnection().encode([b"a", (b"b", b"c"), Frame(b"d"), large, b"e", large, large])
    assert b"".join(buffers) == b"abcd" + large + b"e" + large + large
    assert sum(buffer is large for buffer in buffers) == 3
    assert RawConnection().encode([b"a", (b"b", b"c")]) == [b"abc"]
    assert RawConnection().encode([]) == []


def test_what_has_no_meaning_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(RuntimeError):
        RawConnection().large_filled(1, 1, 0.0)
    with pytest.raises(RuntimeError):
        RawConnection().encode_subscription(Subscribe(b""))


def test_the_surface_is_that_of_a_connection() -> None:
    public = {name for name in dir(Connection) if not name.startswith(("_", "on_"))}
    assert public - set(dir(RawConnection)) == {"mechanism"}
