"""What one connection has heard is not looked at again by the next one, and comes to the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.wire.support import (
    EVERY_TYPE,
    MANY,
    command,
    drain,
    frame,
    greeting,
    opening,
    properties,
    ready,
    refused,
    sent_commands,
)
from zmqthread.wire.failures import IncompatiblePeer, PeerRefused
from zmqthread.wire.limits import Heartbeat
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.mechanisms.plain import PlainClient
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.terms import Terms


def terms(kind: str = "PULL", **more: Any) -> Terms:
    return Terms(kind, **{"accepts": EVERY_TYPE, **more})


def begun(theirs: Terms, mechanism: Any = None) -> Connection:
    """Return a connection that has sent its greeting."""
    conn = Connection(theirs, mechanism or Null(), 0.0)
    conn.data_to_send()
    return conn


def told(conn: Connection) -> tuple[Any, ...]:
    """Return all that a user of a connection can see of its handshake."""
    peer = conn.peer
    about = peer.socket_type, peer.routing_id, dict(peer.properties), peer.version
    return conn.established, conn.ready_sent, conn.pending, about, conn.data_to_send()


def test_a_peer_that_says_the_same_is_the_same() -> None:
    shared = terms()
    first, second = begun(shared), begun(shared)
    assert drain(first, opening()) == drain(second, opening()) == []
    assert second.peer is first.peer
    assert told(second) == told(first)
    assert sent_commands(ready(b"PULL")) == [(b"READY", properties((b"Socket-Type", b"PULL")))]


def test_what_is_answered_is_ready() -> None:
    shared = terms()
    for _ in range(2):
        conn = begun(shared)
        drain(conn, opening())
        assert conn.data_to_send() == ready(b"PULL")


def test_traffic_goes_on_as_ever() -> None:
    shared = terms("ROUTER")
    for _ in range(3):
        conn = begun(shared)
        assert drain(conn, opening(b"DEALER")) == []
        conn.data_to_send()
        assert drain(conn, frame(0, b"x") + command(b"PING", b"\0\0abc")) == [b"x"]
        assert sent_commands(conn.data_to_send()) == [(b"PONG", b"abc")]
        assert b"".join(conn.encode([b"y"])) == frame(0, b"y")


def test_messages_that_come_with_the_end_of_the_handshake_are_there() -> None:
    shared = terms()
    for _ in range(3):
        assert drain(begun(shared), opening() + frame(0, b"x") + frame(0, b"y")) == [b"x", b"y"]
        assert drain(begun(shared), opening()) == []


@pytest.mark.parametrize("seed", range(40))
def test_however_it_comes_in_it_comes_to_the_same(seed: int) -> None:
    rng = random.Random(seed)
    shared = terms("ROUTER")
    kinds = [
        greeting(minor=minor) + ready(b"DEALER", *more) + tail
        for minor in (0, 1)
        for more in ((), ((b"Identity", b"me"),), ((b"X-a", b"1"), (b"x-A", b"2")))
        for tail in (b"", frame(0, b"hi"), frame(1, b"a"))
    ]
    for _ in range(30):
        data = rng.choice(kinds)
        conn, alone = begun(shared), begun(terms("ROUTER"))
        cuts = sorted(rng.choices(range(len(data) + 1), k=rng.choice((0, 0, 0, 1, 3))))
        out: list[Any] = []
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            out += drain(conn, data[start:stop])
        assert out == drain(alone, data)
        assert told(conn) == told(alone)


def test_each_answer_of_the_authenticator_is_asked_for() -> None:
    shared = terms()
    for status in (200, 400, 200):
        conn = begun(shared, Null(ask_zap=True))
        drain(conn, opening())
        assert conn.zap_request is not None
        assert not conn.established
        if status == 200:
            conn.zap_reply(200, "", b"joe", b"")
            assert conn.peer.properties["User-Id"] == b"joe"
        assert shared.known == {}


def test_who_is_refused_is_refused_each_time() -> None:
    shared = terms(accepts={"PUSH"})
    for _ in range(3):
        assert isinstance(refused(begun(shared), opening(b"PUB")), IncompatiblePeer)
        assert isinstance(
            refused(begun(shared), greeting() + command(b"ERROR", b"\2no")), PeerRefused
        )
        drain(begun(shared), opening())


def test_other_terms_know_nothing_of_it() -> None:
    drain(begun(terms()), opening(b"PUB"))
    assert isinstance(refused(begun(terms(accepts={"PUSH"})), opening(b"PUB")), IncompatiblePeer)


def test_where_there_are_secrets_nothing_is_kept() -> None:
    shared = terms()
    conn = begun(shared, PlainClient(b"joe", b"secret"))
    drain(conn, greeting(mechanism=b"PLAIN") + command(b"WELCOME") + ready())
    assert conn.established
    assert shared.known == {}


def test_a_heartbeat_begins_with_each_connection() -> None:
    shared = terms(heartbeat=Heartbeat(1.0, 1.0, 1.0))
    for now in (3.0, 5.0):
        conn = begun(shared)
        conn.receive(opening(), MANY, now)
        assert conn.next_timer() == now + 1.0
    for _ in range(2):  # which an old peer does not know
        conn = begun(shared)
        conn.receive(opening(minor=0), MANY, 3.0)
        assert conn.next_timer() is None


def test_what_is_kept_is_bounded() -> None:
    shared = terms("ROUTER")
    for number in range(100):
        drain(begun(shared), greeting() + ready(b"DEALER", (b"Identity", b"%d" % number)))
        assert len(shared.known) <= 16
    drain(begun(shared), greeting() + ready(b"DEALER", (b"X-long", bytes(300))))
    assert max(map(len, shared.known)) <= 256
