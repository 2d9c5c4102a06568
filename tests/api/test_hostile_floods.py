"""Peers that never stop sending, never read, or come only to go: others notice nothing."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Any

import pytest

import zmqthread as zmq
from tests.support import LOOPBACK, RawClient, milliseconds, patient, seconds
from tests.wire.support import frame, greeting, opening, ready
from zmqthread.api import hosting

PATIENCE = 10.0
KILO = 1024
#: Octets that a socket's kernel buffer may grow to here, and what is received at a time.
BUFFER = 64 * KILO
SCRATCH = 256 * KILO


def send_until_it_blocks(raw: RawClient, octets: bytes, limit: int) -> tuple[int, bytes]:
    """Send the same again and again; return how often it went out, and what is left of one."""
    raw.socket.settimeout(seconds(0.5))
    for count in range(limit):
        sent = 0
        try:
            while sent < len(octets):
                sent += raw.socket.send(octets[sent:])
        except TimeoutError:
            return count, octets[sent:]
    return limit, b""


def sent_until_full(router: zmq.Socket, name: bytes) -> int:
    """Send numbered messages to a peer; return how many it took for its queue to be full."""
    for number in range(100_000):
        try:
            router.send_multipart([name, b"%08d" % number + bytes(10 * KILO)], zmq.DONTWAIT)
        except zmq.Again:
            return number
    return 100_000


def test_hostile_f11_an_endless_message_ends_at_the_limit(context: zmq.Context) -> None:
    pull = patient(context.socket(zmq.PULL), PATIENCE, rcvhwm=10, maxmsgsize=1000 * KILO)
    port = pull.bind_to_random_port(f"tcp://{LOOPBACK}")
    with RawClient(port) as raw, RawClient(port) as good:
        raw.send(opening())
        raw.socket.settimeout(seconds(PATIENCE))
        with pytest.raises(ConnectionError):
            raw.send(64_000 * frame(3, bytes(KILO)))
        good.send(opening() + frame(0, b"good"))
        assert pull.recv() == b"good"


@pytest.mark.parametrize("mark", [10, 1000])
def test_hostile_f12_who_is_not_read_is_held_back_and_loses_nothing(
    mark: int, context: zmq.Context
) -> None:
    pull = patient(context.socket(zmq.PULL), PATIENCE, rcvhwm=mark, rcvbuf=BUFFER)
    port = pull.bind_to_random_port(f"tcp://{LOOPBACK}")
    with RawClient(port) as raw:
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        raw.send(opening())
        message = frame(2, bytes(KILO))
        # What the system calls a buffer of so many octets is up to twice that, at either end.
        most = mark + (SCRATCH + 4 * BUFFER) // KILO + 1
        count, rest = send_until_it_blocks(raw, message, 10 * most)
        assert mark <= count <= most
        for received in range(count):
            assert pull.recv() == bytes(KILO), received
        raw.socket.settimeout(seconds(PATIENCE))
        raw.send(rest + frame(0, b"and on"))
        assert pull.recv() == bytes(KILO)
        assert pull.recv() == b"and on"


def test_hostile_f15_f16_who_does_not_read_keeps_its_messages_and_nobody_elses(
    context: zmq.Context,
) -> None:
    mark = 100
    router = patient(
        context.socket(zmq.ROUTER), PATIENCE, sndhwm=mark, sndbuf=BUFFER, router_mandatory=1
    )
    port = router.bind_to_random_port(f"tcp://{LOOPBACK}")
    good = patient(context.socket(zmq.DEALER), PATIENCE)
    good.connect(f"tcp://{LOOPBACK}:{port}")
    with RawClient(port) as mute:
        mute.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        mute.send(opening(b"DEALER") + frame(0, b"who reads nothing"))
        name, _ = router.recv_multipart()
        sent = sent_until_full(router, name)
        # Its lane, one batch of what is being written, and the system's buffers.
        assert mark <= sent <= 2 * mark + 1024
        for number in range(100):
            good.send(b"%d" % number)
            back, text = router.recv_multipart()
            router.send_multipart([back, text + b"!"])
            assert good.recv() == b"%d!" % number
        mute.socket.settimeout(seconds(PATIENCE))
        mute.receive(64)  # the greeting
        begun = mute.receive(2)
        mute.receive(begun[1])  # READY
        for number in range(sent):
            assert mute.receive(9)[:1] == b"\2"
            assert mute.receive(8 + 10 * KILO)[:8] == b"%08d" % number


@pytest.mark.parametrize("says", [b"", opening(b"REQ")[:10], opening(b"REQ")], ids=len)
def test_hostile_g12_peers_that_come_to_go(says: bytes, context: zmq.Context) -> None:
    """Each as soon as it is there; between them a good peer is answered, and nothing is left."""
    rep = patient(context.socket(zmq.REP), PATIENCE)
    req = patient(context.socket(zmq.REQ), PATIENCE)
    for each in (rep, req):
        each.poll(1)  # from its first wait on a socket has a selector and a waker of its own
    port = rep.bind_to_random_port(f"tcp://{LOOPBACK}")
    req.connect(f"tcp://{LOOPBACK}:{port}")

    def ask() -> None:
        req.send(b"?")
        assert rep.recv() == b"?"
        rep.send(b"!")
        assert req.recv() == b"!"

    ask()
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for number in range(500):
        raw = RawClient(port)
        if says:
            raw.send(says)
        raw.reset()
        if not number % 10:
            ask()
    ask()
    deadline = time.monotonic() + seconds(PATIENCE)
    while before and len(os.listdir("/proc/self/fd")) > before:
        assert time.monotonic() < deadline, "descriptors are left"
        time.sleep(0.01)


def test_hostile_g15_a_peer_that_is_gone_without_a_word_is_noticed_by_heartbeats_only(
    context: zmq.Context,
) -> None:
    silent, beating = (context.socket(zmq.PULL) for _ in range(2))
    interval, wait = milliseconds(0.1), milliseconds(0.2)
    patient(beating, PATIENCE, heartbeat_ivl=interval, heartbeat_timeout=wait)
    ports = [each.bind_to_random_port(f"tcp://{LOOPBACK}") for each in (silent, beating)]
    with RawClient(ports[0]) as held, RawClient(ports[1]) as dropped:
        held.send(opening())
        began = time.monotonic()
        dropped.send(opening())
        dropped.receive_until_closed(PATIENCE)
        assert time.monotonic() - began >= (interval + wait) / 1000
        held.send(frame(0, b"still here"))
        assert patient(silent, PATIENCE).recv() == b"still here"


@pytest.fixture
def crowded(context: zmq.Context) -> Any:
    """Give a PULL that admits two handshakes at a time, and what makes peers of it."""
    pull = patient(context.socket(zmq.PULL), PATIENCE, max_handshakes=2)
    port = pull.bind_to_random_port(f"tcp://{LOOPBACK}")
    with contextlib.ExitStack() as stack:
        yield pull, lambda: stack.enter_context(RawClient(port))


def half_open(peer: RawClient) -> RawClient:
    """Go as far as a peer can be that has not said that it is ready."""
    peer.send(greeting())
    peer.receive(64)
    size = peer.receive(2)[1]
    peer.receive(size)
    return peer


def test_a_peer_that_was_ready_in_time_is_not_dropped_for_a_newer_one(
    crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has sent by then may be read after the newer one was seen."""
    monkeypatch.setattr(hosting, "GRACE", 0.0)
    pull, peer = crowded
    first, second = half_open(peer()), half_open(peer())
    with pull._core.lock:  # nothing is looked at meanwhile
        third = peer()
        first.send(ready() + frame(0, b"first"))
        second.send(ready() + frame(0, b"second"))
    third.send(opening() + frame(0, b"third"))
    assert {pull.recv() for _ in range(3)} == {b"first", b"second", b"third"}


