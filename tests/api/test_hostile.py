"""Peers that say much at once where there is little room for it."""

from __future__ import annotations

import contextlib
import time

import pytest

import zmqthread as zmq
from tests.support import LOOPBACK, RawClient, milliseconds, seconds
from tests.wire.support import command, frame, greeting, opening, ready

PATIENCE = 10.0
COUNT = 4000


def hears(raw: RawClient, octets: bytes) -> bool:
    """Whether a peer is still there to get something."""
    found = b""
    while octets not in found:
        found = found[-len(octets) :] + raw.receive(1)
    return True


@pytest.mark.parametrize("kind", [zmq.PUB, zmq.XPUB])
@pytest.mark.parametrize("watched", [False, True], ids=["", "descriptor"])
def test_hostile_u2_more_subscriptions_at_once_than_there_is_room_for(
    kind: int, watched: bool, context: zmq.Context
) -> None:
    """They are taken lane by lane in a loop; it must not go deeper with each lane."""
    pub = context.socket(kind)
    pub.rcvhwm = 1
    pub.rcvtimeo = milliseconds(PATIENCE)
    port = pub.bind_to_random_port(f"tcp://{LOOPBACK}")
    if watched:
        assert pub.get(zmq.FD)
    with RawClient(port) as raw:
        topics = [command(b"SUBSCRIBE", b"%d." % number) for number in range(COUNT)]
        raw.send(opening(b"SUB") + b"".join(topics))
        if kind == zmq.XPUB:
            assert [pub.recv() for _ in topics] == [b"\1%d." % number for number in range(COUNT)]
        deadline = time.monotonic() + seconds(PATIENCE)
        while pub.get(zmq.TOPICS_COUNT) != COUNT and time.monotonic() < deadline:
            time.sleep(0.005)
        pub.send(b"17.a")
        assert hears(raw, b"17.a")
        pub.send(b"%d.b" % (COUNT - 1))
        assert hears(raw, b"%d.b" % (COUNT - 1))


def test_hostile_u2_more_groups_at_once_than_there_is_room_for(context: zmq.Context) -> None:
    radio = context.socket(zmq.RADIO)
    radio.rcvhwm = 1
    assert radio.get(zmq.FD)  # each batch counts as a change
    port = radio.bind_to_random_port(f"tcp://{LOOPBACK}")
    last = b"%d" % (COUNT - 1)
    with RawClient(port) as raw:
        joins = [command(b"JOIN", b"%d" % number) for number in range(COUNT)]
        raw.send(opening(b"DISH") + b"".join(joins))
        raw.socket.setblocking(False)
        found = b""
        deadline = time.monotonic() + seconds(PATIENCE)
        while b"hello" not in found and time.monotonic() < deadline:
            radio.send(b"hello", group=last.decode())
            time.sleep(0.005)
            with contextlib.suppress(BlockingIOError):
                found += raw.socket.recv(4096)
        assert b"hello" in found


def test_h17_a_refused_peer_that_says_much_at_once(context: zmq.Context) -> None:
    """What it says is dropped lane by lane in a loop; it must not go deeper with each lane."""
    router = context.socket(zmq.ROUTER)
    router.rcvhwm = 1
    router.rcvtimeo = milliseconds(PATIENCE)
    port = router.bind_to_random_port(f"tcp://{LOOPBACK}")
    hello = greeting() + ready(b"DEALER", (b"Identity", b"A"))
    with RawClient(port) as first, RawClient(port) as second:
        first.send(hello + frame(0, b"one"))
        assert router.recv_multipart() == [b"A", b"one"]
        second.send(hello + frame(0, b"x") * COUNT + command(b"PING", b"\0\0still here"))
        assert hears(second, b"still here")  # its PONG
        first.send(frame(0, b"two"))
        assert router.recv_multipart() == [b"A", b"two"]
