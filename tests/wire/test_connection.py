"""A whole connection: both ends back to back, cut anywhere, its size and its last resort."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.support import (
    EVERY_TYPE,
    MANY,
    connection,
    drain,
    established,
    frame,
    greeting,
    in_pieces,
    opening,
    ready,
    refused,
)
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Cancel, Subscribe
from zmqthread.wire.limits import Heartbeat
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.terms import Terms


def exchange(left: Connection, right: Connection, step: int = MANY) -> tuple[list[Any], list[Any]]:
    """Carry what two connections have to say, in steps, until both are quiet."""
    got: tuple[list[Any], list[Any]] = ([], [])
    while left.has_output or right.has_output:
        for source, target, out in ((left, right, got[1]), (right, left, got[0])):
            data = source.data_to_send()
            pieces = (data[i : i + step] for i in range(0, len(data), step))
            out.extend(in_pieces(target, pieces))
    return got


def pair(left: str = "PUSH", right: str = "PULL", **options: Any) -> tuple[Connection, Connection]:
    ends = (
        connection(left, accepts={right}, **options),
        connection(right, accepts={left}, takes_subscriptions=right == "XPUB"),
    )
    exchange(*ends)
    assert ends[0].established
    assert ends[1].established
    return ends


@pytest.mark.parametrize("step", [1, 7, 64, MANY])
def test_two_connections_meet(step: int) -> None:
    left, right = connection("DEALER", routing_id=b"left"), connection("ROUTER")
    exchange(left, right, step)
    assert left.established
    assert right.established
    assert (left.peer.socket_type, right.peer.socket_type) == ("ROUTER", "DEALER")
    assert (left.peer.routing_id, right.peer.routing_id) == (b"", b"left")


def test_socket_types_may_be_given_as_octets() -> None:
    assert Terms(b"PULL", EVERY_TYPE).socket_type == "PULL"  # type: ignore[arg-type]
    assert established(b"PULL").established  # type: ignore[arg-type]


def test_two_connections_of_types_that_do_not_go_together_both_end() -> None:
    left, right = connection("PUSH", accepts={"PULL"}), connection("PUB", accepts={"SUB"})
    right.receive(left.data_to_send(), MANY, 0.0)
    refused(left, right.data_to_send())
    refused(right, left.data_to_send())


@given(st.lists(st.binary(max_size=300) | st.tuples(st.binary(), st.binary()), max_size=20))
def test_messages_arrive_as_they_were_sent(messages: list[Any]) -> None:
    left, right = pair()
    assert drain(right, b"".join(left.encode(messages))) == messages


@given(st.lists(st.tuples(st.sampled_from([Subscribe, Cancel]), st.binary(max_size=300))))
def test_subscriptions_arrive_as_they_were_sent(items: list[Any]) -> None:
    left, right = pair("XSUB", "XPUB")
    sent = [kind(topic) for kind, topic in items]
    assert drain(right, b"".join(left.encode_subscription(item) for item in sent)) == sent


def test_heartbeats_of_two_connections_keep_both_alive() -> None:
    left, right = pair(heartbeat=Heartbeat(interval=1.0, timeout=0.5, ttl=1.5))
    now = 0.0
    while now < 20.0:
        now = min(t for t in (left.next_timer(), right.next_timer()) if t is not None)
        left.handle_timer(now)
        right.handle_timer(now)
        right.receive(left.data_to_send(), MANY, now)
        left.receive(right.data_to_send(), MANY, now)
    assert left.established
    assert right.established


STREAM = opening() + frame(0, b"one") + frame(1, b"two") + frame(0, b"x" * 300) + frame(0, b"")
MEANING = [b"one", (b"two", b"x" * 300), b""]


def test_cve_2020_36400_every_cut_of_handshake_and_traffic_gives_the_same() -> None:
    for cut in range(len(STREAM) + 1):
        conn = connection()
        assert in_pieces(conn, [STREAM[:cut], STREAM[cut:]]) == MEANING
    assert in_pieces(connection(), (bytes([octet]) for octet in STREAM)) == MEANING


def test_every_prefix_of_a_handshake_waits() -> None:
    for cut in range(len(opening())):
        conn = connection()
        assert drain(conn, STREAM[:cut]) == []
        assert not conn.established
        assert not conn.failed


def test_unexpected_exceptions_become_protocol_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    conn = established()

    def stumble(*_: object) -> None:
        raise IndexError("planted")

    monkeypatch.setattr(Connection, "on_command", stumble)
    with pytest.raises(ProtocolError) as caught:
        conn.receive(frame(0, b"a") + frame(4, b"\1X"), MANY, 0.0)
    assert caught.value.code == Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED
    assert isinstance(caught.value.__cause__, IndexError)
    assert conn.salvage() == [b"a"]


def test_a_connection_that_failed_takes_nothing_and_gives_nothing() -> None:
    conn = established()
    refused(conn, frame(0, b"a") + frame(5, b""))
    with pytest.raises(ProtocolError):
        conn.receive(b"", MANY, 0.0)
    assert conn.salvage() == [b"a"]
    assert conn.large is None
    assert not conn.pending
    assert conn.wants_input
    conn.handle_timer(1e9)
    conn.touch(1e9)


@given(st.binary(max_size=300), st.sampled_from([b"", greeting(), opening(), greeting() + b"\4"]))
def test_only_protocol_errors_come_out_of_any_octets(data: bytes, before: bytes) -> None:
    conn = connection("XPUB", takes_subscriptions=True, takes_joins=True)
    try:
        drain(conn, before + data)
    except ProtocolError:
        assert conn.failed


def test_an_idle_connection_is_small() -> None:
    pair()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ends = [pair() for _ in range(100)]
        gc.collect()
        used = (tracemalloc.get_traced_memory()[0] - before) / (2 * len(ends))
    finally:
        tracemalloc.stop()
    assert used < 1400


def test_the_peers_buffer_is_not_kept() -> None:
    conn = established()
    buffer = bytearray(frame(0, b"partial")[:-3])
    conn.receive(buffer, MANY, 0.0)
    buffer[:] = b"X" * len(buffer)
    buffer.append(0)  # fails if a view of it is alive
    assert conn.receive(b"ial", MANY, 0.0) == [b"partial"]
    late = bytearray(greeting() + ready()[:-1])
    other = connection()
    other.receive(late, MANY, 0.0)
    late.clear()
    assert drain(other, ready()[-1:] + frame(0, b"a")) == [b"a"]