def test_a_peer_that_may_be_ready_any_moment_is_waited_for(
    crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer ones wait in the system's backlog meanwhile."""
    monkeypatch.setattr(hosting, "GRACE", 1000.0)
    pull, peer = crowded
    first, second, third = half_open(peer()), half_open(peer()), peer()
    third.send(opening() + frame(0, b"third"))
    time.sleep(0.05)  # for a drop, if there were one
    for each, text in ((first, b"first"), (second, b"second")):
        each.send(ready() + frame(0, text))
    assert {pull.recv() for _ in range(3)} == {b"first", b"second", b"third"}
    assert pull._core.dropped_handshakes == 0


def test_a_peer_that_is_not_ready_in_time_gives_way(
    crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "GRACE", 0.05)
    pull, peer = crowded
    first, second, third = half_open(peer()), half_open(peer()), peer()
    third.send(opening() + frame(0, b"third"))
    assert pull.recv() == b"third"
    assert first.receive_until_closed() == b""
    second.send(ready() + frame(0, b"second"))
    assert pull.recv() == b"second"


@pytest.mark.parametrize("said", [b"", greeting()[:63]], ids=["nothing", "half a greeting"])
def test_a_peer_that_cannot_have_sent_a_message_gives_way_at_once(
    said: bytes, crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "GRACE", 1000.0)
    pull, peer = crowded
    first = peer()
    first.send(said)
    first.receive(64)
    second = peer()
    second.receive(64)
    third = peer()
    third.send(opening() + frame(0, b"third"))
    assert pull.recv() == b"third"
    assert first.receive_until_closed() == b""


def test_what_came_at_the_last_moment_counts_whoever_accepts(
    crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the program's main thread waits, accepting is left to the I/O thread."""
    monkeypatch.setattr(hosting, "GRACE", 0.0)
    pull, peer = crowded
    first, second = half_open(peer()), half_open(peer())
    with pull._core.lock:
        third = peer()
        first.send(ready() + frame(0, b"first"))
        (acceptor,) = pull._core.endpoints.parts
        acceptor._accept_and_go_on()
    second.send(ready() + frame(0, b"second"))
    third.send(opening() + frame(0, b"third"))
    assert {pull.recv() for _ in range(3)} == {b"first", b"second", b"third"}
