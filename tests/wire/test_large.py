"""Large frames: received into their own buffer, without a copy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.support import MANY, drain, established, frame
from zmqthread.errors import ProtocolError
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp import large
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.decoder import EXACT, OWN_BUFFER, WORTH_A_CALL
from zmqthread.wire.zmtp.large import LargeBody


def free_of(conn: Connection) -> memoryview:
    """The free part of the large frame's buffer."""
    free = conn.large
    assert free is not None
    return free


def fill(conn: Any, data: bytes, step: int = 1 << 30) -> list[Any]:
    """Receive data into the large frame's own buffer."""
    out: list[Any] = []
    while data:
        count = min(step, len(conn.large), len(data))
        conn.large[:count] = data[:count]
        data = data[count:]
        out += conn.large_filled(count, MANY, 0.0)
    return out


def test_a_large_frame_is_received_into_its_own_buffer() -> None:
    conn = established()
    body = bytes(range(256)) * 4096
    data = frame(0, body)
    assert drain(conn, data[:100_000]) == []
    assert len(free_of(conn)) == len(data) - 100_000
    assert fill(conn, data[100_000:], 300_000) == [body]
    assert conn.large is None
    assert drain(conn, frame(0, b"next")) == [b"next"]


def test_the_buffer_given_out_can_no_longer_be_written() -> None:
    conn = established()
    drain(conn, frame(0, bytes(EXACT))[:-10])
    view = conn.large
    assert view is not None
    assert fill(conn, b"0123456789") == [bytes(EXACT - 10) + b"0123456789"]
    with pytest.raises(ValueError, match="released"):
        view[0] = 1


def test_parts_and_commands_around_a_large_part_stay_in_place() -> None:
    conn = established()
    body = b"L" * EXACT
    data = frame(1, b"a") + frame(1, body)
    assert drain(conn, data[:-20]) == []
    assert fill(conn, data[-20:]) == []
    assert drain(conn, frame(0, b"z")) == [(b"a", body, b"z")]


def test_a_little_that_is_missing_comes_through_the_common_buffer() -> None:
    conn = established()
    body = b"m" * (EXACT - 1)
    data = frame(0, body) + frame(0, b"next")
    drain(conn, data[: 9 + len(body) - WORTH_A_CALL])
    assert len(free_of(conn)) == WORTH_A_CALL
    drain(conn, data[9 + len(body) - WORTH_A_CALL :][:1])
    assert conn.large is None
    assert drain(conn, data[9 + len(body) - WORTH_A_CALL + 1 :]) == [body, b"next"]


def test_huge_frames_are_reserved_a_piece_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "CHUNK", 100_000)
    conn = established()
    body = bytes(range(251)) * 5000
    data = frame(0, body)
    drain(conn, data[:50])
    assert conn.large is not None
    assert len(conn.large) == 100_000 - 41
    assert fill(conn, data[50:]) == [body]
    assert drain(conn, data) == [body]
    assert drain(conn, data[:400_000]) == []
    assert drain(conn, data[400_000:] + frame(0, b"next")) == [body, b"next"]


def test_the_body_is_not_copied() -> None:
    body = LargeBody(0, EXACT)
    body.feed(memoryview(b"x" * EXACT))
    assert body.missing == 0
    assert body.value() is body.value()


def test_filled_without_a_large_frame_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(RuntimeError):
        established().large_filled(1, 1, 0.0)


def test_a_large_command_is_still_a_command() -> None:
    conn = established("XPUB", b"SUB", takes_subscriptions=True)
    topic = b"t" * (OWN_BUFFER * 20)
    (item,) = drain(conn, frame(4, b"\x09SUBSCRIBE" + topic)[:-1]) + drain(conn, topic[-1:])
    assert item.topic == topic


def test_a_large_frame_that_is_refused_ends_the_connection() -> None:
    conn = established("XPUB", b"SUB", takes_subscriptions=True)
    drain(conn, frame(0, b"\1" + b"t" * EXACT)[:-5])
    with pytest.raises(ProtocolError):
        fill(conn, b"ttttt")
    assert conn.failed
    assert conn.large is None


def test_large_frames_become_subscriptions_too() -> None:
    limits = Limits(topic=EXACT)
    conn = established("XPUB", b"SUB", takes_subscriptions=True, limits=limits)
    data = frame(0, b"\1" + b"t" * EXACT)
    assert drain(conn, data[:-5]) == []
    (item,) = fill(conn, data[-5:])
    assert item.topic == b"t" * EXACT
